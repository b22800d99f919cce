"""What all figures share: size, fonts, a colour and mark per contender, and how they are saved."""

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter, LogFormatter, ScalarFormatter

from timbang.languages.texts import Texts, write_tick
from timbang.printable import show, show_lines

# The report's text width, 160 mm, so that no figure is ever rescaled.
TEXT_WIDTH = 160 / 25.4
TEXT_HEIGHT = 9.0

# STIX belongs to Times, the report's family, and comes with matplotlib; DejaVu has what it lacks.
STYLE = {
    "font.family": ["STIXGeneral", "DejaVu Sans"],
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.labelsize": 9,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "lines.linewidth": 1.2,
    "lines.markersize": 4,
    # A user's $ is a character, not mathematics.
    "text.parse_math": False,
    "pdf.fonttype": 42,
    "svg.hashsalt": "timbang",
}

# Okabe and Ito's palette without its yellow, which fails on white; marks and dashes besides.
_PALETTE = matplotlib.color_sequences["okabe_ito"]
COLORS = [to_rgb(_PALETTE[place]) for place in (5, 6, 3, 7, 1, 2, 0)]
MARKERS = ["o", "s", "^", "D", "v", "P", "X"]
DASHES: list[str | tuple[int, tuple[float, ...]]] = [
    "solid",
    (0, (5, 1.5)),
    (0, (1.2, 1.2)),
    (0, (6, 1.5, 1.2, 1.5)),
]


@dataclass(frozen=True)
class Mark:
    """How a contender is drawn in every figure."""

    color: tuple[float, float, float]
    marker: str
    dashes: str | tuple[int, tuple[float, ...]]


def mark(place: int) -> Mark:
    """Return the mark of the contender at a place of the configuration, counted from 0.

    28 contenders have marks that differ; after that they repeat.
    """
    return Mark(
        color=COLORS[place % len(COLORS)],
        marker=MARKERS[place % len(MARKERS)],
        dashes=DASHES[place % len(DASHES)],
    )


def new_figure(height: float) -> Figure:
    """Return an empty figure as wide as the report's text; ``height`` in inches, cut to a page."""
    return Figure(figsize=(TEXT_WIDTH, min(height, TEXT_HEIGHT)), layout="constrained")


def name_rows(axes: Axes, titles: Sequence[str]) -> None:
    """Name the contenders along the upright axis, the first at the top, one unit each."""
    axes.set_yticks(range(len(titles)), wrap_labels(titles, 26))
    axes.set_ylim(len(titles) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", linewidth=0.3, color="0.85")


def print_numbers(figure: Figure, texts: Texts) -> None:
    """Print the numbers of all axes as the language writes them; names along an axis stay."""
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            if isinstance(axis.get_major_formatter(), ScalarFormatter | LogFormatter):
                axis.set_major_formatter(FuncFormatter(lambda value, _: write_tick(value, texts)))


def wrap_labels(labels: Sequence[str], width: int = 20) -> list[str]:
    """Break long labels over at most three lines of ``width`` characters, shortened with an ….

    What cannot be seen in them is escaped; the axes make the texts of their ticks anew, so that
    ``save_figure`` would be too late.
    """
    shown = [show(re.sub(r"[\t\n\v\f\r]", " ", label)) for label in labels]
    return [
        "\n".join(textwrap.wrap(label, width, max_lines=3, placeholder=" …")) or label
        for label in shown
    ]


def count_legend_columns(labels: Sequence[str]) -> int:
    """Return how many columns of a legend fit into the width of the text, at most four.

    Judged by letters: a line of 9 pt has about 105, and each handle takes the room of ten.
    """
    for columns in (4, 3, 2):
        parts = [part for part in np.array_split(np.array(labels, dtype=str), columns) if len(part)]
        if sum(max(map(len, part)) + 10 for part in parts) <= 105:
            return min(columns, len(labels))
    return 1


def save_figure(figure: Figure, pdf: Path, svg: Path) -> None:
    """Save a figure as PDF for the report and as SVG for the web, the same bytes each time.

    What cannot be seen in its texts is escaped: no SVG may hold it.
    """
    for text in figure.findobj(Text):
        if isinstance(text, Text) and (shown := show_lines(text.get_text())) != text.get_text():
            text.set_text(shown)
    figure.savefig(pdf, metadata={"CreationDate": None})
    figure.savefig(svg, metadata={"Date": None})
