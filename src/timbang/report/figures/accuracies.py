"""Every run as a dot: the spread over replicates that a mean alone would hide."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from timbang.languages.texts import Texts
from timbang.report.figures.style import Mark, name_rows, new_figure, print_numbers


def draw_accuracies(
    accuracies: Mapping[str, Sequence[float]],
    marks: Mapping[str, Mark],
    published: Mapping[str, float],
    texts: Texts,
) -> Figure:
    """Draw the validation accuracy of every run, a row a contender.

    Args:
        accuracies: by the contender's title, one fraction a replicate, NaN where it diverged.
        marks: by the contender's title, how it is drawn.
        published: the published accuracy of some of the contenders, a fraction.
        texts: the words of the language.
    """
    figure = new_figure(0.9 + 0.42 * len(accuracies))
    axes = figure.subplots()
    for row, (title, values) in enumerate(accuracies.items()):
        style = marks[title]
        shown = 100 * np.asarray(values)
        # Replicates side by side in their order, so that equal accuracies stay visible.
        shift = np.linspace(-0.18, 0.18, len(shown)) if len(shown) > 1 else np.zeros(1)
        axes.scatter(shown, row + shift, s=16, color=style.color, marker=style.marker, alpha=0.75)
        if np.isfinite(shown).any():
            mean = np.nanmean(shown)
            axes.plot([mean] * 2, [row - 0.36, row + 0.36], color="black", linewidth=1.4)
        if np.isnan(shown).any():
            axes.text(
                *(0.01, row),
                texts["figures"]["diverged"].format(np.isnan(shown).sum(), len(shown)),
                transform=axes.get_yaxis_transform(),
                va="center",
                fontsize=7,
                color=style.color,
            )
        if title in published:
            axes.scatter(
                100 * published[title], row, s=42, facecolors="none", edgecolors="black", zorder=3
            )
    axes.plot([], [], color="black", linewidth=1.4, label=texts["figures"]["mean"])
    axes.scatter([], [], s=16, color="0.5", label=texts["figures"]["run"])
    if any(title in published for title in accuracies):
        axes.scatter(
            [], [], s=42, facecolors="none", edgecolors="black", label=texts["figures"]["published"]
        )
    name_rows(axes, list(accuracies))
    axes.set_xlabel(texts["figures"]["validation_accuracy"])
    figure.legend(loc="outside upper right", ncols=3)
    print_numbers(figure, texts)
    return figure
