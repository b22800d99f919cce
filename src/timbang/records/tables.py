"""The two tables that all later steps read: the manifest and the splits, and how they are stored.

Labels and file names are text whatever they look like: "NA", "01" and "1e5" are labels.
"""

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

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
# The columns of results that are names, whatever they look like.
NAMES = ("contender", "label", "first", "second", "measure", "variant")
SPLIT_COLUMNS = ("filename", "label", "group", "part", "leaked")
PARTS = TRAIN, VALIDATION, TEST = "train", "validation", "test"


def read_manifest(path: Path) -> pd.DataFrame:
    """Read a manifest: one row an image, texts as text, sizes and group as nullable integers.

    Raises:
        TimbangError: a column is missing.
    """
    table = _read_text(path, MANIFEST_COLUMNS)
    for column in ("width", "height", "contrast", "group"):
        table[column] = pd.to_numeric(table[column]).astype("Int64")
    return table


def read_rows(path: Path) -> pd.DataFrame:
    """Read a table of results, one row a run, a contender, a class or a contrast.

    Names are text: a contender may be called ``nan`` or ``0123``, and a class too.
    """
    columns = pd.read_csv(path, nrows=0).columns
    empty = {name: [""] for name in columns if name not in NAMES}
    return pd.read_csv(
        path, dtype=dict.fromkeys(NAMES, str), keep_default_na=False, na_values=empty
    )


def read_filled(path: Path) -> list[dict[str, Any]]:
    """Read a table of results as rows, None where there is nothing."""
    return [
        {
            str(key): None if isinstance(value, float) and math.isnan(value) else value
            for key, value in row.items()
        }
        for row in read_rows(path).to_dict("records")
    ]


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
