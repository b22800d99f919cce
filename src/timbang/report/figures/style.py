"""What all figures share: size, fonts, a mark per network, ids of what is drawn, and saving."""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import matplotlib
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, fontManager
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.textpath import text_to_path
from matplotlib.ticker import FixedLocator, FuncFormatter, LogFormatter, ScalarFormatter
from numpy.typing import ArrayLike

from timbang.facts.fact import Fact, Unit
from timbang.languages.catalogue import Language
from timbang.printable import show, show_lines
from timbang.report.fonts import find_font, own_folder, read_font, spell
from timbang.report.formats import write_value

# The width of the text on the page, so that no figure is ever rescaled. All lengths are in inches.
TEXT_WIDTH = 140 / 25.4
# A page of it, less the room for a caption.
TEXT_HEIGHT = 8.3
POINT = 1 / 72
# In points.
NORMAL, SMALL, SMALLEST = 9.0, 8.0, 6.5
# Of the height that the font gives a line, which is ample.
LINE_SPACING = 1.0

STYLE: Mapping[str, Any] = {
    # STIX belongs to Times, the report's family, and comes with matplotlib, as DejaVu does.
    "font.family": ["STIXGeneral", "DejaVu Sans"],
    "font.size": NORMAL,
    "axes.titlesize": NORMAL,
    "axes.titlelocation": "left",
    "axes.labelsize": NORMAL,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "legend.fontsize": SMALL,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "axes.axisbelow": True,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.minor.width": 0.4,
    "ytick.minor.width": 0.4,
    "lines.linewidth": 1.2,
    "lines.markersize": 4,
    "hatch.linewidth": 0.6,
    # Letters are as wide where room is made for them as they are in the files.
    "text.hinting": "no_hinting",
    # A reader of the file finds all vertices.
    "path.simplify": False,
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
GRID: dict[str, Any] = {"linewidth": 0.3, "color": "0.85"}
_SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


@dataclass(frozen=True)
class Mark:
    """How a network is drawn in every figure."""

    color: tuple[float, float, float]
    marker: str
    dashes: str | tuple[int, tuple[float, ...]] = "solid"

    def draw_line(self, axes: Axes, x: ArrayLike, y: ArrayLike, **look: Any) -> Line2D:
        """Draw a line that looks so, with about eight markers along it, and return it."""
        often = max(1, np.size(y) // 8)
        own: Any = {"color": self.color, "linestyle": self.dashes, "marker": self.marker}
        return axes.plot(x, y, markevery=often, **own, **look)[0]

    def as_line(self, has_line: bool) -> Line2D:
        """Return a line without points that looks so, or a dot."""
        look: Any = {"linestyle": self.dashes if has_line else "none"}
        return Line2D([], [], color=self.color, marker=self.marker, **look)


# Of a network that a legend has no room for.
UNNAMED = Mark((0.6, 0.6, 0.6), ".")


def mark(place: int) -> Mark:
    """Return the mark of the network at a place of the configuration, counted from 0.

    28 networks have marks that differ; after that they repeat.
    """
    return Mark(
        color=COLORS[place % len(COLORS)],
        marker=MARKERS[place % len(MARKERS)],
        dashes=DASHES[place % len(DASHES)],
    )


def mark_all(names: Iterable[str]) -> dict[str, Mark]:
    """Return the marks of networks in the order of the configuration, by name."""
    return {name: mark(place) for place, name in enumerate(names)}


def new_figure(height: float, *, is_laid_out: bool = True) -> Figure:
    """Return an empty figure as wide as the report's text, ``height`` inches cut to a page.

    Where it is laid out, matplotlib makes room for all texts of the axes.
    """
    size = TEXT_WIDTH, min(height, TEXT_HEIGHT)
    return Figure(figsize=size, layout="constrained" if is_laid_out else None)


def add_axes(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Add axes to a figure that is not laid out; all lengths in inches."""
    across, up = figure.get_size_inches()
    return figure.add_axes((left / across, bottom / up, width / across, height / up))


def add_text(figure: Figure, left: float, bottom: float, text: str, **look: Any) -> Text:
    """Add a text to a figure that is not laid out; all lengths in inches."""
    across, up = figure.get_size_inches()
    return figure.text(left / across, bottom / up, text, **look)


def name_rows(axes: Axes, titles: Sequence[str], height: float = 0.4) -> None:
    """Name the networks along the upright axis, the first at the top, one unit each.

    ``height`` is that of a row in inches: a long name is broken over the lines that it has room
    for.
    """
    lines = max(1, min(3, int(height / (1.2 * SMALL * POINT))))
    axes.set_yticks(range(len(titles)), wrap_labels(titles, 1.45, SMALL, lines))
    axes.set_ylim(len(titles) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", **GRID)


# Words and their room


@cache
def find_families(text: str) -> list[str]:
    """Return the families that a text is written in: the figures' own, and what it needs."""
    found = (find_font(each) for each in sorted(set(text) - _own_characters()))
    others = {font.family: font.path for font in found if font}
    for family, path in others.items():
        if family not in fontManager.get_font_names():
            fontManager.addfont(path)
    return [*STYLE["font.family"], *others]


@cache
def _own_characters() -> frozenset[str]:
    fonts = (read_font(own_folder() / f"{name}.ttf") for name in ("STIXGeneral", "DejaVuSans"))
    return frozenset("\n").union(*(font.characters for font in fonts if font))


def _spell_missing(text: str) -> str:
    """Return a text in which code points stand for what no font has."""
    if text.isascii():
        return text
    kept = (
        each in _own_characters() or unicodedata.category(each) == "Cf" or find_font(each)
        for each in text
    )
    return "".join(
        each if is_kept else spell(each) for each, is_kept in zip(text, kept, strict=True)
    )


@cache
def measure(line: str, size: float) -> float:
    """Return the width of a line of text in inches; ``size`` in points."""
    font = FontProperties(family=find_families(line), size=size)
    return float(text_to_path.get_text_width_height_descent(line, font, False)[0]) * POINT


def wrap_label(label: str, width: float = 1.4, size: float = SMALL, lines: int = 3) -> str:
    """Break a text over at most so many lines of ``width`` inches, shortened with an ….

    It breaks at blanks, hyphens and underscores where it can. What cannot be seen in it is
    escaped here: axes make the texts of their ticks anew, so ``save_figure`` would be too late.
    """
    rest = _spell_missing(show(re.sub(r"[ \t\n\v\f\r]+", " ", label)).strip())
    done: list[str] = []
    while rest:
        fitting = _count_fitting(rest, width, size)
        if fitting < len(rest) and len(done) == lines - 1:
            fitting = _count_fitting(rest, width - measure("…", size), size)
            # Half of a code point is none.
            shown = re.sub(r"\[U\+?[0-9A-F]*$", "", rest[:fitting])
            return "\n".join([*done, shown.rstrip() + "…"])
        if fitting < len(rest):
            good = max(rest.rfind(mark, 1, fitting) for mark in " -_") + 1
            fitting = len(rest[:fitting]) if rest[fitting] == " " else good or fitting
        done.append(rest[:fitting].rstrip())
        rest = rest[fitting:].lstrip()
    return "\n".join(done) or label


def wrap_labels(
    labels: Sequence[str], width: float = 1.4, size: float = SMALL, lines: int = 3
) -> list[str]:
    """Return texts as ``wrap_label`` breaks them."""
    return [wrap_label(label, width, size, lines) for label in labels]


def measure_block(text: str, size: float) -> float:
    """Return the width of the widest line of a text in inches."""
    return max((measure(line, size) for line in text.split("\n")), default=0.0)


def _count_fitting(text: str, width: float, size: float) -> int:
    """Return how many characters of a text fit into a width, at least one."""
    counts = range(1, len(text) + 1)
    return max(1, bisect_right(counts, width, key=lambda count: measure(text[:count], size)))


def add_legend(
    figure: Figure, handles: Sequence[Artist | Mark], labels: Sequence[str], *, lines: bool = True
) -> None:
    """Put a legend above the axes, in as many columns as there is room for, at most four.

    ``handles`` are artists or marks of networks; with ``lines`` marks stand for lines, else for
    dots.
    """
    shown = wrap_labels(labels, TEXT_WIDTH - 0.8, SMALL, 1)
    figure.legend(
        [own.as_line(lines) if isinstance(own, Mark) else own for own in handles],
        shown,
        loc="outside upper right" if len(shown) <= 4 else "outside upper center",
        ncols=count_legend_columns(shown),
        handlelength=3.4,
        columnspacing=1.4,
    )


def count_legend_columns(labels: Sequence[str]) -> int:
    """Return how many columns of a legend fit into the width of the text, at most four."""
    for columns in (4, 3, 2):
        parts = [part for part in np.array_split(np.array(labels, dtype=str), columns) if len(part)]
        widths = (max(measure(str(each), SMALL) for each in part) for part in parts)
        # A handle takes 34 pt of these, the gaps the rest.
        if sum(width + 0.7 for width in widths) < TEXT_WIDTH - 0.2:
            return min(columns, len(labels))
    return 1


# Ids: what a mark stands for


def mark_datum(artist: Artist, axis: Literal["x", "y", "w", "t"], id: str) -> None:
    """Say in the figure's file of what an artist is the mark.

    Args:
        artist: a line, points, a bar or a text.
        axis: the value is its place along ``x`` or ``y`` (of a bar or a band its right end), its
            width ``w`` along x, or the number that is printed in it, ``t``.
        id: of the value.
    """
    figure: Any = artist.get_figure(root=True)
    place = figure.axes.index(artist.axes) if artist.axes is not None else 0
    artist.set_gid(f"m;{place};{axis};{id}")
    # What lies within its axes takes no room of the layout, and asking thousands takes long.
    artist.set_in_layout(axis == "t")


class _Numbers(FuncFormatter):
    """Prints the numbers of an axis; what names places along an axis is no such thing."""


def print_numbers(figure: Figure, language: Language) -> None:
    """Print the numbers of all axes as the language writes them; names along an axis stay."""
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            if isinstance(axis.get_major_formatter(), ScalarFormatter | LogFormatter):
                axis.set_major_formatter(_Numbers(lambda value, _: write_tick(value, language)))


def write_number(value: float, unit: Unit, language: Language, *, signed: bool = False) -> str:
    """Return a value as the report prints it elsewhere."""
    return write_value(Fact("", value, unit, "", "", ""), language, signed=signed)


def write_tick(value: float, language: Language) -> str:
    """Return the number of a tick, unrounded; a very large or small one by its power of ten."""
    # The place of a tick is a multiple of a step, and next to zero where it should be zero.
    rounded = float(f"{round(value, 12):.6g}")
    if rounded == 0 or 1e-4 <= abs(rounded) < 1e6:
        return language.number(rounded, None)
    digits, power = f"{rounded:.5e}".split("e")
    shown = f"10{str(int(power)).translate(_SUPERSCRIPTS)}"
    factor = float(digits)
    return shown if factor == 1 else f"{language.number(factor, None)}·{shown}"


def save_figure(figure: Figure, pdf: Path, svg: Path) -> None:
    """Save a figure as PDF for the report and as SVG for the web, the same bytes each time."""
    settle(figure)
    figure.savefig(pdf, metadata={"CreationDate": None})
    figure.savefig(svg, metadata={"Date": None})


def settle(figure: Figure) -> None:
    """Lay a figure out once and for all, and give its axes and ticks their ids.

    What cannot be seen in its texts is escaped: no SVG may hold it.
    """
    for text in figure.findobj(Text):
        if isinstance(text, Text):
            text.set_linespacing(LINE_SPACING)
            if (shown := show_lines(text.get_text())) != text.get_text():
                text.set_text(shown)
            if not shown.isascii() and find_families(shown) != STYLE["font.family"]:
                text.set_fontfamily(find_families(shown))
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)
        figure.set_layout_engine("none")
    for place, axes in enumerate(figure.axes):
        # The last digits of the layout's solver differ from time to time.
        left, bottom, width, height = (round(e, 4) for e in axes.get_position(True).bounds)
        axes.set_position((left, bottom, width, height))
        axes.set_gid(f"a;{place};{axes.get_xscale()};{axes.get_yscale()}")
        for name, axis in (("x", axes.xaxis), ("y", axes.yaxis)):
            if isinstance(axis.get_major_formatter(), _Numbers):
                _name_ticks(axis, f"t;{place};{name}")


def _name_ticks(axis: Axis, prefix: str) -> None:
    low, high = sorted(axis.get_view_interval())
    room = 1e-9 * (high - low)
    shown = [value for value in axis.get_majorticklocs() if low - room <= value <= high + room]
    axis.set_major_locator(FixedLocator(shown))
    for value, tick in zip(shown, axis.get_major_ticks(len(shown)), strict=True):
        tick.set_gid(f"{prefix};{float(f'{round(value, 12):.12g}')!r}")
