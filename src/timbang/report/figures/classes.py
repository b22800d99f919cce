"""How many images each class has, and how many of them are trained on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from timbang.languages.messages import message
from timbang.report.figures.figure import Drawing, Figure

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawn

    from timbang.report.writer import Writer

# More classes than this stand in two columns.
MOST_IN_A_COLUMN = 30
# The height of a row, of one where there are two columns, and of all else in inches.
ROW, LOW_ROW, BESIDES = 0.21, 0.15, 0.75
WIDEST_NAME = 1.6
# The height of a bar where a row's is 1.
BAR = 0.75
LINE: dict[str, Any] = {"color": "black", "linewidth": 1.6, "solid_capstyle": "butt"}


def _draw(drawing: Drawing) -> Drawn:
    """Draw the images of each class as a bar of its parts, and its distinct images as a line."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch, Rectangle
    from matplotlib.ticker import MaxNLocator

    from timbang.facts.fact import Unit
    from timbang.records.tables import PARTS, TEST, TRAIN, VALIDATION, read_split
    from timbang.report.figures import style

    counts = count_classes([read_split(Path(path)) for path in drawing.files["splits"]])
    images = counts[list(PARTS)].sum(axis=1).round().astype(int)
    edge: dict[str, Any] = {"edgecolor": "white", "linewidth": 0}
    parts = {
        part: (word, {"facecolor": style.COLORS[color], "hatch": hatch} | edge)
        for part, word, color, hatch in (
            (TRAIN, drawing.say("training"), 0, ""),
            (VALIDATION, drawing.say("validation"), 4, "//////"),
            (TEST, drawing.say("test"), 2, "......"),
        )
        if counts[part].any()
    }
    handles: list[Any] = [Patch(**look) for _, look in parts.values()]
    labels = [word for word, _ in parts.values()]
    any_copy = bool((counts["groups"] < images).any())
    if any_copy:
        handles.append(Line2D([], [], **LINE))
        labels.append(drawing.say("distinct images"))
    columns = 1 if len(counts) <= MOST_IN_A_COLUMN else 2
    rows = -(-len(counts) // columns)
    figure = style.new_figure((ROW if columns == 1 else LOW_ROW) * rows + BESIDES)
    row_height = (figure.get_figheight() - BESIDES) / rows
    all_axes = figure.subplots(1, columns, squeeze=False)[0]
    for column, axes in enumerate(all_axes):
        own = counts.iloc[column * rows : (column + 1) * rows]
        size, step = _name_classes(axes, own, rows, row_height, columns)
        axes.set_xlabel(drawing.say("Images"))
        axes.set_xlim(0, (1 + 0.12 * columns) * images.max())
        axes.xaxis.set_major_locator(MaxNLocator(6 // columns + 1, integer=True))
        for place, row in zip(own.index, own.to_dict("records"), strict=True):
            upper, left = place - BAR / 2, 0.0
            for part, (_, look) in parts.items():
                bar = axes.add_patch(Rectangle((left, upper), row[part], BAR, **look))
                style.mark_datum(bar, "w", f"class.part/{part}/{place}")
                left += row[part]
            if any_copy:
                (line,) = axes.plot([row["groups"]] * 2, [upper, upper + BAR], **LINE)
                style.mark_datum(line, "x", f"class.groups/{place}")
            if step == 1:
                count = style.write_number(int(images[place]), Unit.COUNT, drawing.language)
                beside: dict[str, Any] = {"xytext": (3, 0), "textcoords": "offset points"}
                text = axes.annotate(count, (left, place), va="center", fontsize=size, **beside)
                style.mark_datum(text, "t", f"class.images/{place}")
                text.set_in_layout(False)
    style.add_legend(figure, handles, labels)
    style.print_numbers(figure, drawing.language)
    return figure


def count_classes(splits: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return one row a class: ``label``, the mean images of each part, and distinct images.

    Args:
        splits: the split of each replicate; all of the same images.

    Returns:
        ``label``, ``train``, ``validation``, ``test`` (means over replicates), and ``groups``.
    """
    import pandas as pd

    from timbang.records.tables import PARTS

    images = pd.concat(splits)
    counts = images.groupby(["label", "part"]).size().unstack(fill_value=0) / len(splits)
    counts = counts.reindex(columns=list(PARTS), fill_value=0.0)
    counts["groups"] = splits[0].groupby("label")["group"].nunique()
    return counts.reset_index()[["label", *PARTS, "groups"]]


def _name_classes(
    axes: Axes, counts: pd.DataFrame, rows: int, height: float, columns: int
) -> tuple[float, int]:
    """Name the classes of a column; every so manieth where their rows are lower than a line.

    Returns:
        The size of the names in points, and that every so manieth is named.
    """
    from timbang.report.figures import style

    size = style.SMALL if height > 1.2 * style.SMALL * style.POINT else style.SMALLEST
    step = max(1, -int(-1.05 * size * style.POINT // height))
    shown = counts.iloc[::step]
    width = min(WIDEST_NAME, 0.45 * style.TEXT_WIDTH / columns)
    labels = style.wrap_labels(list(shown["label"]), width, size, 1)
    axes.set_yticks(list(shown.index), labels, fontsize=size)
    axes.set_ylim(counts.index[0] + rows - 0.4, counts.index[0] - 0.6)
    axes.tick_params(axis="y", length=0)
    return size, step


def _caption(writer: Writer) -> str:
    places = range(writer.value("classes"))
    return writer.sentences(
        writer.say(
            "Images of each class (number), and the parts that they are divided into, as means "
            "over the replicates."
        )
        if writer.replicates > 1
        else writer.say("Images of each class (number), and the parts that they are divided into."),
        any(writer.value("class.groups", k) != writer.value("class.images", k) for k in places)
        and writer.say(
            "The black line is at the number of distinct images, where duplicates count once."
        ),
    )


FIGURE = Figure(
    name="classes",
    slot="classes",
    needs=("splits",),
    shows="the number of images of each class",
    draw=_draw,
    mention=message("%(figure)s shows the number of images of each class."),
    caption=_caption,
)
