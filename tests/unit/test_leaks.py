"""The leak ledger scores leaked and clean images apart."""

import pandas as pd
import pytest

from timbang.scores.leaks import score_leaks


def ledger(rows):
    """Rows are (leaked, right)."""
    names = [f"{place}.png" for place in range(len(rows))]
    predictions = pd.DataFrame(
        {
            "filename": names,
            "label": "a",
            "predicted": ["a" if right else "b" for _, right in rows],
        }
    )
    split = pd.DataFrame({"filename": names, "leaked": [bool(leaked) for leaked, _ in rows]})
    unasked = pd.DataFrame({"filename": ["train.png"], "leaked": [False]})
    return score_leaks(predictions, pd.concat([unasked, split[::-1]]))


def test_accuracies_by_hand():
    assert ledger([(1, 1), (1, 1), (1, 0), (1, 1), (0, 1), (0, 0)]) == {
        "leaked_images": 4,
        "leaked_accuracy": 0.75,
        "clean_accuracy": 0.5,
        "leak_difference": 0.25,
    }


@pytest.mark.parametrize(
    ("rows", "leaked", "clean"), [([(1, 1), (1, 0)], 0.5, None), ([(0, 1)], None, 1.0)]
)
def test_what_no_image_speaks_of_is_none(rows, leaked, clean):
    found = ledger(rows)
    assert (found["leaked_accuracy"], found["clean_accuracy"]) == (leaked, clean)
    assert found["leak_difference"] is None


def test_both_parts_together_are_the_accuracy():
    rows = [(place % 3 == 0, place % 4 == 0) for place in range(48)]
    found = ledger(rows)
    share = found["leaked_images"] / 48
    accuracy = share * found["leaked_accuracy"] + (1 - share) * found["clean_accuracy"]
    assert accuracy == pytest.approx(sum(right for _, right in rows) / 48)
