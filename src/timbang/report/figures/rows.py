"""What figures share that have a row a network: names, dots, means, and numbers on the right."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.typing import ColorType

from timbang.facts.fact import Unit
from timbang.languages.catalogue import Language
from timbang.report.figures import style

# From the axes to a column of numbers, and between two of them, in inches.
GAP = 0.1

# The row of each number of a column, the number in print, and the id of its value.
Cells = list[tuple[float, str, str]]


def new_rows(titles: Sequence[str], row: float, besides: float) -> tuple[Figure, Axes]:
    """Return a figure and its axes, with the networks named along the upright one.

    Args:
        titles: their names in print.
        row: the height of a row in inches; less where a page has no room for it.
        besides: the height of all else.
    """
    figure = style.new_figure(besides + row * len(titles))
    axes = figure.subplots()
    axes.margins(x=0.04)
    style.name_rows(axes, titles, min(row, (style.TEXT_HEIGHT - besides) / max(len(titles), 1)))
    return figure, axes


def draw_dots(
    axes: Axes, row: float, reach: float, values: Mapping[str, float], look: style.Mark
) -> None:
    """Draw a dot a run, side by side in their order so that equal values stay visible.

    Args:
        axes: where they are drawn.
        row: the height of their middle.
        reach: how far they stand from it at most.
        values: by id; one that is not finite is left out.
        look: colour and marker.
    """
    size = 4.0 if len(values) <= 12 else 3.2
    heights = spread_rows(row, reach, len(values))
    for (id, value), height in zip(values.items(), heights, strict=True):
        if np.isfinite(value):
            draw_dot(axes, value, height, look, "x", id, size)


def draw_dot(
    axes: Axes,
    x: float,
    y: float,
    look: style.Mark,
    axis: Literal["x", "y"],
    id: str,
    size: float = 4.0,
) -> None:
    """Draw a dot that stands for the value of an id along an axis; its size in points."""
    (dot,) = axes.plot(
        x, y, look.marker, color=look.color, markersize=size, markeredgewidth=0, alpha=0.75
    )
    style.mark_datum(dot, axis, id)


def spread_rows(row: float, reach: float, count: int) -> np.ndarray:
    """Return the heights of so many runs about the middle of their row, float [count]."""
    return row + (np.linspace(-reach, reach, count) if count > 1 else np.zeros(count))


def draw_mean(
    axes: Axes,
    row: float,
    reach: float,
    values: Mapping[str, float],
    id: str,
    language: Language,
    color: ColorType = "black",
) -> Cells:
    """Draw the mean of several runs, in per cent, as an upright bar.

    Returns:
        Its cell in a column of numbers; none where there is one run or none.
    """
    finite = [value for value in values.values() if np.isfinite(value)]
    if len(finite) < 2:
        return []
    mean = float(np.mean(finite))
    (bar,) = axes.plot([mean] * 2, [row - reach, row + reach], color=color, lw=1.4, zorder=3)
    style.mark_datum(bar, "x", id)
    return [(row, style.write_number(mean / 100, Unit.SHARE, language), id)]


def print_column(axes: Axes, offset: float, head: str, cells: Cells) -> float:
    """Print numbers in a column right of the axes, under a head; nothing where there are none.

    Args:
        axes: whose rows they belong to.
        offset: from the axes to the left end of the column, in inches.
        head: the word above them.
        cells: the numbers.

    Returns:
        The offset of a further column.
    """
    if not cells:
        return offset
    texts = [head, *(text for _, text, _ in cells)]
    right = offset + max(style.measure(text, style.SMALL) for text in texts)
    look: dict[str, Any] = {
        "textcoords": "offset points",
        "fontsize": style.SMALL,
        "ha": "right",
        "annotation_clip": False,
    }
    place = right / style.POINT
    across = axes.get_yaxis_transform()
    for row, text, id in cells:
        number = axes.annotate(
            text, (1, row), xycoords=across, xytext=(place, 0), va="center", **look
        )
        style.mark_datum(number, "t", id)
    axes.annotate(head, (1, 1), xycoords="axes fraction", xytext=(place, 3), **look)
    return right + GAP
