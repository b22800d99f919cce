"""Paired differences over replicates: mean, intervals, tests, and what they say of a fresh one."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import special, stats

from timbang.evidence.design import About, Design
from timbang.evidence.images import Cells, estimate_image_part
from timbang.evidence.sampling import Sampling, correction

# With fewer pairs there are points and a range; no interval is given and nothing is decided.
FEWEST_REPLICATES = 5
CONFIDENCE = 0.95
ALPHA = 0.05
# Up to so many replicates all sign flips are gone through, above a random part of them.
MOST_EXACT_FLIPS = 16
RANDOM_FLIPS = 20_000
# What the images' part of the variance is multiplied by, for what the training images add to it:
# they are drawn as well, and no prediction shows that. Chosen by benchmarks/simulate_studies.py.
IMAGE_ALLOWANCE = 1.5
# What reaches 80 % of a normal distribution.
_BOUND = 1.2816


@dataclass(frozen=True)
class Estimate:
    """What paired differences say of the mean in one sense; what cannot be said is NaN.

    ``low`` and ``high`` are the interval, ``p_value`` is two-sided. ``p_below`` speaks against a
    difference of the margin or more, ``p_above`` against one of minus the margin or less; both are
    doubled one-sided ones, so that they are at most ``ALPHA`` where the interval lies on that side
    of the margin. ``floor`` is the half width that more replicates alone would narrow the interval
    to; ``floor_low`` and ``floor_high`` what it may be (80 % of the time).
    """

    low: float = math.nan
    high: float = math.nan
    p_value: float = math.nan
    p_below: float = math.nan
    p_above: float = math.nan
    floor: float = math.nan
    floor_low: float = math.nan
    floor_high: float = math.nan

    @property
    def p_equal(self) -> float:
        """Return the p against a difference of the margin or more either way."""
        return max(self.p_below, self.p_above)


@dataclass(frozen=True)
class Contrast:
    """What paired differences over replicates say.

    ``pairs`` is the number of replicates with a difference, of ``replicates``; ``sd`` the sample
    standard deviation of the differences. ``these`` and ``like`` are what they say of these images
    and of images like these; ``about`` is which of them decides. ``better``, ``equal`` and
    ``worse`` are the probabilities that the true difference is above the margin, within it, and
    below minus the margin (``probability_*`` of ``contrasts.csv``). ``superiority`` is the
    probability that the first beats the second in a fresh replicate, with its interval. What
    cannot be said is NaN.
    """

    pairs: int
    replicates: int
    mean: float
    sd: float
    lowest: float
    highest: float
    these: Estimate
    like: Estimate
    about: About
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

    @property
    def decisive(self) -> Estimate:
        """What decides: the estimate of what the contrast is about."""
        return self.like if self.about == About.LIKE_THESE else self.these


@dataclass(frozen=True)
class _Spread:
    """The variance of a mean, its degrees of freedom, and the part that no replicate reduces.

    ``rest_low`` and ``rest_high`` are the bounds of that part (80 %).
    """

    variance: float
    freedom: float
    rest: float
    rest_low: float
    rest_high: float

    @property
    def error(self) -> float:
        return math.sqrt(self.variance)

    @property
    def reach(self) -> float:
        """Half the width of the interval of the mean."""
        return float(special.stdtrit(self.freedom, (1 + CONFIDENCE) / 2)) * self.error


def contrast(
    differences: Sequence[float],
    design: Design,
    margin: float,
    sampling: Sampling,
    about: About = About.LIKE_THESE,
    cells: Cells | None = None,
    resolution: float | None = None,
) -> Contrast:
    """Analyse the differences of two contenders, replicate by replicate.

    For these images the replicates of redrawn splits are independent, and the variance of their
    mean is s²/J, with J - 1 degrees of freedom. For images like these the part of the images comes
    on top, which no replicate reduces: from ``cells`` where the measure is a mean over images, else
    by ``correction``. With one fixed split the test flips signs exactly, the interval is that of t,
    and what is decided is about that split.

    Args:
        differences: one a replicate, NaN where there is none.
        design: how the replicates hang together.
        margin: below which a difference is of no account, in the unit of the differences.
        sampling: what the measure is of.
        about: what is to be decided.
        cells: the differences image by image, in the same unit; None where there are none.
        resolution: the smallest difference of the measure; None for that of accuracies.
    """
    resolution = design.resolution if resolution is None else resolution
    values = np.asarray(differences, dtype=float)
    known = values[np.isfinite(values)]
    pairs = len(known)
    about = About.THESE if design.splits == "fixed" else about
    nan = math.nan
    mean, sd, lowest, highest = nan, nan, nan, nan
    if pairs:
        mean, lowest, highest = float(known.mean()), float(known.min()), float(known.max())
    if pairs > 1:
        sd = float(known.std(ddof=1))
    these = like = Estimate()
    better = equal = worse = superiority = superiority_low = superiority_high = nan
    if pairs >= FEWEST_REPLICATES:
        runs = _spread_of_runs(known, resolution)
        these = _estimate(mean, runs, margin)
        if design.splits == "fixed":
            these = replace(these, p_value=flip_signs(known))
        images = _add_images(runs, pairs, design, sampling, cells)
        if images is None:
            about = About.THESE
        else:
            like = _estimate(mean, images, margin)
        decisive = images if images is not None and about == About.LIKE_THESE else runs
        worse = float(special.stdtr(decisive.freedom, (-margin - mean) / decisive.error))
        better = float(special.stdtr(decisive.freedom, (mean - margin) / decisive.error))
        equal = 1 - worse - better
        superiority = float(np.mean(np.where(known == 0, 0.5, known > 0)))
        superiority_low, superiority_high = wilson_interval(
            superiority, pairs * runs.variance / decisive.variance
        )
    return Contrast(
        pairs=pairs,
        replicates=len(values),
        mean=mean,
        sd=sd,
        lowest=lowest,
        highest=highest,
        these=these,
        like=like,
        about=about,
        better=better,
        equal=equal,
        worse=worse,
        superiority=superiority,
        superiority_low=superiority_low,
        superiority_high=superiority_high,
    )


def _spread_of_runs(differences: np.ndarray, resolution: float) -> _Spread:
    """Return s²/J of differences, float [J], J at least 2.

    Differences that happen to be all alike say nothing of their spread: their standard deviation
    counts as that of rounding to the resolution of the measure, resolution / √12, at least.
    """
    sd = max(float(differences.std(ddof=1)), resolution / math.sqrt(12))
    return _Spread(sd**2 / len(differences), len(differences) - 1, 0.0, 0.0, 0.0)


def _add_images(
    runs: _Spread, pairs: int, design: Design, sampling: Sampling, cells: Cells | None
) -> _Spread | None:
    """Return the spread for images like these, None where nothing shows it."""
    if sampling == Sampling.IMAGES and cells is not None:
        part = estimate_image_part(cells)
        rest, low, high = (
            IMAGE_ALLOWANCE * max(part.variance + reach * part.error, 0.0)
            for reach in (0, -_BOUND, _BOUND)
        )
        total = runs.variance + rest
        # Satterthwaite 1946 (Biometrics Bulletin 2) for a sum of two estimates.
        spread = runs.variance**2 / runs.freedom + rest**2 / part.freedom
        own = _Spread(total, total**2 / spread, rest, low, high)
        if own.reach >= runs.reach:
            return own
        # More degrees of freedom can outweigh a small part; but who asks for more is never surer.
        return replace(own, variance=runs.variance, freedom=runs.freedom)
    multiple = correction(sampling, design, pairs)
    if multiple is None:
        return None
    rest = multiple * pairs * runs.variance
    low, high = (
        rest * runs.freedom / float(special.chdtri(runs.freedom, tail)) for tail in (0.1, 0.9)
    )
    return _Spread(runs.variance + rest, runs.freedom, rest, low, high)


def _estimate(mean: float, spread: _Spread, margin: float) -> Estimate:
    """Return interval and tests of a mean by Student's t."""

    def doubled(distance: float) -> float:
        return min(1.0, float(2 * special.stdtr(spread.freedom, distance / spread.error)))

    # With replicates without end the interval is that of the normal distribution.
    limit = float(special.ndtri((1 + CONFIDENCE) / 2))
    return Estimate(
        low=mean - spread.reach,
        high=mean + spread.reach,
        p_value=doubled(-abs(mean)),
        p_below=doubled(mean - margin),
        p_above=doubled(-margin - mean),
        floor=limit * math.sqrt(spread.rest),
        floor_low=limit * math.sqrt(spread.rest_low),
        floor_high=limit * math.sqrt(spread.rest_high),
    )


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
