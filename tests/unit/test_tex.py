"""What a user wrote prints literally."""

import re
import shutil
import sys
import time
import zlib
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pages import read_text

from timbang.errors import TimbangError
from timbang.languages.catalogue import read_language
from timbang.reader.pages import read_pieces
from timbang.report import compile
from timbang.report.compile import LATEXMK, compile_document, find_engine
from timbang.report.document import Front, write_page
from timbang.report.media.medium import Caption, Column, Grid, Row
from timbang.report.media.tex import Tex
from timbang.report.tex import escape_tex

HOSTILE = r"a_b & 50% \input{x} $ # ~ ^ { }"
# A document of a title alone.
BARE = Front("Title", [], "", "", "", [], None, [], {})


@given(st.text())
def test_no_text_can_start_a_command_or_a_comment(text):
    escaped = escape_tex(text)
    without_own = re.sub(r"\\[A-Za-z]+\{\}|\\[{}#$%&_]", "", escaped)
    assert not re.search(
        r"[\\%#$&_~^]", without_own.replace("~", "") if "\xa0" in text else without_own
    )


@given(st.text())
def test_braces_are_balanced(text):
    bare = re.sub(r"\\[{}]", "", escape_tex(text))
    depth = 0
    for character in bare:
        depth += {"{": 1, "}": -1}.get(character, 0)
        assert depth >= 0
    assert depth == 0


@pytest.mark.skipif(
    not (shutil.which("pdflatex") or shutil.which("tectonic")), reason="no TeX engine"
)
def test_hostile_texts_come_out_of_the_pdf_as_written(tmp_path: Path):
    """Every line of the PDF is compared with what was put in, ligatures and accents too."""
    lines = [
        HOSTILE,
        "``quoted'' -- --- << >> ?` !` ,, \"x\" [y] |z| <t>",
        r"\write18{rm -rf /} \csname x\endcsname ^^5cinput %% comment",
        "Résumé Łódź Žluťoučký kůň ñandú Straße",
        "x" * 200,
    ]
    source = tmp_path / "labels.tex"
    body = "\n\n".join(escape_tex(line) for line in lines)
    source.write_text(
        "\\documentclass{article}\\usepackage[T1]{fontenc}\\usepackage[utf8]{inputenc}"
        "\\usepackage{textcomp}\\begin{document}\\sloppy\\parindent0pt\n"
        + body
        + "\n\n"
        + escape_tex("日本 Ω")
        + "\n\\end{document}\n",
        encoding="utf-8",
    )
    pdf, _ = compile_document(source, find_engine(), tmp_path)
    text = re.sub(r"\s", "", read_text(pdf))
    text = text.replace("‘", "`").replace("’", "'")
    for line in [*lines[:3], lines[4]]:
        assert re.sub(r"\s", "", line) in text
    assert "[U+65E5][U+672C][U+03A9]" in text


@pytest.mark.skipif(not shutil.which("latexmk"), reason="no latexmk")
def test_names_in_one_piece_fit_the_lines_of_the_page(tmp_path):
    """Wide letters, two such names in a sentence, in the lines that report's pages have."""
    first, second = (escape_tex(f"{place:03d}{'W' * 37}") for place in (78, 42))
    sentence = (
        rf"recall is lowest for class {first} (\mbox{{31.3\%}}) and highest for class {second}"
    )
    source = tmp_path / "a.tex"
    source.write_text(
        "\\documentclass[11pt]{article}\\usepackage{mathptmx}\\usepackage[T1]{fontenc}"
        "\\usepackage{microtype}\\setlength{\\textwidth}{140mm}\\setlength{\\emergencystretch}{3em}"
        f"\\begin{{document}}With \\mbox{{Plain-18}} the {sentence}{second}.\\end{{document}}"
    )
    compile_document(source, LATEXMK, tmp_path)
    assert "Overfull" not in source.with_suffix(".log").read_text(errors="replace")


