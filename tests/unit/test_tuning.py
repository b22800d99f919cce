"""Drawing recipes, dividing training images once more, and choosing by what neither else sees."""

import math

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from timbang.errors import TimbangError
from timbang.records.tables import TEST, TRAIN, VALIDATION
from timbang.splits.drawing import split_images
from timbang.splits.nested import OUTSIDE, keep_share, split_for_choice
from timbang.study.schema import defaults_of
from timbang.study.words import Contender, Recipe, Split
from timbang.training.loop import Images, train
from timbang.tuning.choice import Trial, choose, choose_all, tabulate_trials
from timbang.tuning.recipes import draw_recipes, place_in_range
from timbang.tuning.variants import fit_doubling, measure_doubling, score_variant_run

RANGES = {
    "learning_rate": (0.0001, 0.01),
    "dropout": (0.0, 0.5),
    "epochs": (2, 5),
    "optimizer": ("adam", "sgd"),
}
LOST = Trial(math.nan, math.nan, math.nan, math.nan)


def trial(accuracy, loss=1.0):
    return Trial(accuracy, loss, 0.0, 0.0)


@given(st.integers(2, 40), st.integers(1, 20))
def test_more_trials_keep_those_that_there_are(trials, more):
    assert draw_recipes(RANGES, trials + more)[:trials] == draw_recipes(RANGES, trials)


def test_trials_lie_in_their_ranges_and_fill_them():
    recipes = pd.DataFrame(draw_recipes(RANGES, 64))
    assert recipes["learning_rate"].between(0.0001, 0.01).all()
    # A logarithmic scale has half of them in each decade, and a Sobol sequence nearly exactly.
    assert abs((recipes["learning_rate"] < 0.001).sum() - 32) <= 2
    assert recipes["epochs"].value_counts().to_dict() == dict.fromkeys((2, 3, 4, 5), 16)
    assert recipes["optimizer"].value_counts().to_dict() == {"adam": 32, "sgd": 32}
    assert abs(recipes["dropout"].mean() - 0.25) < 0.02


@given(st.floats(0, 1, exclude_max=True), st.floats(1e-6, 1), st.floats(1.001, 1e6))
def test_value_never_leaves_its_range(share, low, factor):
    assert low <= place_in_range(share, (low, low * factor)) <= low * factor


def test_whole_number_has_an_equal_part_of_its_range():
    values = [place_in_range((place + 0.5) / 300, (1, 3)) for place in range(300)]
    assert np.bincount(values).tolist() == [0, 100, 100, 100]


def test_the_most_accurate_trial_is_chosen_then_the_lower_loss_then_the_first():
    assert choose([[trial(0.4), trial(0.6), trial(0.5)]]) == 1
    assert choose([[trial(0.6, 2.0), trial(0.6, 1.0), trial(0.5)]]) == 1
    assert choose([[trial(0.6), trial(0.6)]]) == 0
    # Sums of the same numbers in another order are equal.
    thirds = [[trial(1 / 3), trial(0.1)], [trial(0.1), trial(0.2)], [trial(0.2), trial(1 / 3)]]
    assert choose(thirds) == 0


def test_trial_that_diverged_is_chosen_only_where_all_did():
    assert choose([[LOST, trial(0.01)]]) == 1
    assert choose([[LOST, LOST]]) == 0


def test_replicates_choose_for_themselves_or_all_together():
    trials = [[trial(0.9), trial(0.5)], [trial(0.5), trial(0.6)], [trial(0.5), trial(0.6)]]
    assert choose_all(trials, "replicate") == [0, 1, 1]
    assert choose_all(trials, "study") == [0, 0, 0]


def test_trials_stand_in_a_table_a_person_can_read():
    table = tabulate_trials(
        [0, 1], [{"epochs": 2}, {"epochs": 3}], [[trial(0.4), trial(0.6)]] * 2, [1, 0]
    )
    assert table["chosen"].tolist() == [False, True, True, False]
    assert table["epochs"].tolist() == [2, 3, 2, 3]
    assert list(table)[:4] == ["replicate", "trial", "chosen", "inner_accuracy"]


@st.composite
def splits(draw):
    """A split by groups of up to four images, of two to four classes."""
    random = np.random.default_rng(draw(st.integers(0, 10**6)))
    classes = draw(st.integers(2, 4))
    sizes = random.integers(1, 5, size=classes * draw(st.integers(12, 30)))
    groups = np.repeat(np.arange(len(sizes)), sizes)
    images = pd.DataFrame(
        {
            "filename": [f"{place}.png" for place in range(len(groups))],
            "label": [f"c{group % classes}" for group in groups],
            "group": groups,
            "part": "",
        }
    )
    keys = defaults_of("split") | {"column": None}
    own = {key: keys[key] for key in keys if key != "from"} | {
        "test": draw(st.sampled_from([0.0, 0.15]))
    }
    replicate = draw(st.integers(0, 20))
    return split_images(images, Split(**own), replicate), replicate


