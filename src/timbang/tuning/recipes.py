"""The recipes of a tuning: points of a scrambled Sobol sequence in the ranges of a contender."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.stats import qmc

from timbang.streams import stream_seed

# A range that spans so much is drawn on a logarithmic scale.
DECADE = 10
# So many digits of a drawn number are kept: a recipe is to be read and typed in.
DIGITS = 3


def draw_recipes(ranges: Mapping[str, Sequence[Any]], trials: int) -> list[dict[str, Any]]:
    """Draw what each trial changes of a recipe.

    The points are the same for every contender and in all replicates, and more trials add to those
    that there are: the first n points of a Sobol sequence with one scrambling (Owen 1998,
    Journal of Complexity 14; ``scipy.stats.qmc``).

    Args:
        ranges: by key of the recipe the lowest and the highest value, or words.
        trials: how many.

    Returns:
        For each trial the values by key.
    """
    sequence = qmc.Sobol(len(ranges), scramble=True, rng=stream_seed(0, "recipes"))
    points = sequence.random_base2(math.ceil(math.log2(max(trials, 2))))[:trials]
    return [
        {
            key: place_in_range(float(share), values)
            for share, (key, values) in zip(point, ranges.items(), strict=True)
        }
        for point in points
    ]


def place_in_range(share: float, values: Sequence[Any]) -> Any:
    """Return the value of a range at a share of its width.

    Args:
        share: from 0, below 1.
        values: the lowest and the highest value, or words, each of which has an equal part. Whole
            numbers stay whole, each with an equal part.

    >>> place_in_range(0.5, [0.0001, 0.01]), place_in_range(0.5, [0.1, 0.5])
    (0.001, 0.3)
    >>> place_in_range(0.99, [1, 4]), place_in_range(0.7, ["adam", "sgd"])
    (4, 'sgd')
    """
    if isinstance(values[0], str):
        return values[int(share * len(values))]
    low, high = values
    is_whole = isinstance(low, int) and isinstance(high, int)
    if is_whole:
        low, high = low - 0.5, high + 0.5
    if low > 0 and high / low >= DECADE:
        value = low * (high / low) ** share
    else:
        value = low + share * (high - low)
    if is_whole:
        return int(min(max(round(value), values[0]), values[1]))
    return float(np.clip(float(f"{value:.{DIGITS}g}"), low, high))
