"""Reports of planted results say what was planted; `check_reports.py` does this for all of them."""

import shutil
from dataclasses import replace

import pytest
from checker import find_contradictions
from results import Plant, build_reports
from scenarios import SCENARIOS

pytestmark = pytest.mark.skipif(not shutil.which("pdflatex"), reason="no TeX engine")
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
# One of each kind; the others are for the script, since each report takes seconds.
CHOSEN = (
    "residual helps, paths: hurts, pre-activation: is lost in noise",
    "the published numbers beside themselves",
    "everything diverges",
    "five replicates of one split cannot decide greater",
    "the last epoch shows what the last epochs do not",
    "claim 5 supported",
)


def test_there_are_scenarios_enough_and_each_has_a_name():
    assert len(SCENARIOS) >= 60
    assert len({scenario.name for scenario in SCENARIOS}) >= len(SCENARIOS) - 10
    assert set(CHOSEN) <= set(BY_NAME)


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    made = {}

    def build(name):
        if name not in made:
            made[name] = build_reports(BY_NAME[name], tmp_path_factory.mktemp("planted") / "r")
        return made[name]

    return build


@pytest.mark.parametrize("name", CHOSEN)
def test_report_says_what_was_planted(reports, name):
    for language, pdf in reports(name).items():
        assert not find_contradictions(BY_NAME[name], pdf, language)


@pytest.mark.parametrize(
    ("plants", "verdicts"),
    [
        ({"plain34": Plant(0.2)}, {}),
        ({"multipath34": Plant(0.2)}, {}),
        ({}, {"1": "refuted"}),
        ({}, {"11": "supported"}),
        ({}, {"9": "not_tested"}),
    ],
)
def test_checker_finds_what_contradicts_another_truth(reports, plants, verdicts):
    """The report is of one truth, the checker is told another."""
    name = CHOSEN[0]
    truth = BY_NAME[name]
    other = replace(
        truth, plants={**truth.plants, **plants}, verdicts={**truth.verdicts, **verdicts}
    )
    for language, pdf in reports(name).items():
        assert find_contradictions(other, pdf, language)


def test_checker_misses_caution(reports):
    name = CHOSEN[0]
    for language, pdf in reports(name).items():
        assert find_contradictions(replace(BY_NAME[name], replicates=1), pdf, language)
