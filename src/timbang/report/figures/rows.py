"""What figures share that have a row a network: names, dots, means, and numbers on the right."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.typing import ColorType

from timbang.facts.fact import Unit
from timbang.languages.catalogue import Language
from timbang.records.tables import read_rows
from timbang.report.figures import style
from timbang.scores.summary import name_runs

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


def read_runs(path: Path) -> dict[str, pd.DataFrame]:
    """Read ``runs.csv``; return by contender its rows by the names of its runs."""
    runs = read_rows(path).groupby("contender")
    return {str(name): own.set_axis(name_runs(own)) for name, own in runs}


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
            draw_dot(axes, (value, height), look, "x", id, size)


def draw_dot(
    axes: Axes,
    place: tuple[float, float],
    look: style.Mark,
    axis: Literal["x", "y"],
    id: str,
    size: float = 4.0,
) -> None:
    """Draw a dot that stands for the value of an id along an axis; its size in points."""
    of_dot: Any = {"color": look.color, "markersize": size, "markeredgewidth": 0, "alpha": 0.75}
    (dot,) = axes.plot(*place, look.marker, **of_dot)
    style.mark_datum(dot, axis, id)


def spread_rows(row: float, reach: float, count: int) -> np.ndarray:
    """Return the heights of so many runs about the middle of their row, float [count]."""
    return row + (np.linspace(-reach, reach, count) if count > 1 else np.zeros(count))


def draw_runs(
    axes: Axes,
    row: float,
    reaches: tuple[float, float],
    shares: pd.Series,
    ids: tuple[str, str],
    look: style.Mark,
    language: Language,
    color: ColorType = "black",
) -> Cells:
    """Draw a dot a run and the mean of several as an upright bar, in per cent.

    Args:
        axes: where they are drawn.
        row: the height of their middle.
        reaches: how far the dots, and the bar, stand from it at most.
        shares: float, by run; NaN where there is none.
        ids: of the runs, less their names, and of the mean.
        look: of the dots.
        language: that the mean is printed in.
        color: of the bar.

    Returns:
        The cell of the mean in a column of numbers; none of one run or none.
    """
    of_runs, of_mean = ids
    values = {f"{of_runs}/{run}": 100 * share for run, share in shares.items()}
    draw_dots(axes, row, reaches[0], values, look)
    if shares.count() < 2:
        return []
    mean = float(np.mean([value for value in values.values() if np.isfinite(value)]))
    ends = [row - reaches[1], row + reaches[1]]
    # Behind the dots, over which it reaches: it would hide those that lie at the mean.
    (bar,) = axes.plot([mean] * 2, ends, color=color, lw=1.4, zorder=1)
    style.mark_datum(bar, "x", of_mean)
    return [(row, style.write_number(mean / 100, Unit.SHARE, language), of_mean)]


def print_columns(axes: Axes, columns: Sequence[tuple[str, Cells]]) -> float:
    """Print columns of numbers, each under its head, right of the axes; no empty one.

    Returns:
        How far they reach from the axes, in inches, with a gap.
    """
    offset = GAP
    look: Any = {"textcoords": "offset points", "fontsize": style.SMALL, "ha": "right"}
    look["annotation_clip"] = False
    for head, cells in columns:
        if not cells:
            continue
        offset += max(style.measure(own, style.SMALL) for own in (head, *(c[1] for c in cells)))
        place, across = offset / style.POINT, axes.get_yaxis_transform()
        for row, text, id in cells:
            at: Any = {"xycoords": across, "xytext": (place, 0), "va": "center"}
            style.mark_datum(axes.annotate(text, (1, row), **at, **look), "t", id)
        axes.annotate(head, (1, 1), xycoords="axes fraction", xytext=(place, 3), **look)
        offset += GAP
    return offset
