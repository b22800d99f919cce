"""The two tables that all later steps read: the manifest and the splits, and how they are stored.

Labels and file names are text whatever they look like: "NA", "01" and "1e5" are labels.
"""

import csv
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from timbang.errors import TimbangError

MANIFEST_COLUMNS = (
    "filename",
    "label",
    "width",
    "height",
    "contrast",
    "format",
    "sha256",
    "pixels_sha256",
    "phash",
    "group",
    "problem",
    "row",
    "part",
)
SPLIT_COLUMNS = ("filename", "label", "group", "part", "leaked")
PARTS = TRAIN, VALIDATION, TEST = "train", "validation", "test"


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV (UTF-8, no index), whole or not at all."""
    content = table.to_csv(index=False, lineterminator="\n")
    if "\r" in content:
        # Python before 3.13 leaves a carriage return unquoted, and readers end the row there.
        content = table.to_csv(index=False, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    temporary = path.with_name(f".{path.name}.part")
    try:
        temporary.write_text(content, encoding="utf-8", newline="")
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def read_manifest(path: Path) -> pd.DataFrame:
    """Read a manifest: one row an image, texts as text, sizes and group as nullable integers.

    Raises:
        TimbangError: a column is missing.
    """
    table = _read_text(path, MANIFEST_COLUMNS)
    for column in ("width", "height", "contrast", "group"):
        table[column] = pd.to_numeric(table[column]).astype("Int64")
    return table


def usable_images(manifest: pd.DataFrame) -> pd.DataFrame:
    """Return the rows without a problem, in manifest order: row i is row i of the pixels."""
    return manifest[manifest["problem"] == ""].reset_index(drop=True)


def read_split(path: Path) -> pd.DataFrame:
    """Read a split: one row a usable image, ``part`` as text, ``leaked`` as bool.

    Raises:
        TimbangError: a column is missing.
    """
    table = _read_text(path, SPLIT_COLUMNS)
    table["group"] = pd.to_numeric(table["group"]).astype("int64")
    table["leaked"] = table["leaked"] == "True"
    return table


def sorted_classes(labels: Iterable[str]) -> list[str]:
    """Return the distinct labels in sorted order, which is the order of the classes."""
    return sorted(set(labels))


def class_indices(labels: Iterable[str], classes: list[str]) -> np.ndarray:
    """Return int64 [N]: for each label its place in ``classes``."""
    place = {name: index for index, name in enumerate(classes)}
    return np.array([place[label] for label in labels], dtype=np.int64)


def _read_text(path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise TimbangError(f"{path}: no column {', '.join(missing)}; delete the file to remake it")
    return table
