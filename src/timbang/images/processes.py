"""Work on images that Python's lock would hold up in threads, in processes of its own."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

from loky import ProcessPoolExecutor
from loky.process_executor import BrokenProcessPool

from timbang.errors import TimbangError

# Several at once in each of them would be in each other's way.
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
SECONDS_BETWEEN_LOOKS = 1.0


@contextmanager
def open_processes(count: int) -> Iterator[Callable[..., Any]]:
    """Give a function that calls another in one of so many processes and waits for its result.

    Threads call it side by side. With 0 it calls in the thread itself. The processes do not run the
    main script again, as those of ``multiprocessing`` do where they are not forked, and end with
    this one.

    Raises:
        TimbangError: from the calls: one of the processes was ended from outside.
    """
    if not count:
        yield lambda function, *arguments: function(*arguments)
        return
    pool = ProcessPoolExecutor(
        count, env=ONE_THREAD, initializer=_end_with, initargs=(os.getpid(),)
    )

    def call(function: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return pool.submit(function, *arguments).result()
        except BrokenProcessPool:
            raise TimbangError(
                "a process that read images was ended from outside, most likely as memory ran out: "
                "give this step more (resources: mem_mb), or fewer threads"
            ) from None

    try:
        yield call
    finally:
        pool.shutdown(kill_workers=True)


def _end_with(parent: int) -> None:
    """End this process once the other has ended, however it did; an interrupt is the other's."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(SECONDS_BETWEEN_LOOKS)
        os._exit(1)

    Thread(target=watch, daemon=True).start()
