"""Duplicates as pictures: the largest groups, and the pairs nearest to the criterion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from timbang.languages.messages import message
from timbang.report.figures.figure import Drawing, Figure
from timbang.report.figures.samples import choose_evenly, show_pictures

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure as Drawn

    from timbang.languages.catalogue import Language
    from timbang.report.writer import Writer

MOST_GROUPS, MEMBERS_SHOWN = 5, 8
PAIRS_SHOWN, PAIRS_A_LINE, WORDS_A_LINE = 8, 4, 2
# In inches.
LABEL_WIDTH, TITLE_HEIGHT, GAP, LINE = 0.33, 0.26, 0.03, 0.14
# What was done to a copy, as the audit has it.
CHANGES = {
    "mirrored": message("mirrored"),
    "turned": message("turned"),
    "stretched": message("stretched"),
    "cropped": message("cropped"),
    "set": message("extended"),
}


@dataclass(frozen=True)
class Strip:
    """Pictures side by side, by rows of the pixels, and what is printed on their left and below.

    ``labels`` are lines of text, each with the id of the number in it; ``below`` are lines
    without a number.
    """

    rows: Sequence[int]
    labels: Sequence[tuple[str, str]]
    below: Sequence[str] = ()


def _draw(drawing: Drawing) -> Drawn:
    """Draw groups, a row each, and below them pairs with their evidence."""
    import json

    import numpy as np

    from timbang.images.pixels import PixelFile
    from timbang.records.tables import read_manifest, usable_images
    from timbang.report.figures import style

    audit = json.loads(drawing.path("audit").read_text(encoding="utf-8"))
    images = usable_images(read_manifest(drawing.path("manifest")))
    rows = {name: row for row, name in enumerate(images["filename"])}
    numbers = images["group"].to_numpy(dtype=np.int64)
    language, size = drawing.language, style.SMALL
    groups = choose_groups(audit, rows, language)
    joined, apart = (
        choose_pairs(audit["closest"][side], rows, numbers, side, language)
        for side in ("joined", "apart")
    )
    widest = max((style.measure(line, size) for own in groups for line, _ in own.labels), default=0)
    largest = drawing.say("Largest groups of identical or nearly identical images")
    weakest = drawing.say("Pairs counted as duplicates, with their evidence, the weakest first")
    strongest = drawing.say("Pairs counted as different, with their evidence, the strongest first")
    blocks = [
        (largest, widest + 2 * GAP, [[strip] for strip in groups]),
        (weakest, LABEL_WIDTH, _arrange(joined)),
        (strongest, LABEL_WIDTH, _arrange(apart)),
    ]
    cell = (style.TEXT_WIDTH - PAIRS_A_LINE * LABEL_WIDTH) / MEMBERS_SHOWN

    def height_of(line: Sequence[Strip]) -> float:
        return cell + LINE * max(len(strip.below) for strip in line)

    top = sum(TITLE_HEIGHT + sum(map(height_of, lines)) for *_, lines in blocks if lines) + GAP
    figure = style.new_figure(top, is_laid_out=False)
    pixels = PixelFile(drawing.path("pixels"))
    look = {"ha": "right", "va": "center", "fontsize": size}
    for title, room, lines in blocks:
        if lines:
            top -= TITLE_HEIGHT
            style.add_text(figure, GAP, top + 0.07, title)
        for line in lines:
            top -= height_of(line)
            under = height_of(line) - cell
            for place, strip in enumerate(line):
                left = room + place * (room + 2 * cell)
                upper = top + under + cell / 2 + LINE * (len(strip.labels) - 1) / 2
                for number, (label, id) in enumerate(strip.labels):
                    height = upper - LINE * number
                    text = style.add_text(figure, left - 1.5 * GAP, height, label, **look)
                    style.mark_datum(text, "t", id)
                show_pictures(figure, [pixels[row] for row in strip.rows], left, top + under, cell)
                for number, below in enumerate(strip.below, start=1):
                    height = top + under + 0.03 - LINE * number
                    style.add_text(figure, left, height, below, fontsize=size)
    pixels.file.close()
    return figure


def choose_groups(
    audit: Mapping[str, Any], rows: Mapping[str, int], language: Language
) -> list[Strip]:
    """Choose the largest groups, and of each up to 8 members evenly over it.

    Args:
        audit: the content of ``audit.json``.
        rows: by file name, the row of the pixels.
        language: that the numbers are printed in.
    """
    chosen = []
    for place, entry in enumerate(audit["duplicates"][:MOST_GROUPS]):
        names = entry["images"]
        shown = choose_evenly(len(names), MEMBERS_SHOWN)
        size = language.say_count("%(count)s image", "%(count)s images", len(names))
        labels = [(size % {"count": language.number(len(names), 0)}, "size")]
        if len(shown) < len(names):
            few = language.say_count("%(count)s shown", "%(count)s shown", len(shown))
            labels.append((few % {"count": language.number(len(shown), 0)}, "shown"))
        marked = [(text, f"duplicates.{what}/{place}") for text, what in labels]
        chosen.append(Strip([rows[names[each]] for each in shown], marked))
    return chosen


def choose_pairs(
    pairs: Sequence[Mapping[str, Any]],
    rows: Mapping[str, int],
    groups: np.ndarray,
    side: str,
    language: Language,
) -> list[Strip]:
    """Choose up to 8 pairs, no two of the same two groups, in the order given.

    Args:
        pairs: the entries of one side of ``closest`` in ``audit.json``.
        rows: by file name, the row of the pixels.
        groups: int [N], the group of each row.
        side: ``joined`` or ``apart``; of what is joined it is said what was done to the copy.
        language: that numbers and words are printed in.
    """
    chosen: dict[frozenset[int], Strip] = {}
    for place, pair in enumerate(pairs):
        own = [rows[name] for name in pair["images"]]
        label = language.number(pair["evidence"], 1), f"pair.evidence/{side}/{place}"
        changes = [CHANGES[kind] for kind in pair["change"] if side == "joined"]
        words = list(map(language.say, changes))
        starts = range(0, len(words), WORDS_A_LINE)
        lines = [", ".join(words[start : start + WORDS_A_LINE]) for start in starts]
        strip = Strip(own, [label], lines)
        chosen.setdefault(frozenset(int(groups[row]) for row in own), strip)
    return list(chosen.values())[:PAIRS_SHOWN]


def _arrange(pairs: Sequence[Strip]) -> list[list[Strip]]:
    """Lay pairs out in lines."""
    starts = range(0, len(pairs), PAIRS_A_LINE)
    return [list(pairs[start : start + PAIRS_A_LINE]) for start in starts]


def _caption(writer: Writer) -> str:
    groups = writer.value("duplicates.groups", default=0)
    return writer.sentences(
        groups > 0
        and writer.say("The largest groups of duplicates, with the number of their images."),
        writer.value("pictured") > groups
        and writer.say(
            "Pairs of images closest to the criterion, an evidence of %(evidence)s nats; the "
            "number left of each pair is its evidence.",
            evidence=writer.num("criterion.evidence"),
        ),
        writer.value("pictured") > groups > 0
        and writer.say(
            "Below a pair that is joined stands what turns the first image into the second."
        ),
    )


FIGURE = Figure(
    name="duplicates",
    slot="duplicates",
    needs=("audit", "manifest", "pixels"),
    shows="the duplicates",
    draw=_draw,
    mention=message("%(figure)s shows what lies closest to the criterion."),
    caption=_caption,
    stands=lambda writer: writer.value("pictured", default=0) > 0,
)
