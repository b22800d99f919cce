"""The loss of every batch, as a table."""

import numpy as np
import pandas as pd


def tabulate_steps(losses: np.ndarray) -> pd.DataFrame:
    """Return one row a step: ``epoch`` and ``step``, counted from 1, and ``loss`` in nats.

    Args:
        losses: float32 [epochs, steps].
    """
    epochs, steps = losses.shape
    return pd.DataFrame(
        {
            "epoch": np.repeat(np.arange(1, epochs + 1), steps),
            "step": np.tile(np.arange(1, steps + 1), epochs),
            "loss": losses.reshape(-1),
        }
    )
