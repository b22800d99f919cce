"""Loss and accuracy by epoch as lines of an inline SVG, one a run."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from timbang.explorer.material import Run, Series
from timbang.languages.messages import message

# By column of a history.
HEADS = {
    "train_loss": message("Training loss"),
    "validation_loss": message("Validation loss"),
    "train_accuracy": message("Training accuracy (%)"),
    "validation_accuracy": message("Validation accuracy (%)"),
}
# In units of the drawing: the panel, and what is left free around its axes.
WIDTH, HEIGHT = 340, 230
LEFT, RIGHT, TOP, BOTTOM = 46, 8, 8, 36
# Losses that span more than this are drawn on a logarithmic axis.
LOG_RATIO = 30
TICKS = 5
# As many as the style has.
COLOURS, DASHES = 7, 4


@dataclass(frozen=True)
class Line:
    """A run's line: where it goes, as SVG wants it; one point alone is drawn as a dot."""

    run: Run
    points: Sequence[tuple[float, float]]

    @property
    def path(self) -> str:
        """The points as a polyline has them."""
        return " ".join(f"{x:.1f},{y:.1f}" for x, y in self.points)


@dataclass(frozen=True)
class Panel:
    """One measure's panel; ticks are places with the values that they stand for."""

    head: str
    lines: Sequence[Line]
    across: Sequence[tuple[float, float]]
    up: Sequence[tuple[float, float]]


def choose_looks(series: Sequence[Series]) -> list[str]:
    """Return the classes of each series' lines: a colour a network, dashes where it is tuned.

    Without tuned ones dashes tell the networks apart as well as colours do.
    """
    names = list(dict.fromkeys(own.contender for own in series))
    has_tuned = any(own.is_tuned for own in series)
    looks = []
    for own in series:
        place = names.index(own.contender)
        again = place // COLOURS
        dash = 2 * again + own.is_tuned if has_tuned else place
        looks.append(f"series-{place % COLOURS} dash-{dash % DASHES}")
    return looks


def draw_panels(runs: Sequence[Run]) -> list[Panel]:
    """Return the four panels. Losses share one axis, and so do accuracies, which are in per cent.

    What is not finite is left out, as are values that a logarithmic axis cannot show.
    """
    epochs = max((len(run.history) for run in runs), default=1)
    panels = []
    for kind, scale in (("loss", 1.0), ("accuracy", 100.0)):
        columns = [column for column in HEADS if column.endswith(kind)]
        values = np.concatenate(
            [run.history[column].to_numpy(float) * scale for run in runs for column in columns]
        )
        up, ticks = _scale(values[np.isfinite(values)], is_loss=kind == "loss")
        for column in columns:
            lines = [
                Line(run, _place(run.history[column].to_numpy(float) * scale, epochs, up))
                for run in runs
            ]
            across = [(_across(epoch, epochs), float(epoch)) for epoch in _whole_ticks(epochs)]
            panels.append(Panel(HEADS[column], lines, across, [(up(tick), tick) for tick in ticks]))
    return panels


def _across(epoch: float, epochs: int) -> float:
    share = (epoch - 1) / (epochs - 1) if epochs > 1 else 0.5
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def _whole_ticks(epochs: int) -> list[int]:
    step = max(1, round(epochs / TICKS))
    return [1, *[own for own in range(step, epochs + 1, step) if own > 1]]


def _scale(values: np.ndarray, *, is_loss: bool) -> tuple[Callable[[float], float], list[float]]:
    """Return what places a value, and the ticks."""
    height = HEIGHT - TOP - BOTTOM
    positive = values[values > 0]
    if is_loss and len(positive) and positive.max() > LOG_RATIO * positive.min():
        low = math.floor(math.log10(positive.min()))
        high = math.ceil(math.log10(positive.max()))
        step = max(1, math.ceil((high - low) / TICKS))
        ticks = [10.0**power for power in range(low, high + 1, step)]
        return (
            lambda value: TOP + height * (high - math.log10(max(value, 10.0**low))) / (high - low),
            ticks,
        )
    most = float(values.max(initial=0.0)) or 1.0
    size = 10 ** math.floor(math.log10(most))
    step = next(own * size for own in (0.1, 0.2, 0.5, 1, 2, 5) if own * size * TICKS >= most)
    top = step * math.ceil(most / step - 1e-9)
    ticks = [round(step * place, 10) for place in range(round(top / step) + 1)]
    return lambda value: TOP + height * (1 - value / top), ticks


def _place(
    values: np.ndarray, epochs: int, up: Callable[[float], float]
) -> Sequence[tuple[float, float]]:
    return [
        (_across(epoch, epochs), up(float(value)))
        for epoch, value in enumerate(values, start=1)
        if np.isfinite(value)
    ]
