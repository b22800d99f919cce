"""Several runs on one split: paired one by one, and what is the split's of their variation."""

import math

import numpy as np
import pandas as pd
import pytest
import yaml
from statsmodels.regression.mixed_linear_model import MixedLM

from timbang.evidence.announcement import describe_start
from timbang.evidence.design import About, Design
from timbang.evidence.images import ImageScores
from timbang.evidence.seeds import pair_seeds, part_variation
from timbang.evidence.weighing import Scale
from timbang.networks.catalogue import find_fault
from timbang.resources import SCHEMA
from timbang.sources.choice import find_source
from timbang.study.reading import read_study

# Six targets, four judges: Shrout and Fleiss 1979, Psychological Bulletin 86, table 2.
SHROUT_AND_FLEISS = [
    [9, 2, 5, 8],
    [6, 1, 3, 2],
    [8, 4, 6, 8],
    [7, 1, 2, 6],
    [10, 5, 6, 9],
    [6, 2, 4, 7],
]


def draw(seed, count, runs, split=1.0, training=1.0):
    random = np.random.default_rng(seed)
    return split * random.normal(size=(count, 1)) + training * random.normal(size=(count, runs))


def make_runs(**accuracies):
    """Make the table of runs from accuracies [replicates, seeds] by contender."""
    return pd.DataFrame(
        [
            {
                "contender": name,
                "replicate": replicate,
                "seed": seed,
                "diverged": math.isnan(value),
                "accuracy": value,
            }
            for name, rows in accuracies.items()
            for replicate, values in enumerate(rows)
            for seed, value in enumerate(values)
        ]
    )


def test_share_and_interval_are_those_in_the_textbook():
    """ICC(1, 1) is .17 there, and its interval -.13 to .72; a share is none below zero."""
    found = part_variation(np.array(SHROUT_AND_FLEISS, dtype=float))
    assert found.share == pytest.approx(0.166, abs=5e-4)
    assert found.low == 0
    assert found.high == pytest.approx(0.723, abs=5e-4)


def test_parts_are_those_of_restricted_maximum_likelihood():
    values = draw(3, 40, 3, split=2)
    model = MixedLM(values.ravel(), np.ones(120), groups=np.repeat(np.arange(40), 3))
    fitted = model.fit(reml=True)
    found = part_variation(values)
    assert found.training**2 == pytest.approx(fitted.scale, rel=1e-3)
    assert found.split**2 == pytest.approx(float(np.squeeze(fitted.cov_re)), rel=1e-3)
    assert found.share == pytest.approx(found.split**2 / (found.split**2 + found.training**2))
    assert found.low < found.share < found.high


@pytest.mark.parametrize(("split", "share"), [(0.0, 0.0), (1.0, 0.5), (3.0, 0.9)])
def test_interval_covers_the_true_share(split, share):
    random = np.random.default_rng(7)
    covers = []
    for _ in range(2000):
        values = split * random.normal(size=(7, 1)) + random.normal(size=(7, 2))
        found = part_variation(values)
        covers.append(found.low <= share <= found.high)
    # Without a split's part the lower end is cut at the truth, and only the upper one can miss it.
    expected = 0.975 if split == 0 else 0.95
    assert np.mean(covers) == pytest.approx(expected, abs=0.0125)


def test_all_split_and_all_training_are_told_apart():
    both = {
        part: part_variation(draw(1, 30, 5, *own))
        for part, own in {"split": (1, 0.02), "training": (0.02, 1)}.items()
    }
    assert both["split"].low > 0.99
    assert both["training"].share < 0.1 and both["training"].high < 0.2


def test_what_cannot_be_told_is_not():
    once = part_variation(draw(0, 7, 1))
    single = part_variation(draw(0, 1, 7))
    assert all(math.isnan(own.share) and math.isnan(own.training) for own in (once, single))
    alike = part_variation(np.array([[0.1, 0.1], [0.3, 0.3], [0.2, 0.2]]))
    assert alike.training == pytest.approx(0, abs=1e-12) and alike.split == pytest.approx(0.1)
    assert math.isnan(alike.share) and math.isnan(alike.low)


