"""The images that are hardest for the networks, and what they are taken for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from timbang.languages.messages import message
from timbang.report.figures.figure import Drawing, Figure
from timbang.report.figures.samples import (
    GAP,
    MOST_CLASSES,
    WIDEST_NAME,
    choose_evenly,
    show_pictures,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawn

# Images of a class; the facts are of as many.
SHOWN = 6
# Below each image, in inches.
WORDS = 0.28


def _draw(drawing: Drawing) -> Drawn:
    """Draw a row of images a class, each above its mistaken class and its label's probability."""
    from timbang.facts.fact import Unit
    from timbang.images.pixels import PixelFile
    from timbang.records.tables import sorted_classes
    from timbang.report.figures import style
    from timbang.scores.ledger import find_hardest, read_ledger

    images = read_ledger(drawing.path("images"))
    hardest = find_hardest(images)
    classes = sorted_classes(images["label"])
    pixels = PixelFile(drawing.path("pixels"))
    shown = [int(place) for place in choose_evenly(len(classes), MOST_CLASSES)]
    labels = style.wrap_labels([classes[place] for place in shown], WIDEST_NAME)
    left = max(style.measure_block(label, style.SMALL) for label in labels) + 3 * GAP
    row = (style.TEXT_HEIGHT - GAP) / len(shown)
    cell = min((style.TEXT_WIDTH - left) / SHOWN, row - WORDS)
    bottom = (cell + WORDS) * len(shown) + GAP
    figure = style.new_figure(bottom, is_laid_out=False)
    for place, label in zip(shown, labels, strict=True):
        bottom -= cell + WORDS
        middle = bottom + WORDS + cell / 2
        look = {"ha": "right", "va": "center", "fontsize": style.SMALL}
        style.add_text(figure, left - 2 * GAP, middle, label, **look)
        own = hardest[hardest["label"] == classes[place]].head(SHOWN)
        if own.empty:
            continue
        pictures = [pixels[index] for index in own.index]
        show_pictures(figure, pictures, left, bottom + WORDS, cell)
        for number, (_, image) in enumerate(own.iterrows()):
            across = left + (number + 0.5) * cell
            look = {"ha": "center", "va": "top", "fontsize": style.SMALLEST}
            taken = style.wrap_label(image["taken_for"] or "–", cell - GAP, style.SMALLEST, 1)
            style.add_text(figure, across, bottom + WORDS - GAP, taken, **look)
            chance = style.write_number(image["chance"], Unit.SHARE, drawing.language)
            text = style.add_text(figure, across, bottom + WORDS / 2 - GAP / 2, chance, **look)
            style.mark_datum(text, "t", f"hard.probability/{place}/{number}")
    pixels.file.close()
    return figure


FIGURE = Figure(
    name="hardest",
    slot="hardest",
    needs=("images", "pixels"),
    shows="the images that are hardest for the networks",
    draw=_draw,
    mention=message("%(figure)s shows the hardest images."),
    caption=lambda writer: writer.sentences(
        writer.say(
            "The hardest images, one row per class: those whose label has the lowest mean "
            "probability over all networks, which stands below each under the class that it is "
            "most often mistaken for (a dash where it never is). Copies are shown once."
        ),
        writer.value("classes") > MOST_CLASSES
        and writer.say(
            "Twelve of the %(classes)s classes are shown.", classes=writer.num("classes")
        ),
    ),
    stands=lambda writer: bool(writer.study["finished"]),
)
