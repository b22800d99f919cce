"""What a number of replicates can decide, before training and after it."""

import math
from dataclasses import dataclass
from enum import StrEnum

from scipy import special, stats

from timbang.evidence.contrasts import ALPHA, CONFIDENCE, FEWEST_REPLICATES
from timbang.evidence.design import Design

POWER = 0.8
# A plan takes the spread to be as large as it is with this confidence.
SPREAD_CONFIDENCE = 0.9
MOST_REPLICATES = 1000


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


class Remedy(StrEnum):
    """What would tell a difference of the margin from none."""

    REPLICATES = "replicates"
    IMAGES = "images"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Outlook:
    """What would decide an open contrast: ``needed`` replicates, or what else."""

    remedy: Remedy
    needed: int | None


def plan(replicates: int, contrasts: int, design: Design) -> Plan:
    """Return what so many replicates can decide about so many contrasts.

    Before training nothing is known of the images' part of the variance, which comes on top.
    """
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
        detectable=find_detectable(replicates, contrasts, design, 0.0) if can_decide else math.inf,
    )


def smallest_p(replicates: int, design: Design) -> float:
    """Return the smallest p that a test can give: 2 / 2^J for flips of signs, none for t."""
    return 2.0 ** (1 - replicates) if design.splits == "fixed" else 0.0


def power(effect: float, replicates: int, contrasts: int, design: Design, rest: float) -> float:
    """Return the probability that the hardest of the contrasts is found significant.

    The statistic has a noncentral t distribution. Holm's strictest level, ALPHA / contrasts, is
    used; for flips of signs the power of t is taken where a decision is possible at all.

    Args:
        effect: the true difference in standard deviations of the differences.
        replicates: the number of replicates, at least 2.
        contrasts: the number of contrasts that are tested.
        design: how the replicates hang together.
        rest: the part of the variance of the mean that replicates do not reduce, in variances of
            the differences.
    """
    if smallest_p(replicates, design) * contrasts > ALPHA:
        return 0.0
    freedom = replicates - 1
    critical = stats.t.isf(ALPHA / contrasts / 2, freedom)
    return float(stats.nct.sf(critical, freedom, effect / math.sqrt(1 / replicates + rest)))


def find_detectable(replicates: int, contrasts: int, design: Design, rest: float) -> float:
    """Return the effect, in standard deviations, that is found with probability ``POWER``."""
    low, high = 0.0, 1.0
    while power(high, replicates, contrasts, design, rest) < POWER:
        high *= 2
    while high - low > 1e-4:
        middle = (low + high) / 2
        if power(middle, replicates, contrasts, design, rest) < POWER:
            low = middle
        else:
            high = middle
    return high


def look_ahead(
    sd: float,
    pairs: int,
    floors: tuple[float, float],
    margin: float,
    contrasts: int,
    design: Design,
) -> Outlook:
    """Return what would tell a true difference of the margin from none.

    The plan is for the margin, never for the difference that happened to be observed, and for a
    spread that is exceeded with a probability of 1 - ``SPREAD_CONFIDENCE`` only.

    Args:
        sd: the standard deviation of the differences, over ``pairs`` replicates.
        pairs: at least 2.
        floors: the least and the largest half width that more replicates alone may narrow the
            interval to; zero for these images.
        margin: in the unit of the differences.
        contrasts: the number of contrasts that are tested.
        design: how the replicates hang together.
    """
    if not sd or not margin:
        return Outlook(Remedy.UNKNOWN, None)
    freedom = pairs - 1
    bound = sd * math.sqrt(freedom / float(special.chdtri(freedom, SPREAD_CONFIDENCE)))
    lowest, largest = floors
    needed = _count_needed(margin, bound, largest, contrasts, design)
    if needed is not None and needed > pairs:
        return Outlook(Remedy.REPLICATES, needed)
    if needed is None and lowest and not _is_reachable(margin, lowest, contrasts):
        return Outlook(Remedy.IMAGES, None)
    return Outlook(Remedy.UNKNOWN, None)


def _rest_of(floor: float) -> float:
    return (floor / float(special.ndtri((1 + CONFIDENCE) / 2))) ** 2


def _is_reachable(margin: float, floor: float, contrasts: int) -> bool:
    """Return whether replicates without end would find the margin with probability ``POWER``."""
    critical = float(special.ndtri(1 - ALPHA / contrasts / 2))
    return margin / math.sqrt(_rest_of(floor)) - critical >= float(special.ndtri(POWER))


def _count_needed(
    margin: float, sd: float, floor: float, contrasts: int, design: Design
) -> int | None:
    """Return the least number of replicates that find the margin with probability ``POWER``."""
    if floor and not _is_reachable(margin, floor, contrasts):
        return None
    rest = _rest_of(floor) / sd**2

    def suffices(number: int) -> bool:
        return power(margin / sd, number, contrasts, design, rest) >= POWER

    if not suffices(MOST_REPLICATES):
        return None
    low, high = FEWEST_REPLICATES - 1, MOST_REPLICATES
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if suffices(middle) else (middle, high)
    return high
