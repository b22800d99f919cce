"""How steadily a run learned, from its history."""

from typing import Any

import pandas as pd

# The last epoch is a draw of its own; the mean of so many last ones is less of one.
LAST_EPOCHS = 5
# A rise of the training loss counts above this share of the first epoch's loss.
COUNTED_RISE = 0.1


def measure_stability(history: pd.DataFrame) -> dict[str, Any]:
    """Return measures of one run, from its history in the order of the epochs.

    Returns:
        ``late_accuracy``, the mean validation accuracy of the last ``LAST_EPOCHS`` epochs (of all,
        if fewer); ``swing``, the largest minus the smallest of these; ``largest_rise``, the
        largest rise of the training loss from one epoch to the next in nats (0 without one); and
        ``rises``, the number of epochs with a rise above ``COUNTED_RISE`` of the first loss.
    """
    late = history["validation_accuracy"].tail(LAST_EPOCHS)
    rises = history["train_loss"].diff().dropna()
    counted = COUNTED_RISE * history["train_loss"].iloc[0]
    return {
        "late_accuracy": float(late.mean()),
        "swing": float(late.max() - late.min()),
        "largest_rise": float(max(rises.max(), 0.0)) if len(rises) else 0.0,
        "rises": int((rises > counted).sum()),
    }
