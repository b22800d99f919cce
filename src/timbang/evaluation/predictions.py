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
        logits: float [len(images), len(classes)].
        classes: the names of the classes in the order of the logits.

    Returns:
        ``filename``, ``label``, ``part``, ``predicted`` and a column ``probability:<class>``
        for each class: the softmax of the logits in float64.
    """
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    probabilities = np.exp(shifted)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    table = pd.DataFrame(probabilities, columns=[PROBABILITY + name for name in classes])
    table.insert(0, "filename", images["filename"].to_numpy())
    table.insert(1, "label", images["label"].to_numpy())
    table.insert(2, "part", images["part"].to_numpy())
    table.insert(3, "predicted", np.array(classes)[logits.argmax(axis=1)])
    return table


def read_predictions(path: Path, part: str) -> pd.DataFrame:
    """Read the predictions of one part, in the order of the file.

    Args:
        path: a file of predictions; its labels stay text, whatever they look like.
        part: the part, so that validation and test images are never scored together.
    """
    texts = {"filename": str, "label": str, "part": str, "predicted": str}
    table = pd.read_csv(path, dtype=texts, keep_default_na=False)
    return table[table["part"] == part].reset_index(drop=True)


def predicted_classes(predictions: pd.DataFrame) -> list[str]:
    """Return the classes that the probabilities speak of, in their order."""
    return [c.removeprefix(PROBABILITY) for c in predictions.columns if c.startswith(PROBABILITY)]
