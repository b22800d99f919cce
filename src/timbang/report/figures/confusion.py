"""Confusion matrices, one a contender, summed over its replicates."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from timbang.languages.texts import Texts
from timbang.report.figures.style import TEXT_WIDTH, new_figure, print_numbers, wrap_labels

# With more classes than this the counts are too small to read in print.
MOST_COUNTED_CLASSES = 14
MOST_LABELLED_CLASSES = 30


def draw_confusion(
    matrices: Mapping[str, np.ndarray], classes: Sequence[str], texts: Texts
) -> Figure:
    """Draw confusion matrices: counts as numbers, the share of the true class as colour.

    Args:
        matrices: by the contender's title, int [classes, classes], true classes in rows.
        classes: the names of the classes.
        texts: the words of the language.
    """
    columns = 1 if len(matrices) == 1 else 2 if len(matrices) <= 4 else 3
    rows = -(-len(matrices) // columns)
    side = TEXT_WIDTH / (columns if columns > 1 else 1.6)
    figure = new_figure(rows * (side * 0.93) + 0.3)
    panels = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    image = None
    for axes, (title, counts) in zip(panels.flat, matrices.items(), strict=False):
        share = 100 * counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        image = axes.imshow(share, cmap="cividis", vmin=0, vmax=100)
        axes.set_title(title)
        _label_axes(axes, classes)
        if len(classes) <= MOST_COUNTED_CLASSES:
            _write_counts(axes, counts, share, size=6.5 if columns < 3 else 5.5)
    for axes in list(panels.flat)[len(matrices) :]:
        axes.set_axis_off()
    figure.supxlabel(texts["figures"]["predicted_class"], fontsize=9)
    figure.supylabel(texts["figures"]["true_class"], fontsize=9)
    if image is not None:
        bar = figure.colorbar(image, ax=panels, shrink=0.6, aspect=30, pad=0.01)
        bar.set_label(texts["figures"]["row_share"])
        bar.outline.set_visible(False)
    print_numbers(figure, texts)
    return figure


def _label_axes(axes: Axes, classes: Sequence[str]) -> None:
    step = -(-len(classes) // MOST_LABELLED_CLASSES)
    places = range(0, len(classes), step)
    labels = wrap_labels([classes[place] for place in places], 14)
    size = 7 if len(classes) <= MOST_COUNTED_CLASSES else 5
    turned = 90 if max(map(len, labels)) > 2 else 0
    axes.set_xticks(places, labels, rotation=turned, fontsize=size)
    axes.set_yticks(places, labels, fontsize=size)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


def _write_counts(axes: Axes, counts: np.ndarray, share: np.ndarray, size: float) -> None:
    for (row, column), count in np.ndenumerate(counts):
        if count:
            color = "white" if share[row, column] < 55 else "black"
            axes.text(column, row, str(count), ha="center", va="center", color=color, fontsize=size)
