"""Predictions and their scores, against scikit-learn and by hand."""

import json

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sklearn

from timbang.records.tables import TEST, VALIDATION
from timbang.records.writing import write_table
from timbang.scores.leaks import score_leaks
from timbang.scores.measures import RUN_MEASURES
from timbang.scores.metrics import score_predictions, score_test
from timbang.scores.predictions import (
    is_without_answer,
    make_predictions,
    predicted_classes,
    read_predictions,
)
from timbang.scores.scoring import score_run

HOSTILE = sorted(["label", "filename", "predicted", "NA", ',"x\n', "01", "probability:a", ""])


def predict(true, logits, classes, part=VALIDATION):
    names = [f"{place}.png" for place in range(len(true))]
    labels = [classes[place] for place in true]
    images = pd.DataFrame({"filename": names, "label": labels, "part": part})
    return make_predictions(images, np.asarray(logits, dtype=np.float32), classes)


@st.composite
def runs(draw, classes=("a", "b", "c")):
    count = draw(st.integers(1, 30))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    true = rng.integers(0, len(classes), count)
    return true, rng.normal(0, draw(st.sampled_from([0.1, 3, 100])), (count, len(classes)))


def test_scores_by_hand():
    # Truth a a b b, said a b b b.
    scores = score_predictions(predict([0, 0, 1, 1], [[2, 0], [0, 2], [0, 2], [0, 2]], ["a", "b"]))
    assert scores["accuracy"] == 0.75
    assert scores["confusion_matrix"] == [[1, 1], [0, 2]]
    assert scores["per_class"]["a"] == {
        "precision": 1.0,
        "recall": 0.5,
        "f1": pytest.approx(2 / 3),
        "support": 2,
    }
    assert scores["per_class"]["b"]["precision"] == pytest.approx(2 / 3)
    right, wrong = np.log(1 + np.exp(-2)), np.log(1 + np.exp(2))
    assert scores["loss"] == pytest.approx((3 * right + wrong) / 4)
    assert scores["validation_images"] == 4


def test_class_that_is_never_predicted_scores_zero():
    scores = score_predictions(predict([0, 1], [[1, 0], [1, 0]], ["a", "b"]))
    assert scores["per_class"]["b"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 1}


@given(runs())
def test_scores_are_scikit_learns(run):
    true, logits = run
    table = predict(true, logits, ["a", "b", "c"])
    scores = score_predictions(table)
    said = table["predicted"]
    assert scores["accuracy"] == pytest.approx(sklearn.accuracy_score(table["label"], said))
    f1 = sklearn.f1_score(
        table["label"], said, labels=["a", "b", "c"], average=None, zero_division=0
    )
    assert [own["f1"] for own in scores["per_class"].values()] == pytest.approx(list(f1))
    matrix = np.array(scores["confusion_matrix"])
    assert matrix.sum() == len(true)
    assert matrix.sum(axis=1).tolist() == [own["support"] for own in scores["per_class"].values()]


@given(runs())
def test_loss_is_torchs_cross_entropy(run):
    true, logits = run
    expected = torch.nn.functional.cross_entropy(
        torch.from_numpy(logits.astype(np.float32)).double(), torch.from_numpy(true)
    )
    scores = score_predictions(predict(true, logits, ["a", "b", "c"]))
    assert scores["loss"] == pytest.approx(expected.item(), rel=1e-9)


@given(runs())
def test_probabilities_are_the_softmax(run):
    true, logits = run
    table = predict(true, logits, ["a", "b", "c"])
    shown = table.filter(like="probability:").to_numpy()
    expected = torch.from_numpy(logits.astype(np.float32)).double().softmax(1).numpy()
    np.testing.assert_allclose(shown, expected, atol=1e-12)


def test_certain_and_wrong_has_a_finite_loss():
    scores = score_predictions(predict([0], [[-1000, 1000]], ["a", "b"]))
    assert np.isfinite(scores["loss"])
    assert scores["loss"] > 100


@given(runs(), runs())
def test_the_test_part_is_scored_as_validation_is_and_apart(tmp_path_factory, run, other):
    path = tmp_path_factory.getbasetemp() / "both.csv"
    validation, test = predict(*run, ["a", "b", "c"]), predict(*other, ["a", "b", "c"], TEST)
    write_table(path, pd.concat([validation, test]))
    of_validation = score_predictions(read_predictions(path, VALIDATION))
    assert of_validation == score_predictions(validation)
    expected = score_predictions(test)
    assert score_test(read_predictions(path, TEST)) == {
        "test_accuracy": expected["accuracy"],
        "test_loss": expected["loss"],
        "test_images": len(test),
    }


