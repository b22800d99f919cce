"""Contrasts and plans: against statsmodels, scipy and by hand."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from timbang.evidence.contrasts import (
    FEWEST_REPLICATES,
    Design,
    adjust_by_holm,
    contrast,
    flip_signs,
    wilson_interval,
)
from timbang.evidence.planner import count_needed, find_detectable, plan, power

REDRAWN = Design("redrawn", 800, 200)
FIXED = Design("fixed", 800, 200)
# Differences of accuracies are multiples of one image, and never all alike here.
DIFFERENCES = st.lists(st.integers(-60, 60).map(lambda n: n / 200), min_size=5, max_size=12).filter(
    lambda values: np.std(values) > 0.003
)


@settings(deadline=None)
@given(DIFFERENCES)
def test_fixed_split_has_the_interval_of_t_and_exact_flips(values):
    own = contrast(values, FIXED, 0.02)
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert (own.low, own.high) == pytest.approx(tuple(expected))
    total = abs(sum(values))
    signs = np.array(np.meshgrid(*[[-1, 1]] * len(values))).reshape(len(values), -1)
    flipped = np.abs(np.array(values) @ signs)
    assert own.p_value == pytest.approx(np.mean(flipped >= total - 1e-9))


@settings(deadline=None)
@given(DIFFERENCES)
def test_redrawn_splits_have_nadeaus_and_bengios_variance(values):
    own = contrast(values, REDRAWN, 0.02)
    count = len(values)
    error = np.std(values, ddof=1) * math.sqrt(1 / count + 0.25)
    posterior = stats.t(count - 1, np.mean(values), error)
    assert (own.low, own.high) == pytest.approx(posterior.interval(0.95))
    t = np.mean(values) / error
    assert own.p_value == pytest.approx(2 * stats.t(count - 1).sf(abs(t)))
    # Corani and Benavoli 2015: the same t around the mean is what is believed of the difference.
    assert own.worse == pytest.approx(posterior.cdf(-0.02))
    assert own.better == pytest.approx(posterior.sf(0.02))
    assert own.better + own.equal + own.worse == pytest.approx(1)


def test_standard_error_of_ten_replicates_is_1_87_times_the_naive_one():
    values = np.random.default_rng(0).normal(size=10)
    corrected, naive = (contrast(values, design, 0.0) for design in (REDRAWN, FIXED))
    ratio = (corrected.high - corrected.low) / (naive.high - naive.low)
    assert ratio == pytest.approx(1.87, abs=0.005)


def test_folds_overlap_as_one_over_the_others():
    assert Design("redrawn", 800, 200).overlap == pytest.approx(1 / 4)
    assert Design("redrawn", 900, 100).overlap == pytest.approx(1 / 9)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=7))
def test_holm_is_bonferroni_of_every_set_that_holds_the_contrast(values):
    """Closed testing (Marcus, Peritz and Gabriel 1976): the largest p of all such sets."""
    sets = [
        chosen
        for size in range(1, len(values) + 1)
        for chosen in itertools.combinations(range(len(values)), size)
    ]
    expected = [
        max(min(1, len(s) * min(values[place] for place in s)) for s in sets if own in s)
        for own in range(len(values))
    ]
    assert adjust_by_holm(values) == pytest.approx(expected)


def test_holm_leaves_out_what_was_not_tested():
    adjusted = adjust_by_holm([0.01, math.nan, 0.04])
    assert adjusted[0] == pytest.approx(0.02)
    assert math.isnan(adjusted[1])
    assert adjusted[2] == pytest.approx(0.04)


@given(st.integers(0, 20), st.integers(1, 20))
def test_wilson_is_statsmodels(wins, count):
    wins = min(wins, count)
    expected = proportion_confint(wins, count, 0.05, "wilson")
    assert wilson_interval(wins / count, count) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("count", range(FEWEST_REPLICATES))
def test_few_replicates_have_points_and_no_interval(count):
    own = contrast([0.1 + 0.01 * place for place in range(count)], REDRAWN, 0.02)
    assert not own.is_decidable
    assert math.isnan(own.low) and math.isnan(own.p_value) and math.isnan(own.superiority)
    assert math.isnan(own.mean) == (count == 0)
    assert math.isnan(own.sd) == (count < 2)


def test_runs_that_diverged_leave_their_pairs_out():
    own = contrast([0.1, math.nan, 0.2, 0.3, 0.1, 0.2], REDRAWN, 0.02)
    assert (own.pairs, own.replicates) == (5, 6)
    assert own.mean == pytest.approx(0.18)


@pytest.mark.parametrize("design", [REDRAWN, FIXED])
def test_differences_that_are_all_alike_are_not_certain(design):
    """Seven equal differences of one image in 200 are rounding, not a spread of zero."""
    own = contrast([1 / 200] * 7, design, 0.02)
    assert own.low < 1 / 200 < own.high
    assert own.p_value > 0
    nothing = contrast([0.0] * 7, design, 0.02)
    assert nothing.p_value == 1
    assert nothing.superiority == 0.5


def test_superiority_counts_ties_half():
    own = contrast([0.1, 0.2, 0.0, -0.1, 0.3], FIXED, 0.02)
    assert own.superiority == pytest.approx(0.7)
    assert own.superiority_low < 0.7 < own.superiority_high


@given(DIFFERENCES)
def test_swapping_the_two_turns_everything_round(values):
    own, other = (contrast(np.multiply(values, sign), REDRAWN, 0.02) for sign in (1, -1))
    assert (own.low, own.high) == pytest.approx((-other.high, -other.low))
    assert own.p_value == pytest.approx(other.p_value)
    assert own.better == pytest.approx(other.worse)


# Plans


@pytest.mark.parametrize(
    ("replicates", "contrasts", "can_decide", "needed"),
    [(5, 3, False, 7), (7, 3, True, 7), (7, 6, False, 8), (8, 6, True, 8), (5, 1, False, 6)],
)
def test_flips_of_a_fixed_split_need_replicates(replicates, contrasts, can_decide, needed):
    """2/2^J times the number of contrasts must reach .05 (STATISTICS.md of the project)."""
    made = plan(replicates, contrasts, FIXED)
    assert (made.can_decide, made.needed) == (can_decide, needed)
    assert math.isinf(made.detectable) == (not can_decide)


def test_power_is_that_of_simulated_studies():
    """Differences of 10 points, standard deviation 6 with a correlation of .2, three contrasts."""
    random = np.random.default_rng(0)
    shared, own = random.normal(size=(20_000, 1)), random.normal(size=(20_000, 7))
    differences = 10 + 6 * (math.sqrt(0.2) * shared + math.sqrt(0.8) * own)
    error = differences.std(axis=1, ddof=1) * math.sqrt(1 / 7 + 0.25)
    critical = stats.t(6).isf(0.05 / 3 / 2)
    found = np.mean(differences.mean(axis=1) / error > critical)
    # The differences of one study spread by 6 times the root of 1 - .2.
    assert power(10 / (6 * math.sqrt(0.8)), 7, 3, REDRAWN) == pytest.approx(found, abs=0.012)


def test_what_is_detectable_is_detected_with_the_power_asked_for():
    effect = find_detectable(7, 3, REDRAWN)
    assert power(effect, 7, 3, REDRAWN) == pytest.approx(0.8, abs=1e-3)


def test_needed_replicates_are_the_fewest():
    needed = count_needed(2.5, 3, REDRAWN)
    assert power(2.5, needed, 3, REDRAWN) >= 0.8 > power(2.5, needed - 1, 3, REDRAWN)
    assert count_needed(-2.5, 3, REDRAWN) == needed
    # The standard error never falls below half a standard deviation at 80/20.
    assert count_needed(0.5, 3, REDRAWN) is None


def test_differences_that_cancel_but_for_rounding_have_no_evidence():
    values = np.array([0.0, 0.0, -0.145, -0.285, 0.145, 0.285])
    assert flip_signs(values) == 1.0
    assert flip_signs(1e-9 * values) == 1.0
