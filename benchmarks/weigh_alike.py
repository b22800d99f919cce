"""Whether the intervals of real training cover: networks whose true difference is known.

    python benchmarks/weigh_alike.py                       # 25 minutes on one processor
    python benchmarks/weigh_alike.py --pools 60 --splits 70

The population are scikit-learn's digits, turned, shifted, scaled and with noise at random: it has
no end. Small networks (tiny_networks.py) are trained by Timbang's own loop.

Images like these: many pools of 300 images, of each 7 redrawn splits of 80/20. The truth is the
mean over all pools. Two contrasts: a wide against a narrow network, and a narrow one against itself
with other initial weights and orders (the truth is zero).

These images: one pool with many redrawn splits, whose mean is the truth for it; studies of 7 are
made of them. Its copies of one network are weighed against each other as well.
"""

import argparse
import itertools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from scipy import ndimage
from sklearn.datasets import load_digits

from timbang.evidence.contrasts import Contrast, contrast
from timbang.evidence.design import Design
from timbang.evidence.images import Cells
from timbang.evidence.sampling import Sampling, correction
from timbang.study.schema import defaults_of
from timbang.study.words import Contender, Recipe
from timbang.training.loop import Images, score, train

POOL, HELD_OUT, SIDE, CLASSES = 300, 60, 16, 10
REPLICATES = 7
RECIPE = {"epochs": 5, "batch_size": 32, "learning_rate": 0.01, "horizontal_flip": 0}
NETWORKS = Path(__file__).with_name("tiny_networks.py")
# Of what is trained, the network and what is added to the number of the replicate: other weights.
COPIES = {"narrow": ("narrow", 0), "wide": ("wide", 0), "twin": ("narrow", 1)}
PAIRS = (("wide", "narrow"), ("twin", "narrow"))


@dataclass(frozen=True)
class Scored:
    """What a contender's runs on a pool scored: float [splits] each, and right by image.

    ``right`` is bool [splits, held out], in the order of the split.
    """

    right: np.ndarray
    recall_spread: np.ndarray
    train_loss: np.ndarray


