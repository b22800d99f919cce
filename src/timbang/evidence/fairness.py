"""Whether a comparison is fair: what other recipes, more trials and more images would have said.

All of it comes from ``variants.csv``, a row a run of each variant of the study and of its own.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from timbang.evidence.learning import foretell_doubled
from timbang.evidence.recipes import (
    Averages,
    Curve,
    average,
    draw_curve,
    expect_by_budget,
    find_peeking_gain,
    near_best,
    rank_trials,
)
from timbang.study.variants import OWN, SHARES, TRIALS, VARIED, kind_of

# Of fewer trials nothing is said of their ends, nor of what more would do.
FEWEST_TRIALS = 4


@dataclass(frozen=True)
class Variants:
    """The runs of a study's variants and of its own, one a contender and replicate.

    ``table`` has a row a run: ``variant``, ``contender``, ``replicate``, ``diverged``,
    ``accuracy`` (of the replicate's validation images), ``inner_accuracy`` and ``inner_loss`` (of
    the images that choose), ``train_images``. ``chance`` is the accuracy that a run which diverged
    counts with, ``resolution`` the share of one validation image.
    """

    table: pd.DataFrame
    chance: float
    resolution: float

    def grid(self, contender: str, variants: Sequence[str], column: str = "accuracy") -> np.ndarray:
        """Return float [replicates, variants] of a column; a run that diverged counts as a guess.

        Args:
            contender: the contender.
            variants: the variants, in the order that is wanted.
            column: ``accuracy``, ``inner_accuracy``, ``inner_loss`` or ``train_images``.
        """
        own = self.table[self.table["contender"] == contender]
        if column.endswith("accuracy"):
            # A run that diverged has no answers.
            own = own.assign(**{column: own[column].mask(own["diverged"], self.chance)})
        grid: np.ndarray = (
            own.pivot(index="replicate", columns="variant", values=column)
            .sort_index()[list(variants)]
            .to_numpy(dtype=float)
        )
        return grid

    def choosing(self, contender: str, variants: Sequence[str]) -> np.ndarray:
        """Return the accuracies by which recipes are told to be good, float [replicates, variants].

        Of trials those of the images that choose, so that the validation images have no say.
        """
        inner = self.grid(contender, variants, "inner_accuracy")
        is_trial = [kind_of(name) == TRIALS for name in variants]
        return np.where(is_trial, inner, self.grid(contender, variants))

    def list_variants(self, kind: str) -> list[str]:
        """Return the variants of a kind, in the order of the table."""
        names = self.table["variant"].drop_duplicates()
        return [name for name in names if kind_of(name) == kind]


@dataclass(frozen=True)
class PairCurve:
    """The specification curve of a contender and the reference, and the recipes that it is of."""

    variants: tuple[str, ...]
    curve: Curve


def curve_of_pair(
    variants: Variants, first: str, second: str, shared: Sequence[str], margin: float
) -> PairCurve:
    """Return the specification curve of two contenders over the recipes that are near a best one.

    Args:
        variants: the runs.
        first: the contender whose advantage is asked for.
        second: the other one.
        shared: the variants in which both have the same recipe.
        margin: below which a difference is of no account, a fraction.
    """
    own, other = (variants.grid(name, shared) for name in (first, second))
    choosing = [variants.choosing(name, shared) for name in (first, second)]
    is_near = near_best(choosing[0], choosing[1], variants.chance)
    kept = tuple(name for name, near in zip(shared, is_near, strict=True) if near)
    differences = (own - other)[:, is_near]
    return PairCurve(kept, draw_curve(differences, margin, variants.resolution))


def budget_of(variants: Variants, contender: str) -> Averages:
    """Return the expected accuracy of what is chosen from 1, 2, … trials, float [trials] each."""
    return average(_budgets_of(variants, contender), variants.resolution)


def _budgets_of(variants: Variants, contender: str) -> np.ndarray:
    scores, ranks = _trials_of(variants, contender)
    return expect_by_budget(ranks, scores)


def lead_of_last_half(variants: Variants, first: str, second: str) -> Averages:
    """Return what a choice from all trials adds to a contender's lead over one from half of them.

    About nothing where more trials would hardly move the comparison; NaN of fewer than
    ``FEWEST_TRIALS``. The expected accuracy of what is chosen tends to grow ever more slowly with
    the trials, so that twice as many would probably add less.

    Args:
        variants: the runs.
        first: the contender whose lead over ``second`` is asked for.
        second: the other one.
    """
    own, other = (_budgets_of(variants, name) for name in (first, second))
    lead = own - other
    trials = lead.shape[1]
    if trials < FEWEST_TRIALS:
        return average(np.full(len(lead), math.nan), variants.resolution)
    return average(lead[:, -1] - lead[:, trials // 2 - 1], variants.resolution)


def peeking_of(variants: Variants, contender: str) -> Averages:
    """Return what choosing by the validation images themselves would have added, without dimension.

    The choice is among the networks of the trials.
    """
    scores, ranks = _trials_of(variants, contender)
    return average(find_peeking_gain(ranks, scores), variants.resolution)


def _trials_of(variants: Variants, contender: str) -> tuple[np.ndarray, np.ndarray]:
    trials = variants.list_variants(TRIALS)
    ranks = rank_trials(
        variants.grid(contender, trials, "inner_accuracy"),
        variants.grid(contender, trials, "inner_loss"),
    )
    return variants.grid(contender, trials), ranks


@dataclass(frozen=True)
class Learning:
    """How a contender's accuracy grows with its training images.

    ``images`` and ``accuracy`` float [J, S] are by replicate and share, the whole training part
    last; ``doubled`` float [J] is the accuracy that twice the images would give, NaN where that
    cannot be told.
    """

    images: np.ndarray
    accuracy: np.ndarray
    doubled: np.ndarray


def learning_of(variants: Variants, contender: str) -> Learning:
    """Return how a contender's accuracy grows with its training images."""
    sizes = [*variants.list_variants(SHARES), OWN]
    images, accuracy = (
        variants.grid(contender, sizes, column) for column in ("train_images", "accuracy")
    )
    return Learning(images, accuracy, foretell_doubled(images, accuracy, variants.resolution))


def find_edges(
    chosen: Sequence[Mapping[str, Any]], tried: Sequence[Mapping[str, Any]]
) -> dict[str, tuple[int, int]]:
    """Return by key how often the lowest and how often the highest value that was tried was chosen.

    Args:
        chosen: what was chosen, by replicate.
        tried: all recipes that were tried. Words have no edges.
    """
    edges = {}
    for key, value in tried[0].items():
        if isinstance(value, str):
            continue
        values = [own[key] for own in tried]
        taken = [own[key] for own in chosen]
        edges[key] = (taken.count(min(values)), taken.count(max(values)))
    return edges


def list_shared(
    tried: Mapping[str, Sequence[Mapping[str, Any]]], varied: int, first: str, second: str
) -> list[str]:
    """Return the variants in which two contenders have the same settings changed alike.

    Args:
        tried: by contender the recipes of its trials; none without tuning.
        varied: the number of further recipes.
        first: a contender.
        second: another one.
    """
    trials = zip(tried.get(first, ()), tried.get(second, ()), strict=True)
    return [
        *(f"{TRIALS}/{number}" for number, (own, other) in enumerate(trials) if own == other),
        *(f"{VARIED}/{number}" for number in range(varied)),
        OWN,
    ]
