"""The same networks in two studies: every run of each, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from timbang.languages.messages import message
from timbang.report.figures.figure import Drawing, Figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawn

    from timbang.report.writer import Writer


def _draw(drawing: Drawing) -> Drawn:
    """Draw two lines a network: its runs in this study, and below them in the other."""
    from timbang.report.figures import rows, style

    looks = style.Mark(style.COLORS[0], "o"), style.Mark(style.COLORS[1], "D")
    here, there = (rows.read_runs(drawing.path(name)) for name in ("runs", "twin_runs"))
    shared = [name for name in drawing.titles if name in there]
    figure, axes = rows.new_rows([drawing.titles[name] for name in shared], row=0.5, besides=0.9)
    means: rows.Cells = []
    for row, name in enumerate(shared):
        for runs, middle, look, study in (
            (here, row - 0.2, looks[0], ""),
            (there, row + 0.2, looks[1], "twin."),
        ):
            ids = f"{study}run.accuracy/{name}", f"{study}accuracy.mean/{name}"
            own = runs[name]["accuracy"]
            means += rows.draw_runs(axes, middle, (0.12, 0.17), own, ids, look, drawing.language)
    rows.print_columns(axes, [(drawing.say("mean"), means)])
    style.add_legend(figure, looks, [str(name) for name in drawing.names], lines=False)
    axes.set_xlabel(drawing.say("Validation accuracy (%)"))
    style.print_numbers(figure, drawing.language)
    return figure


def _caption(writer: Writer) -> str:
    other = writer.name("twin", writer.study["twin"])
    if writer.seeds > 1:
        return writer.say(
            "Validation accuracy of every run in this study (circles) and in %(other)s (diamonds); "
            "bars and numbers are means over the runs, where there are several.",
            other=other,
        )
    return writer.say(
        "Validation accuracy of every run in this study (circles) and in %(other)s (diamonds); "
        "bars and numbers are means over the replicates, where there are several.",
        other=other,
    )


FIGURE = Figure(
    name="twin",
    slot="twin",
    needs=("runs", "twin_runs"),
    shows="the runs beside those of another study",
    draw=_draw,
    mention=message("%(figure)s shows the runs of both studies."),
    caption=_caption,
    due=lambda study: study.report.compare_with is not None,
)
