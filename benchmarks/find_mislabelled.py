"""How well the ledger's label score finds labels that were flipped: docs/evidence.md#labels.

Of scikit-learn's digits two labels in a hundred are flipped to another class. Classifiers are then
trained on redrawn splits of 80/20 of the flipped images, as the replicates of a study would be, and
the ledger is made of their predictions. Reported are the precision at the number flipped and the
area under the precision-recall curve (average precision), beside the mean probability of the label
and beside a random order. The classifiers are scikit-learn's, to keep it at minutes: a logistic
regression and a forest, two contenders as in a study.

    python benchmarks/find_mislabelled.py digits --draws 5

The same on the pixels of a study that is there, whose images may have copies:

    python benchmarks/find_mislabelled.py pixels results/<study>/data --draws 5

With networks of Timbang's, on a study's own images: flip labels of its table, run the study with
the flipped table, and score the ledger that it makes. All copies of a picture are flipped alike,
since Timbang refuses equal images with several labels at the door; two in a hundred groups of
copies are, and a group counts once.

    python benchmarks/find_mislabelled.py flip <study's data>/manifest.csv labels.csv flipped.csv
    python benchmarks/find_mislabelled.py score results/<study>/images.csv labels.csv flipped.csv
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score

from timbang.records.tables import VALIDATION, read_manifest, usable_images
from timbang.scores.ledger import read_ledger, tabulate_images
from timbang.scores.predictions import PROBABILITY

FLIPPED, SHARE, REPLICATES = 0.02, 0.2, 7
COARSE = 16
CONTENDERS = {
    "logistic": lambda seed: LogisticRegression(C=0.01, max_iter=200),
    "forest": lambda seed: RandomForestClassifier(100, random_state=seed),
}


def flip(labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return labels, int [N] from 0, of which two in a hundred are those of another class."""
    flipped, classes = labels.copy(), labels.max() + 1
    chosen = rng.choice(len(labels), round(FLIPPED * len(labels)), replace=False)
    flipped[chosen] = (labels[chosen] + rng.integers(1, classes, len(chosen))) % classes
    return flipped


def flip_table(manifest: Path, table: Path, flipped: Path, seed: int) -> None:
    """Write a study's table of labels with those of two in a hundred groups flipped."""
    own = pd.read_csv(table, dtype=str, keep_default_na=False)
    groups = pd.read_csv(manifest, dtype=str).set_index("filename")["group"]
    group, _ = pd.factorize(own["filename"].map(groups))
    code, names = pd.factorize(own["label"], sort=True)
    first = pd.Series(code).groupby(group).first().to_numpy()
    by_group = flip(first, np.random.default_rng(seed))
    is_flipped = (by_group != first)[group]
    own["label"] = names[np.where(is_flipped, by_group[group], code)]
    own.to_csv(flipped, index=False)


def score_study(images: Path, table: Path, flipped: Path, seed: int) -> dict:
    """Return how well a study's ledger finds the labels that two tables do not share."""
    before, after = (
        pd.read_csv(path, dtype=str, keep_default_na=False).set_index("filename")["label"]
        for path in (table, flipped)
    )
    ledger = read_ledger(images).drop_duplicates("group")
    is_flipped = (before != after).loc[ledger["filename"]].to_numpy()
    return score(ledger, is_flipped, np.random.default_rng(seed))


def draw_splits(
    labels: np.ndarray, groups: np.ndarray, folds: bool, rng: np.random.Generator
) -> dict:
    """Return splits as Timbang has them: redrawn ones, or the five folds of one shuffling.

    Copies, int [N] from 0 by group, stay together.
    """
    count = groups.max() + 1
    table = pd.DataFrame(
        {
            "filename": [str(place) for place in range(len(labels))],
            "label": labels.astype(str),
            "group": groups,
            "leaked": False,
        }
    )
    fold = (rng.permutation(count) % 5)[groups]
    held = [fold == k for k in range(5)] if folds else []
    while len(held) < (5 if folds else REPLICATES):
        held.append((rng.permutation(count) < SHARE * count)[groups])
    return {
        replicate: table.assign(part=np.where(own, VALIDATION, "train"))
        for replicate, own in enumerate(held)
    }


