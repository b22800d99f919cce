"""Sample images of each class, as the networks see them."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from timbang.report.figures.style import TEXT_WIDTH, new_figure, wrap_labels

MOST_CLASSES = 12
# Up to so many classes are shown with fewer and larger images.
FEW_CLASSES = 6
SAMPLES_OF_FEW, SAMPLES_OF_MANY = 8, 12
# More pixels than this are not seen at the size of print, and make the report heavy.
LARGEST_SIDE = 128


def choose_samples(labels: np.ndarray, groups: np.ndarray) -> dict[str, np.ndarray]:
    """Choose images of each class, evenly over the data set, no two of one group.

    Args:
        labels: str [N].
        groups: int [N], equal for duplicates.

    Returns:
        By class in sorted order, the indices of up to 8 of its images, or of up to 12 where
        there are more than 6 classes; at most 12 classes, evenly chosen.
    """
    classes = np.unique(labels)
    shown = classes[_spread(len(classes), MOST_CLASSES)]
    most = _samples_per_class(len(shown))
    chosen = {}
    for name in shown:
        members = np.flatnonzero(labels == name)
        _, first = np.unique(groups[members], return_index=True)
        distinct = members[np.sort(first)]
        chosen[str(name)] = distinct[_spread(len(distinct), most)]
    return chosen


def draw_samples(pixels: np.ndarray, chosen: Mapping[str, np.ndarray]) -> Figure:
    """Draw a row of images a class.

    Args:
        pixels: uint8 [N, H, W, 3].
        chosen: by class, the indices of the images to show.
    """
    columns = _samples_per_class(len(chosen))
    cell = TEXT_WIDTH / (columns + 1.6)
    figure = new_figure(cell * len(chosen) * 1.06)
    panels = figure.subplots(len(chosen), columns, squeeze=False)
    for row, (name, label) in zip(
        panels, zip(chosen, wrap_labels(list(chosen), 16), strict=True), strict=True
    ):
        for axes in row:
            axes.set_axis_off()
        for axes, index in zip(row, chosen[name], strict=False):
            axes.imshow(shrink_picture(pixels[index]))
        row[0].text(
            -0.12, 0.5, label, transform=row[0].transAxes, ha="right", va="center", fontsize=9
        )
    figure.set_layout_engine("constrained", w_pad=0.01, h_pad=0.01, wspace=0, hspace=0)
    return figure


def _samples_per_class(classes: int) -> int:
    return SAMPLES_OF_FEW if classes <= FEW_CLASSES else SAMPLES_OF_MANY


def _spread(count: int, most: int) -> np.ndarray:
    """Return at most ``most`` indices below ``count``, evenly spread."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(int))


def shrink_picture(pixels: np.ndarray) -> np.ndarray:
    """Return a picture, uint8 [H, W, 3], no larger than print can show."""
    image = Image.fromarray(pixels)
    image.thumbnail((LARGEST_SIDE, LARGEST_SIDE))
    return np.asarray(image)
