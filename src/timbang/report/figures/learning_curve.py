"""Accuracy by the number of training images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from timbang.languages.messages import message
from timbang.report.figures.figure import Drawing, Figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawn


def _draw(drawing: Drawing) -> Drawn:
    """Draw a line a network over the number of training images, on a logarithmic axis."""
    from timbang.records.tables import read_rows
    from timbang.report.figures import rows, style

    table = read_rows(drawing.path("learning"))
    sizes = list(dict.fromkeys(table["variant"]))
    looks = style.mark_all(drawing.titles)
    figure = style.new_figure(2.6)
    axes = figure.subplots()
    axes.set_xscale("log")
    names = [name for name in drawing.titles if name in drawing.weighed]
    for name in names:
        own = table[table["contender"] == name].set_index("variant").loc[sizes]
        axes.plot(own["images"], 100 * own["mean"], color=looks[name].color, linewidth=1)
        for place, (images, mean) in enumerate(zip(own["images"], own["mean"], strict=True)):
            at = images, 100 * mean
            rows.draw_dot(axes, at, looks[name], "y", f"learning.mean/{name}/{place}", 4.5)
    axes.set_xticks(sorted({round(images) for images in table["images"]}))
    axes.minorticks_off()
    axes.set_xlabel(drawing.say("Training images"))
    axes.set_ylabel(drawing.say("Validation accuracy (%)"))
    axes.grid(axis="y", **style.GRID)
    style.add_legend(figure, [looks[name] for name in names], [drawing.titles[n] for n in names])
    style.print_numbers(figure, drawing.language)
    return figure


FIGURE = Figure(
    name="learning_curve",
    slot="learning-curve",
    needs=("learning",),
    shows="the accuracy by the number of training images",
    draw=_draw,
    mention=message("%(figure)s shows how accuracy grows."),
    caption=lambda writer: writer.say(
        "Mean validation accuracy by the number of training images, which is on a logarithmic "
        "axis; the last is the whole training part (%(n)s = %(replicates)s)."
    ),
    due=lambda study: study.learning_curve is not None,
    stands=lambda writer: bool(writer.study["learning"]),
)
