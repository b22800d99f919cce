"""Dividing the images into a training, a validation and perhaps a test part."""

import math

import numpy as np
import pandas as pd

from timbang.errors import TimbangError
from timbang.records.tables import (
    PARTS,
    SPLIT_COLUMNS,
    TEST,
    TRAIN,
    VALIDATION,
    class_indices,
    sorted_classes,
)
from timbang.splits.shares import Aim, deal_folds, draw_share
from timbang.streams import stream_seed
from timbang.study.words import Split

PUBLISHED_TRAIN, PUBLISHED_VALIDATION, PUBLISHED_SEED = 886, 222, 42
# How far off its wanted share a class may be, as a share of the class.
TOLERANCE = 0.03
# How many classes a message names.
MOST_NAMED = 10


def split_images(images: pd.DataFrame, split: Split, replicate: int) -> pd.DataFrame:
    """Divide the usable images of a manifest.

    Under ``stratified`` and ``grouped`` each class comes as near to the wanted shares as its
    images or groups allow. The test part is the same in every replicate.

    Args:
        images: the usable images, with ``filename``, ``label``, ``group`` and ``part``.
        split: how to divide them.
        replicate: the number of the replicate, 0 or more; ``published`` and ``from`` do not
            depend on it.

    Returns:
        The columns of ``SPLIT_COLUMNS`` in the order of ``images``. An image of the validation
        or the test part is ``leaked`` when an image of its group is trained on.

    Raises:
        TimbangError: the images cannot be divided so that every part has every class.
    """
    labels = images["label"].to_numpy(dtype=str)
    groups = images["group"].to_numpy(dtype=np.int64)
    if len(np.unique(labels)) < 2:
        raise TimbangError(f"splits: {len(np.unique(labels))} class(es); at least two are needed")
    match split.scheme:
        case "published":
            parts = _split_published(len(images))
        case "from":
            parts = images["part"].to_numpy(dtype=str)
        case "stratified":
            parts = _draw_parts(labels, np.arange(len(images)), split, replicate)
        case _:
            parts = _draw_parts(labels, groups, split, replicate)
    _check_classes(labels, parts, split)
    leaked = (parts != TRAIN) & np.isin(groups, groups[parts == TRAIN])
    table = images[["filename", "label", "group"]].assign(part=parts, leaked=leaked)
    return table[list(SPLIT_COLUMNS)]


def list_uneven_classes(table: pd.DataFrame, split: Split) -> list[str]:
    """Return one line for each class that is further off a wanted share than ``TOLERANCE``.

    Args:
        table: what ``split_images`` returns.
        split: how the images were to be divided; ``published`` and ``from`` want no shares.
    """
    if split.scheme in ("published", "from"):
        return []
    sizes = table.groupby("label").size()
    largest = table.groupby(["label", "group"]).size().groupby("label").max()
    if split.scheme == "stratified":
        largest[:] = 1
    lines = []
    for part, wanted in ((VALIDATION, split.validation), (TEST, split.test)):
        got = table["part"].eq(part).groupby(table["label"]).mean()
        for label in got.index[(got - wanted).abs() > TOLERANCE + 1e-9]:
            reason = (
                f"its largest group holds {largest[label]} of its {sizes[label]} images"
                if largest[label] > 1
                else f"it has only {sizes[label]} images"
            )
            lines.append(
                f"class {label!r}: {got[label]:.1%} of it is in the {part} part, {wanted:.1%} was "
                f"wanted; {reason}"
            )
    return lines


