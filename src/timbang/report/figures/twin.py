"""The same networks in two studies: every run of each, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from timbang.languages.messages import message
from timbang.report.figures.figure import Drawing, Figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawn

    from timbang.report.writer import Writer
    from timbang.study.study import Study


def draw(drawing: Drawing) -> Drawn:
    """Draw two lines a network: its runs in this study, and below them in the other."""
    from timbang.records.tables import read_rows
    from timbang.report.figures import rows, style

    looks = style.Mark(style.COLORS[0], "o"), style.Mark(style.COLORS[1], "D")
    here, there = (read_rows(drawing.path(name)) for name in ("runs", "twin_runs"))
    shared = [name for name in drawing.titles if name in set(there["contender"])]
    figure, axes = rows.new_rows([drawing.titles[name] for name in shared], row=0.5, besides=0.9)
    means: rows.Cells = []
    for row, name in enumerate(shared):
        for runs, middle, look, prefix in (
            (here, row - 0.2, looks[0], ""),
            (there, row + 0.2, looks[1], "twin."),
        ):
            own = runs[runs["contender"] == name].set_index("replicate")["accuracy"]
            values = {f"{prefix}run.accuracy/{name}/{r}": 100 * value for r, value in own.items()}
            rows.draw_dots(axes, middle, 0.12, values, look)
            id = f"{prefix}accuracy.mean/{name}"
            means += rows.draw_mean(axes, middle, 0.17, values, id, drawing.language)
    rows.print_column(axes, rows.GAP, drawing.say("mean"), means)
    style.add_legend(figure, looks, [str(name) for name in drawing.names], lines=False)
    axes.set_xlabel(drawing.say("Validation accuracy (%)"))
    style.print_numbers(figure, drawing.language)
    return figure


def caption(writer: Writer) -> str:
    """Return what stands below the figure."""
    return writer.say(
        "Validation accuracy of every run in this study (circles) and in %(other)s (diamonds); "
        "bars and numbers are means over the replicates, where there are several.",
        other=writer.name("twin", writer.study["twin"]),
    )


def is_due(study: Study) -> bool:
    """Return whether the study is compared with another one."""
    return study.report.compare_with is not None


FIGURE = Figure(
    name="twin",
    slot="twin",
    needs=("runs", "twin_runs"),
    shows="the runs beside those of another study",
    draw=draw,
    mention=message("%(figure)s shows the runs of both studies."),
    caption=caption,
    due=is_due,
)
