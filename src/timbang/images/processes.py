"""Work on images that Python's lock would hold up in threads, in processes of its own."""

import logging
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

from loky import ProcessPoolExecutor
from loky.process_executor import TerminatedWorkerError

# Several at once in each of them would be in each other's way.
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
SECONDS_BETWEEN_LOOKS = 1.0
# While threads look for the next, each process has one call at hand.
CALLS_A_PROCESS = 2


class ProcessEndedError(Exception):
    """A process was ended while it worked: by the system, or by what it worked on."""


@contextmanager
def open_processes(count: int) -> Iterator[Callable[..., Any]]:
    """Give a function that calls another in one of so many processes and waits for its result.

    Threads call it side by side. With 0 it calls in the thread itself, as it does, after a warning,
    where a system lets no processes share semaphores. The processes do not run the main script
    again, as those of ``multiprocessing`` do where they are not forked, and end with this one.

    Raises:
        ProcessEndedError: from the calls; which of those that were under way ended it is not known.
    """
    pool = _start(count) if count else None
    if pool is None:
        yield lambda function, *arguments: function(*arguments)
        return

    def call(function: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return pool.submit(function, *arguments).result()
        except TerminatedWorkerError as error:
            raise ProcessEndedError(str(error)) from None

    try:
        # Ctrl-C is this process's: what it starts has the signal blocked as well.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            call(os.getpid)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        yield call
    finally:
        pool.shutdown(kill_workers=True)


def _start(count: int) -> ProcessPoolExecutor | None:
    try:
        return ProcessPoolExecutor(
            count, env=ONE_THREAD, initializer=_end_with, initargs=(os.getpid(),)
        )
    except OSError as error:
        logging.getLogger("timbang").warning(
            "no processes can work side by side here (%s): threads do, which is slower",
            error.strerror,
        )
        return None


def _end_with(parent: int) -> None:
    """End this process once the other has ended, however it did."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(SECONDS_BETWEEN_LOOKS)
        os._exit(1)

    Thread(target=watch, daemon=True).start()
