"""The log of a step: plain lines in a file, and one line for a user's mistake."""

import logging
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tqdm import tqdm

from timbang.errors import TimbangError

SECONDS_BETWEEN_LINES = 30


@contextmanager
def log_to(path: str | Path) -> Iterator[logging.Logger]:
    """Log what happens inside to a file, and warnings with it.

    A ``TimbangError`` inside ends the process with status 1 and its message as the log's last
    lines, after the traceback of what it was raised from; any other exception is logged with its
    traceback and raised again.
    """
    logging.basicConfig(
        filename=path,
        filemode="w",
        level=logging.INFO,
        format="%(asctime)s %(message)s",
        datefmt="%H:%M:%S",
        force=True,
    )
    logging.captureWarnings(True)
    logger = logging.getLogger("timbang")
    try:
        yield logger
    except TimbangError as error:
        if error.__cause__ is not None:
            logger.info("it came from here:", exc_info=error.__cause__)
        for line in str(error).splitlines():
            logger.error(line)
        sys.exit(1)
    except Exception:
        logger.exception("this is a fault of Timbang, not of your data; please report it")
        raise
    finally:
        logging.shutdown()


def progress(total: int, what: str) -> Callable[[Iterable], Iterable]:
    """Return a wrapper that shows how far a long loop is.

    On a terminal it is a bar; in the log a line now and then, as in
    ``reading images: 4,000 of 100,000, 190 s left``.
    """
    return lambda items: _follow(items, total, what)


def _follow(items: Iterable, total: int, what: str) -> Iterator:
    log = logging.getLogger("timbang")
    start = said = time.monotonic()
    bar = tqdm(items, total=total, desc=what, disable=None, leave=False)
    for count, item in enumerate(bar, start=1):
        yield item
        now = time.monotonic()
        if now - said >= SECONDS_BETWEEN_LINES:
            said = now
            left = (now - start) / count * (total - count)
            log.info("%s: %s of %s, %.0f s left", what, f"{count:,}", f"{total:,}", left)


@contextmanager
def count_bytes(
    what: str, total: int | None = None, done: int = 0
) -> Iterator[Callable[[int], None]]:
    """Show how many bytes have gone by: a bar on a terminal, and a line in the log now and then.

    Args:
        what: what is done with the bytes, as ``"fetching"``.
        total: how many there will be, where that is known.
        done: how many there were before.

    Yields:
        A function that is told of each further number of bytes.
    """
    log = logging.getLogger("timbang")
    of_total = f" of {total:,}" if total is not None else ""
    count, said = done, time.monotonic()
    with tqdm(
        total=total, initial=done, desc=what, unit="B", unit_scale=True, disable=None, leave=False
    ) as bar:

        def advance(more: int) -> None:
            nonlocal count, said
            count += more
            bar.update(more)
            if time.monotonic() - said >= SECONDS_BETWEEN_LINES:
                said = time.monotonic()
                log.info("%s: %s%s bytes", what, f"{count:,}", of_total)

        yield advance
