"""Figure 1 of the published report: loss and accuracy by epoch, training and validation."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

from timbang.languages.texts import Texts
from timbang.report.figures.style import Mark, count_legend_columns, new_figure, print_numbers

PANELS = ("train_loss", "validation_loss", "train_accuracy", "validation_accuracy")
# A loss that spans more than this is drawn on a logarithmic axis, or a spike flattens the rest.
LOG_RATIO = 30
# On a logarithmic axis that spans more, only the powers of ten are labelled.
MOST_LABELLED_RATIO = 1e4


def draw_curves(
    histories: Mapping[str, Sequence[pd.DataFrame]], marks: Mapping[str, Mark], texts: Texts
) -> Figure:
    """Draw each contender's mean over replicates, and the range between them as a band.

    Args:
        histories: by the contender's title, the histories of its replicates; one that diverged
            is shorter than the others and counts as far as its figures are finite.
        marks: by the contender's title, how it is drawn.
        texts: the words of the language.
    """
    figure = new_figure(4.9)
    panels = figure.subplots(2, 2, sharex=True)
    for axes, measure in zip(panels.flat, PANELS, strict=True):
        is_loss = measure.endswith("loss")
        lowest, highest = np.inf, 0.0
        for title, runs in histories.items():
            values = _stack_finite([run[measure] for run in runs]) * (1 if is_loss else 100)
            epochs = np.arange(1, values.shape[1] + 1)
            style = marks[title]
            axes.plot(
                epochs,
                np.nanmean(values, axis=0),
                label=title,
                color=style.color,
                linestyle=style.dashes,
                marker=style.marker,
                markevery=max(1, len(epochs) // 8),
            )
            axes.fill_between(
                epochs,
                np.nanmin(values, axis=0),
                np.nanmax(values, axis=0),
                color=style.color,
                alpha=0.15,
                linewidth=0,
            )
            positive = values[values > 0]
            lowest = min(lowest, positive.min(initial=np.inf))
            highest = max(highest, np.nanmax(values, initial=0.0))
        axes.set_title(texts["figures"][measure], loc="left")
        if is_loss and highest > LOG_RATIO * lowest:
            axes.set_yscale("log")
            is_narrow = highest < MOST_LABELLED_RATIO * lowest
            axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if is_narrow else (1,)))
            axes.yaxis.set_minor_formatter(NullFormatter())
        elif is_loss:
            axes.set_ylim(bottom=0)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(axis="y", linewidth=0.3, color="0.85")
    for axes in panels[1]:
        axes.set_xlabel(texts["figures"]["epoch"])
    handles, labels = panels[0, 0].get_legend_handles_labels()
    columns = count_legend_columns(labels)
    figure.legend(handles, labels, loc="outside upper center", ncols=columns, handlelength=3)
    print_numbers(figure, texts)
    return figure


def _stack_finite(columns: Sequence[pd.Series]) -> np.ndarray:
    """Return float64 [runs, epochs] up to the last epoch with a finite value, NaN for the rest."""
    values = np.full((len(columns), max(map(len, columns))), np.nan)
    for row, column in zip(values, columns, strict=True):
        row[: len(column)] = column.where(np.isfinite(column))
    return values[:, : np.flatnonzero(np.isfinite(values).any(axis=0)).max(initial=-1) + 1]
