"""How wide the simultaneous intervals of a specification curve must be: ways to find it compared.

    python benchmarks/simulate_curves.py                  # 10,000 studies a line
    python benchmarks/simulate_curves.py --studies 1000

Differences of J replicates and T recipes without any effect. A way covers where no recipe's |t| is
above its critical value; the smaller the value, the narrower the intervals. Beside the way that
Timbang takes: quantiles of Šidák and Bonferroni, signs of the centred residuals of whole replicates
flipped with the standard errors taken anew, and normal differences with the estimated correlations
shrunk half way to none. The last two go through a tenth of the studies.

Then how often three statistics of a whole curve of 7 replicates and 8 recipes find an effect at 5 %
when the signs of whole replicates are flipped; a fifth of the studies.
"""

import argparse
import itertools
import math
from collections.abc import Callable
from functools import cache

import numpy as np
from scipy import special

from timbang.evidence.contrasts import CONFIDENCE
from timbang.evidence.recipes import correlate_recipes, find_critical

REPLICATES, RECIPES, CORRELATIONS = (5, 7, 10, 20), (3, 8, 16), (0.0, 0.5, 0.9)
FLIPS, DRAWN = 1024, 500
# Of the correlation, how fine the critical values are told apart here.
STEP = 0.02

Noise = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]
Way = Callable[[np.ndarray], float]