def _draw_parts(labels: np.ndarray, units: np.ndarray, split: Split, replicate: int) -> np.ndarray:
    """Draw the parts, one word an image; images of a unit are in one part.

    The test part has a stream of its own that does not depend on the replicate: no replicate may
    train on what another one is tested on.
    """
    _check_shares(labels, split)
    _check_counts(labels, units, split)
    classes = class_indices(labels, sorted_classes(labels))
    sizes = np.bincount(classes)
    parts = np.full(len(labels), TRAIN, dtype=object)
    if split.test:
        aim = Aim(split.test * sizes, TOLERANCE * sizes, leave=split.folds or 2)
        random = np.random.default_rng(stream_seed(0, "test"))
        parts[draw_share(classes, units, aim, random)] = TEST
    rest = np.flatnonzero(parts == TRAIN)
    shuffling, fold = divmod(replicate if split.resample else 0, split.folds or 1)
    random = np.random.default_rng(stream_seed(shuffling, "split"))
    if split.folds:
        chosen = deal_folds(classes[rest], units[rest], split.folds, random) == fold
    else:
        aim = Aim(split.validation * sizes, TOLERANCE * sizes, leave=1)
        chosen = draw_share(classes[rest], units[rest], aim, random)
    parts[rest[chosen]] = VALIDATION
    return parts.astype(str)


def _split_published(count: int) -> np.ndarray:
    """Draw the published study's split: torch's random_split with seed 42 over its 1,108 rows."""
    expected = PUBLISHED_TRAIN + PUBLISHED_VALIDATION
    if count != expected:
        raise TimbangError(
            f"split.scheme published: the published split is of {expected} images, these are "
            f"{count}; use grouped or stratified"
        )
    import torch

    generator = torch.Generator().manual_seed(PUBLISHED_SEED)
    order = torch.randperm(count, generator=generator).numpy()
    return np.where(np.isin(np.arange(count), order[PUBLISHED_TRAIN:]), VALIDATION, TRAIN)


def _check_shares(labels: np.ndarray, split: Split) -> None:
    """Check that each part is to have as many images as there are classes."""
    images, classes = len(labels), len(np.unique(labels))
    shares = [(VALIDATION, "split.validation", split.validation, "raise it")]
    if split.test:
        shares.append((TEST, "split.test", split.test, "raise it or leave it out"))
    left = 1 - split.validation - split.test
    shares.append((TRAIN, "split.validation", left, "lower the shares of the other parts"))
    for part, key, share, advice in shares:
        if math.ceil(share * images - 1e-9) < classes:
            raise TimbangError(
                f"{key}: a {part} part of {share:.3g} of {images} images cannot have one of each "
                f"of {classes} classes; {advice}"
            )


def _check_counts(labels: np.ndarray, units: np.ndarray, split: Split) -> None:
    """Check that each class has a unit for every part or fold."""
    least = (split.folds or 2) + (split.test > 0)
    pairs = pd.DataFrame({"label": labels, "unit": units}).drop_duplicates()
    counts = pairs["label"].value_counts().sort_index()
    small = [f"{name!r} has {count}" for name, count in counts[counts < least].items()]
    if small:
        what = "images" if split.scheme == "stratified" else "groups of distinct images"
        raise TimbangError(
            f"split: every class needs at least {least} {what}, and {_name_some(small)}; add "
            "images to it or leave it out"
        )


def _check_classes(labels: np.ndarray, parts: np.ndarray, split: Split) -> None:
    for part in PARTS:
        own = parts == part
        if part == TEST and not own.any():
            continue
        missing = [repr(str(name)) for name in sorted(set(labels) - set(labels[own]))]
        if not missing:
            continue
        if split.scheme == "from" and not own.any():
            raise TimbangError(
                f"split.from: the column {split.column!r} puts no usable image into the {part} "
                f"part; write {part} in some of its rows"
            )
        advice = {
            "from": f"write {part} in some of its rows",
            "published": "use grouped",
        }.get(split.scheme, "add images to the class or change the shares of the parts")
        raise TimbangError(
            f"split: the {part} part has no image of class {_name_some(missing)}; {advice}"
        )


def _name_some(items: list[str]) -> str:
    more = len(items) - MOST_NAMED
    return ", ".join(items[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
