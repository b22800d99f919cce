"""Loss and accuracy by epoch, in training and in validation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from timbang.languages.messages import message
from timbang.report.figures.figure import Drawing, Figure
from timbang.report.shown import choose_shown, say_shown

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawn

    from timbang.report.figures.style import Mark

PANELS = ("train_loss", "validation_loss", "train_accuracy", "validation_accuracy")
# A loss that spans more than this is drawn on a logarithmic axis, or a spike flattens the rest.
LOG_RATIO = 30
# On a logarithmic axis that spans more, only the powers of ten are labelled.
MOST_LABELLED_RATIO = 1e4
# So many lines, with names of so many inches, are named beside their ends; else in a legend.
MOST_NAMED, WIDEST_NAME = 6, 1.5
# In inches, and as a share of the height of a panel.
HEIGHT, LEAST_DISTANCE = 3.6, 0.112


def _draw(drawing: Drawing) -> Drawn:
    """Draw each network's mean over replicates, and the range between them as a band."""
    import pandas as pd
    from matplotlib.ticker import MaxNLocator

    from timbang.report.figures import style

    files, marks = drawing.paths("histories"), style.mark_all(drawing.titles)
    shown = choose_shown(list(drawing.titles), drawing.reference, drawing.weighed)
    titles = {name: drawing.titles[name] for name in shown}
    looks = {name: marks[name] for name in shown}
    histories = {name: [pd.read_csv(path) for path in files[name]] for name in shown}
    heads = {
        "train_loss": drawing.say("Training loss"),
        "validation_loss": drawing.say("Validation loss"),
        "train_accuracy": drawing.say("Training accuracy (%)"),
        "validation_accuracy": drawing.say("Validation accuracy (%)"),
    }
    figure = style.new_figure(HEIGHT)
    panels = figure.subplots(2, 2, sharex=True)
    panels[1, 1].sharey(panels[1, 0])
    ends = {}
    for axes, own in zip(panels.flat, PANELS, strict=True):
        ends[own] = _draw_panel(axes, own, histories, looks)
        axes.set_title(heads[own])
        axes.grid(axis="y", **style.GRID)
    for axes, own in zip(panels[0], PANELS[:2], strict=True):
        _scale_losses(axes, [run[own] for runs in histories.values() for run in runs])
    for axes in panels[1]:
        axes.set_xlabel(drawing.say("Epoch"))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    widths = [style.measure(title, style.SMALL) for title in titles.values()]
    if len(titles) <= MOST_NAMED and max(widths) <= WIDEST_NAME:
        for axes, own in zip(panels[:, 1], PANELS[1::2], strict=True):
            _name_lines(axes, ends[own], titles, looks)
    else:
        style.add_legend(figure, list(looks.values()), list(titles.values()))
    style.print_numbers(figure, drawing.language)
    return figure


def _draw_panel(
    axes: Axes,
    measure: str,
    histories: Mapping[str, Sequence[pd.DataFrame]],
    looks: Mapping[str, Mark],
) -> dict[str, tuple[float, float]]:
    """Draw one measure; return where each network's line ends.

    A run that diverged is shorter than the others and counts as far as its figures are finite.
    """
    import numpy as np

    from timbang.report.figures.style import mark_datum

    ends = {}
    alpha = 0.12 if len(histories) <= MOST_NAMED else 0.04
    for name, runs in histories.items():
        values = _stack_finite([run[measure] for run in runs])
        if not values.size:
            continue
        values *= 1 if measure.endswith("loss") else 100
        epochs = np.arange(1, values.shape[1] + 1)
        mean, low, high = (take(values, axis=0) for take in (np.nanmean, np.nanmin, np.nanmax))
        look = looks[name]
        line = look.draw_line(axes, epochs, mean, zorder=3)
        mark_datum(line, "y", f"curve.{measure}.mean/{name}/*")
        ends[name] = (float(epochs[-1]), float(mean[-1]))
        if len(runs) > 1:
            axes.fill_between(epochs, low, high, color=look.color, alpha=alpha, linewidth=0)
            for word, edge in (("min", low), ("max", high)):
                (line,) = axes.plot(epochs, edge, color=look.color, lw=0.4, alpha=5 * alpha)
                mark_datum(line, "y", f"curve.{measure}.{word}/{name}/*")
    return ends


