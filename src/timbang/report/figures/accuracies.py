"""Every run as a dot: the spread over replicates that a mean alone would hide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from timbang.languages.messages import message
from timbang.report.figures.figure import Drawing, Figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawn

    from timbang.report.writer import Writer


def draw(drawing: Drawing) -> Drawn:
    """Draw the validation accuracy of every run, a row a network, with the mean in print."""
    from timbang.facts.fact import Unit
    from timbang.records.tables import read_rows
    from timbang.report.figures import rows, style

    runs = read_rows(drawing.path("runs"))
    figure, axes = rows.new_rows(list(drawing.titles.values()), row=0.4, besides=0.65)
    means: rows.Cells = []
    lost: rows.Cells = []
    for row, name in enumerate(drawing.titles):
        own = runs[runs["contender"] == name].set_index("replicate")
        values = {f"run.accuracy/{name}/{r}": 100 * value for r, value in own["accuracy"].items()}
        rows.draw_dots(axes, row, 0.2, values, style.mark(row))
        id = f"accuracy.mean/{name}"
        means += rows.draw_mean(axes, row, 0.36, values, id, drawing.language)
        if own["diverged"].any():
            count = style.write_number(int(own["diverged"].sum()), Unit.COUNT, drawing.language)
            lost.append((row, count, f"diverged/{name}"))
        if name in drawing.published:
            look: dict[str, Any] = {"color": "black", "markerfacecolor": "none", "markersize": 6.5}
            (ring,) = axes.plot(100 * drawing.published[name], row, "o", zorder=4, **look)
            style.mark_datum(ring, "x", f"published.accuracy/{name}")
    offset = rows.print_column(axes, rows.GAP, drawing.say("mean"), means)
    rows.print_column(axes, offset, drawing.say("diverged"), lost)
    axes.set_xlabel(drawing.say("Validation accuracy (%)"))
    style.print_numbers(figure, drawing.language)
    return figure


def caption(writer: Writer) -> str:
    """Return what stands below the figure."""
    said = (
        writer.say(
            "Validation accuracy after the last epoch: each mark is one run "
            "(%(n)s = %(replicates)s per network), the bar and the number their mean.",
            n=writer.formula("n"),
            replicates=writer.num("replicates"),
        )
        if writer.replicates > 1
        else writer.say(
            "Validation accuracy after the last epoch: each mark is the only run of its network, "
            "so that the spread from run to run is unknown."
        )
    )
    ring = writer.say("The ring is the published run.")
    return f"{said} {ring}" if writer.any_published else said


FIGURE = Figure(
    name="accuracies",
    slot="accuracies",
    needs=("runs",),
    shows="the accuracy of every run",
    draw=draw,
    mention=message("%(figure)s shows every run."),
    caption=caption,
)
