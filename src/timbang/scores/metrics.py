"""The scores of one run, from its predictions."""

import math
from dataclasses import asdict, fields
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from timbang.scores.calibration import (
    Decomposition,
    decompose,
    find_confidences,
    score_squares,
)
from timbang.scores.predictions import PROBABILITY, is_without_answer, predicted_classes


def score_predictions(predictions: pd.DataFrame) -> dict[str, Any]:
    """Score a run's predictions of the validation images.

    Args:
        predictions: the table that ``read_predictions`` returns.

    Returns:
        ``accuracy`` and the scores of ``per_class`` (``precision``, ``recall``, ``f1``) as
        fractions, ``support`` in images, ``loss`` as the mean cross-entropy in nats, and
        ``confusion_matrix`` in images with the true class in rows, the predicted in columns, in the
        order of ``classes``; ``recall_spread`` is the largest minus the smallest recall of a class;
        ``brier`` is the mean Brier score, and the confidences are decomposed into
        ``miscalibration``, ``discrimination`` and ``uncertainty``. A score that would divide by
        zero is 0. Without predictions, since the run diverged, every score is None.
    """
    classes = predicted_classes(predictions)
    true, predicted = predictions["label"], predictions["predicted"]
    if is_without_answer(predictions):
        none = dict.fromkeys(("precision", "recall", "f1"))
        return {
            "accuracy": None,
            "loss": None,
            "validation_images": len(predictions),
            "classes": classes,
            "per_class": {name: {**none, "support": int((true == name).sum())} for name in classes},
            "confusion_matrix": None,
            "recall_spread": None,
            "brier": None,
            **dict.fromkeys(own.name for own in fields(Decomposition)),
        }
    accuracy, loss = score_briefly(predictions)
    precision, recall, f1, support = precision_recall_fscore_support(
        true, predicted, labels=classes, zero_division=0
    )
    return {
        "accuracy": accuracy,
        "loss": loss,
        "validation_images": len(predictions),
        "classes": classes,
        "per_class": {
            name: {
                "precision": float(precision[index]),
                "recall": float(recall[index]),
                "f1": float(f1[index]),
                "support": int(support[index]),
            }
            for index, name in enumerate(classes)
        },
        "confusion_matrix": confusion_matrix(true, predicted, labels=classes).tolist(),
        "recall_spread": float(recall.max() - recall.min()),
        "brier": float(score_squares(predictions).mean()),
        **asdict(decompose(*find_confidences(predictions))),
    }


def score_test(predictions: pd.DataFrame) -> dict[str, Any]:
    """Score a run's predictions of the test images.

    Args:
        predictions: the table that ``read_predictions`` returns; empty without a test part.

    Returns:
        ``test_accuracy`` as a fraction, ``test_loss`` as the mean cross-entropy in nats and the
        number of ``test_images``; None each without a test part. Both scores are None where the
        run diverged.
    """
    if predictions.empty:
        return dict.fromkeys(("test_accuracy", "test_loss", "test_images"))
    if is_without_answer(predictions):
        return {"test_accuracy": None, "test_loss": None, "test_images": len(predictions)}
    accuracy, loss = score_briefly(predictions)
    return {"test_accuracy": accuracy, "test_loss": loss, "test_images": len(predictions)}


def score_images(predictions: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Score each image by itself.

    Args:
        predictions: the table that ``read_predictions`` returns.

    Returns:
        bool [images], whether the prediction is the label, and float [images], the cross-entropy in
        nats, which is never infinite; it is NaN where the run diverged.
    """
    labels = predictions["label"]
    of_true = np.array(
        [
            row[PROBABILITY + label]
            for row, label in zip(predictions.to_dict("records"), labels, strict=True)
        ]
    )
    nats = -np.log(np.maximum(of_true, np.finfo(np.float64).tiny))
    return (labels == predictions["predicted"]).to_numpy(), nats


def score_briefly(predictions: pd.DataFrame) -> tuple[float, float]:
    """Return the accuracy and the mean cross-entropy in nats; both are NaN where the run diverged.

    Args:
        predictions: the table that ``read_predictions`` returns.
    """
    if is_without_answer(predictions):
        return math.nan, math.nan
    right, nats = score_images(predictions)
    return float(right.mean()), float(nats.mean())
