"""A row a run of the study's variants, and of its own runs, as ``variants.csv`` has them."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from timbang.study.variants import OWN, SHARES, TRIALS, kind_of
from timbang.tuning.choice import score_trial


def score_variant_run(
    variant: str, training: Mapping[str, Any], validation: pd.DataFrame, test: pd.DataFrame
) -> dict[str, Any]:
    """Return the row of a run.

    Of a trial the validation part of its split are the images that choose, and the test part those
    that the replicate validates.

    Args:
        variant: the variant.
        training: the content of the run's ``training.json``.
        validation: its predictions of the validation part, as ``read_predictions`` returns them.
        test: those of the test part.
    """
    is_trial = kind_of(variant) == TRIALS
    scores = score_trial(validation, test if is_trial else validation)
    return {
        "variant": variant,
        "contender": training["contender"],
        "replicate": training["replicate"],
        "diverged": training["diverged"] is not None,
        "accuracy": scores.accuracy,
        "loss": scores.loss,
        "inner_accuracy": scores.inner_accuracy if is_trial else math.nan,
        "inner_loss": scores.inner_loss if is_trial else math.nan,
        "train_images": training["train_images"],
        "training_seconds": training["training_seconds"],
    }


def measure_doubling(variants: pd.DataFrame) -> pd.Series:
    """Return what each doubling of the training images adds to the accuracy of a run.

    Args:
        variants: the table of ``score_variant_run``'s rows, with the study's own runs.

    Returns:
        By contender and replicate the slope of ``fit_doubling``; NaN where a run diverged.
    """
    sizes = variants[variants["variant"].map(kind_of).isin((OWN, SHARES))]
    return sizes.groupby(["contender", "replicate"])[["train_images", "accuracy"]].apply(
        lambda own: fit_doubling(own["train_images"].to_numpy(), own["accuracy"].to_numpy())
    )


def fit_doubling(images: np.ndarray, accuracy: np.ndarray) -> float:
    """Return by how much accuracy grows when the training images double.

    The slope of a straight line through accuracy over the binary logarithm of the number of images,
    by least squares. It is linear in the accuracies: the difference of two contenders' slopes is
    the slope of their difference.

    Args:
        images: [S], the training images of each share, S at least 2.
        accuracy: float [S]; with a NaN there is no slope.
    """
    sizes = np.log2(images) - np.log2(images).mean()
    return float((sizes * accuracy).sum() / (sizes**2).sum())
