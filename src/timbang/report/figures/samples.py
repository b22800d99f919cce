"""Sample images of each class, as the networks see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from timbang.languages.messages import message
from timbang.report.figures.figure import Drawing, Figure

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure as Drawn

    from timbang.report.writer import Writer

# The caption says twelve.
MOST_CLASSES = 12
# Up to so many classes are shown with fewer and larger images.
FEW_CLASSES = 6
SAMPLES_OF_FEW, SAMPLES_OF_MANY = 8, 12
# More pixels than this are not seen at the size of print, and make the report heavy.
LARGEST_SIDE = 128
# In inches.
WIDEST_NAME, GAP, LINE = 1.2, 0.03, 0.13


def _draw(drawing: Drawing) -> Drawn:
    """Draw a row of images a class."""
    import numpy as np

    from timbang.images.pixels import PixelFile
    from timbang.records.tables import read_manifest, usable_images
    from timbang.report.figures import style

    images = usable_images(read_manifest(drawing.path("manifest")))
    chosen = choose_samples(
        images["label"].to_numpy(dtype=str), images["group"].to_numpy(dtype=np.int64)
    )
    pixels = PixelFile(drawing.path("pixels"))
    labels = style.wrap_labels(list(chosen), WIDEST_NAME)
    left = max(style.measure_block(label, style.SMALL) for label in labels) + 3 * GAP
    cell = (style.TEXT_WIDTH - left) / _samples_per_class(len(chosen))
    bottom = cell * len(chosen) + GAP
    figure = style.new_figure(bottom, is_laid_out=False)
    look = {"ha": "right", "va": "center", "fontsize": style.SMALL}
    for label, indices in zip(labels, chosen.values(), strict=True):
        bottom -= cell
        style.add_text(figure, left - 2 * GAP, bottom + cell / 2, label, **look)
        show_pictures(figure, [pixels[index] for index in indices], left, bottom, cell)
    pixels.file.close()
    return figure


def choose_samples(labels: np.ndarray, groups: np.ndarray) -> dict[str, np.ndarray]:
    """Choose images of each class, evenly over the data set, no two of one group.

    Args:
        labels: str [N].
        groups: int [N], equal for duplicates.

    Returns:
        By class in sorted order, the indices of up to 8 of its images, or of up to 12 where
        there are more than 6 classes; at most 12 classes, evenly chosen.
    """
    import numpy as np

    classes = np.unique(labels)
    shown = classes[choose_evenly(len(classes), MOST_CLASSES)]
    most = _samples_per_class(len(shown))
    chosen = {}
    for name in shown:
        members = np.flatnonzero(labels == name)
        _, first = np.unique(groups[members], return_index=True)
        distinct = members[np.sort(first)]
        chosen[str(name)] = distinct[choose_evenly(len(distinct), most)]
    return chosen


def choose_evenly(count: int, most: int) -> np.ndarray:
    """Return at most ``most`` indices below ``count``, evenly spread, int [M]."""
    import numpy as np

    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(int))


def show_pictures(
    figure: Drawn, pictures: Sequence[np.ndarray], left: float, bottom: float, cell: float
) -> None:
    """Show pictures, uint8 [H, W, 3] of one size, side by side in square cells.

    Args:
        figure: where they are shown.
        pictures: from left to right.
        left: the left end of the first cell, in inches.
        bottom: the lower end of the cells.
        cell: their side, of which a gap is left free.
    """
    import numpy as np
    from PIL import Image

    from timbang.report.figures.style import add_axes

    shown = []
    for picture in pictures:
        image = Image.fromarray(picture)
        # No larger than print can show.
        image.thumbnail((LARGEST_SIDE, LARGEST_SIDE))
        free = max(1, round(GAP / (cell - GAP) * image.width))
        shown.append(np.pad(np.asarray(image), ((0, 0), (0, free), (0, 0)), constant_values=255))
    axes = add_axes(figure, left, bottom, cell * len(shown), cell - GAP)
    axes.imshow(np.concatenate(shown, axis=1), interpolation="none", aspect="auto")
    axes.set_axis_off()


@dataclass(frozen=True)
class Answer:
    """What stands below a picture: names, then a probability as it is printed and its fact."""

    names: Sequence[str]
    probability: str
    fact: str


def show_answers(
    figure: Drawn,
    pictures: Sequence[np.ndarray],
    answers: Sequence[Answer],
    left: float,
    bottom: float,
    cell: float,
) -> None:
    """Show pictures as ``show_pictures`` does, and below each its answer, a line each word."""
    from timbang.report.figures import style

    show_pictures(figure, pictures, left, bottom, cell)
    look: dict[str, Any] = {"ha": "center", "va": "top", "fontsize": style.SMALLEST}
    for place, answer in enumerate(answers):
        across, height = left + (place + 0.5) * cell, bottom - GAP
        for name in answer.names:
            shown = style.wrap_label(name, cell - GAP, style.SMALLEST, 1)
            style.add_text(figure, across, height, shown, **look)
            height -= LINE
        text = style.add_text(figure, across, height, answer.probability, **look)
        style.mark_datum(text, "t", answer.fact)


def say_copies(writer: Writer) -> str | bool:
    """Say in a caption that copies are shown once; False where there are none."""
    return writer.value("duplicates.groups", default=0) > 0 and writer.say("Copies are shown once.")


def _samples_per_class(classes: int) -> int:
    return SAMPLES_OF_FEW if classes <= FEW_CLASSES else SAMPLES_OF_MANY


FIGURE = Figure(
    name="samples",
    slot="samples",
    needs=("manifest", "pixels"),
    shows="sample images of each class",
    draw=_draw,
    mention=message("%(figure)s shows sample images."),
    caption=lambda writer: writer.sentences(
        writer.say(
            "Sample images, one row per class, resized as for the networks; within a class no two "
            "are duplicates."
        ),
        writer.value("classes") > MOST_CLASSES
        and writer.say(
            "Twelve of the %(classes)s classes are shown.", classes=writer.num("classes")
        ),
    ),
)
