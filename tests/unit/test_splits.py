"""Each scheme divides the images as it says, or tells in one line why it cannot."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from made import make_split

from timbang.errors import TimbangError
from timbang.records.tables import (
    PARTS,
    SPLIT_COLUMNS,
    TEST,
    TRAIN,
    VALIDATION,
    read_split,
)
from timbang.records.writing import write_table
from timbang.splits.drawing import TOLERANCE, list_uneven_classes, split_images

FOOD = Path(__file__).resolve().parents[3] / "shared" / "food" / "train.csv"


def table(labels, groups=None, parts=""):
    return pd.DataFrame(
        {
            "filename": [f"{place}.png" for place in range(len(labels))],
            "label": list(labels),
            "group": list(range(len(labels)) if groups is None else groups),
            "part": parts if isinstance(parts, str) else list(parts),
        }
    )


def split_or_tell(images, split, replicate=0):
    """Return the split, or None where one line tells why there is none."""
    try:
        return split_images(images, split, replicate)
    except TimbangError as error:
        assert str(error).startswith("split")
        assert len(str(error).splitlines()) == 1
        return None


# Layouts: a list of rows shrinks well, a seed makes large ones fast.


@st.composite
def scattered(draw):
    """Any label with any group: few groups are of one class."""
    rows = st.tuples(st.sampled_from(["a", "b", "NA"]), st.integers(0, 12))
    return table(*zip(*draw(st.lists(rows, min_size=6, max_size=40)), strict=True))


@st.composite
def grown(draw):
    """Classes of groups of several sizes, and now and then a group with two classes."""
    random = np.random.default_rng(draw(st.integers(0, 10**9)))
    sizes = draw(st.sampled_from([[1], [1, 2], [1, 1, 1, 2, 3, 5], [1, 1, 1, 1, 30], [4, 6]]))
    counts = random.choice(sizes, draw(st.sampled_from([2, 10, 40, 40, 80, 80])))
    groups = np.repeat(np.arange(len(counts)), counts)
    labels = random.integers(0, draw(st.sampled_from([1, 2, 2, 3, 4])), len(counts))[groups]
    stray = random.random(len(labels)) < draw(st.sampled_from([0, 0, 0.05, 0.3]))
    labels = np.where(stray, random.permutation(labels), labels)
    order = random.permutation(len(labels))
    return table(np.array(["a", "b", "c\n", "NA"])[labels[order]], groups[order])


LAYOUTS = grown() | grown() | scattered()
SHARES = st.floats(0.1, 0.7) | st.sampled_from([0.2, 0.25, 1 / 3, 0.5]) | st.floats(0.001, 0.999)
REPLICATES = st.integers(0, 10**6)


@st.composite
def splits(draw, schemes=("stratified", "grouped")):
    """Any way to draw the parts."""
    scheme = draw(st.sampled_from(schemes))
    test = draw(st.just(0.0) | st.floats(0.1, 0.4) | st.floats(0.01, 0.6))
    folds = draw(st.none() | st.integers(2, 5))
    if folds:
        return make_split(scheme, (1 - test) / folds, test, folds)
    return make_split(scheme, draw(SHARES) * (1 - test), test, resample=draw(st.booleans()))


@settings(max_examples=80)
@given(LAYOUTS, splits(), REPLICATES)
def test_every_split_is_whole(images, split, replicate):
    """Each image in one part, each class in all, no group torn, and each leak counted."""
    divided = split_or_tell(images, split, replicate)
    if divided is None:
        return
    assert tuple(divided.columns) == SPLIT_COLUMNS
    assert divided[["filename", "label", "group"]].equals(images.drop(columns="part"))
    assert set(divided["part"]) == {TRAIN, VALIDATION} | ({TEST} if split.test else set())
    for part in set(divided["part"]):
        assert set(divided.loc[divided["part"] == part, "label"]) == set(images["label"])
    trained = set(divided.loc[divided["part"] == TRAIN, "group"])
    is_leaked = (divided["part"] != TRAIN) & divided["group"].isin(trained)
    assert divided["leaked"].equals(is_leaked)
    if split.scheme == "grouped":
        assert divided.groupby("group")["part"].nunique().max() == 1
        assert not divided["leaked"].any()


@settings(max_examples=30)
@given(LAYOUTS, splits(), REPLICATES, REPLICATES)
def test_a_replicate_always_has_the_same_split_and_all_have_the_same_test_part(
    images, split, one, other
):
    first = split_or_tell(images, split, one)
    if first is None:
        return
    assert first.equals(split_images(images, split, one))
    second = split_or_tell(images, split, other)
    if second is None:
        return
    assert (first["part"] == TEST).equals(second["part"] == TEST)
    if not split.resample:
        assert first.equals(second)


@settings(max_examples=20)
@given(st.sampled_from(["stratified", "grouped"]), REPLICATES, REPLICATES)
def test_replicates_have_splits_of_their_own(scheme, one, other):
    images = table("ab" * 100, [place // 2 for place in range(200)])
    first, second = (split_images(images, make_split(scheme), number) for number in (one, other))
    assert first.equals(second) == (one == other)


# Folds


@settings(max_examples=40)
@given(LAYOUTS, splits().filter(lambda split: split.folds), st.integers(0, 100))
def test_folds_cover_every_image_once_but_those_of_the_test_part(images, split, shuffling):
    replicates = range(shuffling * split.folds, (shuffling + 1) * split.folds)
    divided = [split_or_tell(images, split, number) for number in replicates]
    if any(one is None for one in divided):
        return
    often = np.sum([one["part"] == VALIDATION for one in divided], axis=0)
    assert (often == (divided[0]["part"] != TEST)).all()


@st.composite
def pure(draw):
    """Classes of groups that hold nothing else, for each class the sizes of its groups."""
    sizes = st.lists(st.sampled_from([1, 1, 1, 2, 3, 4, 6, 9]), min_size=2, max_size=12)
    return draw(st.lists(sizes, min_size=2, max_size=4))


def lay_out(classes):
    rows = [
        (str(label), f"{label}{number}")
        for label, sizes in enumerate(classes)
        for number, size in enumerate(sizes)
        for _ in range(size)
    ]
    labels, groups = zip(*rows, strict=True)
    return table(labels, pd.factorize(pd.Series(groups))[0])


@settings(max_examples=30)
@given(pure(), st.integers(2, 5), REPLICATES)
def test_folds_of_a_class_differ_by_its_largest_group_at_most(classes, folds, shuffling):
    split = make_split("grouped", 1 / folds, folds=folds)
    numbers = range(shuffling * folds, (shuffling + 1) * folds)
    divided = [split_or_tell(lay_out(classes), split, number) for number in numbers]
    if any(one is None for one in divided):
        assert min(map(len, classes)) < folds
        return
    for label, sizes in enumerate(classes):
        counts = [
            ((one["part"] == VALIDATION) & (one["label"] == str(label))).sum() for one in divided
        ]
        assert np.ptp(counts) <= max(sizes)


# Shares


def count(divided, label, part=VALIDATION):
    return ((divided["label"] == str(label)) & (divided["part"] == part)).sum()


@settings(max_examples=80)
@given(pure(), st.floats(0.05, 0.95), REPLICATES)
def test_a_class_comes_as_near_to_its_share_as_its_groups_can(classes, share, replicate):
    """Found by trying all; what is within the tolerance, or less than an image off, is as good."""
    divided = split_or_tell(lay_out(classes), make_split("grouped", share), replicate)
    if divided is None:
        return
    for label, sizes in enumerate(classes):
        total = sum(sizes)
        sums = {0}
        for size in sizes:
            sums |= {size + other for other in sums}
        best = min(abs(one - share * total) for one in sums - {0, total})
        off = abs(count(divided, label) - share * total)
        assert off <= max(best, TOLERANCE * total) + 1e-9 or off < 1


@settings(max_examples=30)
@given(
    st.integers(0, 10**9),
    st.floats(0.03, 0.7),
    st.just(0.0) | st.floats(0.03, 0.25),
    REPLICATES,
)
def test_each_class_is_within_three_points_where_groups_are_small(seed, share, test, replicate):
    """No group holds more than 3 % of its class, so there is always a way."""
    random = np.random.default_rng(seed)
    classes = [random.integers(1, 4, random.integers(100, 200)) for _ in range(3)]
    split = make_split("grouped", share, test)
    divided = split_images(lay_out(classes), split, replicate)
    for label, sizes in enumerate(classes):
        for part, wanted in ((VALIDATION, share), (TEST, test)):
            assert abs(count(divided, label, part) / sum(sizes) - wanted) <= TOLERANCE + 1e-9
    assert list_uneven_classes(divided, split) == []


@settings(max_examples=30)
@given(
    st.lists(st.integers(10, 40), min_size=2, max_size=5),
    st.floats(0.15, 0.6),
    st.sampled_from([0, 0.2]),
    REPLICATES,
)
def test_stratified_keeps_each_class_within_one_image_of_its_share(sizes, share, test, replicate):
    images = table([str(name) for name, size in enumerate(sizes) for _ in range(size)])
    divided = split_images(images, make_split("stratified", share, test), replicate)
    for part, wanted in ((VALIDATION, share), (TEST, test)):
        for name, size in enumerate(sizes):
            assert abs(count(divided, name, part) - wanted * size) < 1 + 1e-9


@settings(max_examples=40)
@given(st.lists(st.integers(40, 60), min_size=2, max_size=5), st.floats(0.1, 0.9), REPLICATES)
def test_the_share_of_the_whole_is_exact(sizes, share, replicate):
    images = table([str(name) for name, size in enumerate(sizes) for _ in range(size)])
    divided = split_images(images, make_split("grouped", share), replicate)
    assert abs((divided["part"] == VALIDATION).sum() - share * len(images)) < 1 + 1e-9


def test_numbers_are_rounded_at_random_with_the_mean_kept():
    images = table("a" * 40 + "b" * 40)
    numbers = np.array(
        [
            [count(split_images(images, make_split("grouped", 0.21), r), label) for label in "ab"]
            for r in range(100)
        ]
    )
    assert set(numbers.flat) == {8, 9}
    assert set(numbers.sum(axis=1)) == {16, 17}
    assert numbers.mean(axis=0) == pytest.approx(8.4, abs=4 * np.sqrt(0.24 / 100))


@settings(max_examples=30)
@given(st.text("abc", min_size=1, max_size=60), splits(schemes=["grouped"]), REPLICATES)
def test_without_duplicates_grouped_is_stratified(labels, split, replicate):
    stratified = replace(split, scheme="stratified")
    first, second = (split_or_tell(table(labels), one, replicate) for one in (split, stratified))
    assert first is None if second is None else first.equals(second)


@pytest.mark.parametrize(
    "split", [make_split("grouped", 0.3), make_split("grouped", 0.25, folds=4)]
)
def test_every_group_has_the_same_chance_whatever_its_size(split):
    """scikit-learn's StratifiedGroupKFold has the largest group in the first fold every time."""
    sizes = [9, 6, 5, 5, 4, 4, 4, *[3] * 6, *[2] * 10, *[1] * 24]
    images = lay_out([sizes, sizes])
    replicates = 150
    held_out = np.zeros(len(images))
    for replicate in range(0, 4 * replicates, 4):
        held_out += split_images(images, split, replicate)["part"] == VALIDATION
    chance = pd.Series(held_out / replicates).groupby(images["group"]).first()
    error = np.sqrt(split.validation * (1 - split.validation) / replicates)
    assert (chance - split.validation).abs().max() < 4 * error
    by_size = chance.groupby(images.groupby("group").size()).mean()
    assert (by_size - split.validation).abs().max() < 3.5 * error


