"""What leaks are worth: accuracy on leaked and on clean validation images, run by run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from timbang.languages.messages import message
from timbang.report.figures.figure import Drawing, Figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawn


def _draw(drawing: Drawing) -> Drawn:
    """Draw each run as two marks on a line, and the means of both as bars.

    A run without leaked or without clean images shows only the other.
    """
    from timbang.report.figures import rows, style

    looks = {
        "clean_accuracy": style.Mark(style.COLORS[0], "o"),
        "leaked_accuracy": style.Mark(style.COLORS[1], "D"),
    }
    runs = rows.read_runs(drawing.path("runs"))
    figure, axes = rows.new_rows(list(drawing.titles.values()), row=0.46, besides=0.9)
    means: dict[str, rows.Cells] = {measure: [] for measure in looks}
    for row, name in enumerate(drawing.titles):
        heights = rows.spread_rows(row, 0.28, len(runs[name]))
        clean, leaked = (100 * runs[name][measure] for measure in looks)
        axes.hlines(heights, clean, leaked, color="0.8", linewidth=0.6, zorder=1)
        for measure, look in looks.items():
            ids, own = (f"run.{measure}/{name}", f"{measure}.mean/{name}"), runs[name][measure]
            means[measure] += rows.draw_runs(
                axes, row, (0.28, 0.4), own, ids, look, drawing.language, look.color
            )
    heads = drawing.say("clean"), drawing.say("leaked")
    rows.print_columns(axes, list(zip(heads, means.values(), strict=True)))
    labels = [drawing.say("clean images"), drawing.say("leaked images")]
    style.add_legend(figure, list(looks.values()), labels, lines=False)
    axes.set_xlabel(drawing.say("Validation accuracy (%)"))
    style.print_numbers(figure, drawing.language)
    return figure


FIGURE = Figure(
    name="leaks",
    slot="leaks",
    needs=("runs",),
    shows="the accuracy on leaked and on clean images",
    draw=_draw,
    mention=message("%(figure)s shows both accuracies of every run."),
    caption=lambda writer: writer.sentences(
        writer.say(
            "Validation accuracy on leaked images, which have a duplicate among the training "
            "images, and on clean ones; a grey line joins the two of one run."
        ),
        writer.replicates > 1
        and writer.say(
            "Bars and numbers are means (%(n)s = %(replicates)s per network).",
            replicates=writer.num_runs(),
        ),
    ),
    stands=lambda writer: writer.any_leak,
)
