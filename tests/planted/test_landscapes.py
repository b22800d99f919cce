"""Landscapes of recipes with known winners, and what the report says of them."""

import re

import pytest
from results import Landscape, Plant, Scenario, make_results, write_texts

FLAT = (0.0, 0.0, 0.0, 0.0)
# The reference is at its best under every recipe, and grows by ten points a doubling.
LEVEL = Landscape(FLAT, FLAT, (-0.2, -0.1))


def study_of(plain, landscape, **more):
    plants = {"resnet34": Plant(), "plain34": plain}
    landscapes = {"resnet34": LEVEL, "plain34": landscape}
    return Scenario("fairness", plants, landscapes=landscapes, **more)


@pytest.fixture
def read(tmp_path):
    def words_of(scenario, language="en"):
        text = write_texts(scenario, tmp_path / "r")[language].read_text(encoding="utf-8")
        # The numbers and names without what marks them.
        text = re.sub(r"\\hypertarget\{[^{}]*\}|\\timbangsource\{[^{}]*\}", "", text)
        text = re.sub(r"\\timbangmark\{[^{}]*\}\{[^{}]*\}|\\mbox", "", text)
        return " ".join(re.sub(r"[{}$]", "", text).split())

    return words_of


# By the recipe of the study far behind, by its own best one far ahead.
HIDDEN = Landscape((-0.3, -0.2, 0.2, -0.3), (-0.3, -0.2, 0.2, -0.3), (-0.4, -0.35))


def test_only_tuning_reveals_a_winner(read, tmp_path):
    text = read(study_of(Plant(-0.2), HIDDEN))
    assert "each network trained by the recipe of its choice" in text
    assert "is 20.0 percentage points more accurate than" in text
    assert "is ahead of ResNet-34 under 1" in text


def test_default_recipe_decides_where_the_study_said_so(read):
    text = read(study_of(Plant(-0.2), HIDDEN, decides="default"))
    assert "is 20.0 percentage points less accurate than" in text
    assert "With tuned networks the verdict would be" in text
    # Beside the verdict on claim 1, that the reference is ahead of the plain network.
    assert "(of 5 recipes, ahead under 4, behind under 1)" in text


# The images that choose see no difference; the validation images would have taken the last.
PEEKED = Landscape((0.02, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 0.1), (-0.2, -0.1))


def test_only_peeking_reveals_a_winner(read):
    text = read(study_of(Plant(0.0), PEEKED))
    assert "do not differ by more than 2.0 percentage points" in text
    assert "+10.0 for Plain-34" in text


# Behind on all of these images, and less with each doubling.
TURNING = Landscape(FLAT, (-0.1,) * 4, (-0.5, -0.3))


def test_order_turns_with_the_number_of_images(read, tmp_path):
    scenario = Scenario(
        "turning",
        {"resnet34": Plant(), "multipath34": Plant(-0.1)},
        landscapes={"resnet34": LEVEL, "multipath34": TURNING},
    )
    _, results = make_results(scenario, tmp_path / "own")
    verdicts = {own["number"]: own for own in results.verdicts}
    assert verdicts["10b"]["verdict"] == "supported"
    assert "verdict_of_other_recipe" not in verdicts["10b"]
    text = read(scenario)
    assert "the verdict would be: not tested" not in text
    assert "Multi-Path ResNet-34 minus ResNet-34 changes by an estimated +10.0" in text


def test_report_in_indonesian_says_the_same(read):
    text = read(study_of(Plant(-0.2), HIDDEN), "id")
    assert "mengungguli ResNet-34 pada 1 konfigurasi" in text