# Where shares cannot be had


def test_a_class_that_is_off_its_share_is_told():
    images = table(["a"] * 50 + ["b"] * 50, [0] * 45 + list(range(1, 56)))
    split = make_split("grouped", 0.3)
    divided = split_images(images, split, 0)
    assert list_uneven_classes(divided, split) == [
        "class 'a': 10.0% of it is in the validation part, 30.0% was wanted; its largest group "
        "holds 45 of its 50 images"
    ]


@pytest.mark.parametrize("scheme", ["stratified", "grouped"])
def test_a_class_too_small_for_its_share_is_told(scheme):
    divided = split_images(table(["a"] * 60 + ["rare"] * 2), make_split(scheme), 0)
    (line,) = list_uneven_classes(divided, make_split(scheme))
    assert line.startswith("class 'rare': 50.0% of it is in the validation part, 20.0% was wanted")
    assert line.endswith("it has only 2 images")


def test_the_test_part_leaves_groups_for_the_others():
    """The two single images make the wanted share, but only one group would be left then."""
    images = table("a" * 10 + "b" * 10, [0] * 8 + [1, 2] + list(range(10, 20)))
    divided = split_images(images, make_split("grouped", 0.2, 0.2), 0)
    assert divided.loc[divided["group"] < 10].groupby("group")["part"].first().nunique() == 3


