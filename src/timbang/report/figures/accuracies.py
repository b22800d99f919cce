"""Every run as a dot: the spread over replicates that a mean alone would hide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from timbang.languages.messages import message
from timbang.report.figures.figure import Drawing, Figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawn

    from timbang.report.writer import Writer


def _draw(drawing: Drawing) -> Drawn:
    """Draw the validation accuracy of every run, a row a network, with the mean in print."""
    from timbang.facts.fact import Unit
    from timbang.report.figures import rows, style

    runs = rows.read_runs(drawing.path("runs"))
    figure, axes = rows.new_rows(list(drawing.titles.values()), row=0.4, besides=0.65)
    means: rows.Cells = []
    lost: rows.Cells = []
    for row, name in enumerate(drawing.titles):
        ids = f"run.accuracy/{name}", f"accuracy.mean/{name}"
        own, look = runs[name]["accuracy"], style.mark(row)
        means += rows.draw_runs(axes, row, (0.2, 0.36), own, ids, look, drawing.language)
        if runs[name]["diverged"].any():
            diverged = int(runs[name]["diverged"].sum())
            count = style.write_number(diverged, Unit.COUNT, drawing.language)
            lost.append((row, count, f"diverged/{name}"))
        if name in drawing.published:
            of_ring: Any = {"color": "black", "markerfacecolor": "none", "markersize": 6.5}
            (ring,) = axes.plot(100 * drawing.published[name], row, "o", zorder=4, **of_ring)
            style.mark_datum(ring, "x", f"published.accuracy/{name}")
    rows.print_columns(axes, [(drawing.say("mean"), means), (drawing.say("diverged"), lost)])
    axes.set_xlabel(drawing.say("Validation accuracy (%)"))
    style.print_numbers(figure, drawing.language)
    return figure


def _caption(writer: Writer) -> str:
    return writer.sentences(
        writer.say(
            "Validation accuracy after the last epoch: each mark is one run "
            "(%(n)s = %(replicates)s per network), the bar and the number their mean.",
            replicates=writer.num_runs(),
        )
        if writer.replicates > 1
        else writer.say(
            "Validation accuracy after the last epoch: each mark is the only run of its network, "
            "so that the spread from run to run is unknown."
        ),
        writer.say_recipe(decides=False),
        writer.any_published and writer.say("The ring is the published run."),
    )


FIGURE = Figure(
    name="accuracies",
    slot="accuracies",
    needs=("runs",),
    shows="the accuracy of every run",
    draw=_draw,
    mention=message("%(figure)s shows every run."),
    caption=_caption,
)
