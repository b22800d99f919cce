"""Whether intervals and verdicts keep what they promise: studies with a known truth.

    python benchmarks/simulate_studies.py                 # 10,000 studies a setting, 400 pools
    python benchmarks/simulate_studies.py --studies 1000 --pools 100

Studies of a model: a pool of 300 images is drawn; an image is harder or easier for each contender,
a run is better or worse, and the answers are right or wrong at random. The shares of the noise that
images and runs make differ by setting. The truth for the pool (these images) and for the population
(images like these) are both known. Each study has a reference and three other contenders, which are
judged by the functions that a real study uses.

Studies of classifiers: pools of 400 images of a population, classifiers of scikit-learn's kind that
are trained on redrawn splits, with and without randomness of their own. Training images matter
here. The truth is the mean over all pools.
"""

import argparse
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from sklearn.datasets import load_digits

from timbang.evidence.contrasts import Contrast, contrast
from timbang.evidence.design import About, Design
from timbang.evidence.images import Cells
from timbang.evidence.sampling import Sampling
from timbang.evidence.verdicts import Decision, decide_family
from timbang.evidence.weighing import Weighed

MARGIN, CONTRASTS = 0.02, 3
POOL, VALIDATION = 300, 60
SPREAD = 0.06
TRUTHS = (0.05, 0.10, 0.20)
LEVEL = 0.05

Noise = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]


@dataclass(frozen=True)
class Setting:
    """How studies of the model are made.

    ``of_images`` is the share of the variance of a difference that the images make; the rest is
    the runs'. ``noise`` is that of the runs, ``spreads`` scale it by contender.
    """

    name: str
    splits: str
    replicates: int
    of_images: float
    noise: Noise
    spreads: tuple[float, ...] = (1.0, 1.0, 1.0, 1.0)


