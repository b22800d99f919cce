"""One call at a time works on a study; a second one is told so, and a killed one is found out."""

import fcntl
import json
import os
import platform
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import IO

from timbang.errors import TimbangError
from timbang.records.made_with import read_json


def hold_study(place: Path, study: str) -> IO[str] | None:
    """Hold a study until this process ends, however that is.

    Args:
        place: the file that is locked, made where it is missing.
        study: its name.

    Returns:
        The file to keep open; None on a file system that has no locks.

    Raises:
        TimbangError: another call holds the study, or the file cannot be written.
    """
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        file = place.open("a+", encoding="utf-8")
    except OSError as error:
        raise TimbangError(
            f"{place}: cannot be written ({error.strerror}); let the folder be written to, or make "
            "room, and give the same command again"
        ) from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise TimbangError(_describe_holder(place, study)) from None
    except OSError:
        file.close()
        return None
    file.truncate(0)
    json.dump({"host": platform.node(), "process": os.getpid(), "since": time.time()}, file)
    file.flush()
    return file


def _describe_holder(place: Path, study: str) -> str:
    known = read_json(place)
    try:
        since = time.strftime("%d %B, %H:%M", time.localtime(float(known["since"])))
        who = f" (process {int(known['process'])} on {known['host']}, since {since})"
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        who = ""
    return (
        f"another call is at work on study {study}{who}; wait for it, or stop it with Ctrl-C "
        "where it runs. make status shows how far it is"
    )


def remove_dead_locks(locks: Path, study: str, others: Iterable[str] = ()) -> None:
    """Remove what a killed Snakemake left of its locks on a study that this process holds.

    Args:
        locks: the folder of Snakemake's locks, each a file with a path a line.
        study: the folder of the study's results.
        others: folders of results that the study reads.
    """
    readable = tuple(f"{folder}/" for folder in (study, *others))
    for lock in locks.glob("*.lock"):
        try:
            files = lock.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            continue
        of_results = [file for file in files if file.startswith("results/")]
        is_own = any(file.startswith(f"{study}/") for file in of_results)
        if is_own and all(file.startswith(readable) for file in of_results):
            with suppress(OSError):
                lock.unlink()