def _stack_finite(columns: Sequence[pd.Series]) -> np.ndarray:
    """Return float64 [runs, epochs] up to the last epoch with a finite value, NaN for the rest."""
    import numpy as np

    values = np.full((len(columns), max(map(len, columns))), np.nan)
    for row, column in zip(values, columns, strict=True):
        row[: len(column)] = column.where(np.isfinite(column))
    return values[:, : np.flatnonzero(np.isfinite(values).any(axis=0)).max(initial=-1) + 1]


def _scale_losses(axes: Axes, columns: Sequence[pd.Series]) -> None:
    """Draw losses of a kind from zero, or logarithmically where they span orders of magnitude."""
    import numpy as np
    from matplotlib.ticker import LogLocator, NullFormatter

    losses = np.concatenate([column.to_numpy(float) for column in columns])
    positive = losses[np.isfinite(losses) & (losses > 0)]
    span = positive.max() / positive.min() if len(positive) else 1.0
    if span > LOG_RATIO:
        axes.set_yscale("log")
        subs = (1, 2, 5) if span < MOST_LABELLED_RATIO else (1,)
        axes.yaxis.set_major_locator(LogLocator(subs=subs))
        axes.yaxis.set_minor_formatter(NullFormatter())
    else:
        axes.set_ylim(0, 1.05 * positive.max(initial=0.1))


def _name_lines(
    axes: Axes,
    ends: Mapping[str, tuple[float, float]],
    titles: Mapping[str, str],
    looks: Mapping[str, Mark],
) -> None:
    """Write each line's name right of its end, moved apart where they would collide."""
    from timbang.report.figures.style import SMALL

    axes.autoscale_view()
    to_share = axes.transScale + axes.transLimits
    places = {name: tuple(map(float, to_share.transform(end))) for name, end in ends.items()}
    names = sorted(places, key=lambda name: places[name][1])
    heights = spread_out([places[name][1] for name in names], LEAST_DISTANCE)
    for name, height in zip(names, heights, strict=True):
        across, up = places[name]
        color = looks[name].color
        dark = [0.7 * part for part in color]
        at = axes.transAxes
        axes.text(1.05, height, titles[name], transform=at, va="center", fontsize=SMALL, color=dark)
        # From the end of the line to its name, over the edge of the axes and not counted in them.
        look: Any = {"linewidth": 0.5, "clip_on": False, "scalex": False, "scaley": False}
        axes.plot([across, 1.0, 1.04], [up, up, height], transform=at, color=color, **look)


def spread_out(places: Sequence[float], distance: float) -> list[float]:
    """Return places from 0 to 1, in rising order, moved apart as little as they need.

    >>> spread_out([0.5, 0.5, 0.9], 0.1)
    [0.45, 0.55, 0.9]
    """
    moved = list(places)
    for _ in range(100):
        for low in range(len(moved) - 1):
            lack = distance - (moved[low + 1] - moved[low])
            if lack > 1e-6:
                moved[low] = max(moved[low] - lack / 2, 0.0)
                moved[low + 1] = min(moved[low + 1] + lack / 2, 1.0)
    return [round(place, 3) for place in moved]


FIGURE = Figure(
    name="curves",
    slot="curves",
    needs=("histories",),
    shows="the training curves",
    draw=_draw,
    mention=message("%(figure)s shows the course of training."),
    caption=lambda writer: writer.sentences(
        writer.say(
            "Loss (in nats) and accuracy by epoch: lines are means over the runs of all replicates "
            "(%(n)s = %(runs)s), bands reach from the lowest to the highest run."
        )
        if writer.seeds > 1
        else writer.say(
            "Loss (in nats) and accuracy by epoch: lines are means over the replicates "
            "(%(n)s = %(replicates)s), bands reach from the lowest to the highest replicate."
        )
        if writer.replicates > 1
        else writer.say("Loss (in nats) and accuracy by epoch, one run per network."),
        writer.say("Training values are those of the batches while they were trained on."),
        writer.study["mixing"]
        and writer.say(
            "Of networks whose training images are mixed they are those of the unmixed images "
            "after the epoch."
        ),
        writer.say_recipe(decides=False),
        say_shown(writer, writer.names, "runs/*/*/history.csv"),
    ),
)
