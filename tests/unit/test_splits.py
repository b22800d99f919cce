"""Each scheme divides the images as it says, or tells in one line why it cannot."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from timbang.data.records import SPLIT_COLUMNS, TRAIN, VALIDATION, read_split, write_table
from timbang.data.splits import split_images
from timbang.errors import TimbangError

# scikit-learn warns of classes with fewer images than folds, which is none of our tests' matter.
pytestmark = pytest.mark.filterwarnings("ignore:The least populated class")

FOOD = Path(__file__).resolve().parents[3] / "shared" / "food" / "train.csv"


def table(labels, groups=None):
    groups = range(len(labels)) if groups is None else groups
    names = [f"{place}.png" for place in range(len(labels))]
    return pd.DataFrame({"filename": names, "label": list(labels), "group": list(groups)})


IMAGES = st.lists(
    st.tuples(st.sampled_from(["a", "b", "NA"]), st.integers(0, 12)), min_size=1, max_size=60
).map(lambda rows: table(*zip(*rows, strict=True)))
SHARES = st.floats(0.01, 0.99)
SEEDS = st.integers(0, 2**32 - 1)


def split_or_tell(images, scheme, share, seed):
    """Return the split, or None where one line tells why there is none."""
    try:
        return split_images(images, scheme, share, seed)
    except TimbangError as error:
        assert len(str(error).splitlines()) == 1
        return None


@settings(deadline=None)
@given(IMAGES, st.sampled_from(["stratified", "grouped"]), SHARES, SEEDS)
def test_every_image_is_in_one_part_and_every_class_in_both(images, scheme, share, seed):
    split = split_or_tell(images, scheme, share, seed)
    if split is None:
        return
    assert tuple(split.columns) == SPLIT_COLUMNS
    assert split[["filename", "label", "group"]].equals(images)
    assert set(split["part"]) == {TRAIN, VALIDATION}
    for part in (TRAIN, VALIDATION):
        assert set(split.loc[split["part"] == part, "label"]) == set(images["label"])


@settings(deadline=None)
@given(IMAGES, SHARES, SEEDS)
def test_leaked_is_a_validation_image_whose_group_trains(images, share, seed):
    split = split_or_tell(images, "stratified", share, seed)
    if split is None:
        return
    rows = split.to_dict("records")
    for row in rows:
        trains = any(r["group"] == row["group"] and r["part"] == TRAIN for r in rows)
        assert row["leaked"] == (row["part"] == VALIDATION and trains)


@settings(deadline=None)
@given(IMAGES, SHARES, SEEDS)
def test_grouped_keeps_a_group_on_one_side(images, share, seed):
    split = split_or_tell(images, "grouped", share, seed)
    if split is None:
        return
    assert split.groupby("group")["part"].nunique().max() == 1
    assert not split["leaked"].any()


@settings(deadline=None, max_examples=30)
@given(st.sampled_from(["stratified", "grouped"]), SEEDS, SEEDS)
def test_seed_decides_the_split(scheme, seed, other):
    images = table("ab" * 100, [place // 2 for place in range(200)])
    split = split_images(images, scheme, 0.2, seed)
    assert split.equals(split_images(images, scheme, 0.2, seed))
    assert split.equals(split_images(images, scheme, 0.2, other)) == (seed == other)


@settings(deadline=None)
@given(st.lists(st.integers(10, 40), min_size=2, max_size=5), st.floats(0.15, 0.85), SEEDS)
def test_stratified_keeps_each_class_within_one_image_of_its_share(sizes, share, seed):
    images = table([str(name) for name, size in enumerate(sizes) for _ in range(size)])
    split = split_images(images, "stratified", share, seed)
    chosen = split[split["part"] == VALIDATION]
    assert len(chosen) == np.ceil(share * len(images))
    for name, size in enumerate(sizes):
        wanted = size * len(chosen) / len(images)
        assert abs((chosen["label"] == str(name)).sum() - wanted) < 1


@settings(deadline=None, max_examples=30)
@given(st.sampled_from([0.1, 0.2, 0.25, 0.3, 1 / 3, 0.5]), SEEDS)
def test_grouped_comes_near_the_share(share, seed):
    images = table("ab" * 150, [place // 3 for place in range(300)])
    split = split_images(images, "grouped", share, seed)
    assert abs((split["part"] == VALIDATION).mean() - share) < 0.04


@pytest.mark.parametrize("scheme", ["stratified", "grouped"])
def test_small_class_is_named(scheme):
    with pytest.raises(TimbangError, match="'rare' has 1"):
        split_images(table(["a"] * 30 + ["rare"]), scheme, 0.2, 0)


def test_one_class_is_refused():
    with pytest.raises(TimbangError, match="at least two"):
        split_images(table("aaaa"), "stratified", 0.2, 0)


def test_grouped_with_few_groups_of_each_class_is_told():
    """scikit-learn wants as many images of a class as there are folds."""
    assert split_or_tell(table("aabbcc"), "grouped", 0.2, 0) is None


def published(labels):
    return split_images(table(labels), "published", 0.2, 0)


def test_published_split_is_torchs_random_split():
    generator = torch.Generator().manual_seed(42)
    train, validation = torch.utils.data.random_split(range(1108), [886, 222], generator=generator)
    split = published("ab" * 554)
    assert set(np.flatnonzero(split["part"] == VALIDATION)) == set(validation)
    assert set(np.flatnonzero(split["part"] == TRAIN)) == set(train)


def test_published_split_is_for_its_images_only():
    with pytest.raises(TimbangError, match="1108 images, these are 10"):
        published("ab" * 5)


def test_published_split_of_the_food_images():
    if not FOOD.exists():
        pytest.skip("the food images are not on this machine")
    split = published(pd.read_csv(FOOD)["label"])
    assert split.loc[split["part"] == VALIDATION, "label"].value_counts().to_dict() == {
        "bakso": 45,
        "gado_gado": 46,
        "nasi_goreng": 41,
        "rendang": 39,
        "soto_ayam": 51,
    }


def test_split_survives_its_file(tmp_path):
    split = split_images(table("ab" * 20, [0, 1, 2, 3] * 10), "stratified", 0.3, 1)
    write_table(split, tmp_path / "split.csv")
    assert read_split(tmp_path / "split.csv").equals(split)
    assert split["leaked"].any()
