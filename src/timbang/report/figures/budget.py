"""How accurate a network is to be expected after so many trials of recipes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from timbang.languages.messages import message
from timbang.report.figures.figure import Drawing, Figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawn


def _draw(drawing: Drawing) -> Drawn:
    """Draw a line a network over the number of trials, with its interval as a band."""
    import numpy as np
    from matplotlib.ticker import MaxNLocator

    from timbang.records.tables import read_rows
    from timbang.report.figures import style

    table = read_rows(drawing.path("budgets"))
    looks = style.mark_all(drawing.titles)
    figure = style.new_figure(2.6)
    axes = figure.subplots()
    names = [name for name in drawing.titles if name in drawing.weighed]
    for name in names:
        own = table[table["contender"] == name].sort_values("trials")
        trials = own["trials"].to_numpy(float)
        line = looks[name].draw_line(axes, trials, 100 * own["mean"], zorder=3)
        style.mark_datum(line, "y", f"budget.mean/{name}/*")
        if np.isfinite(own["low"]).all():
            color = looks[name].color
            low, high = 100 * own["low"], 100 * own["high"]
            axes.fill_between(trials, low, high, color=color, alpha=0.12, linewidth=0)
            for word, edge in (("low", low), ("high", high)):
                (bound,) = axes.plot(trials, edge, color=color, lw=0.4, alpha=0.6)
                style.mark_datum(bound, "y", f"budget.{word}/{name}/*")
    axes.set_xlabel(drawing.say("Trials"))
    axes.set_ylabel(drawing.say("Validation accuracy (%)"))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(axis="y", **style.GRID)
    style.add_legend(figure, [looks[name] for name in names], [drawing.titles[n] for n in names])
    style.print_numbers(figure, drawing.language)
    return figure


FIGURE = Figure(
    name="budget",
    slot="budget",
    needs=("budgets",),
    shows="the accuracy to be expected by the number of trials",
    draw=_draw,
    mention=message("%(figure)s shows what more trials bring."),
    caption=lambda writer: writer.sentences(
        writer.say(
            "Validation accuracy to be expected of the network that is chosen from so many trials: "
            "the mean over all choices of that many of the %(trials)s trials, and over the "
            "replicates (%(n)s = %(replicates)s).",
            trials=writer.num("tuning.trials"),
        ),
        writer.say(
            "These are the networks of the trials, which had fewer training images than those that "
            "were then trained anew."
        ),
        writer.replicates >= 5
        and writer.say("Bands are %(confidence)s intervals on these images."),
    ),
    due=lambda study: study.tuning is not None,
    stands=lambda writer: bool(writer.study["tuning"]),
)
