"""A study names its claims; what they speak of must be there."""

from pathlib import Path

import pytest
import yaml

from timbang.errors import TimbangError
from timbang.evidence.claims import choose_claims, read_claim
from timbang.scores.measures import CLAIM_MEASURES

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = {path.stem: path for path in sorted((ROOT / "report/claims").glob("*.yaml"))}
OWN = {
    "statement": "x",
    "tests": [{"measure": "loss", "first": "a", "second": "b", "expect": "equal"}],
    "texts": {"supported": "x", "refuted": "y", "inconclusive": "z"},
}


def choose(wanted, contenders=("resnet34", "plain34", "a", "b")):
    paths, own = choose_claims(wanted, SHIPPED, contenders, CLAIM_MEASURES)
    return [path.stem for path in paths], own


def test_a_study_has_no_claims_but_those_that_it_names():
    assert choose({}) == ([], {})
    assert choose("published") == (list(SHIPPED), {})
    two = ["residual-beats-plain", "plain-is-unstable"]
    assert choose(two) == (sorted(two), {})
    mixed = {"mine": OWN, "residual-beats-plain": "published"}
    assert choose(mixed) == (["residual-beats-plain"], {"mine": OWN})


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (["residual-beats-plane"], "claims: 'residual-beats-plane' is not a claim of the"),
        (["modifications-are-best"], "claims.modifications-are-best: tests.0.first: 'multipath34'"),
        ({"mine": {**OWN, "tests": [{**OWN["tests"][0], "measure": "los"}]}}, "claims.mine: tests"),
    ],
)
def test_a_claim_that_the_study_cannot_test_is_told(wanted, said):
    with pytest.raises(TimbangError) as caught:
        choose(wanted)
    assert str(caught.value).startswith(said), caught.value


@pytest.mark.parametrize("path", SHIPPED.values(), ids=SHIPPED)
def test_shipped_claims_speak_of_the_study_that_tests_them(path):
    study = yaml.safe_load((ROOT / "config/claims.yaml").read_text(encoding="utf-8"))
    for test in read_claim(path).tests:
        assert {test.first, test.second} <= {*study["contenders"]}
        assert test.measure in CLAIM_MEASURES
