"""The smallest study, and one of many networks and classes: TeX's log says what does not fit."""

import re
import shutil
from collections import defaultdict

import made_up
import pytest
from made_up import NETWORKS, build_report, make_up

from timbang.reader.pages import read_pieces
from timbang.reader.study import check_study

pytestmark = pytest.mark.skipif(not shutil.which("pdflatex"), reason="no TeX engine")
# In points; less than this nobody sees.
OVERFULL = 2.0
# In pages: where several of one paragraph fill a page each, the last waits for the others.
FARTHEST = 4


def name_class(place):
    """Return a label of forty characters: of words, or in one piece that has no place to break."""
    words = f"{place} a very long label of forty characters 40"
    return words[:40] if place % 2 else f"{place:03d}{'W' * 37}"


def find_far_floats(pdf):
    """Return the pages of tables and figures that begin more than a page from their mention.

    Their number is marked where they are mentioned and in their caption, and nearly never else.
    """
    pages = defaultdict(list)
    for piece in read_pieces(pdf):
        if piece.kind == "R" and piece.id.startswith(("fig:", "tab:")):
            pages[piece.id].append(piece.page)
    near = (sorted(own)[:2] for own in pages.values())
    return {id: two for id, two in zip(pages, near, strict=True) if two[-1] - two[0] > FARTHEST}


@pytest.mark.parametrize(("contenders", "replicates", "classes"), [(1, 1, 2), (12, 2, 31)])
def test_nothing_overflows_or_is_missing(tmp_path, monkeypatch, contenders, replicates, classes):
    images = [(f"{p}/{n}.png", name_class(p)) for p in range(classes) for n in range(9)]
    monkeypatch.setattr(made_up, "_make_images", lambda dice: images)
    names = [*NETWORKS, "multipath34-with-a-name-of-forty-letters", "resnet34-with-a-long-name"]
    made = make_up(
        5,
        tmp_path,
        contenders={name: {"network": name.split("-")[0]} for name in names[:contenders]},
        reference=names[0],
        replicates=replicates,
        recipe={"epochs": 2},
        split={"scheme": "grouped"},
        probes=[],
        report={"languages": ["id"]},
    )
    pdf, figures = build_report(made, "id")
    log = pdf.with_suffix(".log").read_text(errors="replace")
    widths = re.findall(r"Overfull \\[hv]box \(([\d.]+)pt", log)
    assert not [width for width in widths if float(width) > OVERFULL], widths
    assert not re.search(r"Missing character|undefined|multiply defined", log)
    assert find_far_floats(pdf) == {}
    headings = r"\\timbangheading\{\w+\}\{(\d)\}.*\s+\\timbangheading\{\w+\}\{(\d)\}"
    pairs = re.findall(headings, pdf.with_suffix(".tex").read_text())
    assert not [pair for pair in pairs if pair[1] <= pair[0]], "a section without a word"
    checked = check_study(pdf, "id", figures, made.folder, made.study, made.claims)
    assert checked.faults == ()