@pytest.mark.skipif(not shutil.which("latexmk"), reason="no latexmk")
def test_names_of_any_length_fit_the_lines_of_the_page(tmp_path):
    """Lists of names like those of config/claims.yaml, which stood out into the margin."""
    medium, paragraphs = Tex(), []
    for length in range(8, 44):
        names = [f"{start}-{'wide' * 9}"[:length] for start in ("resnet34", "multipath101")]
        listed = ", ".join(medium.name("n", escape_tex(own)) for own in 4 * names)
        paragraphs.append(f"The stem of {listed} and {listed} is one convolution.")
    source = tmp_path / "a.tex"
    source.write_text(
        "\\documentclass[11pt]{article}\\usepackage{mathptmx}\\usepackage[T1]{fontenc}"
        "\\usepackage{microtype}\\setlength{\\textwidth}{140mm}\\setlength{\\emergencystretch}{3em}"
        "\\newcommand{\\timbangmark}[3]{#3}\\begin{document}"
        + "\n\n".join(paragraphs)
        + "\\end{document}"
    )
    compile_document(source, LATEXMK, tmp_path)
    log = source.with_suffix(".log").read_text(errors="replace")
    assert not [
        width for width in re.findall(r"Overfull .hbox .([\d.]+)pt", log) if float(width) > 2
    ]


@pytest.mark.skipif(not shutil.which("latexmk"), reason="no latexmk")
def test_a_long_name_is_broken_at_its_hyphens(tmp_path):
    medium, name = Tex(), "resnet34-warmup-cosine"
    shown = medium.name("n", escape_tex(name))
    lines = [f"{'word ' * place}{' '.join([shown] * 20)}" for place in range(1, 14)]
    source = tmp_path / "a.tex"
    body = "".join(map(medium.paragraph, lines))
    source.write_text(write_page(body, BARE, read_language("id"), medium))
    pdf, _ = compile_document(source, LATEXMK, tmp_path)
    ends = {line.split()[-1] for line in read_text(pdf).splitlines() if "resnet34" in line}
    assert ends - {name, "word"} != set()
    assert all(end.endswith("-") for end in ends - {name, "word"})


@pytest.mark.skipif(not shutil.which("latexmk"), reason="no latexmk")
def test_a_table_is_near_its_mention_and_a_heading_at_its_text(tmp_path):
    """Tables of half a page with little text between would wait for each other."""
    medium, parts = Tex(), []
    grid = Grid([Column("a"), Column("b")], [Row(["0", "1"])] * 29)
    for place in map(str, range(1, 8)):
        label = f"tab:{place}"
        mention = f"{'word ' * 40}{medium.reference(label, place)} shows it."
        parts += [
            medium.section(1, place, "Heading", f"sec:{place}"),
            medium.section(2, f"{place}.1", "Heading", f"sec:{place}.1"),
            medium.paragraph(mention, [label]),
            medium.table(Caption(label, "Table", place, "A caption."), grid),
        ]
    # Of three of these in one paragraph the last comes late whatever is done, and TeX ends all the
    # same.
    labels = ["tab:x", "tab:y", "tab:z"]
    parts.append(medium.paragraph(" ".join(medium.reference(own, "8") for own in labels), labels))
    parts += [medium.table(Caption(own, "Table", "8", "A caption."), grid) for own in labels]
    source = tmp_path / "a.tex"
    source.write_text(write_page("".join(parts), BARE, read_language("en"), medium))
    pdf, _ = compile_document(source, LATEXMK, tmp_path)
    pages = {}
    for piece in read_pieces(pdf):
        if piece.kind == "R":
            pages.setdefault(piece.id, []).append(piece.page)
    for place in range(1, 8):
        mention, *_, caption = sorted(pages[f"tab:{place}"])
        assert caption - mention <= 1
        assert pages[f"sec:{place}"] == pages[f"sec:{place}.1"] == [mention]


def test_no_page_parts_the_few_rows_below_a_heading():
    few, many = ([Row(["0", "1"])] * count for count in (8, 40))
    columns = [Column("a"), Column("b")]
    rows = [Row(["x"]), *few, Row(["y"]), *many]
    text = Tex().table(None, Grid(columns, rows, stays=True))
    ends = re.findall(r"\\\\(\*?)%$", text.partition("endfoot")[2], re.MULTILINE)
    assert ends == ["*"] * 8 + [""] + ["*"] + [""] * 40
    # Rows of several lines would be more than a page.
    text = Tex().table(None, Grid(columns, [Row(["x"]), *few], row_lines=2, stays=True))
    assert (
        re.findall(r"\\\\(\*?)%$", text.partition("endfoot")[2], re.MULTILINE) == ["*"] + [""] * 8
    )
    # Rows of one column are no headings.
    text = Tex().table(None, Grid(columns[:1], [Row(["0"])] * 3, stays=True))
    assert "\\*" not in text