def draw_pool(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return images of the population, uint8 [POOL, SIDE, SIDE, 3], and their classes."""
    data = load_digits()
    chosen = random.integers(len(data.images), size=POOL)
    pictures = []
    for image in data.images[chosen]:
        angle, factor = np.radians(random.uniform(-25, 25)), random.uniform(0.4, 0.62)
        turn = factor * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        centre = np.full(2, 3.5) + random.uniform(-0.8, 0.8, 2) - turn @ np.full(2, SIDE / 2 - 0.5)
        picture = ndimage.affine_transform(image / 16, turn, centre, (SIDE, SIDE), order=1)
        pictures.append(picture + 0.15 * random.standard_normal((SIDE, SIDE)))
    grey = (255 * np.clip(pictures, 0, 1)).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=3), data.target[chosen].astype(np.int64)


def draw_splits(random: np.random.Generator, splits: int) -> np.ndarray:
    """Return int [splits, HELD_OUT]: who is held out."""
    return np.array([random.permutation(POOL)[:HELD_OUT] for _ in range(splits)])


def train_contender(
    name: str, pixels: np.ndarray, classes: np.ndarray, splits: np.ndarray, first: int
) -> Scored:
    """Train a contender on each split; ``first`` is the number of the first replicate."""
    network, shift = COPIES[name]
    recipe = Recipe(**defaults_of("recipe") | RECIPE)
    contender = Contender(name, f"{NETWORKS}:{network}", 1.0, recipe, None)
    device = torch.device("cpu")
    rights, spreads, losses = [], [], []
    for place, held in enumerate(splits):
        trained = np.setdiff1d(np.arange(POOL), held)
        images = Images(pixels, classes, trained, held)
        run = train(contender, 2 * (first + place) + shift, images, CLASSES, device)
        right = run.logits.argmax(1).numpy() == classes[held]
        recalls = [right[classes[held] == own].mean() for own in np.unique(classes[held])]
        rights.append(right)
        spreads.append(max(recalls) - min(recalls))
        losses.append(score(run.network, images, trained, device)[0])
    return Scored(np.array(rights), np.array(spreads), np.array(losses))


def weigh(first: Scored, second: Scored, splits: np.ndarray) -> dict[str, Contrast]:
    """Return the contrast of two contenders by each measure."""
    design = Design("redrawn", POOL - HELD_OUT, HELD_OUT)
    values = first.right.astype(float) - second.right
    runs = np.repeat(np.arange(len(splits)), HELD_OUT)
    cells = Cells(runs, splits.ravel(), values.ravel())
    spread, loss = (
        getattr(first, key) - getattr(second, key) for key in ("recall_spread", "train_loss")
    )
    return {
        "accuracy": contrast(values.mean(axis=1), design, 0.02, Sampling.IMAGES, cells=cells),
        "recall spread": contrast(spread, design, 0.02, Sampling.VALIDATION),
        "clean training loss": contrast(loss, design, 0.02, Sampling.TRAINING),
    }


def covers(intervals: list[tuple[float, float]], truth: float) -> float:
    """Return the share of intervals that hold the truth."""
    return float(np.mean([low <= truth <= high for low, high in intervals]))


def weigh_pools(pools: int) -> None:
    """Print coverage and half widths for images like these."""
    found: dict[tuple[tuple[str, str], str], list[Contrast]] = {}
    for number in range(pools):
        random = np.random.default_rng(number)
        pixels, classes = draw_pool(random)
        splits = draw_splits(random, REPLICATES)
        own = {
            name: train_contender(name, pixels, classes, splits, REPLICATES * number)
            for name in COPIES
        }
        for pair in PAIRS:
            for measure, made in weigh(*(own[name] for name in pair), splits).items():
                found.setdefault((pair, measure), []).append(made)
    print(f"\n| images like these, {pools} pools | truth | plain t | 0.1 | now | half widths | r |")
    print("|---|---|---|---|---|---|---|")
    factor = correction(Sampling.VALIDATION, Design("redrawn", POOL - HELD_OUT, HELD_OUT), 7)
    assert factor is not None
    for (pair, measure), made in found.items():
        truth = float(np.mean([one.mean for one in made]))
        plain = [(one.these.low, one.these.high) for one in made]
        now = [(one.like.low, one.like.high) for one in made]
        # Version 0.1 took Nadeau's and Bengio's correction for every measure.
        wider = np.sqrt(1 + factor * REPLICATES)
        old = [
            (
                one.mean - wider * (one.mean - one.these.low),
                one.mean + wider * (one.these.high - one.mean),
            )
            for one in made
        ]
        halves = [np.mean([high - low for low, high in ends]) / 2 for ends in (plain, old, now)]
        # What would be right: the variance of the means over that of the differences, less 1/J.
        ratio = np.var([one.mean for one in made], ddof=1) / np.mean([one.sd**2 for one in made])
        print(
            f"| {' against '.join(pair)}, {measure} | {truth:.4f} | {covers(plain, truth):.3f} "
            f"| {covers(old, truth):.3f} | {covers(now, truth):.3f} "
            f"| {', '.join(f'{half:.3f}' for half in halves)} | {ratio - 1 / REPLICATES:.2f} |",
            flush=True,
        )


def weigh_one_pool(count: int) -> None:
    """Print coverage for these images, and how often copies of one network differ."""
    random = np.random.default_rng(10_000)
    pixels, classes = draw_pool(random)
    splits = draw_splits(random, count)
    own = {name: train_contender(name, pixels, classes, splits, 100_000) for name in COPIES}
    print(f"\n| these images, {count // REPLICATES} studies of one pool | truth | plain t | 0.1 |")
    print("|---|---|---|---|")
    for first, second in PAIRS:
        differences = own[first].right.mean(axis=1) - own[second].right.mean(axis=1)
        truth = float(differences.mean())
        design = Design("redrawn", POOL - HELD_OUT, HELD_OUT)
        made = [
            contrast(part, design, 0.02, Sampling.VALIDATION)
            for part in differences[: count // REPLICATES * REPLICATES].reshape(-1, REPLICATES)
        ]
        plain, old = (
            covers([(getattr(one, key).low, getattr(one, key).high) for one in made], truth)
            for key in ("these", "like")
        )
        print(f"| {first} against {second}, accuracy | {truth:.4f} | {plain:.3f} | {old:.3f} |")


def weigh_copies(copies: int) -> None:
    """Print how many pairs of copies of one network are called different at 5 %."""
    random = np.random.default_rng(20_000)
    pixels, classes = draw_pool(random)
    splits = draw_splits(random, 14)
    own = [
        train_contender("narrow", pixels, classes, splits, 200_000 + 100 * copy)
        for copy in range(copies)
    ]
    called = {"plain t": 0, "0.1": 0, "now": 0}
    pairs = list(itertools.combinations(own, 2))
    for first, second in pairs:
        made = weigh(first, second, splits)["accuracy"]
        design = Design("redrawn", POOL - HELD_OUT, HELD_OUT)
        values = first.right.mean(axis=1) - second.right.mean(axis=1)
        old = contrast(values, design, 0.02, Sampling.VALIDATION)
        called["plain t"] += made.these.p_value <= 0.05
        called["0.1"] += old.like.p_value <= 0.05
        called["now"] += made.like.p_value <= 0.05
    print(
        f"\n{copies} copies of one network, 14 redrawn splits, {len(pairs)} pairs; different at 5 %"
    )
    print(", ".join(f"{name} {count}" for name, count in called.items()))


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pools", type=int, default=150)
    parser.add_argument("--splits", type=int, default=700)
    parser.add_argument("--copies", type=int, default=30)
    options = parser.parse_args()
    torch.set_num_threads(1)
    weigh_pools(options.pools)
    weigh_one_pool(options.splits)
    weigh_copies(options.copies)


if __name__ == "__main__":
    main()
