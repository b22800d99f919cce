"""Facts of the images and of how they are divided."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from timbang.facts.fact import Facts, Unit
from timbang.records.tables import TEST, TRAIN, VALIDATION, usable_images

AUDIT, SPLITS = "data/audit.json", "splits/*.csv"


def add_images(facts: Facts, audit: Mapping[str, Any]) -> None:
    """Add what the audit counted.

    Args:
        facts: where they go.
        audit: the content of ``audit.json``.
    """

    def count(id: str, value: float, at: str, rule: str = "as it is") -> None:
        facts.add(id, value, Unit.COUNT, AUDIT, at, rule)

    classes = audit["classes"].values()
    count("images.files", audit["images"], "/images")
    count("images.usable", audit["usable"], "/usable")
    count("images.left_out", audit["images"] - audit["usable"], "/images", "images minus usable")
    count("classes", len(classes), "/classes", "how many")
    facts.add("chance", 1 / len(classes), Unit.SHARE, AUDIT, "/classes", "one over how many")
    brier = 1 - 1 / len(classes)
    facts.add("chance.brier", brier, Unit.NUMBER, AUDIT, "/classes", "one minus one over how many")
    loss = float(np.log(len(classes)))
    facts.add("chance.loss", loss, Unit.NATS, AUDIT, "/classes", "logarithm of how many")
    for what in ("images", "groups"):
        own = [entry[what] for entry in classes]
        for place, value in enumerate(own):
            count(f"class.{what}/{place}", value, f"/classes, number {place}, {what}")
        count(f"class.{what}.largest", max(own), f"/classes/*/{what}", "the largest")
        count(f"class.{what}.smallest", min(own), f"/classes/*/{what}", "the smallest")
    for which in ("shortest", "longest"):
        count(f"side.{which}", audit["sides"][which], f"/sides/{which}")
    count("groups", audit["groups"], "/groups")
    sizes = [len(entry["images"]) for entry in audit["duplicates"]]
    count("duplicates.groups", audit["duplicate_groups"], "/duplicate_groups")
    count("duplicates.images", audit["duplicate_images"], "/duplicate_images")
    count("duplicates.largest", max(sizes, default=1), "/duplicates/*/images", "the most")
    for kind in ("equal_bytes", "equal_pixels"):
        for what in ("groups", "images"):
            count(f"{kind}.{what}", audit[kind][what], f"/{kind}/{what}")
    criterion = audit["criterion"]
    facts.add("criterion.distance", criterion["distance"], Unit.BITS, AUDIT, "/criterion/distance")
    facts.add(
        "criterion.evidence", criterion["evidence"], Unit.NUMBER, AUDIT, "/criterion/evidence"
    )
    pairs = sum(len(side) for side in audit["closest"].values())
    count("pictured", len(sizes) + pairs, "/duplicates, /closest", "groups and pairs to be shown")
    confirmed = audit["confirmed"]
    count("confirmed", len(confirmed), "/confirmed", "how many")
    count(
        "confirmed.overruling",
        sum(pair["overrules"] for pair in confirmed),
        "/confirmed/*/overrules",
        "how many",
    )
    for kind in ("mixed_groups", "chains"):
        count(kind, audit[kind], f"/{kind}")
    for kind in ("one_coloured", "tiny", "elongated"):
        count(kind, len(audit[kind]), f"/{kind}", "how many")


def add_splits(
    facts: Facts,
    splits: Mapping[int, pd.DataFrame],
    manifest: pd.DataFrame,
    folds: int | None,
) -> None:
    """Add the sizes of the parts and the leaked images in them.

    Args:
        facts: where they go.
        splits: the split of each replicate.
        manifest: the manifest.
        folds: the folds that the replicates go through, if any.
    """
    pixels = usable_images(manifest)["pixels_sha256"].to_numpy()
    tables = list(splits.values())
    train, validation, test = (_count_images(tables, part) for part in (TRAIN, VALIDATION, TEST))
    leaked, leaked_test = (_count_leaked(tables, part) for part in (VALIDATION, TEST))
    equal = [count_equal_leaks(table, pixels) for table in tables]

    def count(id: str, value: float | None, at: str, rule: str) -> None:
        facts.add(id, value, Unit.COUNT, SPLITS, at, rule)

    count("split.train", float(np.mean(train)), "part train", "mean over the replicates")
    count(
        "split.validation",
        float(np.mean(validation)),
        "part validation",
        "mean over the replicates",
    )
    count("split.test", test[0], "part test", "rows of replicate 0")
    count("split.leaked_test", max(leaked_test), "part test, leaked", "the most of a replicate")
    count("split.folds", folds, "split.folds", "as configured")
    for word, choose in (("min", min), ("max", max)):
        count(
            f"split.leaked.{word}",
            choose(leaked),
            "part validation, leaked",
            f"{word} over the replicates",
        )
        count(
            f"split.equal.{word}",
            choose(equal),
            "part validation",
            f"with the pixels_sha256 of a training image, {word} over the replicates",
        )
    facts.add(
        "split.leaked.share",
        sum(leaked) / sum(validation),
        Unit.SHARE,
        SPLITS,
        "part validation, leaked",
        "leaked over all, both summed over the replicates",
    )


def count_equal_leaks(split: pd.DataFrame, pixels: np.ndarray) -> int:
    """Count the validation images that are equal in every pixel to one that is trained on.

    Args:
        split: one row a usable image.
        pixels: the checksum of each one's pixels, in the same order.
    """
    is_trained = (split["part"] == TRAIN).to_numpy()
    is_validation = (split["part"] == VALIDATION).to_numpy()
    return int((is_validation & np.isin(pixels, pixels[is_trained])).sum())


def _count_images(splits: Sequence[pd.DataFrame], part: str) -> list[int]:
    return [int((split["part"] == part).sum()) for split in splits]


def _count_leaked(splits: Sequence[pd.DataFrame], part: str) -> list[int]:
    return [int((split["leaked"] & (split["part"] == part)).sum()) for split in splits]