@pytest.mark.skipif(not shutil.which("latexmk"), reason="no latexmk")
def test_a_marked_word_ends_on_the_page_where_it_begins(tmp_path):
    """Its mark would be open at the end of a page, and closed on one that opened none."""
    medium = Tex()
    names = [f"Pre-activation-{'and-' * (place % 3)}later-{place}" for place in range(800)]
    names += ["W" * (20 + place % 21) for place in range(300)]
    words = " ".join(medium.name("n", escape_tex(name)) for name in names)
    source = tmp_path / "a.tex"
    source.write_text(write_page(medium.paragraph(words) * 2, BARE, read_language("id"), medium))
    pdf, _ = compile_document(source, LATEXMK, tmp_path)
    contents = []
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", pdf.read_bytes(), re.DOTALL):
        with suppress(zlib.error):
            contents.append(zlib.decompress(stream))
    pages = [text for text in contents if b" BDC" in text]
    assert len(pages) > 5
    assert all(text.count(b" BDC") == text.count(b"EMC") for text in pages)


@pytest.mark.skipif(not shutil.which("latexmk"), reason="no latexmk")
def test_what_a_failed_call_left_costs_no_report(tmp_path):
    """The disk was full, say: a file of TeX's own is cut off, and latexmk remembers a failure."""
    source, folder = tmp_path / "a.tex", tmp_path / "out"
    source.write_text("\\documentclass{article}\\begin{document}x\\end{document}")
    folder.mkdir()
    (folder / "a.aux").write_text("\\newlabel{a")
    with suppress(TimbangError):
        compile_document(source, LATEXMK, folder)
    pdf, _ = compile_document(source, LATEXMK, folder)
    assert pdf.is_file()


def test_tex_that_does_not_end_is_stopped_with_all_that_it_started(tmp_path, monkeypatch):
    """latexmk waits for pdflatex, which holds the pipe that is read from."""
    monkeypatch.setattr(compile, "LONGEST_SECONDS", 2.0)
    child = "import os, time; open('ready', 'w').write(str(os.getpid())); time.sleep(60)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    with pytest.raises(TimbangError) as caught:
        compile_document(tmp_path / "report.tex", (sys.executable, "-c", parent), tmp_path)
    (line,) = str(caught.value).splitlines()
    assert line.startswith(f"{tmp_path / 'report.tex'}: ")
    assert "did not end within 2 seconds" in line
    end = time.monotonic() + 10
    while is_running(int((tmp_path / "ready").read_text())):
        assert time.monotonic() < end
        time.sleep(0.01)


def is_running(number):
    try:
        state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.mark.parametrize(
    ("printed", "told"),
    [("x.tex:3: wrong", r"failed: x\.tex:3: wrong; the whole"), ("a\nb", "failed: a b; the whole")],
)
def test_tex_that_fails_is_one_line(tmp_path, printed, told):
    engine = (sys.executable, "-c", f"print({printed!r}); raise SystemExit(1)")
    with pytest.raises(TimbangError, match=told) as caught:
        compile_document(tmp_path / "report.tex", engine, tmp_path)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.skipif(not shutil.which("latexmk"), reason="no latexmk")
def test_indonesian_suffixes_are_not_parted(tmp_path):
    """TeX's patterns would write "disimpulk-an"."""
    medium = Tex()
    lines = [f"{'kata ' * place}{'disimpulkan ditampilkan ' * 20}" for place in range(1, 14)]
    source = tmp_path / "a.tex"
    body = "".join(map(medium.paragraph, lines))
    source.write_text(write_page(body, BARE, read_language("id"), medium))
    pdf, _ = compile_document(source, LATEXMK, tmp_path)
    parted = set(re.findall(r"(\w+)-\s*(\w+)", read_text(pdf)))
    assert ("di", "simpulkan") in parted and "an" not in {end for _, end in parted}
