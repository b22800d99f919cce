"""How many images each class has, and how many of them are trained on."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from timbang.languages.texts import Texts
from timbang.records.tables import PARTS, TEST, TRAIN, VALIDATION
from timbang.report.figures.style import COLORS, new_figure, print_numbers, wrap_labels

MOST_NUMBERED_CLASSES = 40
# Color and hatch of each part, and its word in the texts.
LOOKS = {TRAIN: (COLORS[0], ""), VALIDATION: (COLORS[4], "////"), TEST: (COLORS[2], "....")}
WORDS = {TRAIN: "training", VALIDATION: "validation", TEST: "test"}


def count_classes(splits: list[pd.DataFrame]) -> pd.DataFrame:
    """Return one row a class: ``label``, the mean images of each part, and distinct pictures.

    Args:
        splits: the split of each replicate; all of the same images.

    Returns:
        ``label``, ``train``, ``validation``, ``test`` (means over replicates), and ``groups``.
    """
    images = pd.concat(splits)
    counts = images.groupby(["label", "part"]).size().unstack(fill_value=0) / len(splits)
    counts = counts.reindex(columns=list(PARTS), fill_value=0.0)
    counts["groups"] = splits[0].groupby("label")["group"].nunique()
    return counts.reset_index()[["label", *PARTS, "groups"]]


def draw_classes(counts: pd.DataFrame, texts: Texts) -> Figure:
    """Draw the images of each class as a bar of its parts, and its distinct pictures as a line.

    Args:
        counts: the table that ``count_classes`` returns.
        texts: the words of the language.
    """
    few = len(counts) <= MOST_NUMBERED_CLASSES
    figure = new_figure(0.9 + (0.24 if few else 0.12) * len(counts))
    axes = figure.subplots()
    rows = range(len(counts))
    total = pd.Series(0.0, index=counts.index)
    for part, (color, hatch) in LOOKS.items():
        if counts[part].any():
            axes.barh(
                rows,
                counts[part],
                left=total,
                color=color,
                hatch=hatch,
                edgecolor="white",
                linewidth=0,
                label=texts["figures"][WORDS[part]],
            )
        total += counts[part]
    if (counts["groups"] < total.round()).any():
        axes.vlines(
            counts["groups"],
            [row - 0.4 for row in rows],
            [row + 0.4 for row in rows],
            color="black",
            linewidth=1.6,
            label=texts["figures"]["distinct"],
        )
    if few:
        for row, images in enumerate(total):
            axes.annotate(
                f"{images:.0f}",
                (images, row),
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
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    figure.legend(loc="outside upper right", ncols=4)
    print_numbers(figure, texts)
    return figure
