"""What the probes of a run measure and when, as facts that can be read without torch."""

import math

PROBE_MEASURES = (
    "clean_train_loss",
    "clean_train_accuracy",
    "gradient_cosine",
    "gradient_lipschitz",
    "zoom_drop",
    "without_first_path",
    "without_second_path",
)
# Gradients are looked at so often in a run.
LOOKS = 3


def list_looks(epochs: int) -> list[int]:
    """Return the epochs, from 1, after which gradients are looked at; the last is among them.

    >>> list_looks(4), list_looks(15), list_looks(1)
    ([2, 3, 4], [5, 10, 15], [1])
    """
    return sorted({math.ceil(epochs * look / LOOKS) for look in range(1, LOOKS + 1)})