def test_a_replicate_with_a_run_that_diverged_is_left_out_of_the_parts():
    values = draw(5, 6, 3)
    with_lost = np.vstack([values, [0.0, np.nan, 9.0]])
    assert part_variation(with_lost) == part_variation(values)


def test_runs_are_paired_by_replicate_and_seed_not_by_place():
    runs = make_runs(a=[[0.5, 0.7], [0.6, 0.9]], ref=[[0.4, 0.4], [0.1, 0.2]])
    pairs = pair_seeds(runs.sample(frac=1, random_state=0), "accuracy", "a", "ref")
    assert pairs.to_numpy() == pytest.approx(np.array([[0.1, 0.3], [0.5, 0.7]]))


def weigh(runs, chance=None, read_scores=None):
    design = Design("redrawn", 800, 200)
    scale = Scale(runs, design, 0.02, About.THESE, chance, read_scores)
    return scale.weigh("accuracy", "a", "ref", 0.02)


def test_a_replicate_counts_once_by_the_mean_of_its_runs():
    nan = math.nan
    runs = make_runs(
        a=[[0.5, 0.7], [0.6, nan], [nan, 0.8], [0.3, 0.5]],
        ref=[[0.4, 0.4], [0.1, 0.2], [0.7, nan], [0.5, 0.5]],
    )
    # Of the second replicate one pair is left, of the third none.
    own = weigh(runs).contrast
    assert (own.replicates, own.pairs) == (4, 3)
    assert own.mean == pytest.approx(np.mean([0.2, 0.5, -0.1]))
    assert own.sd == pytest.approx(np.std([0.2, 0.5, -0.1], ddof=1))
    # Counted as guesses, all pairs are there.
    own = weigh(runs, chance=0.1)
    assert own.contrast.pairs == 4 and own.finished == 3
    assert own.contrast.mean == pytest.approx(np.mean([0.2, 0.2, 0.05, -0.1]))


def test_images_are_compared_by_the_mean_over_the_runs_of_a_replicate():
    """Twice the same run on each split says of the images what one says."""
    random = np.random.default_rng(0)
    right = {name: random.integers(0, 2, (7, 40)).astype(float) for name in ("a", "ref")}
    groups = np.arange(40)

    def read(seeds):
        return lambda name, part: {
            r: [ImageScores(groups, own, own, own)] * seeds for r, own in enumerate(right[name])
        }

    one, two = (
        weigh(
            make_runs(
                **{name: own.mean(axis=1)[:, None].repeat(seeds, 1) for name, own in right.items()}
            ),
            read_scores=read(seeds),
        ).contrast
        for seeds in (1, 2)
    )
    assert math.isfinite(one.like.low)
    assert (two.like.low, two.like.high) == pytest.approx((one.like.low, one.like.high))
    assert (two.these.low, two.these.high) == pytest.approx((one.these.low, one.these.high))


def test_one_run_a_replicate_is_paired_as_ever():
    runs = make_runs(a=[[0.5], [0.7]], ref=[[0.1], [0.2]])
    plain = runs.drop(columns="seed")
    assert weigh(plain) == weigh(runs)
    assert (weigh(plain).contrast.lowest, weigh(plain).contrast.highest) == (0.5 - 0.1, 0.7 - 0.2)


def test_seeds_are_announced_as_knowledge_not_as_power():
    schema = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))
    said = {}
    for seeds in (1, 2):
        config = {"study": "s", "data": {"source": "digits"}, "seeds": seeds}
        said[seeds] = describe_start(read_study(config, schema, find_source, find_fault))
    assert "7 replicates, 3 comparisons" in said[1] and "split" not in said[1]
    assert "7 replicates of 2 runs, 3 comparisons" in said[2]
    assert "2 runs on each split tell the luck of the split from that of training" in said[2]
    # The same difference is found, in standard deviations of the replicates' differences.
    assert said[2].replace(" of 2 runs", "").startswith(said[1])
