"""The log of a step: plain lines in a file, and one line for a user's mistake."""

import errno
import logging
import re
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from timbang.errors import TimbangError
from timbang.printable import show, show_lines

SECONDS_BETWEEN_LINES = 30
# What stands before a line of the log that says why the step failed, after the time.
REASON = "error: "
# The disk is full, over quota, or may only be read.
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
# What a shell makes of a process that SIGINT ended.
INTERRUPTED = 128 + signal.SIGINT
# So much of a reason, or of the end of a log without one, is shown.
MOST_LINES = 20


class PrintableFormatter(logging.Formatter):
    """Writes a record so that a name or an answer within it can do nothing to a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's lines with what cannot be seen escaped."""
        return show_lines(super().format(record))


@contextmanager
def log_to(path: str | Path) -> Iterator[logging.Logger]:
    """Log what happens inside to a file, and warnings with it.

    A ``TimbangError`` inside ends the process with status 1 and its message as the log's last
    lines, after the traceback of what it was raised from; Ctrl-C ends it with a word; any other
    exception is logged with its traceback and raised again.
    """
    handler = logging.FileHandler(path, mode="w", encoding="utf-8")
    handler.setFormatter(PrintableFormatter("%(asctime)s %(message)s", datefmt="%H:%M:%S"))
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    logging.captureWarnings(True)
    logger = logging.getLogger("timbang")
    try:
        yield logger
    except TimbangError as error:
        if error.__cause__ is not None:
            logger.info("it came from here:", exc_info=error.__cause__)
        for line in str(error).split("\n"):
            logger.error("%s%s", REASON, line)
        sys.exit(1)
    except KeyboardInterrupt:
        logger.error("%sstopped; the same command goes on where it was", REASON)
        sys.exit(INTERRUPTED)
    except OSError as error:
        if error.errno not in FULL:
            _log_fault(logger)
            raise
        place = f"{error.filename}: " if error.filename else ""
        said = f"{place}{error.strerror}; make room and give the same command again"
        logger.error("%s%s", REASON, said)
        sys.exit(1)
    except Exception:
        _log_fault(logger)
        raise
    finally:
        logging.shutdown()


def _log_fault(logger: logging.Logger) -> None:
    logger.exception("%sthis is a fault of Timbang, not of your data; please report it", REASON)


def describe_failures(jobs: Sequence[tuple[str, Sequence[str]]]) -> str:
    """Return what stands last on the screen after a failed call: why, and where to read more.

    Args:
        jobs: for each job that failed what it was doing, and its logs.
    """
    blocks = [_describe_failure(what, log) for what, logs in jobs for log in logs or [""]]
    return "\n" + "\n\n".join(blocks)


def _describe_failure(what: str, log: str) -> str:
    try:
        content = Path(log).read_text(encoding="utf-8", errors="replace")
    except (OSError, ValueError):
        return show(f"{what}: failed before it wrote a log; Snakemake's words above say why")
    lines = [show(line) for line in content.removesuffix("\n").split("\n")]
    marked = (re.match(rf"\S+ {REASON}(.*)", line) for line in lines)
    reason = [found[1] for found in marked if found]
    if not reason:
        reason = ["ended without a word: killed, or out of memory or time", *lines[-MOST_LINES:]]
    if len(reason) > MOST_LINES + 1:
        reason[MOST_LINES:-1] = [f"... and {len(reason) - MOST_LINES - 1:,} lines more"]
    return "\n".join([show(f"{what}: failed (log: {log})"), *reason])


def progress(total: int, what: str) -> Callable[[Iterable], Iterable]:
    """Return a wrapper that shows how far a long loop is.

    On a terminal it is a bar; in the log a line now and then, as in
    ``reading images: 4,000 of 100,000, 190 s left``.
    """
    return lambda items: _follow(items, total, what)


def _follow(items: Iterable, total: int, what: str) -> Iterator:
    from tqdm import tqdm

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
    from tqdm import tqdm

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
