"""How often a study's results were looked at while replicates were added, and what that costs."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from timbang.evidence.contrasts import ALPHA
from timbang.scores.summary import name_runs

# So many digits tell the settings of a run from others.
_DIGITS = 12
# The sum over replicates is followed on a grid of so many points.
_GRID = 801


def record_look(
    before: Sequence[Mapping[str, Any]], runs: pd.DataFrame, findings: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return the looks at a study's results, the last of them at these runs.

    A look at the same replicates takes the place of the one before; one at runs that were made in
    another way, or on other images, is none at these.

    Args:
        before: the looks so far, the content of ``looks.json``.
        runs: the table ``runs.csv``.
        findings: what is said of each contrast, by contender.

    Returns:
        Of each look its ``replicates``, what was said (``findings``), and by what each run was
        made (``runs``, by contender and name of the run).
    """
    made = {
        f"{contender}/{run}": str(made_with).removeprefix("sha256:")[:_DIGITS]
        for contender, run, made_with in zip(
            runs["contender"], name_runs(runs), runs["made_with"], strict=True
        )
    }
    replicates = sorted({int(own) for own in runs["replicate"]})
    kept = [
        dict(look)
        for look in before
        if look["replicates"] != replicates
        and all(made.get(name, known) == known for name, known in look["runs"].items())
    ]
    return [*kept, {"replicates": replicates, "findings": dict(findings), "runs": made}]


def count_replicates(looks: Sequence[Mapping[str, Any]]) -> list[int]:
    """Return the numbers of replicates that were looked at, the smallest first."""
    return sorted({len(look["replicates"]) for look in looks})


def false_decision_rate(counts: Sequence[int], level: float = ALPHA) -> float:
    """Return how often a true zero is called a difference at one of several looks.

    Each look tests at the same level; the sums over replicates are a Gaussian random walk
    (Armitage, McPherson and Rowe 1969, Journal of the Royal Statistical Society A 132), which is
    the case for these images; for images like these the looks share the images' part and the rate
    is smaller.

    Args:
        counts: the numbers of replicates at the looks, rising.
        level: of each test, two-sided.
    """
    bound = float(special.ndtri(1 - level / 2))
    inside, density = 1.0, np.array([1.0])
    places, before = np.array([0.0]), 0
    for count in counts:
        reach = bound * math.sqrt(count)
        grid = np.linspace(-reach, reach, _GRID)
        step = math.sqrt(count - before)
        reached = np.exp(-(((grid[:, None] - places) / step) ** 2) / 2)
        steps = reached / (step * math.sqrt(2 * math.pi))
        weights = density if len(places) == 1 else density * (places[1] - places[0])
        density = steps @ weights
        places, before = grid, count
        inside = float(np.trapezoid(density, grid))
    return 1 - inside
