"""Figure 1 of the published report: loss and accuracy by epoch, training and validation."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from timbang.report.figures.style import Mark, count_legend_columns, new_figure
from timbang.report.texts import Texts, write_tick

PANELS = ("train_loss", "validation_loss", "train_accuracy", "validation_accuracy")
# A loss that spans more than this is drawn on a logarithmic axis, or a spike flattens the rest.
LOG_RATIO = 30


def draw_curves(
    histories: Mapping[str, Sequence[pd.DataFrame]], marks: Mapping[str, Mark], texts: Texts
) -> Figure:
    """Draw each contender's mean over replicates, and the range between them as a band.

    Args:
        histories: by the contender's title, the histories of its replicates.
        marks: by the contender's title, how it is drawn.
        texts: the words of the language.
    """
    figure = new_figure(4.9)
    panels = figure.subplots(2, 2, sharex=True)
    for axes, measure in zip(panels.flat, PANELS, strict=True):
        is_loss = measure.endswith("loss")
        lowest, highest = np.inf, 0.0
        for title, runs in histories.items():
            epochs = runs[0]["epoch"].to_numpy()
            values = np.stack([run[measure] for run in runs]) * (1 if is_loss else 100)
            style = marks[title]
            axes.plot(
                epochs,
                values.mean(axis=0),
                label=title,
                color=style.color,
                linestyle=style.dashes,
                marker=style.marker,
                markevery=max(1, len(epochs) // 8),
            )
            axes.fill_between(
                epochs,
                values.min(axis=0),
                values.max(axis=0),
                color=style.color,
                alpha=0.15,
                linewidth=0,
            )
            positive = values[values > 0]
            lowest = min(lowest, positive.min(initial=np.inf))
            highest = max(highest, values.max())
        axes.set_title(texts["figures"][measure], loc="left")
        if is_loss and highest > LOG_RATIO * lowest:
            axes.set_yscale("log")
            axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axes.yaxis.set_minor_formatter(NullFormatter())
        elif is_loss:
            axes.set_ylim(bottom=0)
        if is_loss:
            axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: write_tick(y, texts)))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(axis="y", linewidth=0.3, color="0.85")
    for axes in panels[1]:
        axes.set_xlabel(texts["figures"]["epoch"])
    handles, labels = panels[0, 0].get_legend_handles_labels()
    columns = count_legend_columns(labels)
    figure.legend(handles, labels, loc="outside upper center", ncols=columns, handlelength=3)
    return figure
