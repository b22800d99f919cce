"""All scores of one run in one mapping, from what the run left."""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from timbang.probes.falls import ATTENTION_MEASURES
from timbang.probes.measures import PROBE_MEASURES
from timbang.records.made_with import hash_record
from timbang.scores.leaks import score_leaks
from timbang.scores.metrics import score_predictions, score_test
from timbang.scores.stability import measure_stability


def score_run(
    training: Mapping[str, Any],
    history: pd.DataFrame,
    validation: pd.DataFrame,
    test: pd.DataFrame,
    split: pd.DataFrame,
    probed: Mapping[str, float],
) -> dict[str, Any]:
    """Return what ``metrics.json`` says of a run.

    Args:
        training: the content of its ``training.json``.
        history: its history, one row an epoch.
        validation: its predictions of the validation images, as ``read_predictions`` returns them.
        test: those of the test images; empty without a test part.
        split: the split that it was trained on.
        probed: the measures of its probes, by name; empty without probes.

    Returns:
        What ``training`` says, with the hash of ``made_with`` in its place and without
        ``inputs``, and the scores. A score that a run has no images or no probe for is None; so
        is every one of a run that diverged.
    """
    is_known = training["diverged"] is None
    metrics = {
        **{key: value for key, value in training.items() if key != "inputs"},
        "made_with": hash_record(training["made_with"]),
        **score_predictions(validation),
        **score_leaks(validation, split),
        **score_test(test),
        **dict.fromkeys((*PROBE_MEASURES, *ATTENTION_MEASURES)),
        **{key: value if math.isfinite(value) else None for key, value in probed.items()},
    }
    of_epochs = {
        "train_accuracy": float(history["train_accuracy"].iloc[-1]),
        "train_loss": float(history["train_loss"].iloc[-1]),
        **measure_stability(history),
    }
    metrics |= of_epochs if is_known else dict.fromkeys(of_epochs)
    metrics["gap"] = metrics["loss"] - metrics["train_loss"] if is_known else None
    return metrics
