"""What other recipes, more trials and more images say, against hand calculation."""

import math

import numpy as np
import pandas as pd
import pytest

from timbang.evidence.fairness import (
    Variants,
    budget_of,
    curve_of_pair,
    find_edges,
    lead_of_last_half,
    learning_of,
    list_shared,
    peeking_of,
)
from timbang.evidence.fairness_tables import tabulate_fairness
from timbang.evidence.learning import average_doubled, foretell_doubled

REPLICATES = range(6)


def make(rows):
    """Make variants of rows of variant, contender, accuracy by replicate, and inner accuracy."""
    table = [
        {
            "variant": variant,
            "contender": contender,
            "replicate": replicate,
            "diverged": math.isnan(value),
            "accuracy": value,
            "inner_accuracy": inner if variant.startswith("trials") else math.nan,
            "inner_loss": 1 - inner,
            "train_images": {"shares/0.25": 100, "shares/0.5": 200}.get(variant, 400),
            "training_seconds": 2.0,
        }
        for variant, contender, values, inner in rows
        for replicate, value in zip(REPLICATES, values, strict=True)
    ]
    return Variants(pd.DataFrame(table), chance=0.1, resolution=0.01)


def around(mean, spread=0.01):
    return [mean + spread * (-1) ** replicate for replicate in REPLICATES]


ROWS = [
    ("trials/0", "a", around(0.9), 0.5),
    ("trials/1", "a", around(0.5), 0.6),
    ("trials/2", "a", around(0.12), 0.1),
    ("trials/0", "b", around(0.7), 0.5),
    ("trials/1", "b", around(0.5, 0.02), 0.4),
    ("trials/2", "b", around(0.11), 0.3),
    ("runs", "a", around(0.8), 0.0),
    ("runs", "b", around(0.8), 0.0),
    *(
        (f"shares/{share}", name, around(0.8 - lack), 0.0)
        for name in "ab"
        for share, lack in ((0.25, 0.2), (0.5, 0.1))
    ),
]


def test_curve_holds_the_recipes_near_a_best_one():
    own = curve_of_pair(make(ROWS), "a", "b", ["trials/0", "trials/1", "trials/2", "runs"], 0.02)
    assert own.variants == ("trials/0", "trials/1", "runs")
    assert own.curve.mean == pytest.approx([0.2, 0.0, 0.0])
    assert [says.value for says in own.curve.says] == ["higher", "equal", "equal"]


def test_run_that_diverged_counts_as_a_guess():
    rows = [("runs", "a", [math.nan, 0.5, 0.5, 0.5, 0.5, 0.5], 0.0)]
    assert make(rows).grid("a", ["runs"])[:, 0].tolist() == [0.1, 0.5, 0.5, 0.5, 0.5, 0.5]


def test_budget_is_the_mean_over_all_choices_and_peeking_what_the_best_would_add():
    variants = make(ROWS)
    # Of one trial the mean, of all three that of the highest inner accuracy, trial 1.
    assert budget_of(variants, "a").mean == pytest.approx(
        [(0.9 + 0.5 + 0.12) / 3, (2 * 0.5 + 0.9) / 3, 0.5]
    )
    assert float(peeking_of(variants, "a").mean) == pytest.approx(0.4)
    assert float(peeking_of(variants, "b").mean) == pytest.approx(0.0)


def test_lead_grows_by_what_a_choice_from_all_trials_has_above_one_from_half():
    variants = make(
        [*ROWS, ("trials/3", "a", around(0.3), 0.55), ("trials/3", "b", around(0.7), 0.2)]
    )
    lead = budget_of(variants, "a").mean - budget_of(variants, "b").mean
    assert float(lead_of_last_half(variants, "a", "b").mean) == pytest.approx(lead[3] - lead[1])
    assert math.isnan(lead_of_last_half(make(ROWS), "a", "b").mean), "three trials say nothing"


def test_contenders_share_the_recipes_that_are_alike():
    tried = {"a": [{"x": 1}, {"x": 2}], "b": [{"x": 1}, {"x": 3}]}
    assert list_shared(tried, 1, "a", "b") == ["trials/0", "varied/0", "runs"]
    assert list_shared({}, 2, "a", "b") == ["varied/0", "varied/1", "runs"]


