"""Files that are written whole or not at all, so that none that is half there is taken for done."""

import csv
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


def write_whole(path: Path, content: bytes) -> None:
    """Write a file to the disk whole or not at all, also where the power fails.

    Folders that are missing are made. What was at the path stays there until the new file is whole.

    Raises:
        OSError: it cannot be written; nothing is left behind.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # A name of this process alone: another one may write the same file at the same time.
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


def write_text(path: Path, text: str) -> None:
    """Write a text as UTF-8, its line ends as they are, whole or not at all.

    Raises:
        OSError: it cannot be written.
    """
    write_whole(path, text.encode())


def write_json(
    path: Path,
    content: Any,
    *,
    sort_keys: bool = False,
    ensure_ascii: bool = True,
    allow_nan: bool = True,
) -> None:
    """Write what can be written as JSON, indented by two, whole or not at all.

    Args:
        path: the file.
        content: what it is to hold.
        sort_keys: whether the keys of mappings are put in order.
        ensure_ascii: whether characters beyond ASCII are escaped.
        allow_nan: whether NaN and infinities are written, which strict readers refuse.

    Raises:
        OSError: it cannot be written.
        ValueError: a number is not finite where none is allowed.
    """
    text = json.dumps(
        content, indent=2, sort_keys=sort_keys, ensure_ascii=ensure_ascii, allow_nan=allow_nan
    )
    write_text(path, text + "\n")


def write_table(path: Path, table: "pd.DataFrame") -> None:
    """Write a table as CSV (UTF-8, no index), whole or not at all.

    Raises:
        OSError: it cannot be written.
    """
    content = table.to_csv(index=False, lineterminator="\n")
    if "\r" in content:
        # Python before 3.13 leaves a carriage return unquoted, and readers end the row there.
        content = table.to_csv(index=False, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    write_text(path, content)
