"""The log of a step: plain lines in a file, and one line for a user's mistake."""

import logging
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tqdm import tqdm

from timbang.errors import TimbangError


@contextmanager
def log_to(path: str | Path) -> Iterator[logging.Logger]:
    """Log what happens inside to a file, and warnings with it.

    A ``TimbangError`` inside ends the process with status 1 and its message as the log's last
    lines; any other exception is logged with its traceback and raised again.
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
        for line in str(error).splitlines():
            logger.error(line)
        sys.exit(1)
    except Exception:
        logger.exception("this is a fault of Timbang, not of your data; please report it")
        raise
    finally:
        logging.shutdown()


def progress(total: int, what: str) -> Callable[[Iterable], Iterable]:
    """Return a wrapper that shows a bar on a terminal, and is silent elsewhere."""
    return lambda items: tqdm(items, total=total, desc=what, disable=None, leave=False)
