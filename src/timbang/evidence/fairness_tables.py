"""The tables of ``fairness/``: what other recipes, more trials and more images say."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from timbang.evidence.fairness import (
    Learning,
    PairCurve,
    Variants,
    budget_of,
    curve_of_pair,
    find_edges,
    lead_of_last_half,
    learning_of,
    list_shared,
    peeking_of,
)
from timbang.evidence.learning import average_doubled
from timbang.evidence.recipes import Averages, average
from timbang.evidence.verdicts import Finding
from timbang.study.variants import OWN, SHARES, TRIALS, VARIED, kind_of

Rows = list[dict[str, Any]]
INTERVAL = ("mean", "low", "high")
CHOICE_COLUMNS = [
    "contender",
    "key",
    "lowest",
    "highest",
    "chosen_lowest",
    "chosen_highest",
    "at_lowest",
    "at_highest",
    "words",
    "seconds",
    "peeking",
    "peeking_low",
    "peeking_high",
]


def tabulate_fairness(
    variants: Variants,
    contenders: Sequence[str],
    reference: str,
    contrasts: Sequence[str],
    margin: float,
    tried: Mapping[str, Sequence[Mapping[str, Any]]],
    chosen: Mapping[str, Sequence[Mapping[str, Any]]],
    varied: Sequence[Mapping[str, Any]],
    slopes: pd.Series | None,
) -> dict[str, pd.DataFrame]:
    """Return the tables of ``fairness/`` by their names, those that the study has.

    Args:
        variants: the runs.
        contenders: the names of the contenders.
        reference: the one that the others are compared with.
        contrasts: those that are tested.
        margin: below which a difference is of no account, a fraction.
        tried: by contender the recipes of its trials; none without tuning.
        chosen: by contender what it chose, replicate by replicate.
        varied: the further recipes.
        slopes: by contender and replicate what a doubling of the images adds to the accuracy; None
            without a learning curve.
    """
    curves = {
        name: curve_of_pair(
            variants, name, reference, list_shared(tried, len(varied), name, reference), margin
        )
        for name in contrasts
    }
    settings = {
        **{f"{TRIALS}/{number}": own for number, own in enumerate(tried.get(reference, ()))},
        **{f"{VARIED}/{number}": own for number, own in enumerate(varied)},
        OWN: {},
    }
    tables = {"recipes": tabulate_recipes(curves, settings), "pairs": tabulate_pairs(curves)}
    if tried:
        seconds = sum_seconds(variants.table)
        tables["budgets"] = tabulate_budgets(variants, contenders)
        tables["choices"] = tabulate_choices(variants, seconds, tried, chosen)
    learning = {}
    if slopes is not None:
        learning = {name: learning_of(variants, name) for name in contenders}
        tables["learning"] = tabulate_learning(variants, learning, reference)
        tables["doubling"] = tabulate_doubling(
            learning,
            {name: slopes[name].sort_index().to_numpy() for name in contenders},
            reference,
            variants.resolution,
        )
    if tried or learning:
        tables["prospects"] = tabulate_prospects(
            variants, contrasts, reference, learning, has_trials=bool(tried)
        )
    return tables


def tabulate_recipes(curves: Mapping[str, PairCurve], settings: Mapping[str, Any]) -> pd.DataFrame:
    """Return one row a recipe and pair, from the lowest difference to the highest.

    ``first`` is the contender, ``variant`` names the recipe, ``mean``, ``low``, ``high`` and
    ``says`` are what the runs by it say of the difference from the reference; the other columns
    what the recipe changes.

    Args:
        curves: by contender its specification curve.
        settings: by variant what it changes of the study's recipe.
    """
    rows: Rows = []
    for name, own in curves.items():
        curve = own.curve
        for place in np.argsort(curve.mean, kind="stable"):
            variant = own.variants[place]
            rows.append(
                {
                    "first": name,
                    "variant": variant,
                    "mean": curve.mean[place],
                    "low": curve.low[place],
                    "high": curve.high[place],
                    "says": curve.says[place],
                    **settings[variant],
                }
            )
    return pd.DataFrame(rows, columns=None if rows else ["first", "variant", *INTERVAL, "says"])


def tabulate_pairs(curves: Mapping[str, PairCurve]) -> pd.DataFrame:
    """Return one row a pair: how many recipes say what, their median, and its p."""
    columns = ["first", "recipes", *(kind.value for kind in Finding), "median", "p"]
    rows = [
        {
            "first": name,
            "recipes": len(own.variants),
            **{kind.value: own.curve.counts.get(kind, 0) for kind in Finding},
            "median": own.curve.median,
            "p": own.curve.p_value,
        }
        for name, own in curves.items()
    ]
    return pd.DataFrame(rows, columns=columns)


def tabulate_budgets(variants: Variants, contenders: Sequence[str]) -> pd.DataFrame:
    """Return one row a contender and number of trials: expected accuracy, with its interval."""
    rows: Rows = []
    for name in contenders:
        own = budget_of(variants, name)
        rows += [
            {"contender": name, "trials": place + 1, "mean": mean, "low": low, "high": high}
            for place, (mean, low, high) in enumerate(zip(own.mean, own.low, own.high, strict=True))
        ]
    return pd.DataFrame(rows)


def tabulate_learning(
    variants: Variants, learning: Mapping[str, Learning], reference: str
) -> pd.DataFrame:
    """Return one row a contender and share of the training images.

    ``images`` is their mean number, ``mean`` and ``sd`` are of the accuracy, ``difference``,
    ``low`` and ``high`` of the difference from the reference (empty for itself).
    """
    sizes = [*variants.list_variants(SHARES), OWN]
    rows: Rows = []
    for name, own in learning.items():
        apart = average(own.accuracy - learning[reference].accuracy, variants.resolution)
        for place, size in enumerate(sizes):
            rows.append(
                {
                    "contender": name,
                    "variant": size,
                    "images": own.images[:, place].mean(),
                    "mean": own.accuracy[:, place].mean(),
                    "sd": own.accuracy[:, place].std(ddof=1) if len(own.accuracy) > 1 else np.nan,
                    **_describe_difference(apart, place, name == reference),
                }
            )
    return pd.DataFrame(rows)


def _describe_difference(apart: Any, place: int, is_reference: bool) -> dict[str, float]:
    columns = {"difference": apart.mean, "low": apart.low, "high": apart.high}
    return {key: np.nan if is_reference else own[place] for key, own in columns.items()}


def tabulate_doubling(
    learning: Mapping[str, Learning], slopes: Mapping[str, np.ndarray], reference: str, grain: float
) -> pd.DataFrame:
    """Return one row a contender: what a doubling of the images adds, and what one more would give.

    ``mean`` is what each doubling adds to the accuracy, ``difference`` with ``low`` and ``high``
    that above the reference's; ``doubled`` with ``doubled_low`` and ``doubled_high`` the accuracy
    that twice the images would give.

    Args:
        learning: by contender how its accuracy grows.
        slopes: by contender what a doubling adds, by replicate.
        reference: the contender that the others are compared with.
        grain: the smallest difference of two accuracies.
    """
    rows: Rows = []
    for name, own in learning.items():
        apart = average(slopes[name] - slopes[reference], grain)
        doubled = average_doubled(own.doubled, grain)
        is_reference = name == reference
        rows.append(
            {
                "contender": name,
                "mean": slopes[name].mean(),
                "difference": np.nan if is_reference else float(apart.mean),
                "low": np.nan if is_reference else float(apart.low),
                "high": np.nan if is_reference else float(apart.high),
                "doubled": float(doubled.mean),
                "doubled_low": float(doubled.low),
                "doubled_high": float(doubled.high),
            }
        )
    return pd.DataFrame(rows)


def tabulate_prospects(
    variants: Variants,
    contrasts: Sequence[str],
    reference: str,
    learning: Mapping[str, Learning],
    has_trials: bool,
) -> pd.DataFrame:
    """Return one row a contrast: what more trials and more images promise of the difference.

    ``trials`` with its interval is what the second half of the trials added to the difference from
    the reference, ``images`` what the difference would be with twice the images, if the errors of
    both go on to fall as they did.
    """
    rows: Rows = []
    for name in contrasts:
        row: dict[str, Any] = {"first": name}
        if has_trials:
            row |= _name_interval("trials", lead_of_last_half(variants, name, reference))
        if learning:
            lead = learning[name].doubled - learning[reference].doubled
            row |= _name_interval("images", average(lead, variants.resolution))
        rows.append(row)
    return pd.DataFrame(rows, columns=None if rows else ["first"])


def _name_interval(name: str, own: Averages) -> dict[str, float]:
    return {name: float(own.mean), f"{name}_low": float(own.low), f"{name}_high": float(own.high)}


def tabulate_choices(
    variants: Variants,
    seconds: Mapping[str, float],
    tried: Mapping[str, Sequence[Mapping[str, Any]]],
    chosen: Mapping[str, Sequence[Mapping[str, Any]]],
) -> pd.DataFrame:
    """Return one row a contender and tuned key: what was tried, what was chosen, and how often.

    ``lowest`` and ``highest`` are the values that were tried, ``chosen_lowest`` and
    ``chosen_highest`` those that were chosen, ``at_lowest`` and ``at_highest`` in how many
    replicates an end was. Of words ``words`` says how often each was chosen. ``seconds`` are those
    of all trials of the contender; ``peeking`` with its interval is what choosing by the validation
    images themselves would have added.
    """
    rows: Rows = []
    for name, recipes in tried.items():
        edges = find_edges(chosen[name], recipes)
        peeking = peeking_of(variants, name)
        for key in recipes[0]:
            own = {
                "contender": name,
                "key": key,
                "seconds": seconds[name],
                "peeking": float(peeking.mean),
                "peeking_low": float(peeking.low),
                "peeking_high": float(peeking.high),
            }
            taken = [one[key] for one in chosen[name]]
            if key in edges:
                values = [one[key] for one in recipes]
                own |= {
                    "lowest": min(values),
                    "highest": max(values),
                    "chosen_lowest": min(taken),
                    "chosen_highest": max(taken),
                    "at_lowest": edges[key][0],
                    "at_highest": edges[key][1],
                }
            else:
                own["words"] = ", ".join(
                    f"{word} {taken.count(word)}" for word in dict.fromkeys(sorted(taken))
                )
            rows.append(own)
    return pd.DataFrame(rows, columns=CHOICE_COLUMNS)


def sum_seconds(table: pd.DataFrame) -> dict[str, float]:
    """Return by contender how long its trials trained together."""
    trials = table[table["variant"].map(kind_of) == TRIALS]
    seconds = trials.groupby("contender")["training_seconds"].sum()
    return {str(name): float(own) for name, own in seconds.items()}
