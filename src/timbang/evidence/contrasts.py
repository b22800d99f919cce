"""Paired differences over replicates: mean, interval, test, and what they say of a fresh one."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import special, stats

Splits = Literal["redrawn", "fixed"]

# With fewer pairs there are points and a range; no interval is given and nothing is decided.
FEWEST_REPLICATES = 5
CONFIDENCE = 0.95
ALPHA = 0.05
# Up to so many replicates all sign flips are gone through, above a random part of them.
MOST_EXACT_FLIPS = 16
RANDOM_FLIPS = 20_000


@dataclass(frozen=True)
class Design:
    """How the replicates of a study hang together.

    ``redrawn`` splits (anew in each replicate, or as folds) overlap, so their differences are
    correlated; ``fixed`` is one split for all. ``train_images`` and ``validation_images`` are
    the means over replicates.
    """

    splits: Splits
    train_images: float
    validation_images: float

    @property
    def overlap(self) -> float:
        """What overlapping splits add to 1/J: validation over training images, 0 if fixed.

        Nadeau and Bengio 2003 (Machine Learning 52), section 3; for folds Bouckaert and Frank
        2004 (PAKDD), section 2.
        """
        return 0.0 if self.splits == "fixed" else self.validation_images / self.train_images

    @property
    def resolution(self) -> float:
        """The smallest difference that two accuracies on the validation images can have."""
        return 1 / self.validation_images


@dataclass(frozen=True)
class Contrast:
    """What paired differences over replicates say.

    ``pairs`` is the number of replicates in which neither run diverged, of ``replicates``;
    ``sd`` the sample standard deviation of the differences; ``low`` and ``high`` the interval of
    the mean, ``p_value`` two-sided. ``better``, ``equal`` and ``worse`` are the probabilities
    that the true difference is above the margin, within it, and below minus the margin
    (``probability_*`` of ``contrasts.csv``). ``superiority`` is the probability that the first
    beats the second in a fresh replicate, with its interval. What cannot be said is NaN.
    """

    pairs: int
    replicates: int
    mean: float
    sd: float
    lowest: float
    highest: float
    low: float
    high: float
    p_value: float
    better: float
    equal: float
    worse: float
    superiority: float
    superiority_low: float
    superiority_high: float

    @property
    def is_decidable(self) -> bool:
        """Whether there are replicates enough for an interval and a test."""
        return self.pairs >= FEWEST_REPLICATES


def contrast(differences: Sequence[float], design: Design, margin: float) -> Contrast:
    """Analyse the differences of two contenders, replicate by replicate.

    With redrawn splits the variance of their mean is s² (1/J + n_validation/n_train), and the
    test is a t test with J - 1 degrees of freedom (Nadeau and Bengio 2003). With one fixed split
    the test flips signs exactly, and the interval is that of t.

    Args:
        differences: one a replicate, NaN where a run diverged.
        design: how the replicates hang together.
        margin: below which a difference is of no account, in the unit of the differences.
    """
    values = np.asarray(differences, dtype=float)
    known = values[np.isfinite(values)]
    pairs = len(known)
    nan = math.nan
    mean, sd, lowest, highest = nan, nan, nan, nan
    if pairs:
        mean, lowest, highest = float(known.mean()), float(known.min()), float(known.max())
    if pairs > 1:
        sd = float(known.std(ddof=1))
    low = high = p_value = better = equal = worse = nan
    superiority = superiority_low = superiority_high = nan
    if pairs >= FEWEST_REPLICATES:
        error = standard_error(known, design)
        freedom = pairs - 1
        reach = float(special.stdtrit(freedom, (1 + CONFIDENCE) / 2)) * error
        low, high = mean - reach, mean + reach
        if design.splits == "fixed":
            p_value = flip_signs(known)
        else:
            p_value = float(2 * special.stdtr(freedom, -abs(mean) / error))
        worse = float(special.stdtr(freedom, (-margin - mean) / error))
        better = float(special.stdtr(freedom, (mean - margin) / error))
        equal = 1 - worse - better
        superiority = float(np.mean(np.where(known == 0, 0.5, known > 0)))
        superiority_low, superiority_high = wilson_interval(
            superiority, pairs / (1 + pairs * design.overlap)
        )
    return Contrast(
        pairs=pairs,
        replicates=len(values),
        mean=mean,
        sd=sd,
        lowest=lowest,
        highest=highest,
        low=low,
        high=high,
        p_value=p_value,
        better=better,
        equal=equal,
        worse=worse,
        superiority=superiority,
        superiority_low=superiority_low,
        superiority_high=superiority_high,
    )


def standard_error(differences: np.ndarray, design: Design) -> float:
    """Return the standard error of the mean of differences, float [J], J at least 2.

    Differences that happen to be all alike say nothing of their spread: their standard deviation
    counts as that of rounding to the resolution of the measure, resolution / √12, at least.
    """
    spread = max(float(differences.std(ddof=1)), design.resolution / math.sqrt(12))
    return spread * math.sqrt(1 / len(differences) + design.overlap)


def flip_signs(differences: np.ndarray) -> float:
    """Return the two-sided p of the exact sign-flip test of the mean, float [J].

    Fisher 1935 (The Design of Experiments), section 21. Above ``MOST_EXACT_FLIPS`` replicates a
    random part of the flips is drawn, always the same.
    """
    pairs = len(differences)
    if not differences.any():
        return 1.0
    # Means that differ by rounding alone are equal, zero among them.
    scaled = differences / np.abs(differences).max()

    def take_mean(sample: np.ndarray, axis: int = -1) -> np.ndarray:
        return np.round(sample.mean(axis=axis), 12)

    if pairs <= MOST_EXACT_FLIPS:
        result = stats.permutation_test(
            (scaled,), take_mean, permutation_type="samples", n_resamples=np.inf
        )
    else:
        result = stats.permutation_test(
            (scaled,),
            take_mean,
            permutation_type="samples",
            n_resamples=RANDOM_FLIPS,
            vectorized=True,
            batch=10_000,
            rng=np.random.default_rng(0),
        )
    return float(result.pvalue)


def wilson_interval(share: float, count: float) -> tuple[float, float]:
    """Return Wilson's interval of a share of ``count`` trials (Wilson 1927, JASA 22).

    ``count`` need not be whole: correlated trials are worth fewer independent ones.
    """
    z = float(special.ndtri((1 + CONFIDENCE) / 2))
    middle = (share + z**2 / (2 * count)) / (1 + z**2 / count)
    reach = z * math.sqrt(share * (1 - share) / count + z**2 / (4 * count**2)) / (1 + z**2 / count)
    return max(0.0, middle - reach), min(1.0, middle + reach)


def adjust_by_holm(p_values: Sequence[float]) -> list[float]:
    """Return p values adjusted so that the chance of any false one stays below theirs.

    Holm 1979 (Scandinavian Journal of Statistics 6). A NaN is no test and stays NaN.
    """
    tested = sorted((p, place) for place, p in enumerate(p_values) if not math.isnan(p))
    adjusted = [math.nan] * len(p_values)
    largest = 0.0
    for rank, (p, place) in enumerate(tested):
        largest = max(largest, min(1.0, (len(tested) - rank) * p))
        adjusted[place] = largest
    return adjusted
