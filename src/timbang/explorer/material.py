"""What the explorer shows: images, their splits, and what every run said of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from timbang.printable import show
from timbang.records.tables import (
    PARTS,
    VALIDATION,
    class_indices,
    read_manifest,
    read_split,
    sorted_classes,
    usable_images,
)
from timbang.scores.predictions import PROBABILITY, read_predictions

# Of a run that diverged, which names no class.
NO_ANSWER = -1


@dataclass(frozen=True)
class Images:
    """The usable images in manifest order: row i is row i of the pixels.

    ``filenames`` are those of the manifest, ``names`` shown ones, without what cannot be seen.
    ``labels`` int [N] are places in ``classes``, ``sha256`` are of the files and ``pixels_sha256``
    of what is in them.
    """

    filenames: Sequence[str]
    names: Sequence[str]
    classes: Sequence[str]
    labels: np.ndarray
    sha256: Sequence[str]
    pixels_sha256: Sequence[str]


@dataclass(frozen=True)
class Answers:
    """What a run said of the images that it was not trained on.

    ``images`` int [M] are places in the images; ``predicted`` int [M] the places of classes,
    ``NO_ANSWER`` where the run diverged; ``surest`` and ``own`` float [M] are the probabilities of
    the predicted class and of the label; ``validated`` bool [M] tells the validation from the test
    part.
    """

    images: np.ndarray
    predicted: np.ndarray
    surest: np.ndarray
    own: np.ndarray
    validated: np.ndarray


@dataclass(frozen=True)
class Series:
    """A contender in one variant: the study's own recipe, or tuned."""

    contender: str
    title: str
    is_tuned: bool


@dataclass(frozen=True)
class Run:
    """One run: ``series`` is the place of its series, ``history`` its course by epoch."""

    series: int
    replicate: int
    seed: int
    history: pd.DataFrame
    answers: Answers


@dataclass(frozen=True)
class Split:
    """One replicate's: ``parts`` int [N] are places in ``PARTS``, ``leaked`` is bool [N]."""

    parts: np.ndarray
    leaked: np.ndarray


@dataclass(frozen=True)
class Material:
    """All that is shown besides the findings; ``splits`` are by replicate."""

    images: Images
    series: Sequence[Series]
    runs: Sequence[Run]
    splits: Mapping[int, Split]


def _describe_images(table: pd.DataFrame) -> Images:
    classes = sorted_classes(table["label"])
    return Images(
        filenames=list(table["filename"]),
        names=[show(name) for name in table["filename"]],
        classes=[show(name) for name in classes],
        labels=class_indices(table["label"], classes),
        sha256=list(table["sha256"]),
        pixels_sha256=list(table["pixels_sha256"]),
    )


def read_answers(predictions: Path, places: Mapping[str, int]) -> Answers:
    """Read what a run predicted.

    Args:
        predictions: its table.
        places: by file name, where an image stands.
    """
    parts = [read_predictions(predictions, part) for part in PARTS[1:]]
    table = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    columns = [name for name in table.columns if name.startswith(PROBABILITY)]
    order = {name.removeprefix(PROBABILITY): place for place, name in enumerate(columns)}
    probabilities = table[columns].to_numpy(dtype=np.float64)
    rows = np.arange(len(table))
    labels = np.array([order[label] for label in table["label"]], dtype=np.int64)
    predicted = np.array([order.get(own, NO_ANSWER) for own in table["predicted"]], dtype=np.int64)
    return Answers(
        images=np.array([places[name] for name in table["filename"]], dtype=np.int64),
        predicted=predicted,
        surest=probabilities[rows, predicted],
        own=probabilities[rows, labels],
        validated=(table["part"] == VALIDATION).to_numpy(),
    )


def read_material(
    manifest: Path,
    splits: Mapping[int, Path],
    series: Sequence[Series],
    runs: Sequence[Mapping[str, Any]],
) -> Material:
    """Read all that the explorer shows.

    Args:
        manifest: of the images.
        splits: by replicate.
        series: in the order in which they are shown.
        runs: of each its ``series``, ``replicate``, ``seed``, ``history`` and ``predictions``, the
            last two as paths.
    """
    table = usable_images(read_manifest(manifest))
    images = _describe_images(table)
    places = {name: place for place, name in enumerate(table["filename"])}
    tables = {replicate: read_split(path) for replicate, path in splits.items()}
    return Material(
        images=images,
        series=series,
        runs=[
            Run(
                own["series"],
                own["replicate"],
                own["seed"],
                pd.read_csv(own["history"]),
                read_answers(Path(own["predictions"]), places),
            )
            for own in runs
        ],
        splits={
            replicate: Split(
                class_indices(split["part"], list(PARTS)), split["leaked"].to_numpy(dtype=bool)
            )
            for replicate, split in tables.items()
        },
    )
