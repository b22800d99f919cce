"""What a pair of contenders does under many recipes, and what tuning made of them.

In each replicate every contender is trained once with each of the same recipes. A trial is chosen
by its score on an inner validation part and scored on the replicate's validation images, which no
choice has seen. Accuracies are fractions; a run that diverged counts with chance. Intervals are of
the t kind over replicates and speak of these images and these recipes.
"""

import math
from collections import Counter
from dataclasses import dataclass

import numpy as np
from scipy import special

from timbang.evidence.contrasts import (
    CONFIDENCE,
    FEWEST_REPLICATES,
    MOST_EXACT_FLIPS,
    RANDOM_FLIPS,
)
from timbang.evidence.verdicts import Finding
from timbang.tuning.choice import order_trials

# Of what the best recipe learned above chance, what another must reach to count as near it. Who got
# less than half would look on, whatever the number of classes and however hard the images; ten
# points below the best would let in guessing where the best is just above chance.
NEAR = 0.5
# Studies drawn for a critical value, the same ones each time.
DRAWS = 20_000


@dataclass(frozen=True)
class Averages:
    """Means over replicates with their 95 % intervals, float [...] each.

    Each interval stands for itself. With fewer than ``FEWEST_REPLICATES`` replicates they are NaN.
    """

    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray


@dataclass(frozen=True)
class Curve:
    """The differences of a pair of contenders by recipe: its specification curve.

    ``mean``, ``low``, ``high`` float [T]: the means over J replicates and the intervals that hold
    for all recipes together in 95 of 100 studies; ``critical`` is their half width in standard
    errors, ``correlation`` that between recipes from which it comes. ``says`` is the finding of
    each recipe. ``median`` is that of the means, ``p_value`` the two-sided one of no difference
    under any recipe. What cannot be said is NaN.
    """

    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    critical: float
    correlation: float
    says: tuple[Finding, ...]
    median: float
    p_value: float

    @property
    def counts(self) -> dict[Finding, int]:
        """How many recipes say what; the signs hang together and are no independent votes."""
        return dict(Counter(self.says))


def rank_trials(accuracy: np.ndarray, loss: np.ndarray) -> np.ndarray:
    """Return int [J, T], 0 for the worst trial of a replicate up to T - 1 for the chosen one.

    Args:
        accuracy: float [J, T], on the inner validation part.
        loss: float [J, T], on the same; infinite or NaN where the trial diverged.
    """
    ranks: np.ndarray = accuracy.shape[1] - 1 - np.argsort(order_trials(accuracy, loss), axis=1)
    return ranks


def near_best(first: np.ndarray, second: np.ndarray, chance: float) -> np.ndarray:
    """Return bool [T]: the recipes that are near the best of at least one of two contenders.

    A recipe counts where its mean accuracy over replicates is at least ``NEAR`` of the way from
    chance to that contender's best recipe. Given the accuracies of the inner validation part, the
    differences that are then asked about have no say in which of them count.

    Args:
        first: float [J, T], the accuracies of one contender.
        second: float [J, T], those of the other.
        chance: the accuracy of guessing.
    """

    def is_near(accuracy: np.ndarray) -> np.ndarray:
        means = accuracy.mean(axis=0)
        best = means.max()
        return means >= best - (1 - NEAR) * max(best - chance, 0)

    return is_near(first) | is_near(second)


def draw_curve(differences: np.ndarray, margin: float, resolution: float) -> Curve:
    """Return what the differences say recipe by recipe and as a whole.

    A recipe is decided as a contrast is: where its simultaneous interval excludes zero and its mean
    is the margin at least, one contender is ahead; where the interval lies within the margin either
    way, they are equal. The intervals hold together, so that all findings of a curve do, and no
    further correction is due.

    The curve as a whole is tested by the median of the recipes' means (Simonsohn, Simmons and
    Nelson 2020, Nature Human Behaviour 4). Recipes share split and images in a replicate, so the
    signs of whole replicates are flipped: under no difference by any recipe these are as likely.
    With five replicates the smallest p is .0625.

    The intervals need differences that are not too skewed (docs/evidence.md); they hold for one
    pair of contenders, and speak of these images.

    Args:
        differences: float [J, T], first minus second by replicate and recipe, of the recipes that
            count (``near_best``); no NaN.
        margin: below which a difference is of no account, in the same unit.
        resolution: the smallest difference that two values can have. Replicates that happen to be
            all alike vary by its rounding at least.
    """
    count, recipes = differences.shape
    mean = differences.mean(axis=0)
    low, high = np.full((2, recipes), math.nan)
    critical = correlation = p_value = math.nan
    few = {0: Finding.NONE, 1: Finding.SINGLE}.get(count, Finding.FEW)
    says: tuple[Finding, ...] = (few,) * recipes
    if count >= FEWEST_REPLICATES:
        correlation = correlate_recipes(differences)
        critical = find_critical(count, recipes, correlation)
        reach = critical * _find_errors(differences, resolution)
        low, high = mean - reach, mean + reach
        says = tuple(
            _find(*own, margin)
            for own in zip(mean.tolist(), low.tolist(), high.tolist(), strict=True)
        )
        p_value = flip_replicates(differences)
    return Curve(mean, low, high, critical, correlation, says, float(np.median(mean)), p_value)


def _find(mean: float, low: float, high: float, margin: float) -> Finding:
    """Return what the interval of one recipe says."""
    if abs(mean) >= margin and (low > 0 or high < 0):
        return Finding.HIGHER if mean > 0 else Finding.LOWER
    return Finding.EQUAL if -margin <= low and high <= margin else Finding.UNDECIDED


