"""One GPU for each running job of a machine, through locks that a killed job lets go of.

Snakemake counts GPUs but hands none out: with ``--resources gpu=4`` four jobs run at once, and
without a lease all four would take the first device.
"""

import fcntl
import logging
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch

SECONDS_BETWEEN_TRIES = 1.0
# An environment variable: how many runs may share a GPU, since small networks leave one idle.
RUNS_PER_GPU = "TIMBANG_RUNS_PER_GPU"


@contextmanager
def lease(device: torch.device) -> Iterator[torch.device]:
    """Hold a CUDA device of its own for the time inside; other kinds of device are passed on.

    Yields:
        The device with its index among those that are visible to this process.
    """
    if device.type != "cuda":
        yield device
        return
    names = name_devices(torch.cuda.device_count(), os.environ.get("CUDA_VISIBLE_DEVICES"))
    places = list_places(names, int(os.environ.get(RUNS_PER_GPU, 1)))
    with lease_one(places, lock_folder()) as place:
        yield torch.device("cuda", place % len(names))


def list_places(names: Sequence[str], runs: int) -> list[str]:
    """Return the names of the places on devices that each take so many runs at once.

    Every device is filled with one run before any takes a second.

    >>> list_places(["0", "1"], 2)
    ['0', '1', '0.1', '1.1']
    """
    return [name + (f".{turn}" if turn else "") for turn in range(runs) for name in names]


def name_devices(count: int, visible: str | None) -> list[str]:
    """Return what identifies each visible device on the machine, in the order of torch's indices.

    >>> name_devices(2, None)
    ['0', '1']
    >>> name_devices(2, "3,GPU-5a1b")
    ['3', 'GPU-5a1b']

    Args:
        count: the number of visible devices.
        visible: ``CUDA_VISIBLE_DEVICES``, if it is set.
    """
    if visible is None:
        return [str(index) for index in range(count)]
    return [name.strip() for name in visible.split(",")][:count]


def lock_folder() -> Path:
    """Return the folder of the locks, which all jobs of a user on a machine share."""
    return Path(tempfile.gettempdir(), f"timbang-gpus-{os.getuid()}")


@contextmanager
def lease_one(names: Sequence[str], folder: Path) -> Iterator[int]:
    """Hold the first device that no other process holds, waiting until there is one.

    The lock is the operating system's: it ends with the process, however that ends.

    Args:
        names: what identifies each device on the machine.
        folder: where the locks are.

    Yields:
        The place of the device in ``names``.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    log = logging.getLogger("timbang")
    waited = False
    while True:
        for index, name in enumerate(names):
            # The name may be a UUID or a path of MIG's, and no file is ever removed.
            file = (folder / f"{name.replace('/', '_')}.lock").open("w")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.close()
                continue
            with file:
                log.info("GPU %s", name)
                yield index
            return
        if not waited:
            log.info("waiting for one of %d GPUs", len(names))
            waited = True
        time.sleep(SECONDS_BETWEEN_TRIES)
