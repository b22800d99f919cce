"""The same contenders in two studies: every run of each, side by side."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from timbang.languages.texts import Texts
from timbang.report.figures.style import COLORS, name_rows, new_figure, print_numbers

KINDS = ((COLORS[0], "o"), (COLORS[1], "D"))


def draw_twin(
    accuracies: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    names: tuple[str, str],
    texts: Texts,
) -> Figure:
    """Draw two lines a contender: its runs in this study, and below them in the other.

    Args:
        accuracies: by the contender's title, the validation accuracies (fractions) of its runs
            in this study and in the other.
        names: of both studies.
        texts: the words of the language.
    """
    figure = new_figure(0.9 + 0.5 * len(accuracies))
    axes = figure.subplots()
    for row, both in enumerate(accuracies.values()):
        for values, offset, (color, marker) in zip(both, (-0.18, 0.18), KINDS, strict=True):
            shown = 100 * np.asarray(values, dtype=float)
            axes.scatter(
                shown, [row + offset] * len(shown), s=16, color=color, marker=marker, alpha=0.75
            )
            if not np.isfinite(shown).any():
                continue
            axes.plot(
                [np.nanmean(shown)] * 2,
                [row + offset - 0.16, row + offset + 0.16],
                color="black",
                lw=1.2,
            )
    for name, (color, marker) in zip(names, KINDS, strict=True):
        axes.scatter([], [], s=16, color=color, marker=marker, label=name)
    axes.plot([], [], color="black", linewidth=1.2, label=texts["figures"]["mean"])
    name_rows(axes, list(accuracies))
    axes.set_xlabel(texts["figures"]["validation_accuracy"])
    figure.legend(loc="outside upper right", ncols=3)
    print_numbers(figure, texts)
    return figure