def test_many_groups_of_several_classes_come_to_the_shares():
    random = np.random.default_rng(0)
    labels = random.integers(0, 300, 15_000).astype(str)
    images = table(labels, random.integers(0, 5000, 15_000))
    split = make_split("grouped", 0.2, 0.1)
    assert list_uneven_classes(split_images(images, split, 0), split) == []


HOPELESS = {
    "one class": (table("aaaa"), make_split(), "splits: 1 class"),
    "one class of one group": (table("aaaa", [0] * 4), make_split(), "splits: 1 class"),
    "no image": (table(""), make_split(), "splits: 0 class"),
    "a class of one image": (table(["a"] * 30 + ["rare"]), make_split(), "'rare' has 1"),
    "the same, stratified": (
        table(["a"] * 30 + ["rare"]),
        make_split("stratified"),
        "every class needs at least 2 images, and 'rare' has 1",
    ),
    "one group holds everything": (
        table("ab" * 20, [0] * 40),
        make_split(),
        "'a' has 1, 'b' has 1",
    ),
    "two groups that hold everything": (
        table("aab" * 2, [0, 0, 0, 1, 1, 1]),
        make_split("grouped", 0.4, 0.3),
        "at least 3 groups of distinct images, and 'a' has 2",
    ),
    "a group that tears a class": (
        table("aabb", [0, 1, 0, 0]),
        make_split("grouped", 0.5),
        "'b' has 1",
    ),
    "too small a share": (
        table("ab" * 20),
        make_split("grouped", 0.01),
        "split.validation: a validation part of 0.01 of 40 images",
    ),
    "too large a share": (
        table("ab" * 20),
        make_split("grouped", 0.99),
        "split.validation: a train",
    ),
    "too small a test part": (
        table("ab" * 20),
        make_split("grouped", 0.2, 0.01),
        "split.test: a test",
    ),
    "more folds than groups": (
        table("ab" * 6, [0, 1, 2, 3] * 3),
        make_split("grouped", 0.2, folds=5),
        "at least 5 groups of distinct images, and 'a' has 2",
    ),
    "many small classes": (
        table([f"{number:03}" for number in range(99)] + ["a"] * 200),
        make_split("stratified", 0.5),
        "'009' has 1 and 89 more; add",
    ),
}


