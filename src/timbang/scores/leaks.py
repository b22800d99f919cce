"""The leak ledger: how a run scores on the validation images it has seen, and on the others."""

from typing import Any

import pandas as pd

from timbang.scores.predictions import is_without_answer


def score_leaks(predictions: pd.DataFrame, split: pd.DataFrame) -> dict[str, Any]:
    """Score a run apart on leaked and on clean validation images.

    Args:
        predictions: ``filename``, ``label``, ``predicted`` of the validation images.
        split: ``filename`` and ``leaked`` (bool) of at least those images.

    Returns:
        ``leaked_images``; ``leaked_accuracy`` and ``clean_accuracy`` as fractions and
        ``leak_difference``, the former minus the latter. What no image speaks of is None.
    """
    is_leaked = split.set_index("filename")["leaked"].loc[predictions["filename"]].to_numpy()
    is_right = (predictions["label"] == predictions["predicted"]).to_numpy()
    is_known = not is_without_answer(predictions)
    leaked, clean = (
        float(is_right[part].mean()) if is_known and part.any() else None
        for part in (is_leaked, ~is_leaked)
    )
    difference = None if leaked is None or clean is None else leaked - clean
    return {
        "leaked_images": int(is_leaked.sum()),
        "leaked_accuracy": leaked,
        "clean_accuracy": clean,
        "leak_difference": difference,
    }
