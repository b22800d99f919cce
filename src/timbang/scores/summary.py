"""What the runs of a study say together: one row a run, and one row a contender."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from timbang.errors import TimbangError
from timbang.scores.measures import PER_DOUBLING, RUN_MEASURES
from timbang.study.runs import label_run

# Where and by what a run was made, as text.
ORIGINS = ("host", "device_name", "made_with")
# What a run has whether it diverged or not.
IMAGE_COUNTS = ("train_images", "validation_images", "leaked_images")
CLASS_MEASURES = ("precision", "recall", "f1")
STATISTICS = ("mean", "sd", "min", "max")


def collect_runs(metrics: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Return one row a run: contender, replicate, costs, ``RUN_MEASURES`` and ``ORIGINS``.

    Where a replicate has several runs, ``seed`` tells them apart. ``accuracy`` and ``loss`` are of
    the validation images; the last epoch counts. A measure that a run has no images for is NaN,
    and so are the scores of a run that ``diverged`` (bool).
    """
    columns = ["contender", "replicate", "parameters", "multiply_adds", *RUN_MEASURES, *ORIGINS]
    runs = pd.DataFrame([{key: run[key] for key in columns} for run in metrics])
    runs.insert(2, "diverged", [run["diverged"] is not None for run in metrics])
    seeds = [run.get("seed", 0) for run in metrics]
    if any(seeds):
        runs.insert(2, "seed", seeds)
    return runs.astype({key: float for key in RUN_MEASURES})


def add_doubling(runs: pd.DataFrame, slopes: pd.Series) -> pd.DataFrame:
    """Return a table of runs with what doubling the training images adds to the accuracy of each.

    Args:
        runs: the table that ``collect_runs`` returns.
        slopes: by contender and replicate; they are those of the runs with seed 0.
    """
    own = [
        slopes.get(run, np.nan) for run in zip(runs["contender"], runs["replicate"], strict=True)
    ]
    return runs.assign(**{PER_DOUBLING: np.where(runs.get("seed", 0) == 0, own, np.nan)})


def name_runs(runs: pd.DataFrame) -> list[str]:
    """Return what each run of a table of runs is called among those of its contender."""
    seeds = runs.get("seed", [0] * len(runs))
    return [label_run(*run) for run in zip(runs["replicate"], seeds, strict=True)]


def summarise_runs(runs: pd.DataFrame, reference: str) -> pd.DataFrame:
    """Return one row a contender, in the order of its first run.

    Args:
        runs: the table that ``collect_runs`` returns.
        reference: the contender that the others are compared with.

    Returns:
        ``contender``, ``replicates``, ``runs`` (where a replicate has several), ``diverged`` (how
        many of the runs did), ``parameters``, ``multiply_adds``, for each of ``RUN_MEASURES`` its
        ``STATISTICS`` over the runs (``accuracy_mean`` ...; ``sd`` is the sample standard
        deviation, empty for one run), and the mean over replicates of the paired
        ``accuracy_difference`` and ``loss_difference`` to the reference; of a replicate of
        several runs the mean over these counts. All are over the runs that did not diverge,
        differences over the pairs in which neither did.
    """
    keys = ["replicate", "seed"] if "seed" in runs else ["replicate"]
    of_reference = runs[runs["contender"] == reference].set_index(keys)
    rows = []
    for contender, own in runs.groupby("contender", sort=False):
        row = {
            "contender": contender,
            "replicates": own["replicate"].nunique(),
            **({"runs": len(own)} if "seed" in own else {}),
            "diverged": int(own["diverged"].sum()),
            "parameters": own["parameters"].iloc[0],
            "multiply_adds": own["multiply_adds"].iloc[0],
        }
        for measure in (*RUN_MEASURES, *({PER_DOUBLING} & set(runs))):
            is_result = measure not in IMAGE_COUNTS
            row |= _describe(measure, own.loc[~own["diverged"] | (not is_result), measure])
        paired = own.set_index(keys)
        for measure in ("accuracy", "loss"):
            differences = paired[measure] - of_reference[measure]
            row[f"{measure}_difference"] = differences.groupby("replicate").mean().mean()
        rows.append(row)
    return pd.DataFrame(rows)


def check_summary(
    summary: Sequence[dict[str, Any]], metrics: Sequence[dict[str, Any]], path: str
) -> None:
    """Check that a table of ``summarise_runs`` is of these runs.

    Args:
        summary: its rows.
        metrics: the content of each run's ``metrics.json``.
        path: the table's file, for the message.

    Raises:
        TimbangError: a contender's mean accuracy is another.
    """
    runs = pd.DataFrame([{key: run[key] for key in ("contender", "accuracy")} for run in metrics])
    means = runs.astype({"accuracy": float}).groupby("contender")["accuracy"].mean()
    for row in summary:
        own = means.get(row["contender"], np.nan)
        if not np.isclose(row["accuracy_mean"], own, rtol=1e-9, atol=0, equal_nan=True):
            raise TimbangError(f"{path}: is not of these runs; delete it")


def summarise_classes(metrics: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Return one row a contender and class: ``CLASS_MEASURES`` with their statistics, support.

    ``support_mean`` is the mean number of validation images of the class.
    """
    scores = pd.DataFrame(
        [
            {"contender": run["contender"], "label": label, **own}
            for run in metrics
            for label, own in run["per_class"].items()
        ]
    ).astype(dict.fromkeys(CLASS_MEASURES, float))
    rows = []
    for (contender, label), own in scores.groupby(["contender", "label"], sort=False):
        row = {"contender": contender, "label": label, "support_mean": own["support"].mean()}
        for measure in CLASS_MEASURES:
            row |= _describe(measure, own[measure])
        rows.append(row)
    return pd.DataFrame(rows)


def sum_matrices(metrics: Sequence[dict[str, Any]]) -> np.ndarray:
    """Return the confusion matrices of runs in one, int [classes, classes].

    Runs that diverged have none; if all did, the sum is zero.
    """
    count = len(metrics[0]["classes"])
    known = [run["confusion_matrix"] for run in metrics if run["confusion_matrix"] is not None]
    return np.sum(known, axis=0) if known else np.zeros((count, count), dtype=int)


def _describe(name: str, values: pd.Series) -> dict[str, float]:
    statistics = (values.mean(), values.std(ddof=1), values.min(), values.max())
    return {f"{name}_{word}": x for word, x in zip(STATISTICS, statistics, strict=True)}
