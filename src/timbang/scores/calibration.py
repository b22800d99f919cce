"""Calibration: whether the probabilities that a run gives are as often right as they say.

The Brier score is of all classes. Its decomposition is of the confidence alone, the largest
probability of an image, against whether that prediction is right: it is what a reader of a
prediction is told, and one fit over all images of a run, where a fit for each class would rest on
a dozen of them and be off by more than what is measured. It is the CORP approach (Dimitriadis,
Gneiting and Jordan 2021, PNAS 118(8), "Stable reliability diagrams"), by isotonic regression in
the place of bins.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.isotonic import IsotonicRegression, isotonic_regression

from timbang.scores.predictions import PROBABILITY, is_without_answer, predicted_classes

# The places of a reliability diagram: confidences of 1 to 100 per cent.
PLACES = np.arange(1, 101) / 100
# How often answers are drawn by what they say of themselves, and with which seed.
RESAMPLES, SEED = 500, 0
# Of the drawn diagrams so much lies within the band at each place.
BAND = 0.95
# Confidences that differ by less are the same: which is larger is rounding, as in rows of ones.
DECIMALS = 12


@dataclass(frozen=True)
class Decomposition:
    """The mean squared error of confidences: ``miscalibration - discrimination + uncertainty``.

    The identity is exact. In the words of the paper (equation 5) these are MCB, what recalibration
    would gain; DSC, what recalibrated confidences gain over the one number that is right on
    average; and UNC, the error of that number: the accuracy times one minus it. MCB and DSC are 0
    or more, and MCB of few images is above 0 even where all is calibrated, since it is measured
    on the images that the regression is fitted to.
    """

    miscalibration: float
    discrimination: float
    uncertainty: float


def score_squares(predictions: pd.DataFrame) -> np.ndarray:
    """Return the Brier score of each image, float [images], from 0 to 2.

    The sum over classes of the squared difference between the probability and 1 for the label, 0
    for the others (Brier 1950, Monthly Weather Review 78, equation 2).

    Args:
        predictions: the table that ``read_predictions`` returns; NaN where the run diverged.
    """
    classes = predicted_classes(predictions)
    probabilities = predictions[[PROBABILITY + name for name in classes]].to_numpy(dtype=float)
    is_label = predictions["label"].to_numpy()[:, None] == np.array(classes, dtype=object)
    squares: np.ndarray = ((probabilities - is_label) ** 2).sum(axis=1)
    return squares


def find_confidences(predictions: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return the largest probability of each image, and whether the prediction is right.

    Args:
        predictions: the table that ``read_predictions`` returns, of a run that did not diverge.

    Returns:
        float [images] and bool [images].
    """
    columns = [PROBABILITY + name for name in predicted_classes(predictions)]
    confidences: np.ndarray = predictions[columns].to_numpy(dtype=float).max(axis=1)
    confidences = confidences.round(DECIMALS)
    return confidences, (predictions["label"] == predictions["predicted"]).to_numpy()


def decompose(confidences: np.ndarray, right: np.ndarray) -> Decomposition:
    """Return the CORP decomposition of confidences.

    Args:
        confidences: float [images], from 0 to 1.
        right: bool [images], whether the prediction is right.
    """
    hits = right.astype(float)
    fitted = IsotonicRegression().fit_transform(confidences, hits)
    rate = hits.mean()
    own, best, constant = (
        float(((forecast - hits) ** 2).mean()) for forecast in (confidences, fitted, rate)
    )
    return Decomposition(own - best, constant - best, constant)


def tabulate_reliability(
    splits: Mapping[int, pd.DataFrame],
    answers: Mapping[str, Iterable[tuple[int, pd.DataFrame]]],
) -> pd.DataFrame:
    """Return the reliability diagrams of all contenders, each of its finished runs together.

    Args:
        splits: the split of each replicate, with ``filename`` and ``group``.
        answers: of each contender its runs' replicates and predictions of the validation images.

    Returns:
        ``contender`` and the columns of ``draw_reliability``.
    """
    groups = {replicate: own.set_index("filename")["group"] for replicate, own in splits.items()}
    tables = [pd.DataFrame(columns=["contender", "confidence", "right", "low", "high"])]
    for name, runs in answers.items():
        known = [
            (*find_confidences(own), groups[replicate].loc[own["filename"]].to_numpy())
            for replicate, own in runs
            if not is_without_answer(own)
        ]
        if known:
            drawn = draw_reliability(*map(np.concatenate, zip(*known, strict=True)))
            tables.append(drawn.assign(contender=name))
    filled = [own for own in tables if len(own)]
    return pd.concat(filled)[tables[0].columns] if filled else tables[0]


def draw_reliability(
    confidences: np.ndarray, right: np.ndarray, groups: np.ndarray
) -> pd.DataFrame:
    """Return a reliability diagram: how often answers of each confidence are right.

    The consistency band says where the diagram would lie if each confidence were the probability
    to be right (Bröcker and Smith 2007, Weather and Forecasting 22, section 3). Answers to
    images of one group, in whichever run, are drawn by one number: runs fail on the same
    images, and a band for independent answers would be too narrow.

    Args:
        confidences: float [answers], from 0 to 1.
        right: bool [answers], whether the prediction is right.
        groups: int [answers], equal for copies of an image and for answers to the same one.

    Returns:
        A row for each of ``PLACES`` between the lowest and the highest confidence, or for the
        nearest where none is: ``confidence``, the share that is right (``right``), and the ends of
        the band (``low``, ``high``).
    """
    is_within = (confidences.min() <= PLACES) & (confidences.max() >= PLACES)
    nearest = np.abs(PLACES - confidences.min()).argmin()
    places = PLACES[is_within] if is_within.any() else PLACES[[nearest]]
    _, members = np.unique(groups, return_inverse=True)
    numbers = np.random.default_rng(SEED).random((RESAMPLES, members.max() + 1))
    distinct, positions, counts = np.unique(confidences, return_inverse=True, return_counts=True)

    def fit(hits: np.ndarray) -> np.ndarray:
        """Return the isotonic regression of hits on the confidence, at the places."""
        rates = np.bincount(positions, weights=hits) / counts
        return np.interp(places, distinct, isotonic_regression(rates, sample_weight=counts))

    drawn = [fit(own[members] < confidences) for own in numbers]
    low, high = np.quantile(drawn, [(1 - BAND) / 2, (1 + BAND) / 2], axis=0)
    return pd.DataFrame({"confidence": places, "right": fit(right), "low": low, "high": high})
