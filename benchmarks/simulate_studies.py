"""Whether intervals and verdicts keep what they promise: studies with a known truth.

    python benchmarks/simulate_studies.py                 # 10,000 studies a setting
    python benchmarks/simulate_studies.py --studies 1000

Each study has a reference and three other contenders, compared with it by the functions that a
real study uses. Differences have a standard deviation of 6 points; the replicates are correlated
as splits of 80/20 make them (0.2) unless the line says otherwise. Of each setting: how often the
95 % interval covers the truth, how often at least one of three true zeros is called greater or
lower, and how often true differences of 5, 10 and 20 points are called greater.
"""

import argparse
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from timbang.evidence.contrasts import Design, adjust_by_holm, contrast
from timbang.evidence.verdicts import decide

SPREAD, MARGIN, CONTRASTS = 0.06, 0.02, 3
TRUTHS = (0.05, 0.10, 0.20)
TRAIN, VALIDATION = 1437, 360
# Accuracies are fractions of a finite number of images; the simulated ones are as fine as can be.
FINE = 10_000_000

Noise = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]


@dataclass(frozen=True)
class Setting:
    """How studies are made: the design, replicates, their correlation and the noise of a run."""

    name: str
    scheme: str
    replicates: int
    correlation: float
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
    own = 0.2
    redrawn = [
        Setting(f"redrawn splits, {count}", "redrawn", count, own, draw_normal)
        for count in (5, 7, 10, 20)
    ]
    fixed = [
        Setting(f"one fixed split, {count}", "fixed", count, 0.0, draw_normal)
        for count in (5, 7, 8, 10)
    ]
    return [
        *redrawn,
        *fixed,
        Setting("redrawn, 7, heavy tails", "redrawn", 7, own, draw_heavy),
        Setting("redrawn, 7, accidents", "redrawn", 7, own, draw_accident),
        Setting("redrawn, 7, spreads 1:3", "redrawn", 7, own, draw_normal, (1.0, 3.0, 0.3, 1.0)),
        Setting("redrawn, 7, independent", "redrawn", 7, 0.0, draw_normal),
        Setting("redrawn, 7, correlation 0.4", "redrawn", 7, 0.4, draw_normal),
        Setting("fixed, 7, heavy tails", "fixed", 7, 0.0, draw_heavy),
        Setting("fixed, 7, accidents", "fixed", 7, 0.0, draw_accident),
        Setting("fixed, 7, spreads 1:3", "fixed", 7, 0.0, draw_normal, (1.0, 3.0, 0.3, 1.0)),
        Setting("fixed, but the splits differ, 7", "fixed", 7, own, draw_normal),
    ]


def draw_differences(
    setting: Setting, truth: float, studies: int, random: np.random.Generator
) -> np.ndarray:
    """Return float [studies, contrasts, replicates]: contenders minus the reference."""
    runs = 1 + CONTRASTS
    shared = setting.noise(random, (studies, runs, 1))
    own = setting.noise(random, (studies, runs, setting.replicates))
    noise = math.sqrt(setting.correlation) * shared + math.sqrt(1 - setting.correlation) * own
    # So that a difference of two runs has the standard deviation SPREAD at equal spreads.
    noise *= SPREAD / math.sqrt(2) * np.array(setting.spreads)[:, None]
    return truth + noise[:, 1:] - noise[:, :1]


def judge(setting: Setting, truth: float, studies: int) -> tuple[float, float, float]:
    """Return coverage, the share of studies with any difference decided, and of greater."""
    random = np.random.default_rng(0)
    design = Design(setting.scheme, FINE * TRAIN / VALIDATION, FINE)
    covered, any_decided, greater = 0, 0, 0
    for study in draw_differences(setting, truth, studies, random):
        contrasts = [contrast(values, design, MARGIN) for values in study]
        adjusted = adjust_by_holm([own.p_value for own in contrasts])
        says = [decide(own, p, MARGIN) for own, p in zip(contrasts, adjusted, strict=True)]
        covered += contrasts[0].low <= truth <= contrasts[0].high
        any_decided += "higher" in says or "lower" in says
        greater += says[0] == "higher"
    return covered / studies, any_decided / studies, greater / studies


def main() -> None:
    """Print one line a setting."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=10_000)
    options = parser.parse_args()
    print("| setting | interval covers | any false of three | power at 5, 10, 20 points |")
    print("|---|---|---|---|")
    for setting in list_settings():
        covered, false, _ = judge(setting, 0.0, options.studies)
        powers = [judge(setting, truth, options.studies // 5)[2] for truth in TRUTHS]
        shown = ", ".join(f"{power:.2f}" for power in powers)
        print(f"| {setting.name} | {covered:.3f} | {false:.3f} | {shown} |", flush=True)


if __name__ == "__main__":
    main()
