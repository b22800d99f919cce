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


def test_replicates_that_are_added_are_another_look():
    first = record_look([], make_runs(5), {"net": "undecided"})
    again = record_look(first, make_runs(5), {"net": "undecided"})
    assert again == first and count_replicates(first) == [5]
    more = record_look(first, make_runs(9), {"net": "higher"})
    assert count_replicates(more) == [5, 9]
    assert [look["findings"]["net"] for look in more] == ["undecided", "higher"]
    # Going back to fewer forgets nothing.
    back = record_look(more, make_runs(5), {"net": "undecided"})
    assert count_replicates(back) == [5, 9]


def test_other_runs_begin_anew():
    first = record_look([], make_runs(5), {"net": "undecided"})
    assert count_replicates(record_look(first, make_runs(9, "b"), {"net": "higher"})) == [9]


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
