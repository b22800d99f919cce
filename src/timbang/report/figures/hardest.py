"""The images that are hardest for the networks, and what they are taken for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from timbang.languages.messages import message
from timbang.report.figures.figure import Drawing, Figure
from timbang.report.figures.samples import (
    FEW_CLASSES,
    GAP,
    LINE,
    MOST_CLASSES,
    WIDEST_NAME,
    Answer,
    choose_evenly,
    say_copies,
    show_answers,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawn

# Images of a class; the facts are of as many.
SHOWN = 6
# In inches: the words below an image, a class's name above its images, between two columns.
WORDS, NAME, GUTTER = 2 * LINE + 0.03, 0.17, 0.2


def _draw(drawing: Drawing) -> Drawn:
    """Draw a row of images a class, each above its mistaken class and its label's probability.

    Few classes stand one below the other with their names on the left, more in two columns.
    """
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
    columns = 1 if len(shown) <= FEW_CLASSES else 2
    width = (style.TEXT_WIDTH - (columns - 1) * GUTTER) / columns
    rows = -(-len(shown) // columns)
    head = NAME if columns > 1 else 0
    names = [classes[place] for place in shown]
    if head:
        labels = [style.wrap_label(name, width, style.SMALL, 1) for name in names]
    else:
        labels = style.wrap_labels(names, WIDEST_NAME)
    left = 0 if head else max(style.measure_block(own, style.SMALL) for own in labels) + 3 * GAP
    cell = min((width - left) / SHOWN, (style.TEXT_HEIGHT - GAP) / rows - WORDS - head)
    height = (cell + WORDS + head) * rows + GAP
    figure = style.new_figure(height, is_laid_out=False)
    for position, (place, label) in enumerate(zip(shown, labels, strict=True)):
        row, column = divmod(position, columns)
        start = left + column * (width + GUTTER)
        top = height - row * (cell + WORDS + head)
        look: dict[str, Any] = {"fontsize": style.SMALL}
        if head:
            style.add_text(figure, start, top - GAP, label, ha="left", va="top", **look)
        else:
            look |= {"ha": "right", "va": "center"}
            style.add_text(figure, start - 2 * GAP, top - cell / 2, label, **look)
        own = hardest[hardest["label"] == classes[place]].head(SHOWN)
        if own.empty:
            continue
        answers = [
            Answer(
                [image["taken_for"] or "–"],
                style.write_number(image["chance"], Unit.SHARE, drawing.language),
                f"hard.probability/{place}/{number}",
            )
            for number, image in enumerate(own.to_dict("records"))
        ]
        pictures = [pixels[index] for index in own.index]
        show_answers(figure, pictures, answers, start, top - head - cell, cell)
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
            "The hardest images of each class: those whose label has the lowest mean "
            "probability over all networks, which stands below each under the class that it is "
            "most often mistaken for (the first of several; a dash where it never is)."
        ),
        writer.say_recipe(decides=False),
        say_copies(writer),
        writer.value("classes") > MOST_CLASSES
        and writer.say(
            "Twelve of the %(classes)s classes are shown.", classes=writer.num("classes")
        ),
    ),
    stands=lambda writer: bool(writer.study["finished"]),
)
