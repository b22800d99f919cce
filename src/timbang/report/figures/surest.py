"""The images with the surest mistakes: label, answer and its probability."""

from __future__ import annotations

from typing import TYPE_CHECKING

from timbang.languages.messages import message
from timbang.report.figures.figure import Drawing, Figure
from timbang.report.figures.samples import GAP, LINE, Answer, say_copies, show_answers

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawn

# Rows and images of a row; the facts are of as many.
ROWS, SHOWN = 2, 6
# Below each image, in inches: three lines.
WORDS = 3 * LINE + 0.04


def _draw(drawing: Drawing) -> Drawn:
    """Draw rows of images, each above its label, the class it was taken for and how surely."""
    from timbang.facts.fact import Unit
    from timbang.images.pixels import PixelFile
    from timbang.report.figures import style
    from timbang.scores.ledger import find_surest, read_ledger

    surest = find_surest(read_ledger(drawing.path("images"))).head(ROWS * SHOWN)
    pixels = PixelFile(drawing.path("pixels"))
    cell = style.TEXT_WIDTH / SHOWN
    rows = max(1, -(-len(surest) // SHOWN))
    bottom = (cell + WORDS) * rows + GAP
    figure = style.new_figure(bottom, is_laid_out=False)
    for start in range(0, len(surest), SHOWN):
        bottom -= cell + WORDS
        own = surest.iloc[start : start + SHOWN]
        answers = [
            Answer(
                [image["label"], image["surest_mistake"]],
                style.write_number(image["surest_probability"], Unit.SHARE, drawing.language),
                f"sure.probability/{start + place}",
            )
            for place, image in enumerate(own.to_dict("records"))
        ]
        pictures = [pixels[index] for index in own.index]
        show_answers(figure, pictures, answers, 0, bottom + WORDS, cell)
    pixels.file.close()
    return figure


FIGURE = Figure(
    name="surest",
    slot="surest",
    needs=("images", "pixels"),
    shows="the images with the surest mistakes",
    draw=_draw,
    mention=message("%(figure)s shows the surest mistakes."),
    caption=lambda writer: writer.sentences(
        writer.say(
            "The surest mistakes: of all wrong answers those with the largest probability, one per "
            "image. Below each image stand its label, the class that it was taken for, and the "
            "probability of that."
        ),
        writer.say_recipe(decides=False),
        say_copies(writer),
    ),
    # Where nothing was wrong there is none.
    stands=lambda writer: bool(writer.study["finished"]) and writer.has("sure.probability", 0),
)
