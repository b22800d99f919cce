"""Sentences on contrasts and claims: chosen by the numbers, in both languages."""

import math
import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from timbang.evidence.announcement import describe_start
from timbang.evidence.contrasts import Design, contrast
from timbang.evidence.verdicts import Decision, decide, describe_decision
from timbang.languages.texts import read_texts
from timbang.networks.catalogue import find_fault
from timbang.networks.relations import differ_in_shortcuts_alone, find_plain
from timbang.report.judgements import describe_plan, write_conclusion, write_contrast, write_p
from timbang.report.networks import describe_networks
from timbang.sources.choice import find_source
from timbang.study.reading import read_study

ROOT = Path(__file__).parents[2]
TEXTS = {name: read_texts(ROOT / f"report/texts/{name}.yaml") for name in ("en", "id")}
SCHEMA = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text())
TITLES = {"a": "First", "ref": "Second"}
REDRAWN, FIXED = Design("redrawn", 800, 200), Design("fixed", 800, 200)
ABOVE = {"en": "above", "id": "di atas"}
BELOW = {"en": "below", "id": "di bawah"}


def row_of(differences, design=REDRAWN, margin=0.02):
    own = contrast(differences, design, margin)
    p = own.p_value
    decision = Decision("accuracy", "a", "ref", margin, own, p, decide(own, p, margin))
    return {
        key: None if isinstance(value, float) and math.isnan(value) else value
        for key, value in describe_decision(decision).items()
    }


@settings(deadline=None)
@given(
    st.lists(st.integers(-60, 60).map(lambda n: n / 200), min_size=1, max_size=9),
    st.sampled_from(["en", "id"]),
)
def test_a_sentence_never_contradicts_its_numbers(differences, language):
    row = row_of(differences)
    for sentence in (
        write_contrast(row, TITLES, TEXTS[language]),
        write_conclusion(row, TITLES, TEXTS[language], is_whole=True),
    ):
        assert "First" in sentence and "Second" in sentence
        says_above = ABOVE[language] in sentence.split("(")[0].replace("perbedaan rerata", "")
        assert "nan" not in sentence.lower().split()
        if len(differences) < 5:
            assert row["says"] in ("single", "few")
        if says_above and row["says"] != "equal":
            assert row["says"] == "higher" and row["mean"] > 0
        if BELOW[language] in sentence:
            assert row["says"] == "lower" and row["mean"] < 0


@pytest.mark.parametrize("language", ["en", "id"])
def test_every_outcome_has_a_sentence_in_every_language(language):
    outcomes = {
        "higher": [0.2, 0.21, 0.2, 0.19, 0.2],
        "lower": [-0.2, -0.21, -0.2, -0.19, -0.2],
        "equal": [0.0, 0.005, -0.005, 0.0, 0.0],
        "undecided": [0.2, -0.2, 0.1, -0.1, 0.05],
        "few": [0.1, 0.2],
        "single": [0.1],
        "none": [math.nan],
    }
    sentences = set()
    for says, differences in outcomes.items():
        row = row_of(differences)
        assert row["says"] == says
        sentences.add(write_contrast(row, TITLES, TEXTS[language]))
        sentences.add(write_conclusion(row, TITLES, TEXTS[language]))
    assert len(sentences) == 2 * len(outcomes)


def test_numbers_have_their_signs_and_digits():
    sentence = write_contrast(row_of([0.2, 0.21, 0.2, 0.19, 0.2]), TITLES, TEXTS["en"])
    assert r"is \num{20.0} percentage points above" in sentence
    assert re.search(r"interval \\num\{\+1\d\.\d\} to \\num\{\+2\d\.\d\}", sentence)
    assert write_p(0.0004) == r"{}<\num{0.001}"
    assert write_p(0.0314) == r"{}=\num{0.031}"


def study(contenders, **more):
    config = {"study": "s", "data": {"source": "digits"}, "contenders": contenders, **more}
    return read_study(config, SCHEMA, find_source, find_fault)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"replicates": 5, "split": {"resample": False}}, "replicates: 7 or more would do"),
        ({"replicates": 2}, "no verdict can be reached"),
        ({"replicates": 7}, "7 replicates, 3 comparisons: a true difference of 2.7 standard"),
        ({"replicates": 1}, "1 replicate, 3 comparisons: whatever"),
        (
            {"replicates": 7, "split": {"scheme": "published"}},
            "7 replicates, 3 comparisons: a true",
        ),
    ],
)
def test_it_is_said_before_training_what_can_be_decided(more, words):
    contenders = {name: {} for name in ("plain34", "resnet34", "multipath34", "preact34")}
    assert words in describe_start(study(contenders, **more))


def test_study_of_one_contender_compares_nothing():
    assert "nothing to compare" in describe_start(study({"resnet34": {}}))


def test_what_stayed_open_says_what_it_would_take():
    row = row_of([0.03, -0.01, 0.02, 0.04, -0.02, 0.05, 0.03])
    plan = describe_plan(7, 1, FIXED, [row])
    (undecided,) = plan["undecided"]
    assert undecided["needed"] > 7
    assert describe_plan(7, 1, REDRAWN, [row])["undecided"][0]["needed"] is None
    assert describe_plan(7, 1, REDRAWN, [row_of([0.2, 0.21, 0.2, 0.19, 0.2])])["undecided"] == []


# What networks differ in


def test_plain_network_of_the_reference_is_its_twin():
    made = study({"plain18": {}, "plain34": {}, "resnet34": {}})
    assert find_plain(made.contenders, "resnet34") == "plain34"
    assert differ_in_shortcuts_alone(made.contender("plain34"), made.contender("resnet34"))
    assert not differ_in_shortcuts_alone(made.contender("plain18"), made.contender("resnet34"))


@pytest.mark.parametrize("own", [{"width": 0.5}, {"recipe": {"epochs": 3}}])
def test_what_differs_in_more_than_shortcuts_is_no_twin(own):
    made = study({"plain34": own, "resnet34": {}})
    assert find_plain(made.contenders, "resnet34") == "plain34"
    assert not differ_in_shortcuts_alone(made.contender("plain34"), made.contender("resnet34"))


def test_networks_are_described_by_what_they_share():
    described = describe_networks(
        study(
            {
                "plain34": {},
                "resnet34": {},
                "resnet50": {},
                "small": {"network": "resnet20-cifar"},
                "theirs": {"network": "torchvision:resnet18"},
                "matched": {"network": "resnet18", "parameters_of": "resnet34"},
            }
        ).contenders
    )
    layouts = {layout.titles: layout for layout in described["layouts"]}
    assert layouts["Plain-34", "ResNet-34"].stages == (3, 4, 6, 3)
    assert layouts["ResNet-50",].bottleneck
    assert layouts["small",].channels == (16, 32, 64)
    assert described["foreign"] == [
        {"title": "theirs", "source": "torchvision", "name": "resnet18"}
    ]
    assert described["matched"] == [{"title": "matched", "other": "ResNet-34"}]
