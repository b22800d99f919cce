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
from contextlib import contextmanager, suppress
from pathlib import Path

import torch

from timbang.errors import TimbangError

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
    places = list_places(names, read_sharing(os.environ.get(RUNS_PER_GPU, "1")))
    with lease_one(places, lock_folder()) as place:
        yield torch.device("cuda", place % len(names))


def read_sharing(text: str) -> int:
    """Return how many runs may share a GPU.

    Raises:
        TimbangError: the text is no whole number from 1 on.
    """
    if not text.isdecimal() or int(text) < 1:
        raise TimbangError(f"{RUNS_PER_GPU}: {text!r} is not allowed; allowed: 1 or more")
    return int(text)


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

    Raises:
        TimbangError: the folder is not this user's alone.
    """
    log = logging.getLogger("timbang")
    waited = False
    while True:
        for index, name in enumerate(names):
            lock = _open_lock(folder, name)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(lock)
                continue
            try:
                log.info("GPU %s", name)
                yield index
            finally:
                os.close(lock)
            return
        if not waited:
            log.info("waiting for one of %d GPUs", len(names))
            waited = True
        time.sleep(SECONDS_BETWEEN_TRIES)


def _open_lock(folder: Path, name: str) -> int:
    """Return a descriptor of the file that stands for a device; no file is ever removed.

    Anybody can foresee the folder's name and make it first, with links in it to files that are not
    theirs to change, or with locks that they hold.
    """
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    try:
        below = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            status = os.fstat(below)
            if status.st_uid != os.geteuid() or status.st_mode & 0o077:
                raise PermissionError("others own it or may enter it")
            # The name may be a UUID or a path of MIG's.
            file = f"{name.replace('/', '_')}.lock"
            return os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600, dir_fd=below)
        finally:
            os.close(below)
    except OSError as error:
        raise TimbangError(
            f"{folder}: cannot hold the locks of the GPUs ({error.strerror or error}); remove it, "
            "or set TMPDIR to a folder that is yours alone"
        ) from None
