"""What more training images do: what twice as many would give, by accuracy over shares of them."""

import math

import numpy as np
from scipy import special

from timbang.evidence.contrasts import ALPHA, FEWEST_REPLICATES
from timbang.evidence.recipes import Averages, average

# With fewer sizes a power law always fits.
FEWEST_SIZES = 3


def foretell_doubled(images: np.ndarray, accuracy: np.ndarray, resolution: float) -> np.ndarray:
    """Return the accuracy that twice the images would give, float [J], replicate by replicate.

    The error falls by a power of the number of images (Hestness et al. 2017, arXiv 1712.00409): a
    straight line through its logarithm over that of the images, replicate by replicate. Nothing is
    told (NaN) where there are too few sizes or replicates, or where the law does not fit: where the
    curvature of that line differs significantly from zero.

    Args:
        images: [J, S], the training images by replicate and share.
        accuracy: float [J, S].
        resolution: the smallest difference of two accuracies; an error counts as half of it at
            least.
    """
    count, sizes = accuracy.shape
    nothing = np.full(count, math.nan)
    if count < FEWEST_REPLICATES or sizes < FEWEST_SIZES or np.isnan(accuracy).any():
        return nothing
    places = np.log(images)
    errors = np.log(np.maximum(1 - accuracy, resolution / 2))
    rows = list(zip(places, errors, strict=True))
    bends = np.array([np.polyfit(own, error, 2)[0] for own, error in rows])
    spread = bends.std(ddof=1) / math.sqrt(count)
    if spread > 0:
        t = abs(bends.mean()) / spread
        if 2 * special.stdtr(count - 1, -t) <= ALPHA:
            return nothing
    lines = [np.polyfit(own, error, 1) for own, error in rows]
    return np.array(
        [
            1 - min(1.0, math.exp(np.polyval(line, own[-1] + math.log(2))))
            for line, own in zip(lines, places, strict=True)
        ]
    )


def average_doubled(doubled: np.ndarray, resolution: float) -> Averages:
    """Return the mean of what ``foretell_doubled`` returns, its interval within 0 and 1."""
    own = average(doubled, resolution)
    return Averages(own.mean, np.clip(own.low, 0, 1), np.clip(own.high, 0, 1))
