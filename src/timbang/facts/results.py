"""The files of a study that facts are made from, read once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from timbang.facts.fairness import Fairness
from timbang.study.published import Published


@dataclass(frozen=True)
class Results:
    """What a finished study's files hold.

    ``training`` and ``histories`` are by contender and then by the name of the run; ``runs`` is the
    table ``runs.csv``, ``images`` ``images.csv``, ``confusions`` ``confusions.csv``;
    ``split_settings`` is the study's ``Split`` by field and ``image_size`` in pixels, both from the
    records of what was made; ``twin`` holds the rows of the other study's ``summary.csv``, and
    ``fairness`` what other recipes and shares say, None without any; ``without_suspects`` the rows
    of ``without_suspects.csv``, None where the study does not ask for them.
    """

    audit: Mapping[str, Any]
    manifest: pd.DataFrame
    splits: Mapping[int, pd.DataFrame]
    split_settings: Mapping[str, Any]
    image_size: int
    training: Mapping[str, Mapping[str, Mapping[str, Any]]]
    histories: Mapping[str, Mapping[str, pd.DataFrame]]
    runs: pd.DataFrame
    summary: Sequence[Mapping[str, Any]]
    classes: pd.DataFrame
    images: pd.DataFrame
    confusions: pd.DataFrame
    contrasts: Sequence[Mapping[str, Any]]
    verdicts: Sequence[Mapping[str, Any]]
    looks: Sequence[Mapping[str, Any]]
    published: Published | None
    twin: Sequence[Mapping[str, Any]]
    fairness: Fairness | None = None
    without_suspects: Sequence[Mapping[str, Any]] | None = None
