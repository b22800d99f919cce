"""The predictions of a run: one row an image that it did not train on."""

from pathlib import Path

import numpy as np
import pandas as pd

# A prefix, since a class may itself be named "label" or "filename".
PROBABILITY = "probability:"


def make_predictions(images: pd.DataFrame, logits: np.ndarray, classes: list[str]) -> pd.DataFrame:
    """Turn logits into a table of predictions.

    Args:
        images: the images, with ``filename``, ``label`` and ``part``.
        logits: float [len(images), len(classes)]; NaN where the run diverged.
        classes: the names of the classes in the order of the logits.

    Returns:
        ``filename``, ``label``, ``part``, ``predicted`` and a column ``probability:<class>``
        for each class: the softmax of the logits in float64. A run that diverged predicts
        nothing: its ``predicted`` and probabilities are empty.
    """
    is_known = np.isfinite(logits).all(axis=1)
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    probabilities = np.exp(shifted)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    table = pd.DataFrame(probabilities, columns=[PROBABILITY + name for name in classes])
    table.insert(0, "filename", images["filename"].to_numpy())
    table.insert(1, "label", images["label"].to_numpy())
    table.insert(2, "part", images["part"].to_numpy())
    predicted = np.array(classes, dtype=object)[logits.argmax(axis=1)]
    table.insert(3, "predicted", np.where(is_known, predicted, ""))
    return table


def read_predictions(path: Path, part: str) -> pd.DataFrame:
    """Read the predictions of one part, in the order of the file.

    Args:
        path: a file of predictions; its labels stay text, whatever they look like.
        part: the part, so that validation and test images are never scored together.
    """
    texts = {"filename": str, "label": str, "part": str, "predicted": str}
    columns = pd.read_csv(path, nrows=0).columns
    empty = {name: [""] for name in columns if name not in texts}
    table = pd.read_csv(path, dtype=texts, keep_default_na=False, na_values=empty)
    return table[table["part"] == part].reset_index(drop=True)


def is_without_answer(predictions: pd.DataFrame) -> bool:
    """Say whether the run diverged, so that there are images but no predictions of them."""
    probabilities = [PROBABILITY + name for name in predicted_classes(predictions)]
    return bool(predictions[probabilities].isna().to_numpy().any())


def predicted_classes(predictions: pd.DataFrame) -> list[str]:
    """Return the classes that the probabilities speak of, in their order."""
    return [c.removeprefix(PROBABILITY) for c in predictions.columns if c.startswith(PROBABILITY)]
