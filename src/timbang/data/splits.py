"""Dividing the images into a training and a validation part."""

from fractions import Fraction

import numpy as np
import pandas as pd

from timbang.data.records import SPLIT_COLUMNS, TRAIN, VALIDATION
from timbang.errors import TimbangError

PUBLISHED_TRAIN, PUBLISHED_VALIDATION, PUBLISHED_SEED = 886, 222, 42
LARGEST_FOLDS = 20


def split_images(images: pd.DataFrame, scheme: str, validation: float, seed: int) -> pd.DataFrame:
    """Divide the usable images of a manifest.

    Args:
        images: the usable images, with ``filename``, ``label`` and ``group``.
        scheme: ``stratified`` (each class keeps its share), ``grouped`` (images of a group stay
            on one side as well) or ``published`` (the published study's own split).
        validation: the wanted share of validation images, between 0 and 1.
        seed: seed of the split's random stream; ``published`` does not depend on it.

    Returns:
        The columns of ``SPLIT_COLUMNS`` in the order of ``images``. A validation image is
        ``leaked`` when an image of its group is trained on.

    Raises:
        TimbangError: the images cannot be divided so that both parts have every class.
    """
    labels = images["label"].to_numpy(dtype=str)
    groups = images["group"].to_numpy(dtype=np.int64)
    if len(np.unique(labels)) < 2:
        raise TimbangError(f"splits: {len(np.unique(labels))} class(es); at least two are needed")
    match scheme:
        case "stratified":
            is_validation = _split_stratified(labels, validation, seed)
        case "grouped":
            is_validation = _split_grouped(labels, groups, validation, seed)
        case "published":
            is_validation = _split_published(len(images))
    _check_classes(labels, is_validation)
    leaked = is_validation & np.isin(groups, groups[~is_validation])
    split = images[["filename", "label", "group"]].assign(
        part=np.where(is_validation, VALIDATION, TRAIN), leaked=leaked
    )
    return split[list(SPLIT_COLUMNS)]


def _split_stratified(labels: np.ndarray, validation: float, seed: int) -> np.ndarray:
    from sklearn.model_selection import train_test_split

    counts = pd.Series(labels).value_counts()
    if counts.min() < 2:
        raise TimbangError(_too_few(counts, "images", 2))
    try:
        _, chosen = train_test_split(
            np.arange(len(labels)), test_size=validation, stratify=labels, random_state=seed
        )
    except ValueError as error:
        raise TimbangError(f"split.validation {validation}: {error}") from None
    return np.isin(np.arange(len(labels)), chosen)


def _split_grouped(
    labels: np.ndarray, groups: np.ndarray, validation: float, seed: int
) -> np.ndarray:
    """Take the wanted share of the folds of a stratified grouped k-fold."""
    from sklearn.model_selection import StratifiedGroupKFold

    share = Fraction(validation).limit_denominator(LARGEST_FOLDS)
    if not 0 < share < 1:
        raise TimbangError(
            f"split.validation: {validation} is too near to 0 or 1 for a grouped split; "
            f"use 1/{LARGEST_FOLDS} to 1 - 1/{LARGEST_FOLDS}"
        )
    counts = pd.DataFrame({"label": labels, "group": groups}).groupby("label")["group"].nunique()
    if counts.min() < 2:
        raise TimbangError(_too_few(counts, "groups of distinct images", 2))
    if len(np.unique(groups)) < share.denominator:
        raise TimbangError(
            f"split: {len(np.unique(groups))} groups of distinct images are too few for "
            f"split.validation {validation}"
        )
    folds = StratifiedGroupKFold(share.denominator, shuffle=True, random_state=seed)
    is_validation = np.zeros(len(labels), dtype=bool)
    try:
        for number, (_, fold) in enumerate(folds.split(labels, labels, groups)):
            if number < share.numerator:
                is_validation[fold] = True
    except ValueError:
        raise TimbangError(
            f"split: no class has the {share.denominator} images that a grouped split with "
            f"split.validation {validation} needs; add images or use 0.5"
        ) from None
    return is_validation


def _split_published(count: int) -> np.ndarray:
    """Draw the published study's split: torch's random_split with seed 42 over its 1,108 rows."""
    expected = PUBLISHED_TRAIN + PUBLISHED_VALIDATION
    if count != expected:
        raise TimbangError(
            f"split.scheme published: the published split is of {expected} images, these are "
            f"{count}; use stratified or grouped"
        )
    import torch

    generator = torch.Generator().manual_seed(PUBLISHED_SEED)
    order = torch.randperm(count, generator=generator).numpy()
    return np.isin(np.arange(count), order[PUBLISHED_TRAIN:])


def _check_classes(labels: np.ndarray, is_validation: np.ndarray) -> None:
    for part, members in ((VALIDATION, is_validation), (TRAIN, ~is_validation)):
        missing = sorted(set(labels) - set(labels[members]))
        if missing:
            raise TimbangError(
                f"split: the {part} part has no image of class {', '.join(map(repr, missing))}; "
                "add images to the class or change split.validation"
            )


def _too_few(counts: pd.Series, what: str, least: int) -> str:
    small = ", ".join(f"{name!r} has {n}" for name, n in counts[counts < least].items())
    return f"split: every class needs at least {least} {what}, and {small}"
