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
    IMAGE_ALLOWANCE,
    adjust_by_holm,
    contrast,
    flip_signs,
    wilson_interval,
)
from timbang.evidence.design import About, Design
from timbang.evidence.images import Cells, estimate_image_part
from timbang.evidence.planner import Remedy, find_detectable, look_ahead, plan, power
from timbang.evidence.sampling import (
    TRAINING_SHARE,
    Sampling,
    correction,
    resolution_of,
    sampling_of,
)
from timbang.scores.measures import RUN_MEASURES

REDRAWN = Design("redrawn", 800, 200)
FIXED = Design("fixed", 800, 200)
# Differences of accuracies are multiples of one image, and never all alike here.
DIFFERENCES = st.lists(st.integers(-60, 60).map(lambda n: n / 200), min_size=5, max_size=12).filter(
    lambda values: np.std(values) > 0.003
)


def weigh(values, design=REDRAWN, margin=0.02, sampling=Sampling.VALIDATION, **more):
    return contrast(values, design, margin, sampling, **more)


@settings(deadline=None)
@given(DIFFERENCES)
def test_fixed_split_has_the_interval_of_t_and_exact_flips(values):
    own = weigh(values, FIXED)
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert (own.these.low, own.these.high) == pytest.approx(tuple(expected))
    total = abs(sum(values))
    signs = np.array(np.meshgrid(*[[-1, 1]] * len(values))).reshape(len(values), -1)
    flipped = np.abs(np.array(values) @ signs)
    assert own.these.p_value == pytest.approx(np.mean(flipped >= total - 1e-9))
    # One split shows nothing of others.
    assert (own.about, math.isnan(own.like.low)) == (About.THESE, True)


@settings(deadline=None)
@given(DIFFERENCES)
def test_these_images_have_the_plain_t_and_other_images_a_corrected_one(values):
    """Redrawn splits are independent given the images; Nadeau and Bengio 2003 for the others."""
    own = weigh(values)
    count, mean, sd = len(values), np.mean(values), np.std(values, ddof=1)
    plain = stats.ttest_1samp(values, 0)
    assert (own.these.low, own.these.high) == pytest.approx(tuple(plain.confidence_interval(0.95)))
    assert own.these.p_value == pytest.approx(plain.pvalue)
    error = sd * math.sqrt(1 / count + 0.25)
    posterior = stats.t(count - 1, mean, error)
    assert (own.like.low, own.like.high) == pytest.approx(posterior.interval(0.95))
    assert own.like.p_value == pytest.approx(2 * stats.t(count - 1).sf(abs(mean / error)))
    # Corani and Benavoli 2015: the same t around the mean is what is believed of the difference.
    assert own.worse == pytest.approx(posterior.cdf(-0.02))
    assert own.better == pytest.approx(posterior.sf(0.02))
    assert own.better + own.equal + own.worse == pytest.approx(1)
    # With replicates without end: the normal interval of the part that stays.
    assert own.like.floor == pytest.approx(stats.norm.isf(0.025) * sd / 2)
    assert own.like.floor_low < own.like.floor < own.like.floor_high
    about_these = weigh(values, about=About.THESE)
    assert about_these.decisive == own.these
    assert about_these.worse == pytest.approx(
        stats.t(count - 1, mean, sd / math.sqrt(count)).cdf(-0.02)
    )


@settings(deadline=None)
@given(DIFFERENCES, st.sampled_from([0.01, 0.05, 0.2]))
def test_margins_have_two_one_sided_tests(values, margin):
    """Schuirmann 1987; doubled, so that they agree with the 95 % interval."""
    own = weigh(values, margin=margin).these
    for value, side, shift in ((own.p_below, "less", margin), (own.p_above, "greater", -margin)):
        expected = stats.ttest_1samp(values, shift, alternative=side).pvalue
        assert value == pytest.approx(min(1, 2 * expected))
    assert (own.p_below <= 0.05) == (own.high <= margin)
    assert (own.p_equal <= 0.05) == (-margin <= own.low and own.high <= margin)


# Which images they are