@settings(max_examples=20)
@given(splits())
def test_images_that_choose_are_training_images_whose_copies_do_not_train(given_split):
    split, replicate = given_split
    inner = split_for_choice(split, 0.25, replicate)
    assert (inner["part"] == TEST).equals(split["part"] == VALIDATION)
    assert (inner["part"] == OUTSIDE).equals(split["part"] == TEST)
    assert set(inner.loc[split["part"] == TRAIN, "part"]) == {TRAIN, VALIDATION}
    assert not inner["leaked"].any()
    for part in (TRAIN, VALIDATION):
        assert set(inner.loc[inner["part"] == part, "label"]) == set(split["label"])
    share = (inner["part"] == VALIDATION).sum() / (split["part"] == TRAIN).sum()
    assert abs(share - 0.25) < 0.12
    pd.testing.assert_frame_equal(inner, split_for_choice(split, 0.25, replicate))


@settings(max_examples=20)
@given(splits())
def test_shares_lie_within_one_another_and_validate_the_same(given_split):
    split, replicate = given_split
    shares = (0.2, 0.5)
    small, large = (keep_share(split, share, shares, replicate) for share in shares)
    trained = [set(own.loc[own["part"] == TRAIN, "filename"]) for own in (small, large, split)]
    assert trained[0] < trained[1] < trained[2]
    for own in (small, large):
        assert (own["part"] == VALIDATION).equals(split["part"] == VALIDATION)
        assert not own["leaked"].any()
        kept = own[own["part"] == TRAIN]
        whole = split[split["part"] == TRAIN]
        assert kept["group"].nunique() < whole["group"].nunique()
        # Copies stay together.
        assert whole[whole["group"].isin(kept["group"])].index.equals(kept.index)


def test_class_of_one_group_cannot_be_divided():
    split = pd.DataFrame(
        {
            "filename": list("abcdef"),
            "label": ["x", "x", "y", "y", "x", "y"],
            "group": [0, 1, 2, 2, 3, 4],
            "part": [TRAIN] * 4 + [VALIDATION] * 2,
            "leaked": False,
        }
    )
    with pytest.raises(
        TimbangError, match=r"tuning.share: replicate 3: of class 'y' .* 1 group of"
    ):
        split_for_choice(split, 0.5, 3)
    assert set(keep_share(split, 0.5, (0.5,), 3)["label"]) == {"x", "y"}


def test_validation_images_take_no_part_in_the_choice():
    """Whatever they show, what a trial says of the images that choose is the same, bit for bit."""
    random = np.random.default_rng(0)
    count = 60
    images = pd.DataFrame(
        {
            "filename": [f"{place}.png" for place in range(count)],
            "label": ["ab"[place % 2] for place in range(count)],
            "group": np.arange(count),
            "part": np.where(np.arange(count) < 44, TRAIN, VALIDATION),
            "leaked": False,
        }
    )
    inner = split_for_choice(images, 0.3, 0)
    recipe = Recipe(**{**defaults_of("recipe"), "epochs": 1, "batch_size": 8})
    contender = Contender("resnet18", "resnet18", 0.125, recipe, None)
    pixels = random.integers(0, 256, (count, 16, 16, 3), dtype=np.uint8)
    scrambled = pixels.copy()
    scrambled[44:] = random.integers(0, 256, (count - 44, 16, 16, 3), dtype=np.uint8)
    torch.set_num_threads(1)
    logits = [
        train(contender, 0, Images.of_split(inner, own), 2, torch.device("cpu")).logits
        for own in (pixels, scrambled)
    ]
    assert len(logits[0]) == (inner["part"] == VALIDATION).sum()
    assert torch.equal(*logits)


def predict(labels, predicted):
    chances = np.where(np.array(predicted) == "a", 0.8, 0.2)
    return pd.DataFrame(
        {
            "filename": [f"{place}.png" for place in range(len(labels))],
            "label": list(labels),
            "predicted": list(predicted),
            "probability:a": chances,
            "probability:b": 1 - chances,
        }
    )


def test_trial_is_scored_on_both_parts_and_others_on_the_validation_part():
    training = {
        "contender": "x",
        "replicate": 1,
        "diverged": None,
        "train_images": 7,
        "training_seconds": 2.0,
    }
    choosing, validated = predict("abab", "abbb"), predict("aabb", "bbbb")
    row = score_variant_run("trials/0", training, choosing, validated)
    assert (row["inner_accuracy"], row["accuracy"]) == (0.75, 0.5)
    row = score_variant_run("varied/0", training, validated, validated[:0])
    assert row["accuracy"] == 0.5 and math.isnan(row["inner_accuracy"])


def test_slope_is_that_of_a_straight_line():
    images, accuracy = np.array([100, 220, 400]), np.array([0.4, 0.55, 0.6])
    slope = np.polyfit(np.log2(images), accuracy, 1)[0]
    assert fit_doubling(images, accuracy) == pytest.approx(slope)
    table = pd.DataFrame(
        {
            "variant": ["shares/0.25", "shares/0.5", "runs", "trials/0"],
            "contender": "x",
            "replicate": 0,
            "accuracy": [*accuracy, 0.0],
            "train_images": [*images, 50],
        }
    )
    assert measure_doubling(table)["x", 0] == pytest.approx(slope)
