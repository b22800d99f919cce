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
    before: Sequence[Mapping[str, Any]],
    runs: Mapping[str, pd.DataFrame],
    decides: str,
    findings: Mapping[str, str],
) -> list[dict[str, Any]]:
    """Return the looks at a study's results, the last of them at these runs.

    A look at the same replicates takes the place of the one before, unless other runs decided then
    or fewer were compared; one at runs that were made in another way, or on other images, is none
    at these.

    Args:
        before: the looks so far, the content of ``looks.json``.
        runs: the tables ``runs.csv``, by the recipe of their runs: the study's own, or tuned.
        decides: the recipe whose runs decide.
        findings: what is said of each contrast, by contender.

    Returns:
        Of each look its ``replicates``, which runs decided (``decides``), what was said
        (``findings``), and by what each of these runs was made (``runs``, by contender and name of
        the run).
    """
    made = {recipe: _list_made(own) for recipe, own in runs.items()}
    look = {
        "replicates": sorted({int(own) for own in runs[decides]["replicate"]}),
        "decides": decides,
        "findings": dict(findings),
        "runs": made[decides],
    }
    return [*(dict(own) for own in before if _is_another(own, look, made)), look]


def _is_another(
    look: Mapping[str, Any], last: Mapping[str, Any], made: Mapping[str, Mapping[str, str]]
) -> bool:
    """Return whether a look was one at these runs, and not at the same as the last one."""
    decides = look.get("decides", last["decides"])
    is_alike = (look["replicates"], decides) == (last["replicates"], last["decides"])
    if is_alike and set(last["findings"]) <= set(look["findings"]):
        return False
    present = made.get(decides)
    return present is not None and all(
        present.get(name, known) == known for name, known in look["runs"].items()
    )


def _list_made(runs: pd.DataFrame) -> dict[str, str]:
    """Return by what each run was made, in short."""
    return {
        f"{contender}/{run}": str(made_with).removeprefix("sha256:")[:_DIGITS]
        for contender, run, made_with in zip(
            runs["contender"], name_runs(runs), runs["made_with"], strict=True
        )
    }


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
