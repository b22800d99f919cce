"""What a run is called among those of its contender: one a replicate, or several with seeds."""


def label_seed(seed: int) -> str:
    """Return what a seed adds to the name of its replicate's first run: nothing for seed 0."""
    return f"-{seed}" if seed else ""


def label_run(replicate: int, seed: int = 0) -> str:
    """Return the name of a run, which is that of its folder.

    >>> label_run(3), label_run(3, 1)
    ('3', '3-1')
    """
    return f"{replicate}{label_seed(seed)}"
