"""How much of a mean over images depends on which images they are, from the predictions."""

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class ImagePart:
    """The variance of a mean difference that comes from the images.

    ``error`` is the standard error of this estimate, which may be negative: then nothing of the
    kind was found.
    """

    variance: float
    error: float

    @property
    def freedom(self) -> float:
        """The degrees of freedom of the estimate, by its own standard error; at least 1."""
        return max(2 * self.variance**2 / self.error**2, 1.0) if self.error else math.inf


@dataclass(frozen=True)
class Cells:
    """The difference of two contenders on each validated image of each replicate.

    ``runs``, ``groups`` int [cells]: the replicate, and the group of copies that the image is of;
    ``values`` float [cells]: the difference of their scores.
    """

    runs: np.ndarray
    groups: np.ndarray
    values: np.ndarray


def estimate_image_part(cells: Cells) -> ImagePart:
    """Return the part of the images in the variance of the mean over replicates.

    Runs and images are crossed: each replicate holds many images, and an image stands in several
    replicates. With weights w that make the mean over replicates of the means over their images
    and e the deviations from it, two-way clustering (Cameron, Gelbach and Miller 2011, Journal of
    Business & Economic Statistics 29, section 2.1; Miglioretti and Heagerty 2007) has the variance
    V_runs + V_groups - V_cells, each a sum of squared sums of w e over what shares a run, a group
    of copies, or both. V_runs is the s²/J of the runs; the part here is (V_groups - V_cells)
    J/(J - 1), which is unbiased for images that are drawn independently, whatever the design.

    The standard error of the estimate takes the groups' shares as independent.

    Args:
        cells: the differences; at least two runs.
    """
    places, runs = np.unique(cells.runs, return_inverse=True)
    _, groups = np.unique(cells.groups, return_inverse=True)
    count = len(places)
    sizes = np.bincount(runs)
    means = np.bincount(runs, cells.values) / sizes
    shares = (cells.values - means.mean()) / (count * sizes[runs])
    pairs, within = np.unique(groups * count + runs, return_inverse=True)
    by_cell = np.bincount(within, shares)
    by_group = np.bincount(groups, shares)
    parts = by_group**2 - np.bincount(pairs // count, by_cell**2, minlength=len(by_group))
    noise = math.sqrt(float(((parts - parts.mean()) ** 2).sum()))
    scale = count / (count - 1)
    return ImagePart(scale * float(parts.sum()), scale * noise)


@dataclass(frozen=True)
class ImageScores:
    """What a run scored on the images of one part, in the order of the split.

    ``groups`` int [images]; ``right`` float [images]: 1 where the prediction is the label, else 0;
    ``nats`` float [images]: minus the logarithm of the label's probability; ``squares`` float
    [images]: the Brier score. All are NaN where the run diverged.
    """

    groups: np.ndarray
    right: np.ndarray
    nats: np.ndarray
    squares: np.ndarray
