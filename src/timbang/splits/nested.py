"""Dividing the training part of a split once more: to choose a recipe, or to train on less of it.

Copies of an image stay on one side, whatever the scheme of the split.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from timbang.errors import TimbangError
from timbang.records.tables import TEST, TRAIN, VALIDATION, class_indices, sorted_classes
from timbang.splits.drawing import TOLERANCE
from timbang.splits.shares import Aim, draw_share
from timbang.streams import stream_seed

# The part of images that are neither trained on nor scored.
OUTSIDE = "outside"


def split_for_choice(split: pd.DataFrame, share: float, replicate: int) -> pd.DataFrame:
    """Divide the training part of a split into one that trains and one that chooses.

    Args:
        split: a replicate's split.
        share: of the training images those that choose.
        replicate: its number.

    Returns:
        The same table; ``part`` is ``validation`` for the images that choose and ``test`` for what
        was the validation part. What was the test part is ``outside``.

    Raises:
        TimbangError: a class cannot be on both sides.
    """
    random = np.random.default_rng(stream_seed(replicate, "choice"))
    is_trained = split["part"] == TRAIN
    chosen = _draw(split[is_trained], share, random, f"tuning.share: replicate {replicate}", 1)
    parts = split["part"].map({TRAIN: TRAIN, VALIDATION: TEST, TEST: OUTSIDE})
    parts[chosen] = VALIDATION
    return _with_parts(split, parts)


def keep_share(
    split: pd.DataFrame, share: float, shares: Sequence[float], replicate: int
) -> pd.DataFrame:
    """Leave of the training part of a split only a share.

    Args:
        split: a replicate's split.
        share: which of ``shares``.
        shares: all shares of the learning curve; each part lies within the next larger one.
        replicate: its number.

    Returns:
        The same table; ``part`` is ``outside`` for the images that are left out.

    Raises:
        TimbangError: a class would have no image left.
    """
    random = np.random.default_rng(stream_seed(replicate, "share"))
    kept, whole = split[split["part"] == TRAIN], 1.0
    for own in sorted((own for own in shares if own >= share), reverse=True):
        place = f"learning_curve.shares: {own:g} of replicate {replicate}"
        kept = kept.loc[_draw(kept, own / whole, random, place, 0)]
        whole = own
    parts = split["part"].copy()
    parts[(parts == TRAIN) & ~parts.index.isin(kept.index)] = OUTSIDE
    return _with_parts(split, parts)


def _draw(
    images: pd.DataFrame, share: float, random: np.random.Generator, place: str, leave: int
) -> pd.Index:
    """Return the rows of whole groups that make up a share of each class."""
    names = sorted_classes(images["label"])
    classes = class_indices(images["label"], names)
    groups = images.groupby("label")["group"].nunique()
    small = [name for name in names if groups[name] < 1 + leave]
    sizes = np.bincount(classes)
    if not small:
        aim = Aim(share * sizes, TOLERANCE * sizes, leave=leave)
        drawn = draw_share(classes, images["group"].to_numpy(dtype=np.int64), aim, random)
        counts = np.bincount(classes[drawn], minlength=len(names))
        small = [
            name
            for name, count, size in zip(names, counts, sizes, strict=True)
            if count == 0 or (leave and count == size)
        ]
    if small:
        count = int(groups[small[0]])
        raise TimbangError(
            f"{place}: of class {small[0]!r} the training images hold {count} "
            f"group{'s' * (count != 1)} of distinct images, too few to divide; add images to the "
            "class or leave it out"
        )
    return images.index[drawn]


def _with_parts(split: pd.DataFrame, parts: pd.Series) -> pd.DataFrame:
    trained = set(split.loc[parts == TRAIN, "group"])
    leaked = parts.isin((VALIDATION, TEST)) & split["group"].isin(trained)
    return split.assign(part=parts, leaked=leaked)
