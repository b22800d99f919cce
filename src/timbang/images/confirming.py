"""What a person says of pairs of images, which holds over the criterion of copies."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from timbang.errors import TimbangError
from timbang.images.duplicates import join_pairs
from timbang.sources.listing import read_rows

FIRST, SECOND, ARE = "first", "second", "are"
SAME, DIFFERENT = "same", "different"


@dataclass(frozen=True)
class Confirmed:
    """A row of the user's table: two file names, ``same`` or ``different``, and where it stands."""

    first: str
    second: str
    are: str
    place: str


def read_confirmed(table: Path) -> list[Confirmed]:
    """Read the pairs of images of which a person says whether they are one picture.

    Args:
        table: a CSV file with the columns ``first``, ``second`` (file names as in the manifest)
            and ``are`` (``same`` or ``different``).

    Raises:
        TimbangError: the table is missing, is no UTF-8 CSV, lacks a column, or a row of it lacks
            a name, has another word, or names one image twice.
    """
    columns = (FIRST, SECOND, ARE)
    header, rows = read_rows(
        table, "data.confirm", dict.fromkeys(columns, f"it needs {', '.join(columns)}")
    )
    pairs = []
    for number, cells in enumerate(rows, start=2):
        if not any(cells):
            continue
        named = dict(zip(header, cells, strict=False))
        place = f"{table}: row {number}"
        first, second = named.get(FIRST, ""), named.get(SECOND, "")
        are = named.get(ARE, "").strip().lower()
        if not first or not second:
            raise TimbangError(f"{place}: has no two file names; name both images")
        if are not in (SAME, DIFFERENT):
            raise TimbangError(
                f"{place}: {are!r} in the column {ARE!r} is not allowed; "
                f"allowed: {SAME}, {DIFFERENT}"
            )
        if first == second:
            raise TimbangError(f"{place}: names {first!r} twice; name two images")
        pairs.append(Confirmed(first, second, are, place))
    return pairs


def overrule(
    count: int,
    links: pd.DataFrame,
    confirmed: Iterable[Confirmed],
    places: Mapping[str, int],
) -> tuple[np.ndarray, np.ndarray]:
    """Join images as links and a person say; where they disagree, the person is right.

    Rows of ``same`` join first, then links from the most evidence to the least. A link that
    would bring two images into one group of which the person says that they are different is
    left out: of a chain between them the weakest link is.

    Args:
        count: how many images there are, N; those of equal pixels are one.
        links: the links that the criterion found, as in
            ``timbang.images.duplicates.NearDuplicates``.
        confirmed: what the person says.
        places: by file name, the index of each usable image.

    Returns:
        The groups, int [N], and which of the links hold, bool.

    Raises:
        TimbangError: a row names no usable image, or rows contradict each other.
    """
    rows = list(confirmed)
    for row in rows:
        for name in (row.first, row.second):
            if name not in places:
                raise TimbangError(
                    f"{row.place}: {name!r} is not a usable image of this study; "
                    "write its name as in data/manifest.csv, or remove the row"
                )
    groups = np.arange(count)
    same = [row for row in rows if row.are == SAME]
    join_pairs(groups, *([places[getattr(row, side)] for row in same] for side in (FIRST, SECOND)))
    apart = [row for row in rows if row.are == DIFFERENT]
    for row in apart:
        if groups[places[row.first]] == groups[places[row.second]]:
            raise TimbangError(
                f"{row.place}: says that {row.first!r} and {row.second!r} are "
                "different, but they are equal in every pixel or other rows say that they are the "
                "same; correct one of them"
            )
    pairs = np.array([(places[row.first], places[row.second]) for row in apart], dtype=int)
    pairs = pairs.reshape(-1, 2)
    holds = np.zeros(len(links), bool)
    strongest = links["evidence"].to_numpy().argsort(kind="stable")[::-1]
    for place in strongest:
        first, second = groups[links[["first", "second"]].iloc[place].to_numpy()]
        meeting = np.sort(groups[pairs], axis=1) == sorted((first, second))
        holds[place] = first == second or not meeting.all(axis=1).any()
        if holds[place]:
            groups[groups == second] = first
    return pd.factorize(groups)[0], holds


def list_overruled(
    confirmed: Iterable[Confirmed], groups: Mapping[str, int]
) -> Iterator[dict[str, object]]:
    """Yield each row as the audit tells it, with whether the criterion had said otherwise.

    Args:
        confirmed: what the person says.
        groups: by file name, the group that the criterion alone would give it.
    """
    for row in confirmed:
        was_same = groups[row.first] == groups[row.second]
        yield {
            "images": [row.first, row.second],
            "are": row.are,
            "overrules": was_same != (row.are == SAME),
        }
