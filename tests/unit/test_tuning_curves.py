"""Curves over recipes, accuracy by budget, and what peeking would have gained."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from timbang.evidence.contrasts import flip_signs
from timbang.evidence.recipes import (
    average,
    correlate_recipes,
    draw_curve,
    expect_by_budget,
    find_critical,
    find_peeking_gain,
    flip_replicates,
    near_best,
    rank_trials,
)
from timbang.evidence.verdicts import Finding

RESOLUTION = 0.005
ACCURACIES = st.integers(0, 20).map(lambda count: count / 20)
SHAPES = st.tuples(st.integers(1, 4), st.integers(1, 6))


def draw(seed, count, recipes, correlation=0.0):
    random = np.random.default_rng(seed)
    shared, own = random.normal(size=(count, 1)), random.normal(size=(count, recipes))
    return math.sqrt(correlation) * shared + math.sqrt(1 - correlation) * own


def draw_trials(data):
    shape = data.draw(SHAPES)
    inner, outer = (data.draw(arrays(float, shape, elements=ACCURACIES)) for _ in range(2))
    loss = data.draw(arrays(float, shape, elements=st.sampled_from([0.5, 1.0, math.inf])))
    return inner, loss, outer


# The trial that is chosen.


@given(st.data())
def test_the_chosen_trial_is_the_most_accurate_then_of_least_loss_then_the_first(data):
    inner, loss, _ = draw_trials(data)
    ranks = rank_trials(inner, loss)
    for own, accuracy, losses in zip(ranks, inner, loss, strict=True):
        order = sorted(range(len(own)), key=lambda k: (accuracy[k], -losses[k], -k))
        assert [own[k] for k in order] == list(range(len(own)))


def test_a_trial_without_a_loss_loses_every_tie():
    ranks = rank_trials(np.array([[0.5, 0.5, 0.5]]), np.array([[math.nan, 9.0, math.inf]]))
    assert ranks.tolist() == [[1, 2, 0]]


# Accuracy by budget.


@given(st.data())
def test_expected_accuracy_is_the_mean_over_all_subsets(data):
    inner, loss, outer = draw_trials(data)
    ranks = rank_trials(inner, loss)
    found = expect_by_budget(ranks, outer)
    for row, own, scores in zip(found, ranks, outer, strict=True):
        for size in range(1, len(own) + 1):
            chosen = [
                scores[max(subset, key=lambda k: own[k])]
                for subset in itertools.combinations(range(len(own)), size)
            ]
            assert row[size - 1] == pytest.approx(np.mean(chosen))


def test_expected_accuracy_by_hand():
    """Of two of three trials the best is chosen in two of three pairs, else the second."""
    found = expect_by_budget(np.array([[2, 0, 1]]), np.array([[0.9, 0.3, 0.6]]))
    assert found == pytest.approx(np.array([[0.6, (2 * 0.9 + 0.6) / 3, 0.9]]))


@given(st.data())
def test_chosen_by_the_score_itself_more_trials_never_cost(data):
    _, loss, outer = draw_trials(data)
    found = expect_by_budget(rank_trials(outer, loss), outer)
    assert (np.diff(found, axis=1) >= -1e-12).all()


def test_expected_accuracy_of_fresh_trials_is_unbiased():
    """Of 4 of 6 uniform numbers the largest is 4/5 in the mean; with replacement less."""
    values = np.random.default_rng(5).uniform(size=(20_000, 6))
    found = expect_by_budget(values, values)[:, 3]
    assert found.mean() == pytest.approx(0.8, abs=4 * found.std() / math.sqrt(20_000))


# Peeking.


@given(st.data())
def test_peeking_never_loses_and_gains_nothing_where_the_choice_is_the_same(data):
    inner, loss, outer = draw_trials(data)
    assert (find_peeking_gain(rank_trials(inner, loss), outer) >= 0).all()
    assert (find_peeking_gain(rank_trials(outer, loss), outer) == 0).all()


def test_peeking_by_hand():
    gain = find_peeking_gain(np.array([[0, 1], [1, 0]]), np.array([[0.9, 0.7], [0.8, 0.8]]))
    assert gain == pytest.approx([0.2, 0.0])


# Means over replicates.


def test_interval_of_a_mean_is_that_of_student():
    values = draw(2, 7, 3)
    found = average(values, RESOLUTION)
    expected = stats.t.interval(0.95, 6, values.mean(axis=0), stats.sem(values, axis=0))
    assert found.low == pytest.approx(expected[0]) and found.high == pytest.approx(expected[1])


def test_replicates_all_alike_are_rounded_not_certain():
    found = average(np.full(7, 0.25), RESOLUTION)
    reach = stats.t.ppf(0.975, 6) * RESOLUTION / math.sqrt(12 * 7)
    assert (found.low, found.high) == pytest.approx((0.25 - reach, 0.25 + reach))


def test_few_replicates_have_a_mean_and_no_interval():
    found = average(np.full((4, 2), 0.5), RESOLUTION)
    assert found.mean.tolist() == [0.5, 0.5]
    assert np.isnan(found.low).all() and np.isnan(found.high).all()


# Which recipes count.


def test_a_recipe_counts_that_is_half_way_to_the_best_of_either():
    first = np.array([[0.9, 0.5, 0.48, 0.1], [0.9, 0.5, 0.50, 0.1]])
    second = np.array([[0.2, 0.1, 0.3, 0.1], [0.2, 0.1, 0.3, 0.1]])
    assert near_best(first, second, 0.1).tolist() == [True, True, True, False]
    assert near_best(first, first, 0.1).tolist() == [True, True, False, False]


@given(st.data())
def test_each_contenders_best_recipe_counts_and_the_order_of_the_pair_does_not(data):
    first, _, second = draw_trials(data)
    found = near_best(first, second, 0.25)
    assert found[first.mean(axis=0).argmax()] and found[second.mean(axis=0).argmax()]
    assert (found == near_best(second, first, 0.25)).all()


def test_of_contenders_that_all_guess_every_best_recipe_counts():
    guesses = np.array([[0.08, 0.05]])
    assert near_best(guesses, guesses, 0.1).tolist() == [True, False]


# The critical value.


def test_independent_recipes_have_the_quantile_of_sidak():
    each = 2 * stats.t.cdf(find_critical(7, 8, 0.0), 6) - 1
    assert each**8 == pytest.approx(0.95)


def test_one_recipe_and_recipes_that_are_all_alike_have_that_of_student():
    assert find_critical(7, 1, 0.3) == pytest.approx(stats.t.ppf(0.975, 6))
    assert find_critical(7, 8, 1.0) == pytest.approx(stats.t.ppf(0.975, 6), rel=0.02)


def test_the_more_alike_recipes_are_the_narrower_the_intervals():
    values = [find_critical(7, 8, share) for share in (0.0, 0.3, 0.6, 0.9, 0.99)]
    assert values == sorted(values, reverse=True) and len(set(values)) == 5


@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.9])
def test_intervals_hold_for_all_recipes_together(correlation):
    critical = [find_critical(7, 4, steps / 10) for steps in range(11)]
    random = np.random.default_rng(11)
    shared, own = random.normal(size=(3000, 7, 1)), random.normal(size=(3000, 7, 4))
    studies = math.sqrt(correlation) * shared + math.sqrt(1 - correlation) * own
    largest = np.abs(stats.ttest_1samp(studies, 0, axis=1).statistic).max(axis=1)
    reach = [critical[round(10 * correlate_recipes(values))] for values in studies]
    assert np.mean(largest <= reach) == pytest.approx(0.95, abs=0.0125)


def test_the_correlation_is_the_mean_over_pairs():
    values = draw(4, 9, 5, 0.7)
    pairs = np.corrcoef(values.T)[np.triu_indices(5, 1)]
    assert correlate_recipes(values) == pytest.approx(pairs.mean())
    still = np.column_stack([values, np.full(9, 0.25)])
    assert correlate_recipes(still) == pytest.approx(pairs.mean())
    assert correlate_recipes(np.column_stack([values[:, 0], -values[:, 0]])) == 0
    assert correlate_recipes(np.zeros((7, 3))) == 0


# The curve.


def test_each_recipe_says_what_its_interval_does():
    wobble = 0.001 * np.array([-3, -2, -1, 0, 1, 2, 3])[:, None]
    differences = np.array([[0.1, -0.1, 0.0, 0.019, 0.015]]) + wobble
    differences[:, 3] += 10 * wobble[:, 0]
    found = draw_curve(differences, 0.02, RESOLUTION)
    assert found.says == (
        Finding.HIGHER,
        Finding.LOWER,
        Finding.EQUAL,
        Finding.UNDECIDED,
        Finding.EQUAL,
    )
    assert found.counts == {
        Finding.HIGHER: 1,
        Finding.LOWER: 1,
        Finding.EQUAL: 2,
        Finding.UNDECIDED: 1,
    }
    assert found.mean == pytest.approx(differences.mean(axis=0))
    assert found.median == pytest.approx(0.015)
    errors = stats.sem(differences, axis=0)
    assert found.high - found.mean == pytest.approx(found.critical * errors)


def test_a_difference_within_the_margin_is_ahead_of_nobody():
    """Its interval excludes zero, but it is of no account."""
    differences = 0.015 + 0.001 * draw(1, 7, 3)
    found = draw_curve(differences, 0.02, RESOLUTION)
    assert (found.low > 0).all() and set(found.says) == {Finding.EQUAL}


@pytest.mark.parametrize(
    ("count", "says"), [(1, Finding.SINGLE), (2, Finding.FEW), (4, Finding.FEW)]
)
def test_with_few_replicates_nothing_is_said(count, says):
    found = draw_curve(np.full((count, 3), 0.5), 0.02, RESOLUTION)
    assert found.says == (says,) * 3 and found.mean.tolist() == [0.5] * 3
    assert np.isnan(found.low).all() and math.isnan(found.p_value)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(5, 9), st.integers(1, 5))
def test_the_other_way_round_everything_turns(seed, count, recipes):
    differences = np.round(0.05 * draw(seed, count, recipes, 0.5) + 0.03, 2)
    found, turned = (draw_curve(sign * differences, 0.02, 0.01) for sign in (1, -1))
    assert turned.mean == pytest.approx(-found.mean)
    assert turned.low == pytest.approx(-found.high)
    assert turned.p_value == found.p_value and turned.median == pytest.approx(-found.median)
    swapped = {Finding.HIGHER: Finding.LOWER, Finding.LOWER: Finding.HIGHER}
    assert turned.says == tuple(swapped.get(own, own) for own in found.says)


def test_recipes_that_never_differ_are_equal_within_the_rounding():
    found = draw_curve(np.zeros((7, 3)), 0.02, RESOLUTION)
    assert found.p_value == 1 and set(found.says) == {Finding.EQUAL}
    assert (found.high > 0).all()


# The curve as a whole.


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(1, 5))
def test_all_flips_of_whole_replicates_are_gone_through(seed, count, recipes):
    differences = np.round(draw(seed, count, recipes) + 0.5, 1)
    seen = abs(np.median(differences.mean(axis=0)))
    as_large = [
        abs(np.median((np.array(signs)[:, None] * differences).mean(axis=0))) >= seen - 1e-9
        for signs in itertools.product((1, -1), repeat=count)
    ]
    assert flip_replicates(differences) == pytest.approx(np.mean(as_large))


def test_medians_that_differ_by_rounding_alone_are_equal():
    """In tenths 24 of 32 sums are as far from zero as the one seen, -6; as floats only 20 are."""
    assert flip_replicates(np.array([[-0.4], [0.6], [0.3], [-0.9], [-0.2]])) == 0.75


def test_of_one_recipe_the_flips_are_those_of_a_contrast():
    differences = draw(8, 8, 1) + 0.4
    assert flip_replicates(differences) == pytest.approx(flip_signs(differences[:, 0]))


def test_many_replicates_draw_the_same_flips_and_come_near_the_exact_p():
    differences = draw(3, 17, 3) + 0.35
    found = flip_replicates(differences)
    signs = np.array(list(itertools.product((1.0,), *[(1.0, -1.0)] * 16)))
    medians = np.abs(np.median(signs @ differences / 17, axis=1))
    assert found == pytest.approx((medians >= medians[0] - 1e-12).mean(), abs=0.01)
    assert flip_replicates(differences) == found


def test_dependent_recipes_are_no_independent_votes():
    """Eight copies of one recipe are worth one."""
    one = draw(6, 7, 1) + 0.5
    assert flip_replicates(np.repeat(one, 8, axis=1)) == flip_replicates(one)