def correlate_recipes(differences: np.ndarray) -> float:
    """Return the mean correlation of two recipes over replicates, zero where it is negative.

    Args:
        differences: float [J, T]; recipes that do not vary do not count.
    """
    residuals = differences - differences.mean(axis=0)
    lengths = np.sqrt((residuals**2).sum(axis=0))
    varies = lengths > 1e-12 * max(1.0, float(np.abs(differences).max()))
    count = int(varies.sum())
    if count < 2:
        return 0.0
    total = float(((residuals[:, varies] / lengths[varies]).sum(axis=1) ** 2).sum())
    # The sum over all pairs holds each recipe's 1 with itself.
    return min(max(0.0, (total - count) / (count * (count - 1))), 1.0)


def find_critical(count: int, recipes: int, correlation: float) -> float:
    """Return what the largest of the recipes' |t| stays below in 95 of 100 studies.

    Independent recipes have the quantile of Šidák 1967 (JASA 62) exactly. For normal differences
    with the same correlation between any two recipes, the quantile is drawn; that of the same draws
    without correlation says how far the drawing is off. Why this one: docs/evidence.md, by
    benchmarks/simulate_curves.py.

    Args:
        count: the number of replicates.
        recipes: their number.
        correlation: between two recipes over replicates, from 0 to 1.
    """
    level = (1 + CONFIDENCE ** (1 / recipes)) / 2
    independent = float(special.stdtrit(count - 1, level))
    if recipes == 1 or correlation <= 0:
        return independent
    random = np.random.default_rng(0)
    shared = random.standard_normal((DRAWS, count, 1))
    own = random.standard_normal((DRAWS, count, recipes))
    mixed = math.sqrt(correlation) * shared + math.sqrt(1 - correlation) * own
    drawn, alone = (np.quantile(_find_largest(one), CONFIDENCE) for one in (mixed, own))
    return independent * min(1.0, float(drawn / alone))


def _find_largest(differences: np.ndarray) -> np.ndarray:
    """Return the largest |t| over recipes, float [...], of differences float [..., J, T]."""
    errors = differences.std(axis=-2, ddof=1) / math.sqrt(differences.shape[-2])
    return np.abs(differences.mean(axis=-2) / errors).max(axis=-1)


def flip_replicates(differences: np.ndarray) -> float:
    """Return the two-sided p of the median over recipes of their means, float [J, T].

    The signs of a replicate flip for all recipes jointly. Up to ``MOST_EXACT_FLIPS`` replicates all
    flips are gone through; above that a random part, always the same, and the observed one.
    """
    count = len(differences)
    largest = float(np.abs(differences).max())
    if largest == 0:
        return 1.0
    if count <= MOST_EXACT_FLIPS:
        signs = 1.0 - 2 * (np.arange(2**count)[:, None] >> np.arange(count) & 1)
    else:
        random = np.random.default_rng(0)
        signs = 1.0 - 2 * random.integers(2, size=(RANDOM_FLIPS, count))
        signs[0] = 1
    # Medians that differ by rounding alone are equal.
    medians = np.abs(np.round(np.median(signs @ (differences / largest) / count, axis=1), 12))
    return float((medians >= medians[0]).mean())


def expect_by_budget(ranks: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Return float [J, T]: the expected score of the trial chosen from n = 1 … T of the T trials.

    The mean over all subsets of n trials, drawn without replacement: the i-th worst trial by the
    inner score is the chosen one of C(i - 1, n - 1) of the C(T, n) subsets. That is unbiased for n
    fresh trials, n up to T (a U-statistic; Tang et al. 2020, ACL, "Showing Your Work Doesn't Always
    Work"). The estimator with replacement of Dodge et al. 2019 (EMNLP, "Show Your Work") draws the
    same trial twice and is too low (Dodge et al. 2021, Findings of EMNLP). Unlike both, which score
    a trial by what chose it, the score here is another one, so that the luck of the choice does not
    count.

    The difference of two contenders by budget is that of their arrays.

    Args:
        ranks: [J, T], what chooses: the largest of the subset, no two alike (``rank_trials``).
        scores: float [J, T], what the trials score.
    """
    trials = ranks.shape[1]
    places = np.arange(trials)
    weights = np.array(
        [special.comb(places, size - 1) / special.comb(trials, size) for size in places + 1]
    )
    ordered = np.take_along_axis(scores, np.argsort(ranks, axis=1), axis=1)
    return ordered @ weights.T


def find_peeking_gain(ranks: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Return float [J]: the best score of the trials above that of the chosen trial, never < 0.

    What would have been reported by choosing on the very images that score. Of it the part that
    is luck cannot be told from the part that more images to choose by would give.

    Args:
        ranks: [J, T], what chooses (``rank_trials``).
        scores: float [J, T], what the trials score.
    """
    chosen = np.take_along_axis(scores, ranks.argmax(axis=1)[:, None], axis=1)[:, 0]
    return scores.max(axis=1) - chosen


def average(values: np.ndarray, resolution: float) -> Averages:
    """Return the means over replicates of float [J, ...] and their intervals by Student's t.

    Args:
        values: one row a replicate.
        resolution: the smallest difference that two values can have (``draw_curve``).
    """
    count = len(values)
    mean = values.mean(axis=0)
    if count < FEWEST_REPLICATES:
        nothing = np.full_like(mean, math.nan)
        return Averages(mean, nothing, nothing)
    reach = special.stdtrit(count - 1, (1 + CONFIDENCE) / 2) * _find_errors(values, resolution)
    return Averages(mean, mean - reach, mean + reach)


def _find_errors(values: np.ndarray, resolution: float) -> np.ndarray:
    """Return the standard errors of the means of float [J, ...], J at least 2."""
    spread = np.maximum(values.std(axis=0, ddof=1), resolution / math.sqrt(12))
    return spread / math.sqrt(len(values))
