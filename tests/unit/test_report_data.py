"""What the report says of images and splits, counted by hand."""

import pandas as pd
import pytest

from timbang.errors import TimbangError
from timbang.report.context import describe_twin
from timbang.report.data import count_equal_leaks, describe_splits

IMAGES = pd.DataFrame({"pixels_sha256": ["x", "x", "y", "y", "z", "w"]})


def split(parts, leaked):
    return pd.DataFrame({"part": parts, "leaked": leaked})


FIRST = split(
    ["train", "validation", "train", "train", "validation", "validation"],
    [False, True, False, False, True, False],
)
SECOND = split(["train", "train", "validation", "validation", "train", "train"], [False] * 6)


def test_equal_leaks_have_their_pixels_in_training():
    assert count_equal_leaks(FIRST, IMAGES) == 1
    assert count_equal_leaks(SECOND, IMAGES) == 0


def test_shares_are_over_all_replicates():
    facts = describe_splits([FIRST, SECOND], IMAGES, {"scheme": "stratified"})
    assert facts["leaked"] == {"min": 0, "max": 2}
    assert facts["equal"] == {"min": 0, "max": 1}
    assert facts["leaked_share"] == pytest.approx(2 / 5)
    assert facts["scheme"] == "stratified"


def contender(name, accuracy):
    return {"name": name, "title": name.upper(), "accuracy": {"mean": accuracy}}


def row(name, accuracy, **changes):
    own = {f"accuracy_{word}": accuracy for word in ("mean", "sd", "min", "max")}
    sizes = {"replicates": 3, "leaked_images_mean": 5.0, "validation_images_mean": 20.0}
    return {"contender": name, **own, **sizes} | changes


def test_twin_has_the_shared_contenders_and_its_share_of_leaks():
    twin = describe_twin(
        [contender("a", 0.7), contender("b", 0.5)], [row("b", 0.4), row("c", 0.1)], "other"
    )
    assert twin["leaked_share"] == 0.25
    (shared,) = twin["contenders"]
    assert shared["title"] == "B"
    assert shared["difference"] == pytest.approx(0.1)


def test_no_other_study_no_twin():
    assert describe_twin([contender("a", 0.7)], [], None) is None


@pytest.mark.parametrize(
    ("others", "message"),
    [
        ([row("c", 0.1)], "has no contender of this study"),
        ([{"contender": "a", "accuracy_mean": 0.1}], "older Timbang; run it again"),
    ],
)
def test_study_that_cannot_be_compared_is_told(others, message):
    with pytest.raises(TimbangError, match=message):
        describe_twin([contender("a", 0.7)], others, "other")
