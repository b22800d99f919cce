"""What a measure samples besides runs, and what that adds to the variance for other images.

A mean over replicates varies with the runs, which more replicates average out, and with the images
that the data set happens to hold, which they do not. For means over validation images that second
part is estimated from the predictions (``images.py``). For other measures it is a multiple of the
variance between replicates, by what the measure is of and how the splits were drawn; the multiples
are held against simulated studies by ``benchmarks/simulate_studies.py``.
"""

from enum import StrEnum

from timbang.evidence.design import Design


class Sampling(StrEnum):
    """What a measure is of: ``IMAGES`` as their mean, ``VALIDATION`` images in another way.

    ``TRAINING`` images, or nothing (``COST``).
    """

    IMAGES = "images"
    VALIDATION = "validation"
    TRAINING = "training"
    COST = "cost"


# The part and the score of its images that a measure is the mean of; for that of the last epochs,
# whose predictions are not kept, the last one stands.
IMAGE_MEANS = {
    "accuracy": ("validation", "right"),
    "late_accuracy": ("validation", "right"),
    "loss": ("validation", "nats"),
    "brier": ("validation", "squares"),
    "test_accuracy": ("test", "right"),
    "test_loss": ("test", "nats"),
}
_COSTS = (
    "training_seconds",
    "images_per_second",
    "train_images",
    "validation_images",
    "leaked_images",
)
_OF_TRAINING = (
    "train_accuracy",
    "train_loss",
    "clean_train_accuracy",
    "clean_train_loss",
    "largest_rise",
    "rises",
    "gradient_cosine",
    "gradient_lipschitz",
)
_COUNTS = ("train_images", "validation_images", "leaked_images", "rises")
# Of the variance of a measure of training between redrawn splits, what the split is taken to cause.
# Networks showed none of it (benchmarks/weigh_alike.py); a method without randomness has all of it.
TRAINING_SHARE = 1 / 16


def sampling_of(measure: str) -> Sampling:
    """Return what a measure of ``runs.csv`` is of."""
    if measure in IMAGE_MEANS:
        return Sampling.IMAGES
    if measure in _COSTS:
        return Sampling.COST
    return Sampling.TRAINING if measure in _OF_TRAINING else Sampling.VALIDATION


def resolution_of(measure: str, design: Design) -> float:
    """Return the smallest difference of a measure of ``runs.csv``: 1 of what is counted.

    Of any other that of accuracies.
    """
    return 1.0 if measure in _COUNTS else design.resolution


def correction(sampling: Sampling, design: Design, replicates: int) -> float | None:
    """Return what other images add to 1/J, in variances between replicates.

    A linear statistic of m of n images has the variance (1 - m/n) σ²/m between splits of one data
    set and σ²/n between data sets (sampling without replacement, Cochran 1977, section 2.6): for
    the validation images the second is n_validation/n_train times the first, the term of Nadeau
    and Bengio (2003, Machine Learning 52, section 3); for the training images n_train/n_validation
    times, of the share of the variance that splits cause. In one pass of folds the validation
    images are all of them, and the variance between folds covers them; further passes add nothing.

    Args:
        sampling: what the measure is of.
        design: how the replicates hang together.
        replicates: their number.

    Returns:
        The multiple; None where one split for all replicates cannot show it.
    """
    if sampling == Sampling.COST:
        return 0.0
    if design.splits == "fixed":
        return None
    validation, train = design.validation_images, design.train_images
    if sampling == Sampling.TRAINING:
        return TRAINING_SHARE * train / validation
    if design.splits == "folds":
        passes = replicates * validation / (train + validation)
        return max(0.0, 1 - 1 / passes) * validation / (train + validation)
    return validation / train
