"""Change one digit of a made-up study's report, or move one of its marks, and see it found.

python tests/planted/change_made_up.py 1000          # so many changes, over studies from 0 on
python tests/planted/change_made_up.py 1000 500      # over studies from 500 on
"""

import random
import re
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "src"), str(Path(__file__).parent)]

from made_up import build_report, make_up  # noqa: E402

from timbang.networks.titles import title_contender  # noqa: E402
from timbang.reader.check import check_pieces  # noqa: E402
from timbang.reader.drawn import check_figure  # noqa: E402
from timbang.reader.pages import read_pieces  # noqa: E402
from timbang.reader.study import open_results  # noqa: E402

CHANGES_A_STUDY = 50
# A mark that is moved by so many points lies beyond the resolution of the page.
MOVED = 3.0
MARK = re.compile(r'id="m;\d+;[xy];[^"*]+">')
PLACE = re.compile(r'(?<=<use xlink:href="#)([^"]+)" x="([\d.]+)" y="([\d.]+)"')


def main() -> None:
    """Print each change that was missed, and how many were made."""
    wanted, seed = (int(word) for word in (*sys.argv[1:], "0")[:2])
    made = missed = 0
    while made < wanted:
        with tempfile.TemporaryDirectory() as home:
            for what, is_found in _change_study(seed, Path(home)):
                made += 1
                print(f"{made} of {wanted}", end="\r", file=sys.stderr)
                missed += not is_found
                if not is_found:
                    print(f"study {seed}: missed {what}", flush=True)
                if made == wanted:
                    break
        seed += 1
    print(f"{made} changes, {missed} missed")
    sys.exit(bool(missed))


def _change_study(seed: int, home: Path):
    dice = random.Random(seed)
    study = make_up(seed, home)
    code = ("en", "id")[seed % 2]
    pdf, figures = build_report(study, code)
    twin = study.study.report.compare_with
    results = open_results(study.folder, study.study, study.claims)
    titles = [title_contender(own.name, own.network) for own in study.study.contenders]
    names = [*titles, *results.classes, study.study.name, twin or ""]
    pieces = read_pieces(pdf)
    numbers = [p for p, own in enumerate(pieces) if own.kind in "VA" and own.kind and _digits(own)]
    for _ in range(CHANGES_A_STUDY // 2):
        place = dice.choice(numbers)
        piece = pieces[place]
        digit = dice.choice(_digits(piece))
        other = dice.choice([d for d in "0123456789" if d != piece.text[digit]])
        text = piece.text[:digit] + other + piece.text[digit + 1 :]
        # Alone, since the others are as they were; what is said of the whole does not count.
        found = check_pieces([replace(piece, text=text)], pdf.name, code, results).faults
        yield f"{piece.id}: {piece.text} as {text}", any(", page " in fault for fault in found)
    for _ in range(CHANGES_A_STUDY // 2):
        figure = dice.choice(figures)
        moved = _move_mark(figure.read_text(encoding="utf-8"), dice)
        if moved is None:
            continue
        what, content = moved
        file = home / figure.name
        file.write_text(content, encoding="utf-8")
        yield f"{figure.name}: {what}", bool(check_figure(file, code, results, names).faults)


def _digits(piece) -> list[int]:
    return [place for place, letter in enumerate(piece.text) if letter in "0123456789"]


def _move_mark(svg: str, dice: random.Random) -> tuple[str, str] | None:
    """Move one mark that is drawn at a place, along the axis that it is read by."""
    marks = []
    for found in MARK.finditer(svg):
        place = PLACE.search(svg, found.end(), found.end() + 2000)
        if place and "<g id=" not in svg[found.end() : place.start()].replace('<g id="m', "", 0):
            marks.append((found, place))
    if not marks:
        return None
    mark, place = dice.choice(marks)
    along = 2 if ";x;" in mark[0] else 3
    shifted = float(place[along]) + dice.choice([-MOVED, MOVED])
    start, end = place.span(along)
    return mark[0], svg[:start] + f"{shifted:.6f}" + svg[end:]


if __name__ == "__main__":
    main()
