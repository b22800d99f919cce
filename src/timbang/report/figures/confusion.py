"""Which classes are taken for which: confusion matrices in which the errors stand out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING

from timbang.languages.messages import message
from timbang.report.figures.figure import Drawing, Figure
from timbang.report.shown import choose_shown, say_shown

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure as Drawn

    from timbang.report.writer import Writer

# With more classes than this the counts are left out; up to so many, every name is to be read.
MOST_COUNTED_CLASSES, MOST_NAMED_CLASSES = 14, 30
MOST_COLUMNS = 4
COLORS, DIAGONAL = ("white", "#7fb6dc", "#08306b"), "0.92"
# From this depth on of the colour, white is easier to read on it than black.
LIGHT_TEXT = 0.7
# In inches: round the matrices, between them, the room of the scale, and the bounds of names.
EDGE, GAP, LABEL, SCALE = 0.06, 0.14, 0.23, 0.75
LARGEST_CELL, LEAST_LINE = 0.5, 0.1
# Names of one line get more room where the matrices leave it.
SHORT_NAME, LONG_NAME = 0.95, 1.6


@dataclass(frozen=True)
class Layout:
    """How the matrices are laid out, lengths in inches.

    ``side`` is that of a matrix, ``pitch`` the distance of two of them in a row, ``names`` the
    room of the classes' names, ``step`` says that every so manieth is named.
    """

    columns: int
    rows: int
    side: float
    pitch: float
    names: float
    step: int
    heads: Sequence[str]

    @property
    def head(self) -> float:
        """The height of the title above a matrix."""
        return 0.07 + 0.13 * max(head.count("\n") + 1 for head in self.heads)


def _draw(drawing: Drawing) -> Drawn:
    """Draw a matrix a network: counts, and shares of the true class as colour off the diagonal."""
    import numpy as np

    from timbang.report.figures import style
    from timbang.scores.summary import sum_matrices

    matrices, shares, classes = {}, {}, []
    metrics = drawing.contents("metrics")
    for name in choose_shown(drawing.weighed, drawing.reference):
        runs = metrics[name]
        classes = runs[0]["classes"]
        matrices[name] = counts = sum_matrices(runs)
        shares[name] = 100 * counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        np.fill_diagonal(shares[name], np.nan)
    most = max(float(np.nanmax(share, initial=0)) for share in shares.values())
    room = None
    if len(classes) <= MOST_COUNTED_CLASSES:
        # The side of a cell that the longest count fits into.
        longest = str(max(counts.max() for counts in matrices.values()))
        room = max(style.measure(longest, style.SMALLEST) + 2 * style.POINT, 8.5 * style.POINT)
    plan = lay_out([drawing.titles[name] for name in matrices], classes, room)
    width = plan.columns * plan.pitch - GAP
    left = (style.TEXT_WIDTH - width - LABEL - plan.names - SCALE) / 2 + LABEL + plan.names
    below = plan.names + LABEL + EDGE
    height = below + plan.rows * (plan.side + plan.head) + (plan.rows - 1) * GAP
    figure = style.new_figure(height, is_laid_out=False)
    for place, (name, counts) in enumerate(matrices.items()):
        row, column = divmod(place, plan.columns)
        bottom = height - (row + 1) * (plan.side + plan.head) - row * GAP
        axes = style.add_axes(figure, left + column * plan.pitch, bottom, plan.side, plan.side)
        axes.imshow(shares[name], cmap=_blues(), vmin=0, vmax=most or 1, interpolation="none")
        axes.set_title(plan.heads[place], fontsize=style.SMALL, pad=3, loc="center")
        _name_classes(axes, classes, plan, column == 0, place + plan.columns >= len(matrices))
        cell = plan.side / len(classes)
        if room is not None and room <= cell:
            _write_counts(axes, name, counts, shares[name] / (most or 1), cell / room)
    predicted, true = drawing.say("Predicted class"), drawing.say("True class")
    middle = (below + height - plan.head) / 2
    style.add_text(figure, left + width / 2, EDGE, predicted, ha="center", va="bottom")
    style.add_text(figure, left - plan.names - LABEL, middle, true, va="center", rotation=90)
    if most:
        length = min(max(plan.side, 1.0), 2.4)
        axes = style.add_axes(figure, left + width + GAP, height - plan.head - length, 0.1, length)
        _draw_scale(axes, most, drawing.say("Share of the true class (%)"))
    style.print_numbers(figure, drawing.language)
    return figure


def lay_out(titles: Sequence[str], classes: Sequence[str], room: float | None) -> Layout:
    """Lay matrices out: as many in a row as leave counts and names their room, else the largest.

    Args:
        titles: of the matrices.
        classes: their names.
        room: the least side of a cell that takes the counts, None where none are drawn.
    """
    from timbang.report.figures import style

    lines = 3 if len(classes) <= 4 else 2 if len(classes) <= 8 else 1
    widths = (LONG_NAME, SHORT_NAME) if lines == 1 else (SHORT_NAME,)
    # The side of a cell in which a name can be read; of more classes every so manieth is named.
    readable = LEAST_LINE * min(1, MOST_NAMED_CLASSES / len(classes))
    found = []
    for width, columns in product(widths, range(min(len(titles), MOST_COLUMNS), 0, -1)):
        rows = -(-len(titles) // columns)
        if -(-len(titles) // rows) != columns:
            continue
        labels = style.wrap_labels(classes, width, style.SMALLEST, lines)
        names = max(style.measure_block(label, style.SMALLEST) for label in labels) + 0.07
        pitch = (style.TEXT_WIDTH - 2 * EDGE - LABEL - names - SCALE + GAP) / columns
        heads = style.wrap_labels(titles, pitch - 0.04)
        plan = Layout(columns, rows, 0, pitch, names, 1, heads)
        high = (style.TEXT_HEIGHT - names - LABEL - EDGE + GAP) / rows - GAP - plan.head
        side = min(pitch - GAP, high, LARGEST_CELL * len(classes))
        # A matrix that is small since it has few cells has the next one beside it.
        widest = max(style.measure_block(head, style.SMALL) for head in heads)
        pitch = min(pitch, max(side, widest) + 3 * GAP)
        step = max(1, -int(-LEAST_LINE * len(classes) // side))
        found.append(replace(plan, side=side, pitch=pitch, step=step))
        if side / len(classes) >= max(room or 0.0, readable) - 1e-9:
            return found[-1]
    return max(found, key=lambda plan: plan.side)


def _blues() -> Colormap:
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("errors", COLORS).with_extremes(bad=DIAGONAL)


def _name_classes(
    axes: Axes, classes: Sequence[str], plan: Layout, is_left: bool, is_lowest: bool
) -> None:
    """Name the classes left of the first column and below the lowest matrices."""
    from timbang.report.figures import style

    size = style.SMALLEST
    places = range(0, len(classes), plan.step)
    distance = plan.step * plan.side / len(classes)
    lines = max(1, min(3, int(distance / (1.1 * size * style.POINT) + 0.05)))
    shown = [classes[place] for place in places]
    labels = style.wrap_labels(shown, plan.names - 0.05, size, lines)
    is_wide = max(style.measure_block(label, size) for label in labels) > distance - 0.03
    none = [""] * len(labels)
    axes.set_xticks(places, labels if is_lowest else none, rotation=90 if is_wide else 0)
    axes.set_yticks(places, labels if is_left else none)
    axes.tick_params(length=0, labelsize=size, pad=3)
    axes.spines[:].set(visible=True, linewidth=0.4, color="0.6")


def _write_counts(
    axes: Axes, name: str, counts: np.ndarray, depth: np.ndarray, room: float
) -> None:
    """Write the counts that are not zero; ``depth`` is how dark each cell is, from 0 to 1."""
    import numpy as np

    from timbang.report.figures import style

    size = min(style.SMALL, style.SMALLEST * room)
    for row, column in np.argwhere(counts):
        color = "white" if depth[row, column] > LIGHT_TEXT else "black"
        look = {"ha": "center", "va": "center_baseline", "color": color, "fontsize": size}
        text = axes.text(column, row, str(counts[row, column]), look)
        style.mark_datum(text, "t", f"confusion/{name}/{row}/{column}")


def _draw_scale(axes: Axes, most: float, label: str) -> None:
    import numpy as np
    from matplotlib.ticker import MaxNLocator

    from timbang.report.figures.style import SMALL

    shades = np.linspace(1, 0, 128)[:, None]
    extent = (0, 1, 0, most)
    axes.imshow(shades, cmap=_blues(), extent=extent, aspect="auto", interpolation="none")
    axes.set_xticks([])
    axes.yaxis.tick_right()
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_label_position("right")
    axes.set_ylabel(label, fontsize=SMALL)
    axes.spines[:].set(visible=True, linewidth=0.4, color="0.6")


def _caption(writer: Writer) -> str:
    return writer.sentences(
        writer.say(
            "Confusion matrices of the validation images, summed over the runs of all replicates "
            "(%(n)s = %(runs)s)."
        )
        if writer.seeds > 1
        else writer.say(
            "Confusion matrices of the validation images, summed over the replicates "
            "(%(n)s = %(replicates)s)."
        )
        if writer.replicates > 1
        else writer.say("Confusion matrices of the validation images."),
        writer.say(
            "Colour is the share of the images of a true class (row) that are assigned to "
            "another class (column); the diagonal, the correct predictions, is grey."
        ),
        writer.value("classes") <= MOST_COUNTED_CLASSES
        and writer.say("Numbers count answers, where they fit; empty cells have none."),
        say_shown(writer, writer.study["weighed"], "runs/*/*/metrics.json"),
    )


FIGURE = Figure(
    name="confusion",
    slot="confusion",
    needs=("metrics",),
    shows="the confusion matrices",
    draw=_draw,
    mention=message("%(figure)s shows which classes are confused."),
    caption=_caption,
)
