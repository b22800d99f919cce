"""What the probes saw: gradients by depth and by epoch, accuracy by scale, gap by parameters."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullFormatter

from timbang.languages.texts import Texts
from timbang.report.figures.style import Mark, count_legend_columns, new_figure, print_numbers

Probes = Mapping[str, Sequence[Mapping[str, Any]]]


def draw_probes(
    probes: Probes,
    runs: pd.DataFrame,
    names: Mapping[str, str],
    marks: Mapping[str, Mark],
    texts: Texts,
) -> Figure:
    """Draw four panels; a contender without a probe is left out of its panel.

    Lines are means over the runs that did not diverge.

    Args:
        probes: by the contender's title, the ``probes.json`` of its runs.
        runs: the table ``runs.csv``.
        names: by the contender's title, its name.
        marks: by the contender's title, how it is drawn.
        texts: the words of the language.
    """
    figure = new_figure(5.2)
    panels = figure.subplots(2, 2)
    for title, own in probes.items():
        style = {
            "color": marks[title].color,
            "linestyle": marks[title].dashes,
            "marker": marks[title].marker,
            "markersize": 3,
            "label": title,
        }
        _draw_layers(panels[0, 0], own, style | {"marker": ""})
        _draw_looks(panels[0, 1], own, style)
        _draw_scales(panels[1, 0], own, style)
        rows = runs[(runs["contender"] == names[title]) & ~runs["diverged"]]
        panels[1, 1].scatter(
            rows["parameters"] / 1e6,
            rows["gap"],
            s=12,
            color=style["color"],
            marker=marks[title].marker,
            alpha=0.7,
        )
    words = texts["figures"]
    for axes, heading, below in (
        (panels[0, 0], "layer_gradient", "depth"),
        (panels[0, 1], "gradient_cosine", "epoch"),
        (panels[1, 0], "accuracy_by_scale", "zoom"),
        (panels[1, 1], "gap", "millions"),
    ):
        axes.set_title(words[heading], loc="left")
        axes.set_xlabel(words[below])
        axes.grid(axis="y", linewidth=0.3, color="0.85")
    panels[0, 0].set_yscale("log")
    panels[0, 0].yaxis.set_minor_formatter(NullFormatter())
    panels[0, 1].xaxis.set_major_locator(MaxNLocator(integer=True))
    handles, labels = panels[1, 0].get_legend_handles_labels()
    if not labels:
        handles, labels = panels[0, 1].get_legend_handles_labels()
    if labels:
        figure.legend(
            handles,
            labels,
            loc="outside upper center",
            ncols=count_legend_columns(labels),
            handlelength=3,
        )
    print_numbers(figure, texts)
    return figure


def _draw_layers(axes: Axes, own: Sequence[Mapping[str, Any]], style: Mapping[str, Any]) -> None:
    norms = [[layer["norm"] for layer in run["layers"]] for run in own if "layers" in run]
    if norms:
        depth = np.linspace(0, 1, len(norms[0]))
        axes.plot(depth, np.nanmean(norms, axis=0), **style)


def _draw_looks(axes: Axes, own: Sequence[Mapping[str, Any]], style: Mapping[str, Any]) -> None:
    looks = [run["gradients"] for run in own if "gradients" in run]
    if looks:
        epochs = [look["epoch"] for look in looks[0]]
        cosines = [[look["gradient_cosine"] for look in run] for run in looks]
        axes.plot(epochs, np.nanmean(cosines, axis=0), **style)


def _draw_scales(axes: Axes, own: Sequence[Mapping[str, Any]], style: Mapping[str, Any]) -> None:
    scales = [run["scales"] for run in own if "scales" in run]
    if scales:
        factors = sorted(scales[0], key=float)
        values = np.mean([[run[factor] for factor in factors] for run in scales], axis=0)
        axes.plot([float(factor) for factor in factors], 100 * values, **style)