def test_edges_are_counted_of_what_was_tried():
    tried = [{"x": 1, "o": "adam"}, {"x": 5, "o": "sgd"}, {"x": 3, "o": "sgd"}]
    assert find_edges([{"x": 5}, {"x": 5}, {"x": 1}, {"x": 3}], tried) == {"x": (1, 2)}


def test_twice_the_images_continue_a_power_law():
    images = np.tile([100.0, 200.0, 400.0], (6, 1))
    own = foretell_doubled(images, 1 - 5 * images**-0.5, 0.001)
    assert own == pytest.approx(np.full(6, 1 - 5 * 800**-0.5))


def test_an_error_that_grows_with_the_images_ends_at_one():
    images = np.tile([100.0, 200.0, 400.0], (6, 1))
    assert foretell_doubled(images, 1 - 0.7 * (images / 400), 0.001) == pytest.approx(np.zeros(6))


def test_an_accuracy_s_interval_ends_where_accuracies_do():
    own = average_doubled(np.array([0.0, 0.9, 0.1, 1.0, 0.95]), 0.001)
    assert own.mean == pytest.approx(0.59)
    assert (own.low, own.high) == (0, 1)


@pytest.mark.parametrize("shares", [2, 3])
def test_nothing_is_foretold_where_the_law_does_not_fit_or_cannot_be_tested(shares):
    images = np.tile([100.0, 200.0, 400.0], (6, 1))[:, :shares]
    wobble = np.array(around(0.0, 0.001))[:, None]
    bent = np.array([0.2, 0.9, 0.91])[None, :shares] + wobble
    assert np.isnan(foretell_doubled(images, bent, 0.001)).all()
    assert np.isnan(foretell_doubled(images[:4], bent[:4], 0.001)).all()


def test_learning_curve_ends_with_the_whole_training_part():
    own = learning_of(make(ROWS), "a")
    assert own.images[0].tolist() == [100, 200, 400]
    assert own.accuracy.mean(axis=0) == pytest.approx([0.6, 0.7, 0.8])


def test_tables_are_those_that_a_study_has():
    recipes = [{"learning_rate": 0.1 * place, "optimizer": "adam"} for place in (1, 2, 3)]
    variants = make(ROWS)
    slopes = pd.Series(0.1, index=pd.MultiIndex.from_product([list("ab"), REPLICATES]))
    tables = tabulate_fairness(
        variants,
        ["a", "b"],
        "b",
        ["a"],
        0.02,
        tried=dict.fromkeys("ab", recipes),
        chosen={"a": [recipes[1]] * 6, "b": [recipes[0]] * 3 + [recipes[2]] * 3},
        varied=(),
        slopes=slopes,
    )
    assert set(tables) == {
        "recipes",
        "pairs",
        "budgets",
        "choices",
        "learning",
        "doubling",
        "prospects",
    }
    assert tables["recipes"]["mean"].is_monotonic_increasing
    assert tables["pairs"].loc[0, ["recipes", "higher", "lower"]].tolist() == [3, 1, 0]
    choices = tables["choices"].set_index(["contender", "key"])
    assert choices.loc[("b", "learning_rate"), ["at_lowest", "at_highest"]].tolist() == [3, 3]
    assert choices.loc[("a", "optimizer"), "words"] == "adam 6"
    assert choices.loc[("a", "optimizer"), "seconds"] == 36.0
    words = [{"optimizer": "adam"}] * 3
    tables = tabulate_fairness(
        variants,
        ["a", "b"],
        "b",
        ["a"],
        0.02,
        dict.fromkeys("ab", words),
        dict.fromkeys("ab", words[:1] * 6),
        (),
        None,
    )
    assert tables["choices"]["lowest"].isna().all()
    alone = tabulate_fairness(variants, ["a", "b"], "b", ["a"], 0.02, {}, {}, (), None)
    assert set(alone) == {"recipes", "pairs"}
