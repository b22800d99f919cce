"""Whether networks are as often right as their confidence says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from timbang.languages.messages import message
from timbang.report.figures.figure import Drawing, Figure
from timbang.report.shown import choose_shown, say_shown

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawn

# Of a row of diagrams, of what stands round them, and between two, in inches.
ROW, BESIDES, BETWEEN = 1.7, 0.3, 0.6


def _draw(drawing: Drawing) -> Drawn:
    """Draw a diagram a network, with its consistency band."""
    from timbang.records.tables import read_rows
    from timbang.report.figures import style

    table = read_rows(drawing.path("calibration"))
    looks = style.mark_all(drawing.titles)
    known = set(table["contender"])
    names = [name for name in drawing.titles if name in drawing.weighed and name in known]
    names = choose_shown(names, drawing.reference)
    columns = 4 if len(names) == 4 or len(names) > 6 else 3
    rows = max(1, -(-len(names) // columns))
    panel = style.TEXT_WIDTH / columns - BETWEEN
    figure = style.new_figure(BESIDES + ROW * rows)
    panels = figure.subplots(rows, columns, squeeze=False).flat
    for axes in list(panels)[len(names) :]:
        axes.remove()
    for name, axes in zip(names, figure.axes, strict=True):
        own = table[table["contender"] == name]
        places = (100 * own["confidence"]).round().astype(int)
        low, high = 100 * own["low"], 100 * own["high"]
        color, first = looks[name].color, places.iloc[0]
        # A line of one point is none.
        dot = "." if len(places) == 1 else ""
        axes.plot([0, 100], [0, 100], color="0.6", lw=0.6)
        axes.fill_between(places, low, high, color=color, alpha=0.15, linewidth=0)
        for word, edge, width in (
            ("low", low, 0.4),
            ("high", high, 0.4),
            ("right", 100 * own["right"], 1.2),
        ):
            (line,) = axes.plot(places, edge, color=color, lw=width, marker=dot, ms=5)
            style.mark_datum(line, "y", f"reliability.{word}/{name}/{first}*")
        axes.set_xlim(0, 100)
        axes.set_ylim(0, 100)
        axes.set_xticks([0, 50, 100])
        axes.set_yticks([0, 50, 100])
        axes.set_title(
            style.wrap_label(drawing.titles[name], panel, style.SMALL, 2), fontsize=style.SMALL
        )
    if names:
        figure.supxlabel(drawing.say("Confidence (%)"), fontsize=style.NORMAL)
        figure.supylabel(drawing.say("Right (%)"), fontsize=style.NORMAL)
    style.print_numbers(figure, drawing.language)
    return figure


FIGURE = Figure(
    name="reliability",
    slot="calibration",
    needs=("calibration",),
    shows="how often answers of each confidence are right",
    draw=_draw,
    mention=message("%(figure)s shows how often answers of each confidence are right."),
    caption=lambda writer: writer.sentences(
        writer.say(
            "How often answers of each confidence are right, by isotonic regression over the "
            "answers to validation images. On the diagonal confidences are as often right "
            "as they say; within the shaded band (%(confidence)s at each place) a line may leave "
            "the diagonal by chance alone."
        ),
        writer.say_recipe(decides=False),
        say_shown(
            writer,
            [name for name in writer.study["weighed"] if name in writer.study["finished"]],
            "calibration.csv",
        ),
    ),
    stands=lambda writer: bool(writer.study["finished"]),
)
