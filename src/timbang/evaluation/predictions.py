"""The predictions of a run: one row a validation image, one probability per class."""

from pathlib import Path

import numpy as np
import pandas as pd

# A prefix, since a class may itself be named "label" or "filename".
PROBABILITY = "probability:"


def make_predictions(images: pd.DataFrame, logits: np.ndarray, classes: list[str]) -> pd.DataFrame:
    """Turn logits into a table of predictions.

    Args:
        images: the validation images, with ``filename`` and ``label``.
        logits: float [len(images), len(classes)].
        classes: the names of the classes in the order of the logits.

    Returns:
        ``filename``, ``label``, ``predicted`` and a column ``probability:<class>`` for each
        class: the softmax of the logits in float64.
    """
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    probabilities = np.exp(shifted)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    table = pd.DataFrame(probabilities, columns=[PROBABILITY + name for name in classes])
    table.insert(0, "filename", images["filename"].to_numpy())
    table.insert(1, "label", images["label"].to_numpy())
    table.insert(2, "predicted", np.array(classes)[logits.argmax(axis=1)])
    return table


def read_predictions(path: Path) -> pd.DataFrame:
    """Read predictions; labels stay text, whatever they look like."""
    texts = {"filename": str, "label": str, "predicted": str}
    return pd.read_csv(path, dtype=texts, keep_default_na=False)


def predicted_classes(predictions: pd.DataFrame) -> list[str]:
    """Return the classes that the probabilities speak of, in their order."""
    return [c.removeprefix(PROBABILITY) for c in predictions.columns if c.startswith(PROBABILITY)]
