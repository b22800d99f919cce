"""The random streams of a replicate.

A replicate fixes the split, the initialisation, the order of the images and the augmentation.
Each has a stream of its own, so that drawing more from one never shifts another. The stream of
the test part is used for replicate 0 alone, since that part is the same for the whole study.
"""

import numpy as np

STREAMS = ("split", "initialisation", "order", "augmentation", "test")


def stream_seed(replicate: int, stream: str) -> int:
    """Return the seed of one random stream of a replicate.

    Args:
        replicate: the number of the replicate, 0 or more.
        stream: one of ``STREAMS``.

    Returns:
        An integer in [0, 2**32), as scikit-learn and torch both take it.

    Raises:
        ValueError: the stream is none of ``STREAMS``, or the replicate is negative.
    """
    sequence = np.random.SeedSequence(replicate, spawn_key=(STREAMS.index(stream),))
    return int(sequence.generate_state(1)[0])