def draw_normal(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Return normal differences."""
    return random.standard_normal(shape)


def draw_accidents(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Return differences of which one contender fails far in one run of ten."""
    failed = random.random(shape) < 0.1
    unstable = (random.standard_normal(shape) - 4 * failed + 0.4) / math.sqrt(1 + 16 * 0.09)
    return (unstable + random.standard_normal(shape)) / math.sqrt(2)


def draw_skewed(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Return differences of exponential bad luck, three times as much of one contender."""
    return (3 * (1 - random.exponential(1, shape)) - (1 - random.exponential(1, shape))) / 3.162


NOISES: dict[str, Noise] = {
    "normal": draw_normal,
    "one has accidents": draw_accidents,
    "skewed, 3:1": draw_skewed,
}


def find_t(differences: np.ndarray) -> np.ndarray:
    """Return |t| float [..., T] of differences float [..., J, T]."""
    spread = differences.std(axis=-2, ddof=1)
    return np.abs(differences.mean(axis=-2)) / spread * math.sqrt(differences.shape[-2])


def take_sidak(differences: np.ndarray) -> float:
    """Return Šidák's quantile."""
    count, recipes = differences.shape
    return find_critical(count, recipes, 0.0)


def take_bonferroni(differences: np.ndarray) -> float:
    """Return Bonferroni's quantile."""
    count, recipes = differences.shape
    return float(special.stdtrit(count - 1, 1 - (1 - CONFIDENCE) / 2 / recipes))


@cache
def look_up(count: int, recipes: int, steps: int) -> float:
    return find_critical(count, recipes, steps * STEP)


def take_equal(differences: np.ndarray) -> float:
    """Return Timbang's: the quantile for one correlation between any two recipes."""
    return look_up(*differences.shape, round(correlate_recipes(differences) / STEP))


@cache
def draw_signs(count: int) -> np.ndarray:
    if 2 ** (count - 1) <= FLIPS:
        return np.array(list(itertools.product((1.0,), *[(1.0, -1.0)] * (count - 1))))
    return 1.0 - 2 * np.random.default_rng(0).integers(2, size=(FLIPS, count))


def flip_residuals(differences: np.ndarray) -> float:
    """Return the quantile over flips of the residuals, the standard errors taken anew."""
    count = len(differences)
    residuals = differences - differences.mean(axis=0)
    means = draw_signs(count) @ residuals / count
    spreads = np.sqrt(
        np.maximum((residuals**2).sum(axis=0) - count * means**2, 1e-12) / (count - 1)
    )
    largest = (np.abs(means) / spreads * math.sqrt(count)).max(axis=1)
    return float(np.quantile(largest, CONFIDENCE, method="higher"))


@cache
def draw_numbers(count: int, recipes: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal((DRAWN, count, recipes))


def shrink_correlations(differences: np.ndarray) -> float:
    """Return the quantile for normal differences with the correlations shrunk half way."""
    recipes = differences.shape[1]
    shrunk = (np.corrcoef(differences.T) + np.eye(recipes)) / 2
    drawn = draw_numbers(*differences.shape) @ np.linalg.cholesky(shrunk).T
    return float(np.quantile(find_t(drawn).max(axis=1), CONFIDENCE))


# Each way, and one in how many studies it goes through.
WAYS: dict[str, tuple[Way, int]] = {
    "equal correlation": (take_equal, 1),
    "Šidák": (take_sidak, 1),
    "Bonferroni": (take_bonferroni, 1),
    "flipped residuals": (flip_residuals, 10),
    "shrunk correlations": (shrink_correlations, 10),
}


def draw_differences(
    noise: Noise, correlation: float, shape: tuple[int, int, int], random: np.random.Generator
) -> np.ndarray:
    """Return float [studies, J, T] without any effect."""
    shared = noise(random, (*shape[:2], 1))
    own = noise(random, shape)
    return math.sqrt(correlation) * shared + math.sqrt(1 - correlation) * own


STATISTICS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "mean": lambda means, _: means.mean(axis=1),
    "median (taken)": lambda means, _: np.median(means, axis=1),
    "mean t": lambda means, errors: (means / errors).mean(axis=1),
}
# Effect and spread of the differences under eight recipes, in standard deviations.
EFFECTS = {
    "none": (np.zeros(8), np.ones(8)),
    "the same under all": (np.full(8, 0.8), np.ones(8)),
    "under half of them": (np.repeat([0.0, 0.8], 4), np.ones(8)),
    "one of them eight times as noisy": (np.full(8, 0.8), np.repeat([1.0, 8.0], [7, 1])),
    "one far the other way": (np.repeat([0.8, -6.0], [7, 1]), np.repeat([1.0, 3.0], [7, 1])),
}


def print_whole_curves(studies: int) -> None:
    """Print how often each statistic of a whole curve finds an effect."""
    signs = np.array(list(itertools.product((1.0, -1.0), repeat=7)))
    print(f"| effect, correlation | {' | '.join(STATISTICS)} |\n|---|---|---|---|")
    for (name, (effect, spread)), correlation in itertools.product(EFFECTS.items(), (0.2, 0.6)):
        random = np.random.default_rng(1)
        drawn = draw_differences(draw_normal, correlation, (studies, 7, 8), random)
        found = []
        for own in effect + spread * drawn:
            means = signs @ own / 7
            errors = np.sqrt((own**2).mean(axis=0) - means**2)
            sizes = [np.abs(ask(means, errors).round(12)) for ask in STATISTICS.values()]
            found.append([(size >= size[0]).mean() <= 1 - CONFIDENCE for size in sizes])
        shown = " | ".join(f"{rate:.3f}" for rate in np.mean(found, axis=0))
        print(f"| {name}, {correlation} | {shown} |", flush=True)


def main() -> None:
    """Print coverage and critical value by setting and way, and the least coverage of each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=10_000)
    studies = parser.parse_args().studies
    print(f"| noise, replicates x recipes, correlation | plain t of one | {' | '.join(WAYS)} |")
    print("|" + "---|" * (2 + len(WAYS)))
    found: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for (name, noise), count, recipes, correlation in itertools.product(
        NOISES.items(), REPLICATES, RECIPES, CORRELATIONS
    ):
        shape = (studies, count, recipes)
        drawn = draw_differences(noise, correlation, shape, np.random.default_rng(1))
        seen = find_t(drawn)
        one = (seen[:, 0] <= special.stdtrit(count - 1, (1 + CONFIDENCE) / 2)).mean()
        shown = []
        for way, (take, every) in WAYS.items():
            values = np.array([take(own) for own in drawn[::every]])
            covers = float((seen[::every].max(axis=1) <= values).mean())
            found.setdefault((name, way), []).append((covers, float(values.mean())))
            shown.append(f"{covers:.3f}, {values.mean():.2f}")
        setting = f"{name}, {count} x {recipes}, {correlation}"
        print(f"| {setting} | {one:.3f} | {' | '.join(shown)} |", flush=True)
    print("\n| noise, way | least coverage | mean critical value |\n|---|---|---|")
    for (name, way), own in found.items():
        covered, critical = np.array(own).T
        print(f"| {name}, {way} | {covered.min():.3f} | {critical.mean():.2f} |")
    print()
    print_whole_curves(studies // 5)


if __name__ == "__main__":
    main()
