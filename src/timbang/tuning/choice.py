"""Which trial is chosen: by the images that are kept for the choice, and by no others."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from timbang.scores.metrics import score_briefly


@dataclass(frozen=True)
class Trial:
    """How a trial did in a replicate.

    ``inner_accuracy`` and ``inner_loss`` are of the images that choose, ``accuracy`` and ``loss``
    of the replicate's validation images, which do not. All are NaN where the run diverged.
    """

    inner_accuracy: float
    inner_loss: float
    accuracy: float
    loss: float


def score_trial(choosing: pd.DataFrame, scored: pd.DataFrame) -> Trial:
    """Return how a trial did.

    Args:
        choosing: its predictions of the images that choose, as ``read_predictions`` returns them.
        scored: those of the replicate's validation images.
    """
    return Trial(*score_briefly(choosing), *score_briefly(scored))


def choose_all(trials: Sequence[Sequence[Trial]], scope: str) -> list[int]:
    """Return the number of the trial that each replicate takes.

    Args:
        trials: of each replicate all trials in their order.
        scope: ``replicate``, each for itself, or ``study``, all together.
    """
    if scope == "study":
        return [choose(trials)] * len(trials)
    return [choose([own]) for own in trials]


def choose(trials: Sequence[Sequence[Trial]]) -> int:
    """Return the number of the trial that is best on the images that choose, by means.

    A trial that diverged counts as none right.

    Args:
        trials: of each replicate that takes part, all trials in their order.
    """
    accuracies = np.array([[own.inner_accuracy for own in row] for row in trials])
    accuracies[np.isnan(accuracies)] = 0
    losses = np.array([[own.inner_loss for own in row] for row in trials])
    return int(order_trials(accuracies.mean(axis=0), losses.mean(axis=0))[0])


def order_trials(accuracy: np.ndarray, loss: np.ndarray) -> np.ndarray:
    """Return the places of trials, int [..., T], from the one that is chosen to the worst.

    The more accurate is better, of equals the one of lower loss, of equals again the earlier one.

    Args:
        accuracy: float [..., T], of the images that choose.
        loss: float [..., T], of the same; NaN, where the trial diverged, is worse than any other.
    """
    places = np.broadcast_to(np.arange(accuracy.shape[-1]), accuracy.shape)
    # The last key counts first; accuracies that differ by rounding alone are equal.
    keys = (places, np.where(np.isnan(loss), np.inf, loss), -np.round(accuracy, 12))
    return np.lexsort(keys, axis=-1)


def tabulate_trials(
    replicates: Sequence[int],
    recipes: Sequence[Mapping[str, Any]],
    trials: Sequence[Sequence[Trial]],
    chosen: Sequence[int],
) -> pd.DataFrame:
    """Return one row a trial and replicate: ``replicate``, ``trial``, ``chosen``, scores, recipe.

    Args:
        replicates: the numbers of the replicates.
        recipes: what each trial changes of the contender's recipe.
        trials: of each replicate all trials in their order.
        chosen: the number of the trial that each replicate takes.
    """
    return pd.DataFrame(
        [
            {
                "replicate": replicate,
                "trial": number,
                "chosen": number == taken,
                **asdict(trial),
                **recipe,
            }
            for replicate, row, taken in zip(replicates, trials, chosen, strict=True)
            for number, (trial, recipe) in enumerate(zip(row, recipes, strict=True))
        ]
    )
