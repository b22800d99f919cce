"""The image ledger, by hand."""

import numpy as np
import pandas as pd
import pytest

from timbang.scores.ledger import (
    find_hardest,
    find_surest,
    find_suspects,
    read_ledger,
    tabulate_confusions,
    tabulate_images,
)

CLASSES = ["NA", "b", "c"]
# The images 0 and 1 are copies.
LABELS, GROUPS = ["NA", "NA", "b", "c", "c"], [0, 0, 1, 2, 3]


def make_split(validation, leaked=(), test=()):
    places = range(len(LABELS))
    part = ["validation" if p in validation else "test" if p in test else "train" for p in places]
    return pd.DataFrame(
        {
            "filename": [f"{place}.png" for place in places],
            "label": LABELS,
            "group": GROUPS,
            "part": part,
            "leaked": [place in leaked for place in places],
        }
    )


def predict(chances):
    """Return the predictions of a run by the probabilities that it gives to images."""
    rows = [
        {"filename": f"{place}.png", "label": LABELS[place], "part": "validation"}
        | {"predicted": CLASSES[int(np.argmax(own))]}
        | {f"probability:{name}": chance for name, chance in zip(CLASSES, own, strict=True)}
        for place, own in chances.items()
    ]
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def made():
    splits = {
        0: make_split({0, 2, 3}, leaked={0}, test={4}),
        1: make_split({0, 1, 2}, test={4}),
    }
    lost = predict({0: [np.nan] * 3, 2: [np.nan] * 3, 3: [np.nan] * 3}).assign(predicted="")
    answers = {
        "x": [
            (0, predict({0: [0.9, 0.1, 0], 2: [0.6, 0.3, 0.1], 3: [0.2, 0.3, 0.5]})),
            (1, predict({0: [0.2, 0.8, 0], 1: [0.6, 0.4, 0], 2: [0.1, 0.2, 0.7]})),
        ],
        "y": [
            (0, lost),
            (1, predict({0: [0.1, 0.7, 0.2], 1: [0.7, 0.2, 0.1], 2: [0.2, 0.1, 0.7]})),
        ],
    }
    return splits, answers


@pytest.fixture(scope="module")
def images(made):
    return tabulate_images(*made)


def test_answers_are_counted(images):
    assert images["validated"].tolist() == [2, 1, 2, 1, 0]
    assert images["part"].tolist() == ["", "", "", "", "test"]
    assert images["wrong:x"].tolist()[:4] == [0.5, 0, 1, 0]
    assert images["wrong:y"].tolist()[:3] == [1, 0, 1]
    assert images["wrong:y"].isna().tolist() == [False, False, False, True, True]
    assert images["probability:x"].tolist()[:4] == pytest.approx([0.55, 0.6, 0.25, 0.5])
    assert images["taken_for"].tolist() == ["b", "", "c", "", ""]


def test_a_network_errs_where_more_than_half_of_its_answers_are_wrong(images):
    assert images["networks"].tolist() == [2, 2, 2, 1, 0]
    assert images["erring"].tolist() == [1, 0, 2, 0, 0]


def test_a_label_is_judged_by_networks_that_trained_on_no_copy(images):
    # The first answer to image 0 is of a run that trained on its copy.
    assert images["label_probability"][0] == pytest.approx(0.15)
    assert images["believed"].tolist() == ["b", "NA", "c", "c", ""]
    assert images["believed_probability"][0] == pytest.approx(0.75)
    assert images["label_score"].tolist()[:3] == pytest.approx(
        [(0.15 - 0.75 + 1) / 2, (0.65 - 0.3 + 1) / 2, (0.2 - 0.5 + 1) / 2]
    )
    assert np.isnan(images["label_score"][4])


def test_suspects_and_hardest_are_one_of_each_group(images):
    assert find_suspects(images)["filename"].tolist() == ["0.png", "2.png"]
    hardest = find_hardest(images)
    assert hardest["filename"].tolist() == ["2.png", "0.png", "3.png"]
    assert hardest["chance"].tolist() == pytest.approx([(0.25 + 0.1) / 2, (0.55 + 0.1) / 2, 0.5])


def test_the_surest_mistake_is_the_wrong_answer_with_the_largest_probability(images):
    assert images["surest_mistake"].tolist() == ["b", "", "c", "", ""]
    assert images["surest_probability"].tolist()[:3:2] == [0.8, 0.7]
    assert images["surest_probability"].isna().tolist() == [False, True, False, True, True]
    assert find_surest(images)["filename"].tolist() == ["0.png", "2.png"]
    copies = images.assign(surest_probability=[0.8, 0.9, 0.9, np.nan, 0.1])
    assert find_surest(copies)["filename"].tolist() == ["1.png", "2.png", "4.png"]


def test_pairs_of_classes_are_counted(made):
    _, answers = made
    table = tabulate_confusions(answers)
    # Of three answers to b two are c, one is NA; of five to NA two are b.
    assert table.values.tolist() == [
        ["b", "c", 2, pytest.approx(2 / 3)],
        ["NA", "b", 2, pytest.approx(2 / 5)],
        ["b", "NA", 1, pytest.approx(1 / 3)],
    ]


def test_tables_come_back_from_their_files(made, images, tmp_path):
    for table in (images, tabulate_confusions(made[1])):
        table.to_csv(tmp_path / "table.csv", index=False)
        pd.testing.assert_frame_equal(read_ledger(tmp_path / "table.csv"), table, check_dtype=False)


def test_without_any_answer_there_is_nothing_to_say(made):
    splits, _ = made
    images = tabulate_images(splits, {"x": []})
    assert find_suspects(images).empty and find_hardest(images).empty
    assert tabulate_confusions({"x": []}).empty