def train(make, pixels: np.ndarray, splits: dict) -> list[tuple[int, pd.DataFrame]]:
    """Return the predictions of a contender on the validation part of each split."""
    answers = []
    for replicate, split in splits.items():
        is_held = (split["part"] == VALIDATION).to_numpy()
        model = make(replicate).fit(pixels[~is_held], split["label"][~is_held])
        chances = model.predict_proba(pixels[is_held])
        table = split.loc[is_held, ["filename", "label", "part"]].reset_index(drop=True)
        table["predicted"] = model.classes_[chances.argmax(axis=1)]
        names = [PROBABILITY + name for name in model.classes_]
        answers.append((replicate, table.join(pd.DataFrame(chances, columns=names))))
    return answers


def score(images: pd.DataFrame, is_flipped: np.ndarray, rng: np.random.Generator) -> dict:
    """Return precision at the number flipped, and average precision, of each way to rank."""
    known = images["label_score"].notna().to_numpy()
    truth = is_flipped[known]
    ways = {
        "label score": -images["label_score"][known].to_numpy(),
        "mean probability": -images["label_probability"][known].to_numpy(),
        "random": rng.random(known.sum()),
    }
    results = {"validated": known.mean(), "flipped": truth.sum()}
    for name, suspicion in ways.items():
        first = np.argsort(-suspicion, kind="stable")[: truth.sum()]
        results[f"{name}, precision"] = truth[first].mean()
        results[f"{name}, area"] = average_precision_score(truth, suspicion)
    return results


def read_pixels(folder: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the pixels of a study, coarsened to 16 a side, float [N, D], its labels and groups."""
    manifest = usable_images(read_manifest(folder / "manifest.csv"))
    pixels = np.load(folder / "pixels.npy", mmap_mode="r")
    count, side = len(pixels), pixels.shape[1] // COARSE
    cells = np.asarray(pixels, dtype=np.float32)[:, : COARSE * side, : COARSE * side]
    cells = cells.reshape(count, COARSE, side, COARSE, side, 3).mean((2, 4)) / 16
    labels, groups = (pd.factorize(manifest[name], sort=True)[0] for name in ("label", "group"))
    return cells.reshape(count, -1), labels, groups


def score_draws(pixels: np.ndarray, labels: np.ndarray, groups: np.ndarray, draws: int) -> None:
    """Print the means over draws of flips and splits, for redrawn splits and for folds.

    The labels of two in a hundred groups are flipped, and a group counts once.
    """
    first = pd.Series(labels).groupby(groups).first().to_numpy()
    for folds in (False, True):
        rows = []
        for seed in range(draws):
            rng = np.random.default_rng(seed)
            by_group = flip(first, rng)
            is_flipped = (by_group != first)[groups]
            flipped = np.where(is_flipped, by_group[groups], labels)
            splits = draw_splits(flipped, groups, folds, rng)
            answers = {name: train(make, pixels, splits) for name, make in CONTENDERS.items()}
            images = tabulate_images(splits, answers).drop_duplicates("group")
            rows.append(score(images, is_flipped[images.index], rng))
            right = [
                np.mean(own.predicted == own.label) for one in answers.values() for _, own in one
            ]
            rows[-1]["accuracy"] = np.mean(right)
        print("folds" if folds else f"{REPLICATES} redrawn splits")
        print(pd.DataFrame(rows).agg(["mean", "min", "max"]).T.round(3).to_string(), flush=True)


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    ways = parser.add_subparsers(dest="way", required=True)
    for way, files in (
        ("digits", ()),
        ("pixels", ("folder",)),
        ("flip", ("manifest", "table", "flipped")),
        ("score", ("images", "table", "flipped")),
    ):
        own = ways.add_parser(way)
        for name in files:
            own.add_argument(name, type=Path)
        own.add_argument("--seed", type=int, default=0)
        own.add_argument("--draws", type=int, default=5)
    given = parser.parse_args()
    if given.way == "digits":
        pixels, labels = load_digits(return_X_y=True)
        score_draws(pixels, labels, np.arange(len(labels)), given.draws)
    elif given.way == "pixels":
        score_draws(*read_pixels(given.folder), given.draws)
    elif given.way == "flip":
        flip_table(given.manifest, given.table, given.flipped, given.seed)
    else:
        found = score_study(given.images, given.table, given.flipped, given.seed)
        print(pd.Series(found).round(3).to_string())


if __name__ == "__main__":
    main()
