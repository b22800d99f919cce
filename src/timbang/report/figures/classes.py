"""How many images each class has, and how many of them are trained on."""

import pandas as pd
from matplotlib.figure import Figure

from timbang.data.records import TRAIN, VALIDATION
from timbang.report.figures.style import COLORS, new_figure, wrap_labels
from timbang.report.texts import Texts

MOST_NUMBERED_CLASSES = 40


def count_classes(splits: list[pd.DataFrame]) -> pd.DataFrame:
    """Return one row a class: ``label``, and its mean ``train`` and ``validation`` images."""
    images = pd.concat(splits)
    counts = images.groupby(["label", "part"]).size().unstack(fill_value=0) / len(splits)
    return counts.reset_index()[["label", TRAIN, VALIDATION]]


def draw_classes(counts: pd.DataFrame, texts: Texts) -> Figure:
    """Draw the images of each class as a bar of a training and a validation part.

    Args:
        counts: one row a class with its ``label`` and the mean number over replicates of its
            ``train`` and ``validation`` images.
        texts: the words of the language.
    """
    few = len(counts) <= MOST_NUMBERED_CLASSES
    figure = new_figure(0.9 + (0.24 if few else 0.12) * len(counts))
    axes = figure.subplots()
    rows = range(len(counts))
    axes.barh(rows, counts["train"], color=COLORS[0], label=texts["figures"]["training"])
    axes.barh(
        rows,
        counts["validation"],
        left=counts["train"],
        color=COLORS[4],
        hatch="////",
        edgecolor="white",
        linewidth=0,
        label=texts["figures"]["validation"],
    )
    if few:
        for row, total in enumerate(counts["train"] + counts["validation"]):
            axes.annotate(
                f"{total:.0f}",
                (total, row),
                xytext=(3, 0),
                textcoords="offset points",
                va="center",
                fontsize=8,
            )
    labels = wrap_labels(list(counts["label"]), 30)
    axes.set_yticks(rows, labels, fontsize=8 if few else 5)
    axes.set_ylim(len(counts) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(texts["figures"]["images"])
    figure.legend(loc="outside upper right", ncols=2)
    return figure
