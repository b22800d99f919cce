"""What leaks are worth: accuracy on leaked and on clean validation images, run by run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from timbang.languages.messages import message
from timbang.report.figures.figure import Drawing, Figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawn

    from timbang.report.writer import Writer


def draw(drawing: Drawing) -> Drawn:
    """Draw each run as two marks on a line, and the means of both as bars.

    A run without leaked or without clean images shows only the other.
    """
    from timbang.records.tables import read_rows
    from timbang.report.figures import rows, style

    kinds = {
        "clean_accuracy": (style.Mark(style.COLORS[0], "o"), drawing.say("clean")),
        "leaked_accuracy": (style.Mark(style.COLORS[1], "D"), drawing.say("leaked")),
    }
    runs = read_rows(drawing.path("runs"))
    figure, axes = rows.new_rows(list(drawing.titles.values()), row=0.46, besides=0.9)
    columns: dict[str, rows.Cells] = {measure: [] for measure in kinds}
    for row, name in enumerate(drawing.titles):
        own = runs[runs["contender"] == name].set_index("replicate")
        axes.hlines(
            rows.spread_rows(row, 0.28, len(own)),
            100 * own["clean_accuracy"],
            100 * own["leaked_accuracy"],
            color="0.8",
            linewidth=0.6,
            zorder=1,
        )
        for measure, (look, _) in kinds.items():
            values = {f"run.{measure}/{name}/{r}": 100 * value for r, value in own[measure].items()}
            rows.draw_dots(axes, row, 0.28, values, look)
            id = f"{measure}.mean/{name}"
            columns[measure] += rows.draw_mean(
                axes, row, 0.4, values, id, drawing.language, look.color
            )
    offset = rows.GAP
    for measure, (_, head) in kinds.items():
        offset = rows.print_column(axes, offset, head, columns[measure])
    labels = [drawing.say("clean images"), drawing.say("leaked images")]
    style.add_legend(figure, [look for look, _ in kinds.values()], labels, lines=False)
    axes.set_xlabel(drawing.say("Validation accuracy (%)"))
    style.print_numbers(figure, drawing.language)
    return figure


def caption(writer: Writer) -> str:
    """Return what stands below the figure."""
    said = writer.say(
        "Validation accuracy on leaked images, which have a duplicate among the training images, "
        "and on clean ones; a grey line joins the two of one run."
    )
    if writer.replicates == 1:
        return said
    means = writer.say(
        "Bars and numbers are means (%(n)s = %(replicates)s per network).",
        n=writer.formula("n"),
        replicates=writer.num("replicates"),
    )
    return f"{said} {means}"


def stands(writer: Writer) -> bool:
    """Return whether any run had leaked and clean validation images."""
    return writer.any_leak


FIGURE = Figure(
    name="leaks",
    slot="leaks",
    needs=("runs",),
    shows="the accuracy on leaked and on clean images",
    draw=draw,
    mention=message("%(figure)s shows both accuracies of every run."),
    caption=caption,
    stands=stands,
)
