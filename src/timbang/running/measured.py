"""What a study's results say already: how many images there are, what finished runs took."""

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from timbang.records.made_with import read_json
from timbang.running.estimate import Measured
from timbang.sources.choice import find_source
from timbang.sources.fingerprints import known_hashes
from timbang.study.study import Study

# Of images that are not there yet, by their source; and where it says nothing of their number.
GUESSED_IMAGES = {"digits": 1797}
MANY_IMAGES = 20_000


def count_images(study: Study, folder: Path) -> int:
    """Return how many images a study has, or about how many it is going to have.

    Args:
        study: the study.
        folder: its results.
    """
    usable = read_json(folder / "data" / "audit.json").get("usable")
    if isinstance(usable, int) and usable > 0:
        return usable
    source = find_source(study.data, study.name)
    is_users = source.made_folder is None
    known = len(read_json(known_hashes(Path(source.image_folder)))) if is_users else 0
    return known or GUESSED_IMAGES.get(study.data.source, MANY_IMAGES)


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