def draw_cells(random, replicates, pool, held, of_images, of_runs, groups=None):
    """Return cells of a crossed design, with the truth of the pool zero in the population."""
    hard = of_images * random.normal(size=pool)
    runs, places = [], []
    values = []
    for run in range(replicates):
        chosen = random.permutation(pool)[:held]
        runs.append(np.full(held, run))
        places.append(chosen)
        values.append(hard[chosen] + of_runs * random.normal() + 0.3 * random.normal(size=held))
    chosen = np.concatenate(places)
    named = chosen if groups is None else groups[chosen]
    return Cells(np.concatenate(runs), named, np.concatenate(values))


def test_image_part_is_unbiased_for_redrawn_splits_and_for_folds():
    random = np.random.default_rng(0)
    drawn = [
        estimate_image_part(draw_cells(random, 7, 100, 20, 0.3, 0.1)).variance for _ in range(1500)
    ]
    # What the pool's mean difficulty varies by, 0.3²/100, but for what one replicate more shows.
    assert np.mean(drawn) == pytest.approx(0.3**2 / 100, rel=0.08)
    without = [
        estimate_image_part(draw_cells(random, 7, 100, 20, 0.0, 0.1)).variance for _ in range(1500)
    ]
    assert abs(np.mean(without)) < 0.08 * 0.3**2 / 100


def test_image_part_by_hand():
    """Two runs, three images of which the second stands in both."""
    cells = Cells(np.array([0, 0, 1, 1]), np.array([4, 7, 7, 9]), np.array([1.0, 0.0, 1.0, 0.0]))
    # Weights 1/4, deviations ±1/2: the shared image's are -1/8 and 1/8, its sum 0.
    part = estimate_image_part(cells)
    assert part.variance == pytest.approx(2 * (0 - 2 * (1 / 8) ** 2))
    alike = Cells(cells.runs, cells.groups, np.array([1.0, 0.0, 0.0, 1.0]))
    assert estimate_image_part(alike).variance == pytest.approx(2 * ((2 / 8) ** 2 - 2 / 64))


