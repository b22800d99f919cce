"""Looks at a study while replicates are added."""

import numpy as np
import pandas as pd
import pytest

from timbang.evidence.looks import count_replicates, false_decision_rate, record_look


def make_runs(replicates, made_with="a"):
    rows = [
        {"contender": name, "replicate": r, "made_with": f"{made_with}{name}{r}"}
        for name in ("ref", "net")
        for r in range(replicates)
    ]
    return pd.DataFrame(rows)


def look_at(before, runs, says):
    return record_look(before, {"default": runs}, "default", {"net": says})


def test_replicates_that_are_added_are_another_look():
    first = look_at([], make_runs(5), "undecided")
    again = look_at(first, make_runs(5), "undecided")
    assert again == first and count_replicates(first) == [5]
    more = look_at(first, make_runs(9), "higher")
    assert count_replicates(more) == [5, 9]
    assert [look["findings"]["net"] for look in more] == ["undecided", "higher"]
    # Going back to fewer forgets nothing.
    back = look_at(more, make_runs(5), "undecided")
    assert count_replicates(back) == [5, 9]


def test_a_network_that_is_compared_after_a_look_is_told():
    runs = {"default": make_runs(5)}
    first = record_look([], runs, "default", {"net": "higher"})
    both = record_look(first, runs, "default", {"net": "higher", "more": "undecided"})
    assert [sorted(own["findings"]) for own in both] == [["net"], ["more", "net"]]
    assert count_replicates(both) == [5]
    again = record_look(both, runs, "default", {"net": "higher", "more": "higher"})
    assert [sorted(own["findings"]) for own in again] == [["net"], ["more", "net"]]


def test_other_runs_begin_anew():
    first = look_at([], make_runs(5), "undecided")
    assert count_replicates(look_at(first, make_runs(9, "b"), "higher")) == [9]


def test_a_look_by_the_other_recipe_is_kept_while_its_runs_are_there():
    runs = {"default": make_runs(5), "tuned": make_runs(5, "t")}
    first = record_look([], runs, "tuned", {"net": "undecided"})
    both = record_look(first, runs, "default", {"net": "higher"})
    assert [own["decides"] for own in both] == ["tuned", "default"]
    assert count_replicates(both) == [5]
    assert record_look(both, runs, "default", {"net": "higher"}) == both
    alone = record_look(both, {"default": runs["default"]}, "default", {"net": "higher"})
    assert [own["decides"] for own in alone] == ["default"]


@pytest.mark.parametrize(
    ("counts", "expected"),
    # Armitage, McPherson and Rowe 1969, table 2: tests at 5 % after equal steps.
    [([7], 0.05), ([7, 14], 0.083), ([7, 14, 21], 0.107), ([1, 2, 3, 4, 5], 0.142)],
)
def test_looks_cost_what_the_literature_says(counts, expected):
    assert false_decision_rate(counts) == pytest.approx(expected, abs=0.001)


def test_looks_cost_what_simulated_walks_say():
    walks = np.random.default_rng(0).standard_normal((40_000, 20)).cumsum(axis=1)
    counts = [5, 8, 20]
    called = [np.abs(walks[:, n - 1]) > 1.959964 * np.sqrt(n) for n in counts]
    assert false_decision_rate(counts) == pytest.approx(np.mean(np.any(called, axis=0)), abs=0.003)
