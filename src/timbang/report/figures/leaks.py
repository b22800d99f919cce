"""The leak ledger: accuracy on leaked and on clean validation images, run by run."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from timbang.languages.texts import Texts
from timbang.report.figures.style import COLORS, name_rows, new_figure, print_numbers

KINDS = {"leaked_accuracy": (COLORS[1], "D"), "clean_accuracy": (COLORS[0], "o")}


def draw_leaks(runs: Mapping[str, pd.DataFrame], texts: Texts) -> Figure:
    """Draw each run as two marks on a line, and the means of both as bars.

    Args:
        runs: by the contender's title, its runs with ``leaked_accuracy`` and ``clean_accuracy``
            as fractions; a run without one of them shows only the other.
        texts: the words of the language.
    """
    figure = new_figure(0.9 + 0.55 * len(runs))
    axes = figure.subplots()
    for row, own in enumerate(runs.values()):
        shift = np.linspace(-0.28, 0.28, len(own)) if len(own) > 1 else np.zeros(1)
        axes.hlines(
            row + shift,
            100 * own["clean_accuracy"],
            100 * own["leaked_accuracy"],
            color="0.8",
            linewidth=0.8,
            zorder=1,
        )
        for measure, (color, marker) in KINDS.items():
            shown = 100 * own[measure].to_numpy(dtype=float)
            axes.scatter(shown, row + shift, s=14, color=color, marker=marker)
            if np.isfinite(shown).any():
                axes.plot([np.nanmean(shown)] * 2, [row - 0.4, row + 0.4], color="black", lw=1.2)
    for measure, (color, marker) in KINDS.items():
        axes.scatter([], [], s=14, color=color, marker=marker, label=texts["figures"][measure])
    axes.plot([], [], color="black", linewidth=1.2, label=texts["figures"]["mean"])
    name_rows(axes, list(runs))
    axes.set_xlabel(texts["figures"]["validation_accuracy"])
    figure.legend(loc="outside upper right", ncols=3)
    print_numbers(figure, texts)
    return figure