@pytest.mark.parametrize(("images", "split", "said"), HOPELESS.values(), ids=HOPELESS)
def test_what_cannot_be_divided_is_told_in_one_line(images, split, said):
    with pytest.raises(TimbangError) as caught:
        split_images(images, split, 0)
    (line,) = str(caught.value).splitlines()
    assert said in line


# The user's own split

FROM = make_split("from", column="set")


def test_the_user_s_own_split_is_taken_as_it_is():
    parts = [TRAIN, VALIDATION, TRAIN, TEST] * 4
    images = table("aabbbbaa" * 2, [0, 0, 1, 2] * 4, parts)
    divided = split_images(images, FROM, 5)
    assert divided["part"].tolist() == parts
    assert divided["leaked"].tolist() == [part == VALIDATION for part in parts]
    assert divided.equals(split_images(images, FROM, 0))
    assert list_uneven_classes(divided, FROM) == []


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ([TRAIN] * 4, "the column 'set' puts no usable image into the validation part"),
        ([VALIDATION, TEST] * 2, "the column 'set' puts no usable image into the train part"),
        ([TRAIN, TRAIN, VALIDATION, TRAIN], "the validation part has no image of class 'b'"),
        ([TRAIN, TRAIN, VALIDATION, VALIDATION], None),
        ([TRAIN, TRAIN, VALIDATION, TEST], "the validation part has no image of class 'b'"),
    ],
)
def test_a_part_without_a_class_is_told(parts, said):
    images = table("abab", parts=parts)
    if said is None:
        split_images(images, FROM, 0)
        return
    with pytest.raises(TimbangError, match=said) as caught:
        split_images(images, FROM, 0)
    assert len(str(caught.value).splitlines()) == 1


# The published split


def published(labels):
    return split_images(table(labels), make_split("published"), 0)


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
    images = table("ab" * 20, [0, 1, 2, 3] * 10)
    split = split_images(images, make_split("stratified", 0.3, 0.2), 1)
    write_table(tmp_path / "split.csv", split)
    assert read_split(tmp_path / "split.csv").equals(split)
    assert split["leaked"].any()
    assert set(split["part"]) == set(PARTS)
