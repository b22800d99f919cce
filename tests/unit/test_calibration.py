"""Calibration: by hand, by scikit-learn's Brier score, and by the second reader's regression."""

import numpy as np
import pandas as pd
import pytest
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import brier_score_loss

from timbang.reader.reliability import draw_diagram, measure_calibration
from timbang.scores.calibration import (
    decompose,
    draw_reliability,
    find_confidences,
    score_squares,
    tabulate_reliability,
)


def make_answers(rng, count, bend=1.0):
    """Return confidences, and answers that are right as often as they say to a power."""
    confidences = rng.beta(4, 2, count).round(2)
    return confidences, rng.random(count) < confidences**bend


def make_table(probabilities, labels):
    table = pd.DataFrame(probabilities, columns=["probability:a", "probability:b", "probability:c"])
    predicted = np.array(["a", "b", "c"])[np.argmax(probabilities, axis=1)]
    names = [f"{place}.png" for place in range(len(labels))]
    return table.assign(filename=names, label=list(labels), predicted=predicted)


def test_the_brier_score_by_hand():
    table = make_table([[0.5, 0.3, 0.2], [0, 1, 0], [1, 0, 0]], "abc")
    assert score_squares(table) == pytest.approx([0.25 + 0.09 + 0.04, 0, 2])


def test_the_brier_score_is_scikit_learns():
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet([1, 1, 1], 40)
    table = make_table(probabilities, rng.choice(list("abc"), 40))
    expected = brier_score_loss(
        table["label"], probabilities, labels=list("abc"), scale_by_half=False
    )
    assert score_squares(table).mean() == pytest.approx(expected)


def test_the_parts_by_hand():
    # 0.2 and 0.4 are pooled, since the lower one is right and the higher one is not.
    parts = decompose(np.array([0.2, 0.4, 0.8, 0.8]), np.array([True, False, True, True]))
    own = (0.64 + 0.16 + 0.04 + 0.04) / 4
    best, plain = (0.25 + 0.25) / 4, 0.75 * 0.25
    assert parts.miscalibration == pytest.approx(own - best)
    assert parts.discrimination == pytest.approx(plain - best)
    assert parts.uncertainty == pytest.approx(plain)


@pytest.mark.parametrize("count", [1, 2, 7, 222])
def test_the_parts_add_up_and_are_the_second_readers(count):
    rng = np.random.default_rng(count)
    confidences, right = make_answers(rng, count, 2)
    parts = decompose(confidences, right)
    total = parts.miscalibration - parts.discrimination + parts.uncertainty
    assert total == pytest.approx(brier_score_loss(right, confidences, labels=[False, True]))
    assert parts.miscalibration >= 0 and parts.discrimination >= -1e-12
    assert vars(parts) == pytest.approx(measure_calibration(confidences, right))


def test_what_is_recalibrated_has_no_miscalibration():
    confidences, right = make_answers(np.random.default_rng(3), 100, 2)
    fitted = IsotonicRegression().fit_transform(confidences, right)
    assert decompose(fitted, right).miscalibration == pytest.approx(0, abs=1e-12)


def test_confidences_that_differ_by_rounding_alone_are_the_same():
    table = make_table([[1 - 1e-15, 1e-15, 0], [1, 0, 0]], "ba")
    confidences, right = find_confidences(table)
    assert confidences.tolist() == [1, 1]
    assert right.tolist() == [False, True]


@pytest.mark.parametrize("narrow", [False, True])
def test_the_diagram_is_the_second_readers(narrow):
    """Also of a network that is nearly equally sure of all its answers: it has one place."""
    rng = np.random.default_rng(4)
    confidences, right = make_answers(rng, 90)
    if narrow:
        confidences = 0.332 + 0.001 * confidences
    groups = rng.integers(0, 30, 90)
    own, other = (
        draw_reliability(confidences, right, groups),
        draw_diagram(confidences, right, groups),
    )
    at = (100 * own["confidence"]).round().astype(int) - 1
    assert np.isfinite(other["right"]).sum() == len(own)
    assert (own["confidence"].tolist() == [0.33]) == narrow
    for column in ("right", "low", "high"):
        assert own[column].to_numpy() == pytest.approx(other[column][at])


def test_the_band_holds_what_is_calibrated_and_not_what_is_overconfident():
    rng = np.random.default_rng(5)
    groups = np.arange(600)
    within = []
    for bend in (1.0, 3.0):
        diagram = draw_reliability(*make_answers(rng, 600, bend), groups)
        is_within = diagram["right"].between(diagram["low"], diagram["high"])
        within.append(is_within.mean())
    assert within[0] > 0.9
    assert within[1] < 0.5


def test_a_band_of_answers_to_the_same_images_is_wider():
    confidences, right = make_answers(np.random.default_rng(6), 300)
    apart, same = (
        draw_reliability(confidences, right, groups)
        for groups in (np.arange(300), np.arange(300) % 60)
    )
    assert (same["high"] - same["low"]).mean() > (apart["high"] - apart["low"]).mean()


def test_runs_that_diverged_have_no_diagram():
    known = make_table([[0.5, 0.3, 0.2], [0.1, 0.9, 0], [0.6, 0.2, 0.2]], "abc")
    lost = known.assign(
        **dict.fromkeys(["probability:a", "probability:b", "probability:c"], np.nan)
    )
    splits = {0: pd.DataFrame({"filename": known["filename"], "group": [0, 1, 2]})}
    table = tabulate_reliability(splits, {"one": [(0, known), (0, lost)], "two": [(0, lost)]})
    assert set(table["contender"]) == {"one"}
    alone = tabulate_reliability(splits, {"one": [(0, known)]})
    pd.testing.assert_frame_equal(table, alone)
    assert tabulate_reliability(splits, {"two": [(0, lost)]}).empty
