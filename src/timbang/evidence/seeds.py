"""What several runs on one split tell apart: how much of the variation is the split's.

A difference of two contenders in replicate j and seed s is taken as mean + split j + training js,
both random and independent, the model of a one-way analysis of variance. The split's share of the
variance of one run's difference is then the intraclass correlation of runs on one split.
"""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Variation:
    """How differences of single runs vary, in their unit, and how much of it is the split's.

    ``split`` and ``training`` are standard deviations: what splits add to the differences, and
    what training anew on one split does. ``share`` is that of the split in their variance, with
    its 95 % interval from ``low`` to ``high``. What cannot be said is NaN.
    """

    split: float
    training: float
    share: float
    low: float
    high: float


def pair_seeds(
    runs: pd.DataFrame, measure: str, first: str, second: str, chance: float | None = None
) -> pd.DataFrame:
    """Return first minus second: a row a replicate, a column a seed.

    NaN where a run has no such measure, or diverged and has no score for that; everywhere where
    no run of either finished.

    Args:
        runs: the table ``runs.csv``; without a column ``seed`` each replicate has one run.
        measure: one of its columns.
        first: a contender.
        second: another one.
        chance: what a run that diverged scores; None for nothing.
    """
    known = runs.assign(
        value=runs[measure].astype(float).mask(runs["diverged"]),
        seed=runs.get("seed", 0),
    )
    own, other = (
        known[known["contender"] == name].set_index(["replicate", "seed"])["value"]
        for name in (first, second)
    )
    if chance is not None and not (own.isna().all() and other.isna().all()):
        own, other = own.fillna(chance), other.fillna(chance)
    return (own - other).unstack("seed").sort_index()


def part_variation(differences: np.ndarray) -> Variation:
    """Tell the variance that splits make from that which training makes.

    With J replicates of k runs, s_b² the variance of the replicates' means and s_w² that within
    replicates, training has s_w² and the split s_b² - s_w²/k, zero where that is negative. The
    interval of the share is exact for normal differences: k s_b²/s_w² over its expectation has an
    F distribution with J - 1 and J (k - 1) degrees of freedom (Searle 1971, Linear Models, section
    9.9; McGraw and Wong 1996, Psychological Methods 1, ICC(1)). It is cut at zero, since no share
    is below.

    Args:
        differences: float [J, k]; a replicate with a NaN does not count.
    """
    known = differences[np.isfinite(differences).all(axis=1)]
    nan = math.nan
    count, seeds = known.shape
    if count < 2 or seeds < 2:
        return Variation(nan, nan, nan, nan, nan)
    between = float(known.mean(axis=1).var(ddof=1))
    within = float(known.var(axis=1, ddof=1).mean())
    split, training = math.sqrt(max(0.0, between - within / seeds)), math.sqrt(within)
    # Runs on one split that are all alike say nothing of how much they vary.
    if within <= np.finfo(float).eps * float(np.square(known).max()):
        return Variation(split, training, nan, nan, nan)
    ratio = seeds * between / within
    freedoms = count - 1, count * (seeds - 1)
    tail = (1 - CONFIDENCE) / 2
    large, small = (float(special.fdtri(*freedoms, p)) for p in (1 - tail, tail))
    return Variation(
        split=split,
        training=training,
        share=_find_share(ratio, seeds),
        low=_find_share(ratio / large, seeds),
        high=_find_share(ratio / small, seeds),
    )


def _find_share(ratio: float, seeds: int) -> float:
    """Return the share of the split that makes a ratio of mean squares the expected one."""
    return max(0.0, (ratio - 1) / (ratio - 1 + seeds))