def test_without_a_test_part_there_are_no_scores_of_it(tmp_path):
    write_table(tmp_path / "predictions.csv", predict([0, 1], [[1, 0], [1, 0]], ["a", "b"]))
    assert score_test(read_predictions(tmp_path / "predictions.csv", TEST)) == {
        "test_accuracy": None,
        "test_loss": None,
        "test_images": None,
    }


@settings(max_examples=30)
@given(runs(classes=HOSTILE))
def test_hostile_names_survive_the_file(tmp_path_factory, run):
    path = tmp_path_factory.getbasetemp() / "predictions.csv"
    table = predict(*run, HOSTILE)
    write_table(path, table)
    read = read_predictions(path, VALIDATION)
    assert predicted_classes(read) == HOSTILE
    for column in ("filename", "label", "predicted"):
        assert list(read[column]) == list(table[column])
    assert score_predictions(read) == score_predictions(table)


def test_run_that_diverged_has_no_scores(tmp_path):
    """Its logits are NaN, and of NaN argmax would make the first class."""
    path = tmp_path / "predictions.csv"
    write_table(path, predict([0, 1, 0], np.full((3, 2), np.nan), ["a", "b"]))
    predictions = read_predictions(path, VALIDATION)
    assert is_without_answer(predictions)
    assert predictions["predicted"].tolist() == [""] * 3
    scores = score_predictions(predictions)
    assert (scores["accuracy"], scores["loss"], scores["confusion_matrix"]) == (None, None, None)
    assert scores["per_class"]["a"] == {"precision": None, "recall": None, "f1": None, "support": 2}
    split = pd.DataFrame({"filename": predictions["filename"], "leaked": [True, False, False]})
    leaks = score_leaks(predictions, split)
    assert (leaks["leaked_images"], leaks["leaked_accuracy"], leaks["clean_accuracy"]) == (
        1,
        None,
        None,
    )
    assert json.loads(json.dumps({**scores, **leaks}, allow_nan=False))["accuracy"] is None


# A run


def score(diverged=None, test=True, probed=None):
    """Score a run of two epochs on four validation images, one of which is leaked."""
    logits = np.array([[2.0, 0.0], [0.0, 2.0], [0.0, 2.0], [0.0, 2.0]])
    if diverged:
        logits[:] = np.nan
    validation = predict([0, 0, 1, 1], logits, ["a", "b"])
    split = validation[["filename", "label"]].assign(leaked=[True, False, False, False])
    history = pd.DataFrame(
        {
            "train_loss": [0.9, 0.25],
            "train_accuracy": [0.5, 1.0],
            "validation_accuracy": [0.25, 0.75],
        }
    )
    training = {"contender": "c", "diverged": diverged, "made_with": {"a": 1}, "inputs": {"s": "0"}}
    of_test = predict([0], logits[:1], ["a", "b"], TEST)
    return score_run(
        training, history, validation, of_test if test else of_test[:0], split, probed or {}
    )


def test_a_run_has_all_its_scores_in_one_mapping():
    scores = score(probed={"zoom_drop": 0.125, "gradient_cosine": float("nan")})
    made_by_training = {"training_seconds", "images_per_second", "train_images"}
    assert set(RUN_MEASURES) - made_by_training <= set(scores)
    assert scores["contender"] == "c"
    assert "inputs" not in scores
    assert scores["made_with"].startswith("sha256:")
    assert (scores["accuracy"], scores["test_accuracy"], scores["late_accuracy"]) == (0.75, 1, 0.5)
    assert (scores["leaked_accuracy"], scores["clean_accuracy"]) == (1, pytest.approx(2 / 3))
    assert (scores["train_loss"], scores["train_accuracy"]) == (0.25, 1.0)
    assert scores["gap"] == scores["loss"] - 0.25
    assert scores["zoom_drop"] == 0.125
    assert scores["gradient_cosine"] is None
    assert scores["without_first_path"] is None
    json.dumps(scores, allow_nan=False)


def test_a_run_that_diverged_has_no_score():
    scores = score(diverged={"epoch": 1, "step": 2})
    assert scores["diverged"] == {"epoch": 1, "step": 2}
    for name in ("accuracy", "loss", "test_loss", "train_loss", "late_accuracy", "rises", "gap"):
        assert scores[name] is None, name
    assert (scores["validation_images"], scores["test_images"]) == (4, 1)


def test_a_run_without_a_test_part_has_no_score_of_it():
    scores = score(test=False)
    assert scores["test_accuracy"] is scores["test_images"] is None