def test_copies_count_as_one_image():
    """Each image twice: the part is that of the half as many groups, not of all images."""
    random = np.random.default_rng(1)
    hard = 0.3 * random.normal(size=(1000, 50)).repeat(2, axis=1)
    grouped, single = [], []
    for pool in hard:
        runs = np.repeat(np.arange(5), 20)
        chosen = np.concatenate([random.permutation(100)[:20] for _ in range(5)])
        values = pool[chosen]
        grouped.append(estimate_image_part(Cells(runs, chosen // 2, values)).variance)
        single.append(estimate_image_part(Cells(runs, chosen, values)).variance)
    assert np.mean(grouped) == pytest.approx(0.3**2 / 50, rel=0.1)
    assert np.mean(single) < 0.7 * np.mean(grouped)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 1000), st.permutations(range(6)))
def test_neither_order_nor_names_of_runs_and_images_matter(seed, order):
    cells = draw_cells(np.random.default_rng(seed), 6, 30, 10, 0.3, 0.1)
    mixed = np.random.default_rng(seed + 1).permutation(len(cells.runs))
    other = Cells(
        10 + np.array(order)[cells.runs[mixed]], 500 - cells.groups[mixed], cells.values[mixed]
    )
    ours, theirs = estimate_image_part(cells), estimate_image_part(other)
    assert (theirs.variance, theirs.error) == pytest.approx((ours.variance, ours.error))


def test_other_images_widen_the_interval_by_their_part():
    random = np.random.default_rng(3)
    cells = draw_cells(random, 7, 100, 20, 0.4, 0.05)
    means = np.bincount(cells.runs, cells.values) / 20
    own = weigh(means, Design("redrawn", 80, 20), sampling=Sampling.IMAGES, cells=cells)
    part = estimate_image_part(cells)
    runs, rest = means.var(ddof=1) / 7, IMAGE_ALLOWANCE * part.variance
    freedom = (runs + rest) ** 2 / (runs**2 / 6 + rest**2 / part.freedom)
    expected = stats.t(freedom, means.mean(), math.sqrt(runs + rest)).interval(0.95)
    assert (own.like.low, own.like.high) == pytest.approx(expected)
    assert own.like.floor == pytest.approx(stats.norm.isf(0.025) * math.sqrt(rest))
    assert own.like.low < own.these.low < own.these.high < own.like.high


def test_other_images_are_never_surer_than_these():
    """Where their part is small, more degrees of freedom would narrow the interval."""
    random = np.random.default_rng(3)
    would_be_surer = 0
    for _ in range(60):
        cells = draw_cells(random, 5, 100, 20, 0.05, 0.05)
        means = np.bincount(cells.runs, cells.values) / 20
        own = weigh(means, Design("redrawn", 80, 20), sampling=Sampling.IMAGES, cells=cells)
        assert own.like.low <= own.these.low < own.these.high <= own.like.high
        if own.like.floor and own.like.low == own.these.low:
            would_be_surer += 1
            assert own.like.p_value == own.these.p_value
    assert would_be_surer


def test_images_that_say_nothing_leave_the_plain_t():
    random = np.random.default_rng(5)
    drawn = (draw_cells(random, 7, 100, 20, 0.0, 0.3) for _ in range(20))
    cells = next(own for own in drawn if estimate_image_part(own).variance < 0)
    means = np.bincount(cells.runs, cells.values) / 20
    own = weigh(means, Design("redrawn", 80, 20), sampling=Sampling.IMAGES, cells=cells)
    assert (own.like.low, own.like.high) == pytest.approx((own.these.low, own.these.high))
    assert own.like.floor == 0


def test_fixed_split_knows_of_other_validation_images_and_decides_about_itself():
    random = np.random.default_rng(6)
    hard = random.normal(size=50)
    values = np.concatenate([hard + random.normal(size=50) for _ in range(7)])
    cells = Cells(np.repeat(np.arange(7), 50), np.tile(np.arange(50), 7), values)
    own = weigh(values.reshape(7, 50).mean(axis=1), FIXED, sampling=Sampling.IMAGES, cells=cells)
    assert own.like.high - own.like.low > 2 * (own.these.high - own.these.low)
    assert own.about == About.THESE


@pytest.mark.parametrize(
    ("sampling", "design", "replicates", "expected"),
    [
        (Sampling.VALIDATION, REDRAWN, 7, 1 / 4),
        (Sampling.VALIDATION, Design("redrawn", 900, 100), 7, 1 / 9),
        # One pass of folds holds all images once, two passes twice.
        (Sampling.VALIDATION, Design("folds", 800, 200), 5, 0),
        (Sampling.VALIDATION, Design("folds", 800, 200), 10, 1 / 10),
        (Sampling.TRAINING, REDRAWN, 7, 4 * TRAINING_SHARE),
        (Sampling.COST, FIXED, 7, 0),
        (Sampling.TRAINING, FIXED, 7, None),
        (Sampling.VALIDATION, FIXED, 7, None),
    ],
)
def test_corrections_by_measure_and_design(sampling, design, replicates, expected):
    made = correction(sampling, design, replicates)
    assert made == (None if expected is None else pytest.approx(expected))


def test_every_measure_is_of_something():
    kinds = {measure: sampling_of(measure) for measure in RUN_MEASURES}
    assert kinds["accuracy"] == kinds["loss"] == Sampling.IMAGES
    assert kinds["recall_spread"] == kinds["gap"] == Sampling.VALIDATION
    assert kinds["clean_train_loss"] == kinds["gradient_cosine"] == Sampling.TRAINING
    assert kinds["training_seconds"] == Sampling.COST


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
    own = weigh([0.1 + 0.01 * place for place in range(count)])
    assert not own.is_decidable
    assert all(map(math.isnan, (own.these.low, own.like.low, own.like.p_value, own.superiority)))
    assert math.isnan(own.mean) == (count == 0)
    assert math.isnan(own.sd) == (count < 2)


def test_replicates_without_a_difference_are_left_out():
    own = weigh([0.1, math.nan, 0.2, 0.3, 0.1, 0.2])
    assert (own.pairs, own.replicates) == (5, 6)
    assert own.mean == pytest.approx(0.18)


@pytest.mark.parametrize("design", [REDRAWN, FIXED])
def test_differences_that_are_all_alike_are_not_certain(design):
    """Seven equal differences of one image in 200 are rounding, not a spread of zero."""
    own = weigh([1 / 200] * 7, design)
    assert own.decisive.low < 1 / 200 < own.decisive.high
    assert own.decisive.p_value > 0
    nothing = weigh([0.0] * 7, design)
    assert nothing.decisive.p_value == 1
    assert nothing.superiority == 0.5


def test_superiority_counts_ties_half():
    own = weigh([0.1, 0.2, 0.0, -0.1, 0.3], FIXED)
    assert own.superiority == pytest.approx(0.7)
    assert own.superiority_low < 0.7 < own.superiority_high


@given(DIFFERENCES)
def test_swapping_the_two_turns_everything_round(values):
    own, other = (weigh(np.multiply(values, sign)) for sign in (1, -1))
    for mine, theirs in ((own.these, other.these), (own.like, other.like)):
        assert (mine.low, mine.high) == pytest.approx((-theirs.high, -theirs.low))
        assert mine.p_value == pytest.approx(theirs.p_value)
        assert mine.p_below == pytest.approx(theirs.p_above)
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
    assert power(10 / (6 * math.sqrt(0.8)), 7, 3, REDRAWN, 0.25) == pytest.approx(found, abs=0.012)


def test_what_is_detectable_is_detected_with_the_power_asked_for():
    effect = find_detectable(7, 3, REDRAWN, 0.25)
    assert power(effect, 7, 3, REDRAWN, 0.25) == pytest.approx(0.8, abs=1e-3)
    # Before training nothing is known of the images' part, which asks for more.
    assert plan(7, 3, REDRAWN).detectable < effect


def test_needed_replicates_are_the_fewest_that_find_the_margin():
    ahead = look_ahead(0.01, 7, (0.0, 0.0), 0.02, 3, REDRAWN)
    assert ahead.remedy == Remedy.REPLICATES
    # The spread is taken to be as large as it is with 90 % confidence.
    bound = 0.01 * math.sqrt(6 / stats.chi2(6).isf(0.9))
    found = [
        power(0.02 / bound, count, 3, REDRAWN, 0.0) for count in (ahead.needed - 1, ahead.needed)
    ]
    assert found[0] < 0.8 <= found[1]
    # A smaller margin needs more.
    assert look_ahead(0.01, 7, (0.0, 0.0), 0.01, 3, REDRAWN).needed > 2 * ahead.needed


def test_what_would_decide_is_said_only_where_it_is_known():
    def ahead(floors, margin=0.02):
        return look_ahead(0.03, 7, floors, margin, 1, REDRAWN)

    # Even the least floor that is likely hides the margin: only more images tell.
    assert ahead((0.03, 0.06)).remedy == Remedy.IMAGES
    # The floor may be one thing or the other.
    assert ahead((0.0, 0.06)).remedy == Remedy.UNKNOWN
    assert ahead((0.0, 0.004)).remedy == Remedy.REPLICATES
    # For these images replicates always tell in the end.
    assert ahead((0.0, 0.0)).remedy == Remedy.REPLICATES
    # So many were there already: the difference is near the margin, and no number is sure to tell.
    assert look_ahead(0.001, 7, (0.0, 0.0), 0.02, 1, REDRAWN).remedy == Remedy.UNKNOWN
    assert look_ahead(0.03, 7, (0.0, 0.0), 0.0, 1, REDRAWN).remedy == Remedy.UNKNOWN


def test_differences_that_cancel_but_for_rounding_have_no_evidence():
    values = np.array([0.0, 0.0, -0.145, -0.285, 0.145, 0.285])
    assert flip_signs(values) == 1.0
    assert flip_signs(1e-9 * values) == 1.0


@pytest.mark.parametrize("measure, resolution", [("rises", 1.0), ("accuracy", 1 / 200)])
def test_differences_that_are_all_alike_are_known_to_the_resolution_of_their_measure(
    measure, resolution
):
    """Seven counts of zero do not say that one run in seven hundred has none."""
    own = weigh([0.0] * 7, resolution=resolution_of(measure, REDRAWN))
    assert own.these.high == pytest.approx(stats.t.ppf(0.975, 6) * resolution / math.sqrt(12 * 7))
    assert own.these.p_value == 1
