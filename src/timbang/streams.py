"""The random streams of a replicate.

A replicate fixes the split, the initialisation, the order of the images and the augmentation.
Each has a stream of its own, so that drawing more from one never shifts another. Where a replicate
trains several times on its split, each further training (seed 1, 2, …) has streams of its own.
The streams of the test part and of the recipes that are tried are used for replicate 0 alone, since
these are the same for the whole study.
"""

import numpy as np

# Their places count: another one goes to the end.
STREAMS = (
    "split",
    "initialisation",
    "order",
    "augmentation",
    "test",
    "choice",
    "share",
    "recipes",
)


def stream_seed(replicate: int, stream: str, seed: int = 0) -> int:
    """Return the number that one random stream of a replicate begins with.

    Args:
        replicate: the number of the replicate, 0 or more.
        stream: one of ``STREAMS``.
        seed: the number of the training within the replicate, 0 or more.

    Returns:
        An integer in [0, 2**32), as scikit-learn and torch both take it.

    Raises:
        ValueError: the stream is none of ``STREAMS``, or a number is negative.
    """
    # Seed 0 has the streams of a replicate that trains once.
    further = (seed,) if seed else ()
    sequence = np.random.SeedSequence(replicate, spawn_key=(STREAMS.index(stream), *further))
    return int(sequence.generate_state(1)[0])
