"""What was measured inside the networks, and how it goes with their size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from timbang.languages.messages import message
from timbang.report.figures.figure import Drawing, Figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawn

    from timbang.report.writer import Writer
    from timbang.study.study import Study

# Where a line goes through, and its mean there over the runs that have it.
Line = tuple[list[float], list[float]]
MILLION = 1e6


def draw(drawing: Drawing) -> Drawn:
    """Draw a panel a probe that was taken, and the gap of every run against its parameters.

    Lines are means over the runs that did not diverge.
    """
    import json

    from matplotlib.ticker import MaxNLocator, NullFormatter

    from timbang.records.tables import read_rows
    from timbang.report.figures import rows, style

    looks = {name: style.mark(place) for place, name in enumerate(drawing.titles)}
    probes = {
        name: [json.loads(path.read_text(encoding="utf-8")) for path in own]
        for name, own in drawing.paths("probes").items()
    }
    panels = [
        (
            drawing.say("Gradient norm by layer"),
            drawing.say("Depth (first to last layer)"),
            {name: collect_norms(own) for name, own in probes.items()},
        ),
        (
            drawing.say("Cosine of successive gradients"),
            drawing.say("Epoch"),
            {name: collect_cosines(own) for name, own in probes.items()},
        ),
        (
            drawing.say("Validation accuracy (%)"),
            drawing.say("Factor of enlargement"),
            {name: collect_scales(own) for name, own in probes.items()},
        ),
    ]
    taken = [panel for panel in panels if any(points for points, _ in panel[2].values())]
    across = min(len(taken) + 1, 2)
    down = (len(taken) + 2) // 2 if taken else 1
    figure = style.new_figure(0.5 + 2.1 * down)
    all_axes = list(figure.subplots(down, across, squeeze=False).flat)
    for axes, (head, below, lines) in zip(all_axes, taken, strict=False):
        for name, (points, values) in lines.items():
            look: Any = {"linestyle": looks[name].dashes, "marker": looks[name].marker}
            often = max(1, len(values) // 8)
            axes.plot(
                points, values, color=looks[name].color, markersize=3, markevery=often, **look
            )
        axes.set(title=head, xlabel=below)
        if lines is panels[0][2]:
            axes.set_yscale("log")
            axes.yaxis.set_minor_formatter(NullFormatter())
        if lines is panels[1][2]:
            axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes = all_axes[len(taken)]
    runs = read_rows(drawing.path("runs"))
    for row in runs[~runs["diverged"] & runs["contender"].isin(list(looks))].to_dict("records"):
        id = f"run.gap/{row['contender']}/{row['replicate']}"
        size = row["parameters"] / MILLION
        rows.draw_dot(axes, size, row["gap"], looks[row["contender"]], "y", id)
    axes.margins(x=0.08)
    axes.set_title(drawing.say("Validation minus training loss"))
    axes.set_xlabel(drawing.say("Parameters (millions)"))
    for axes in all_axes:
        axes.grid(axis="y", **style.GRID)
    for axes in all_axes[len(taken) + 1 :]:
        axes.set_axis_off()
    style.add_legend(figure, list(looks.values()), list(drawing.titles.values()))
    style.print_numbers(figure, drawing.language)
    return figure


def collect_norms(runs: Sequence[Mapping[str, Any]]) -> Line:
    """Return the gradient norm of each layer by its depth from 0 to 1."""
    norms = [[layer["norm"] for layer in run["layers"]] for run in runs if "layers" in run]
    count = len(norms[0]) if norms else 0
    return [place / max(count - 1, 1) for place in range(count)], _mean(norms)


def collect_cosines(runs: Sequence[Mapping[str, Any]]) -> Line:
    """Return the cosine of gradients at each epoch at which they were looked at."""
    looks = [run["gradients"] for run in runs if "gradients" in run]
    epochs = [look["epoch"] for look in looks[0]] if looks else []
    return epochs, _mean([[look["gradient_cosine"] for look in run] for run in looks])


def collect_scales(runs: Sequence[Mapping[str, Any]]) -> Line:
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


def caption(writer: Writer) -> str:
    """Return what stands below the figure."""
    taken = writer.study["probes"]
    sentences = []
    if "gradients" in taken:
        sentences.append(
            writer.say(
                "Norm of the gradient of each layer's weights after the last epoch, and cosine of "
                "the gradients before and after a step."
            )
        )
    if "scales" in taken:
        sentences.append(writer.say("Accuracy on validation images that were rescaled."))
    sentences.append(
        writer.say(
            "Gap between validation and training loss (nats) against the number of parameters, "
            "one mark per run."
        )
    )
    if writer.replicates > 1 and len(sentences) > 1:
        sentences.append(writer.say("Lines are means over the replicates."))
    return " ".join(sentences)


def is_due(study: Study) -> bool:
    """Return whether the study takes any probe."""
    return bool(study.probes)


FIGURE = Figure(
    name="probes",
    slot="probes",
    needs=("runs", "probes"),
    shows="what was measured inside the networks",
    draw=draw,
    mention=message("%(figure)s shows what was measured inside the networks."),
    caption=caption,
    due=is_due,
)
