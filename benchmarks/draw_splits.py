"""How even and how fair splits are, beside scikit-learn's, and how long large ones take.

    python benchmarks/draw_splits.py results/food-quick/data/manifest.csv

Even: how far a class is off its share, the worst of many replicates. Fair: how often groups of
each size are in the validation part. The large splits are of made images.
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedGroupKFold

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

from timbang.records.tables import VALIDATION, read_manifest, usable_images
from timbang.splits.drawing import split_images
from timbang.study.schema import defaults_of
from timbang.study.words import Split

REPLICATES = 500
IMAGES, CLASSES = 100_000, 1_000


def make_split(**own: float) -> Split:
    given = defaults_of("split") | own
    return Split(**{"column" if key == "from" else key: given[key] for key in given})


def draw(images: pd.DataFrame, split: Split, replicate: int) -> np.ndarray:
    return (split_images(images, split, replicate)["part"] == VALIDATION).to_numpy()


def draw_with_scikit_learn(images: pd.DataFrame, split: Split, replicate: int) -> np.ndarray:
    folds = StratifiedGroupKFold(round(1 / split.validation), shuffle=True, random_state=replicate)
    chosen = np.zeros(len(images), dtype=bool)
    chosen[next(folds.split(images["label"], images["label"], images["group"]))[1]] = True
    return chosen


def measure(
    images: pd.DataFrame, split: Split, draw: Callable[[pd.DataFrame, Split, int], np.ndarray]
) -> tuple[float, pd.Series]:
    """Return the largest deviation of a class in points, and the chance of each size of group."""
    largest, often = 0.0, np.zeros(len(images))
    for replicate in range(REPLICATES):
        chosen = draw(images, split, replicate)
        shares = pd.Series(chosen).groupby(images["label"].to_numpy()).mean()
        largest = max(largest, (shares - split.validation).abs().max())
        often += chosen
    groups = images.assign(chance=often / REPLICATES).groupby("group")["chance"]
    return 100 * largest, groups.first().groupby(groups.size()).mean()


def make_images(groups: bool, mixed: bool) -> pd.DataFrame:
    """Return many images of many classes in groups of three or so, or alone."""
    random = np.random.default_rng(0)
    labels = random.integers(0, CLASSES, IMAGES)
    numbers = np.arange(IMAGES)
    if groups:
        numbers = random.integers(0, IMAGES // 3, IMAGES)
        if not mixed:
            numbers = labels * IMAGES + numbers % (IMAGES // CLASSES // 3)
    return pd.DataFrame({"filename": "", "label": labels.astype(str), "group": numbers, "part": ""})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("manifest", type=Path)
    images = usable_images(read_manifest(parser.parse_args().manifest))
    for name, way in (("Timbang", draw), ("scikit-learn", draw_with_scikit_learn)):
        largest, chance = measure(images, make_split(validation=0.2), way)
        print(f"{name}: a class is off by {largest:.2f} points at most; chance by size of group:")
        print("  " + ", ".join(f"{size}: {value:.2f}" for size, value in chance.items()))
    for share in (0.1, 0.37):
        largest, _ = measure(images, make_split(validation=share), draw)
        print(f"share {share}: {largest:.2f} points at most")
    for name, groups, mixed in (
        ("no duplicates", False, False),
        ("groups of three", True, False),
        ("groups of three, each of several classes", True, True),
    ):
        for split in (make_split(validation=0.2), make_split(validation=0.2, folds=5)):
            large = make_images(groups, mixed)
            start = time.perf_counter()
            split_images(large, split, 0)
            print(f"{name}, folds {split.folds}: {time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    main()
