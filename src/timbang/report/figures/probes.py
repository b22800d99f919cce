"""What was measured inside the networks, and how it goes with their size."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from timbang.languages.messages import message
from timbang.report.figures.figure import Drawing, Figure
from timbang.report.shown import choose_shown, say_shown

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawn

    from timbang.report.writer import Writer

# Where a line goes through, and its mean there over the runs that have it.
Line = tuple[list[float], list[float]]
MILLION = 1e6


def _draw(drawing: Drawing) -> Drawn:
    """Draw a panel a probe that was taken, and the gap of every run against its parameters.

    Lines are means over the runs that did not diverge.
    """
    from matplotlib.ticker import MaxNLocator, NullFormatter

    from timbang.records.tables import read_rows
    from timbang.report.figures import rows, style
    from timbang.scores.summary import name_runs

    marks = style.mark_all(drawing.titles)
    shown = choose_shown(list(drawing.titles), drawing.reference, drawing.weighed)
    looks = {name: marks[name] for name in shown}
    depth, factor = drawing.say("Depth (first to last layer)"), drawing.say("Factor of enlargement")
    panels: list[tuple[Callable[[Sequence[Any]], Line], str, str]] = [
        (_collect_norms, drawing.say("Gradient norm by layer"), depth),
        (_collect_cosines, drawing.say("Cosine of successive gradients"), drawing.say("Epoch")),
        (_collect_scales, drawing.say("Validation accuracy (%)"), factor),
    ]
    contents = drawing.contents("probes")
    probes = {name: contents[name] for name in shown}
    taken = [panel for panel in panels if any(panel[0](own)[0] for own in contents.values())]
    down = (len(taken) + 2) // 2
    figure = style.new_figure(0.5 + 2.1 * down)
    all_axes = list(figure.subplots(down, min(len(taken) + 1, 2), squeeze=False).flat)
    for axes, (collect, head, below) in zip(all_axes, taken, strict=False):
        for name, own in probes.items():
            looks[name].draw_line(axes, *collect(own), markersize=3)
        axes.set(title=head, xlabel=below)
        if collect is _collect_norms:
            axes.set_yscale("log")
            axes.yaxis.set_minor_formatter(NullFormatter())
        if collect is _collect_cosines:
            axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes = all_axes[len(taken)]
    runs = read_rows(drawing.path("runs"))
    runs = runs.assign(run=name_runs(runs))
    for row in runs[~runs["diverged"] & runs["contender"].isin(list(marks))].to_dict("records"):
        id = f"run.gap/{row['contender']}/{row['run']}"
        place = row["parameters"] / MILLION, row["gap"]
        rows.draw_dot(axes, place, looks.get(row["contender"], style.UNNAMED), "y", id)
    axes.margins(x=0.08)
    axes.set_title(drawing.say("Validation minus training loss"))
    axes.set_xlabel(drawing.say("Parameters (millions)"))
    for axes in all_axes:
        axes.grid(axis="y", **style.GRID)
    for axes in all_axes[len(taken) + 1 :]:
        axes.set_axis_off()
    style.add_legend(figure, list(looks.values()), [drawing.titles[name] for name in shown])
    style.print_numbers(figure, drawing.language)
    return figure


def _collect_norms(runs: Sequence[Mapping[str, Any]]) -> Line:
    """Return the gradient norm of each layer by its depth from 0 to 1."""
    norms = [[layer["norm"] for layer in run["layers"]] for run in runs if "layers" in run]
    count = len(norms[0]) if norms else 0
    return [place / max(count - 1, 1) for place in range(count)], _mean(norms)


def _collect_cosines(runs: Sequence[Mapping[str, Any]]) -> Line:
    """Return the cosine of gradients at each epoch at which they were looked at."""
    looks = [run["gradients"] for run in runs if "gradients" in run]
    epochs = [look["epoch"] for look in looks[0]] if looks else []
    return epochs, _mean([[look["gradient_cosine"] for look in run] for run in looks])


def _collect_scales(runs: Sequence[Mapping[str, Any]]) -> Line:
    """Return the accuracy in per cent at each factor by which images were rescaled."""
    scales = [run["scales"] for run in runs if "scales" in run]
    factors = sorted(scales[0], key=float) if scales else []
    values = _mean([[100 * run[factor] for factor in factors] for run in scales])
    return [float(factor) for factor in factors], values


def _mean(rows: Sequence[Sequence[float]]) -> list[float]:
    """Return the mean over rows where they are finite."""
    import numpy as np

    known = np.ma.masked_invalid(np.array(rows, dtype=float))
    return list(np.ma.filled(known.mean(axis=0), np.nan)) if rows else []


def _caption(writer: Writer) -> str:
    probes = set(writer.study["probes"])
    chosen = say_shown(writer, writer.names, "runs/*/*/probes.json")
    return writer.sentences(
        "gradients" in probes
        and writer.say(
            "Norm of the gradient of each layer's weights after the last epoch, and cosine of "
            "the gradients before and after a step."
        ),
        "scales" in probes and writer.say("Accuracy on validation images that were rescaled."),
        writer.say(
            "Gap between validation and training loss (nats) against the number of parameters, "
            "one mark per run."
        ),
        writer.replicates > 1
        and bool(probes & {"gradients", "scales"})
        and (
            writer.say("Lines are means over the runs.")
            if writer.seeds > 1
            else writer.say("Lines are means over the replicates.")
        ),
        chosen
        and writer.say("Networks that the legend does not name are grey, and without lines."),
        chosen,
    )


FIGURE = Figure(
    name="probes",
    slot="probes",
    needs=("runs", "probes"),
    shows="what was measured inside the networks",
    draw=_draw,
    mention=message("%(figure)s shows what was measured inside the networks."),
    caption=_caption,
    due=lambda study: bool(study.probes),
)