def draw_normal(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Return normal noise of standard deviation 1."""
    return random.standard_normal(shape)


def draw_heavy(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Return noise of Student's t with 3 degrees of freedom, of standard deviation 1."""
    return random.standard_t(3, shape) / math.sqrt(3)


def draw_accident(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Return noise of which one run in ten is an accident far below the others."""
    accident = random.random(shape) < 0.1
    noise = random.standard_normal(shape) - 4 * accident
    return (noise + 0.4) / math.sqrt(1 + 16 * 0.09)


def list_settings() -> list[Setting]:
    """Return the settings: first those that the methods assume, then those that break them."""
    shares = ((1.0, "all of the images"), (0.5, "half of the images"), (0.0, "all of the runs"))
    usual = [
        Setting(f"redrawn, {count}, {name}", "redrawn", count, share, draw_normal)
        for count in (5, 7, 20)
        for share, name in shares
    ]
    return [
        *usual,
        Setting("5 folds, half of the images", "folds", 5, 0.5, draw_normal),
        Setting("5 folds twice, half of the images", "folds", 10, 0.5, draw_normal),
        Setting("one fixed split, 7, half of the images", "fixed", 7, 0.5, draw_normal),
        Setting("redrawn, 7, heavy tails", "redrawn", 7, 0.3, draw_heavy),
        Setting("redrawn, 7, accidents", "redrawn", 7, 0.3, draw_accident),
        Setting("redrawn, 7, spreads 1:3", "redrawn", 7, 0.3, draw_normal, (1.0, 3.0, 0.3, 1.0)),
    ]


def draw_splits(setting: Setting, random: np.random.Generator) -> np.ndarray:
    """Return int [replicates, validation images]: who is validated."""
    if setting.splits == "fixed":
        return np.tile(random.permutation(POOL)[:VALIDATION], (setting.replicates, 1))
    if setting.splits == "folds":
        passes = -(-setting.replicates * VALIDATION // POOL)
        dealt = [random.permutation(POOL).reshape(-1, VALIDATION) for _ in range(passes)]
        return np.concatenate(dealt)[: setting.replicates]
    return np.array([random.permutation(POOL)[:VALIDATION] for _ in range(setting.replicates)])


def draw_study(
    setting: Setting, truth: float, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return a study: float [contrasts, J, validation images], who they are, the pool's truths.

    An image's answer is worth a number rather than right or wrong, so that the truth is what it is
    set to; its noise has the size of right or wrong.
    """
    count, runs = setting.replicates, 1 + CONTRASTS
    places = draw_splits(setting, random)
    # Of a difference between two contenders, SPREAD² is the variance between replicates.
    of_images = SPREAD * math.sqrt(setting.of_images * VALIDATION / 2)
    of_runs = SPREAD * math.sqrt((1 - setting.of_images) / 2)
    hard = of_images * random.standard_normal((runs, POOL))
    luck = of_runs * setting.noise(random, (runs, count))
    scales = np.array(setting.spreads)
    values = scales[:, None, None] * (hard[:, places] + luck[:, :, None])
    values[1:] += truth
    # What a fixed split speaks of are its own validation images.
    asked = hard[:, places[0]] if setting.splits == "fixed" else hard
    levels = scales * asked.mean(axis=1)
    return values[1:] - values[:1], places, truth + levels[1:] - levels[0]


def judge_study(
    values: np.ndarray, places: np.ndarray, splits: str, about: About
) -> list[Decision]:
    """Return the decisions on a study's contrasts, as a real study makes them."""
    count, size = places.shape
    design = Design(splits, POOL - VALIDATION, VALIDATION)
    runs = np.repeat(np.arange(count), size)
    weighed = [
        Weighed(
            contrast(
                own.mean(axis=1),
                design,
                MARGIN,
                Sampling.IMAGES,
                about,
                Cells(runs, places.ravel(), own.ravel()),
            ),
            count,
            math.nan,
        )
        for own in values
    ]
    return decide_family([("accuracy", str(k), "ref", MARGIN) for k in range(len(values))], weighed)


def judge_by_old_rule(values: np.ndarray, splits: str) -> list[bool]:
    """Return for each contrast whether version 0.1 calls it greater: one corrected t for all."""
    design = Design(splits, POOL - VALIDATION, VALIDATION)
    weighed = [
        Weighed(contrast(own.mean(axis=1), design, MARGIN, Sampling.VALIDATION), 0, math.nan)
        for own in values
    ]
    family = [("accuracy", str(k), "ref", MARGIN) for k in range(len(values))]
    return [own.says == "higher" for own in decide_family(family, weighed)]


@dataclass
class Tally:
    """Counts over studies: how often the intervals cover, and what is decided."""

    studies: int = 0
    these: int = 0
    like: int = 0
    any_decided: int = 0
    any_equal: int = 0
    any_refuted: int = 0
    greater: int = 0
    old: int = 0


def simulate(setting: Setting, truth: float, studies: int, about: About) -> Tally:
    """Return how often the intervals cover and what is decided, with this truth."""
    random = np.random.default_rng(0)
    tally = Tally(studies)
    for _ in range(studies):
        values, places, pool = draw_study(setting, truth, random)
        decisions = judge_study(values, places, setting.splits, about)
        first: Contrast = decisions[0].weighed.contrast
        tally.these += first.these.low <= pool[0] <= first.these.high
        tally.like += first.like.low <= truth <= first.like.high
        if about == About.THESE:
            # Decided is about this pool, whose truth is then what is set.
            values -= (pool - truth)[:, None, None]
            decisions = judge_study(values, places, setting.splits, about)
        says = [own.says for own in decisions]
        tally.any_decided += "higher" in says or "lower" in says
        tally.any_equal += "equal" in says
        tally.any_refuted += any(own.p_below <= LEVEL for own in decisions)
        tally.greater += says[0] == "higher"
        tally.old += judge_by_old_rule(values, setting.splits)[0]
    return tally


def print_model(studies: int) -> None:
    """Print one line a setting of the model."""
    print(
        "| setting | covers these | covers like | false above, below of 3 true zeros | false "
        "equal, refuted of 3 at the margin | power at 5, 10, 20 points | that of 0.1 |"
    )
    print("|---|---|---|---|---|---|---|")
    for setting in list_settings():
        is_fixed = setting.splits == "fixed"
        about = About.THESE if is_fixed else About.LIKE_THESE
        zero = simulate(setting, 0.0, studies, about)
        edge = simulate(setting, MARGIN, studies, about)
        beyond = [simulate(setting, truth, studies // 5, about) for truth in TRUTHS]
        power, old = (
            ", ".join(f"{getattr(own, key) / own.studies:.2f}" for own in beyond)
            for key in ("greater", "old")
        )
        print(
            f"| {setting.name} | {zero.these / studies:.3f} | {zero.like / studies:.3f} "
            f"| {zero.any_decided / studies:.3f} | {edge.any_equal / studies:.3f}, "
            f"{edge.any_refuted / studies:.3f} | {power} | {'–' if is_fixed else old} |",
            flush=True,
        )


# Classifiers.

CLASSIFIED, HELD_OUT = 400, 80
Fit = Callable[[np.ndarray, np.ndarray, np.ndarray, np.random.Generator], np.ndarray]


def draw_digits(random: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return scikit-learn's digits with noise: float [count, 64] and their classes."""
    data = load_digits()
    chosen = random.permutation(len(data.data))[:count]
    images = data.data[chosen] / 16 + 0.35 * random.standard_normal((count, 64))
    return images, data.target[chosen]


def draw_clusters(random: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return points of six classes of two clusters each: float [count, 12] and their classes."""
    centres = 0.9 * np.random.default_rng(1).standard_normal((6, 2, 12))
    classes, cluster = random.integers(6, size=count), random.integers(2, size=count)
    return centres[classes, cluster] + random.standard_normal((count, 12)), classes


def fit_ridge(penalty: float, features: int = 0, scale: float = 0.3) -> Fit:
    """Return ridge regression on the classes, on random features where there are any."""

    def fit(
        images: np.ndarray, classes: np.ndarray, held: np.ndarray, random: np.random.Generator
    ) -> np.ndarray:
        if features:
            weights = scale * random.standard_normal((images.shape[1], features))
            shift = random.uniform(0, 2 * math.pi, features)
            images, held = (
                math.sqrt(2 / features) * np.cos(own @ weights + shift) for own in (images, held)
            )
        centre = images.mean(axis=0)
        known, asked = (
            np.column_stack([own - centre, np.ones(len(own))]) for own in (images, held)
        )
        wanted = np.eye(classes.max() + 1)[classes]
        inner = known.T @ known + penalty * np.eye(known.shape[1])
        return (asked @ np.linalg.solve(inner, known.T @ wanted)).argmax(axis=1)

    return fit


def fit_nearest(
    images: np.ndarray, classes: np.ndarray, held: np.ndarray, random: np.random.Generator
) -> np.ndarray:
    """Return the class of the nearest training image."""
    distances = (images**2).sum(axis=1) - 2 * held @ images.T
    return classes[distances.argmin(axis=1)]


PAIRS: dict[str, tuple[Fit, Fit]] = {
    "two ridge penalties": (fit_ridge(1.0), fit_ridge(100.0)),
    "nearest image, ridge": (fit_nearest, fit_ridge(1.0)),
    "40 random features, ridge": (fit_ridge(0.1, 40), fit_ridge(1.0)),
    "150, 40 random features": (fit_ridge(0.3, 150), fit_ridge(0.1, 40)),
    "40, 40 random features": (fit_ridge(0.1, 40), fit_ridge(0.1, 40)),
}


def train_pools(
    draw: Callable[..., tuple[np.ndarray, np.ndarray]],
    pair: tuple[Fit, Fit],
    replicates: int,
    pools: int,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield of each pool int [J, held out] who was held out, and the differences of the answers."""
    for number in range(pools):
        random = np.random.default_rng(number)
        images, classes = draw(random, CLASSIFIED)
        places = np.array([random.permutation(CLASSIFIED)[:HELD_OUT] for _ in range(replicates)])
        rows = []
        for held in places:
            trained = np.setdiff1d(np.arange(CLASSIFIED), held)
            first, second = (
                fit(images[trained], classes[trained], images[held], random) == classes[held]
                for fit in pair
            )
            rows.append(first.astype(float) - second)
        yield places, np.array(rows)


def print_classifiers(pools: int, replicates: int) -> None:
    """Print one line a population and pair: coverage and half width of three intervals."""
    print(f"| {replicates} redrawn splits | plain t | 0.1 | now | half widths, points |")
    print("|---|---|---|---|---|")
    design = Design("redrawn", CLASSIFIED - HELD_OUT, HELD_OUT)
    for draw in (draw_clusters, draw_digits):
        for name, pair in PAIRS.items():
            own = list(train_pools(draw, pair, replicates, pools))
            truth = float(np.mean([values.mean() for _, values in own]))
            intervals = []
            for places, values in own:
                runs = np.repeat(np.arange(replicates), HELD_OUT)
                cells = Cells(runs, places.ravel(), values.ravel())
                means = values.mean(axis=1)
                crossed = contrast(means, design, MARGIN, Sampling.IMAGES, cells=cells)
                corrected = contrast(means, design, MARGIN, Sampling.VALIDATION)
                intervals.append([crossed.these, corrected.like, crossed.like])
            ends = np.array([[(one.low, one.high) for one in row] for row in intervals])
            covers = ((ends[..., 0] <= truth) & (truth <= ends[..., 1])).mean(axis=0)
            halves = 100 * (ends[..., 1] - ends[..., 0]).mean(axis=0) / 2
            kind = draw.__name__.removeprefix("draw_")
            shown = " | ".join(f"{own:.3f}" for own in covers)
            widths = ", ".join(f"{own:.1f}" for own in halves)
            print(f"| {kind}: {name} | {shown} | {widths} |", flush=True)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=10_000)
    parser.add_argument("--pools", type=int, default=400)
    options = parser.parse_args()
    print_model(options.studies)
    for replicates in (7, 20):
        print()
        print_classifiers(options.pools, replicates)


if __name__ == "__main__":
    main()
