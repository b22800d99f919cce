"""What a number of replicates can decide, before training and after it."""

import math
from dataclasses import dataclass

from scipy import stats

from timbang.evidence.contrasts import ALPHA, FEWEST_REPLICATES, Design

POWER = 0.8
MOST_REPLICATES = 200


@dataclass(frozen=True)
class Plan:
    """What the planned replicates can decide.

    ``can_decide`` says whether any outcome could be significant after Holm's correction;
    ``needed`` is the least number of replicates for which one could. ``detectable`` is the true
    difference, in standard deviations of the differences, that is found with a probability of
    ``POWER``; infinite where none is.
    """

    replicates: int
    contrasts: int
    can_decide: bool
    needed: int
    detectable: float


def plan(replicates: int, contrasts: int, design: Design) -> Plan:
    """Return what so many replicates can decide about so many contrasts."""
    needed = next(
        number
        for number in range(FEWEST_REPLICATES, MOST_REPLICATES)
        if smallest_p(number, design) * contrasts <= ALPHA
    )
    can_decide = replicates >= needed
    return Plan(
        replicates=replicates,
        contrasts=contrasts,
        can_decide=can_decide,
        needed=needed,
        detectable=find_detectable(replicates, contrasts, design) if can_decide else math.inf,
    )


def smallest_p(replicates: int, design: Design) -> float:
    """Return the smallest p that a test can give: 2 / 2^J for flips of signs, none for t."""
    return 2.0 ** (1 - replicates) if design.splits == "fixed" else 0.0


def power(effect: float, replicates: int, contrasts: int, design: Design) -> float:
    """Return the probability that the hardest of the contrasts is found significant.

    Under the model of Nadeau and Bengio the statistic has a noncentral t distribution. Holm's
    strictest level, ALPHA / contrasts, is used; for flips of signs the power of t is taken where
    a decision is possible at all.

    Args:
        effect: the true difference in standard deviations of the differences.
        replicates: the number of replicates, at least 2.
        contrasts: the number of contrasts that are tested.
        design: how the replicates hang together.
    """
    if smallest_p(replicates, design) * contrasts > ALPHA:
        return 0.0
    freedom = replicates - 1
    critical = stats.t.isf(ALPHA / contrasts / 2, freedom)
    shift = effect / math.sqrt(1 / replicates + design.overlap)
    return float(stats.nct.sf(critical, freedom, shift))


def find_detectable(replicates: int, contrasts: int, design: Design) -> float:
    """Return the effect, in standard deviations, that is found with probability ``POWER``."""
    low, high = 0.0, 1.0
    while power(high, replicates, contrasts, design) < POWER:
        high *= 2
    while high - low > 1e-4:
        middle = (low + high) / 2
        if power(middle, replicates, contrasts, design) < POWER:
            low = middle
        else:
            high = middle
    return high


def count_needed(effect: float, contrasts: int, design: Design) -> int | None:
    """Return the replicates needed to find an effect with probability ``POWER``.

    None where up to ``MOST_REPLICATES`` do not suffice: with redrawn splits more replicates
    never bring the standard error below √(n_validation / n_train) standard deviations.
    """
    for number in range(FEWEST_REPLICATES, MOST_REPLICATES + 1):
        if power(abs(effect), number, contrasts, design) >= POWER:
            return number
    return None
