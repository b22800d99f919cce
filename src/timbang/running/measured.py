"""What finished runs took, from their own records."""

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from timbang.records.made_with import read_json
from timbang.running.estimate import Measured


def read_measured(records: Iterable[Path]) -> list[Measured]:
    """Return what finished runs took; files that are missing or say nothing of it are left out.

    Args:
        records: the ``training.json`` of runs.
    """
    found = (_read_one(read_json(record)) for record in records)
    return [one for one in found if one is not None]


def _read_one(record: Any) -> Measured | None:
    speed, cost = record.get("images_per_second"), record.get("multiply_adds")
    device, contender = record.get("device"), record.get("contender")
    if not (isinstance(device, str) and isinstance(contender, str)):
        return None
    if not all(_is_positive(value) for value in (speed, cost)):
        return None
    return Measured(contender, "cpu" if device == "cpu" else "gpu", cost, 1 / speed)


def _is_positive(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value) and value > 0
