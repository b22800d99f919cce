"""What the report's template may name of the images and of how they are divided."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from timbang.records.tables import TEST, TRAIN, VALIDATION
from timbang.report.tex import number

MOST_LISTED_PROBLEMS = 40
MOST_LISTED_CLASSES = 12


def describe_data(audit: Mapping[str, Any], source: str, image_size: int) -> dict[str, Any]:
    """Return what the report says of the images, from ``audit.json``."""
    classes = audit["classes"]
    images = [count["images"] for count in classes.values()]
    groups = [count["groups"] for count in classes.values()]
    largest_group = max((len(entry["images"]) for entry in audit["duplicates"]), default=1)
    return {
        "source": source,
        "image_size": image_size,
        "images": audit["images"],
        "usable": audit["usable"],
        "left_out": audit["images"] - audit["usable"],
        "problems": audit["problems"][:MOST_LISTED_PROBLEMS],
        "class_names": list(classes),
        "class_count": len(classes),
        "largest": max(images),
        "smallest": min(images),
        "most_groups": max(groups),
        "fewest_groups": min(groups),
        "groups": audit["groups"],
        "duplicate_groups": audit["duplicate_groups"],
        "duplicate_images": audit["duplicate_images"],
        "largest_group": largest_group,
        "equal_bytes": audit["equal_bytes"],
        "equal_pixels": audit["equal_pixels"],
        "criterion": audit["criterion"],
        "mixed_groups": audit["mixed_groups"],
        "chains": audit["chains"],
        "odd": {kind: len(audit[kind]) for kind in ("one_coloured", "tiny", "elongated")},
        "small_classes": audit["small_classes"][:MOST_LISTED_CLASSES],
        "any_pictured": bool(audit["duplicates"] or any(audit["closest"].values())),
    }


def describe_splits(
    splits: Sequence[pd.DataFrame], images: pd.DataFrame, settings: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the sizes of the parts (means, as TeX) and the range of leaked images.

    The test part is the same in every replicate.

    Args:
        splits: the split of each replicate.
        images: the usable images of the manifest.
        settings: the study's ``Split`` by field.
    """
    train, validation, test = (
        [int((split["part"] == part).sum()) for split in splits]
        for part in (TRAIN, VALIDATION, TEST)
    )
    leaked, leaked_test = (
        [int((split["leaked"] & (split["part"] == part)).sum()) for split in splits]
        for part in (VALIDATION, TEST)
    )
    equal = [count_equal_leaks(split, images) for split in splits]
    varies = len(set(train)) > 1
    return {
        **settings,
        "varies": varies,
        "train": number(float(np.mean(train)), int(varies)),
        "test": test[0],
        "leaked_test": max(leaked_test),
        "validation": number(float(np.mean(validation)), int(varies)),
        "leaked": {"min": min(leaked), "max": max(leaked)},
        "equal": {"min": min(equal), "max": max(equal)},
        "leaked_share": float(np.sum(leaked) / np.sum(validation)),
    }


def count_equal_leaks(split: pd.DataFrame, images: pd.DataFrame) -> int:
    """Count the validation images that are equal in every pixel to one that is trained on.

    Args:
        split: one row a usable image, in the order of ``images``.
        images: the usable images of the manifest.
    """
    pixels = images["pixels_sha256"].to_numpy()
    is_trained = (split["part"] == TRAIN).to_numpy()
    is_validation = (split["part"] == VALIDATION).to_numpy()
    return int((is_validation & np.isin(pixels, pixels[is_trained])).sum())
