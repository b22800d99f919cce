"""What was found, in one figure: every network against the reference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from timbang.languages.messages import message
from timbang.report.figures.figure import Drawing, Figure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawn

    from timbang.report.writer import Writer


def _draw(drawing: Drawing) -> Drawn:
    """Draw a row a contrast: mean difference, interval, and every replicate's difference.

    Of a replicate of several runs it is the mean over these.
    """
    import numpy as np
    import pandas as pd

    from timbang.evidence.seeds import pair_seeds
    from timbang.evidence.verdicts import read_contrasts
    from timbang.facts.fact import Unit
    from timbang.records.tables import read_rows
    from timbang.report.figures import rows, style

    decided = pd.DataFrame(read_contrasts(drawing.path("contrasts")))
    contrasts = decided[decided["measure"] == "accuracy"].set_index("first").fillna(np.nan)
    runs = read_rows(drawing.path("decisive_runs"))
    replicates = runs["replicate"].nunique()
    looks = style.mark_all(drawing.titles)
    names = [name for name in looks if name in contrasts.index]
    figure, axes = rows.new_rows([drawing.titles[name] for name in names], row=0.36, besides=0.85)
    margin = 100 * drawing.margin
    band = axes.axvspan(-margin, margin, color="0.88", linewidth=0, zorder=0)
    style.mark_datum(band, "x", "setting.margin")
    axes.axvline(0, color="black", linewidth=0.6, zorder=1)
    heads = {
        "mean": drawing.say("mean") if replicates > 1 else drawing.say("difference"),
        "low": drawing.say("from"),
        "high": drawing.say("to"),
        "pairs": drawing.say("pairs"),
    }
    columns: dict[str, rows.Cells] = {word: [] for word in heads}
    for row, name in enumerate(names):
        own: dict[str, Any] = dict(contrasts.loc[name])
        pairs = pair_seeds(runs, "accuracy", name, drawing.reference)
        differences = 100 * pairs.mean(axis=1)
        dots = {f"run.difference/{name}/{r}": value for r, value in differences.items()}
        rows.draw_dots(axes, row + 0.16, 0.15, dots, looks[name])
        for word in ("mean", "low", "high"):
            if np.isfinite(own[word]):
                text = style.write_number(own[word], Unit.POINTS, drawing.language, signed=True)
                columns[word].append((row, text, f"contrast.accuracy.{word}/{name}"))
        if own["pairs"] > 1:
            _draw_intervals(axes, row - 0.2, name, own)
        if own["finished"] < replicates:
            count = style.write_number(int(own["finished"]), Unit.COUNT, drawing.language)
            columns["pairs"].append((row, count, f"contrast.accuracy.finished/{name}"))
    offset = rows.print_columns(axes, [(head, columns[word]) for word, head in heads.items()])
    _name_directions(axes, drawing, offset)
    style.print_numbers(figure, drawing.language)
    return figure


def _draw_intervals(axes: Axes, height: float, name: str, contrast: Mapping[str, float]) -> None:
    """Draw the mean, the interval for these images as a bar, and that for others as a thin line."""
    import numpy as np

    from timbang.report.figures import style

    ends = {"like_low": "|", "like_high": "|", "these_low": "|", "these_high": "|", "mean": "D"}
    for kind, width in (("like", 0.9), ("these", 3.2)):
        reach = [100 * contrast[f"{kind}_{end}"] for end in ("low", "high")]
        axes.plot(reach, [height] * 2, color="black", linewidth=width, solid_capstyle="butt")
    for column, shape in ends.items():
        value = 100 * contrast[column]
        if np.isfinite(value):
            size = 4.5 if shape == "D" or column.startswith("like") else 3.2
            look: dict[str, Any] = {"color": "black", "markersize": size, "zorder": 3}
            (point,) = axes.plot(value, height, shape, markeredgewidth=1.2, **look)
            style.mark_datum(point, "x", f"contrast.accuracy.{column}/{name}")


def _name_directions(axes: Axes, drawing: Drawing, beside: float) -> None:
    """Say below the axis what its two sides mean, and above it what the band is.

    ``beside`` is what the columns of numbers take on the right, in inches.
    """
    from timbang.report.figures import style

    size = style.SMALL
    names = [style.measure_block(label.get_text(), size) for label in axes.get_yticklabels()]
    worse = "← " + drawing.say("worse")
    width = style.TEXT_WIDTH - max(names) - beside - style.measure(worse, size) - 0.5
    reference = drawing.titles[drawing.reference]
    better = drawing.say("better than %(reference)s") % {"reference": reference}
    better = f"{style.wrap_label(better, width, size, 2)} →"
    look: dict[str, Any] = {"textcoords": "offset points", "fontsize": size}
    for place, side, text in ((0, "left", worse), (1, "right", better)):
        look |= {"xycoords": "axes fraction", "xytext": (0, -17), "va": "top"}
        axes.annotate(text, (place, 0), ha=side, **look)
    look |= {"xycoords": axes.get_xaxis_transform(), "xytext": (0, 3), "va": "bottom"}
    axes.annotate(drawing.say("margin"), (0, 1), ha="center", color="0.35", **look)
    axes.set_xlabel(
        drawing.say("Difference in validation accuracy (percentage points)"),
        labelpad=5 + 1.15 * size * len(better.split("\n")),
    )


def _caption(writer: Writer) -> str:
    return writer.sentences(
        writer.say("Difference in validation accuracy from %(reference)s, in percentage points."),
        writer.say_recipe(decides=True),
        writer.say(
            "Each coloured mark is one replicate (%(n)s = %(replicates)s), by the mean of its "
            "%(seeds)s paired differences; the black diamond is the mean over the replicates."
        )
        if writer.seeds > 1
        else writer.say(
            "Each coloured mark is one replicate (%(n)s = %(replicates)s), the black diamond "
            "the mean of the paired differences."
        )
        if writer.replicates > 1
        else writer.say(
            "Each coloured mark is the only replicate, so that the variation from run to run "
            "is unknown."
        ),
        any(writer.has("contrast.accuracy.these_low", name) for name in writer.names)
        and writer.say(
            "The thick bar is its %(confidence)s interval on these images, the thin line the one "
            "for images like these; they may coincide. The columns give the one that decides."
        ),
        any(writer.value("diverged", name) for name in writer.names)
        and (
            writer.say(
                "The column of pairs counts the replicates with a pair of runs that both finished; "
                "marks are means over such pairs, and the other replicates have none."
            )
            if writer.seeds > 1
            else writer.say(
                "The column of pairs counts the replicates in which neither network diverged; "
                "the others have no mark."
            )
        ),
        writer.say(
            "Within the grey band, the margin of %(margin)s percentage points either way, a "
            "difference counts as negligible."
        ),
    )


FIGURE = Figure(
    name="forest",
    slot="key",
    needs=("contrasts", "decisive_runs"),
    shows="every network against the reference",
    draw=_draw,
    mention=message("%(figure)s shows the differences."),
    caption=_caption,
    due=lambda study: bool(study.contrasts),
)
