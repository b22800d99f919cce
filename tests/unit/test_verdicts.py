"""Verdicts follow their rules, whatever the differences are."""

import hashlib
import math
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from timbang.errors import TimbangError
from timbang.evidence.claims import Claim, Comparison, check_names, make_claim, read_claims
from timbang.evidence.design import About, Design
from timbang.evidence.images import ImageScores
from timbang.evidence.judging import describe_verdicts, judge_study, list_claims, make_scale
from timbang.evidence.verdicts import (
    decide_contrasts,
    describe_decision,
    describe_verdict,
    join_verdicts,
    judge_claims,
    judge_test,
    list_missing,
    read_contrasts,
    tabulate_decisions,
    turn,
)
from timbang.evidence.weighing import Scale
from timbang.records.writing import write_table
from timbang.resources import REPORT

REDRAWN = Design("redrawn", 800, 200)
WORDS = {"en": "x", "id": "y"}
TEXTS = {verdict: WORDS for verdict in ("supported", "refuted", "inconclusive", "not_tested")}


def make_runs(**accuracies):
    rows = [
        {
            "contender": name,
            "replicate": replicate,
            "diverged": math.isnan(value),
            "accuracy": value,
            "late_accuracy": value,
        }
        for name, values in accuracies.items()
        for replicate, value in enumerate(values)
    ]
    return pd.DataFrame(rows)


def against_reference(runs):
    return [(name, "ref") for name in runs["contender"].unique() if name != "ref"]


def scale(runs, margin=0.02, **more):
    settings = {"about": About.LIKE_THESE, "chance": 0.1, "read_scores": None} | more
    return Scale(runs, REDRAWN, margin, **settings)


def decide_all(runs, margin=0.02, **more):
    return decide_contrasts(scale(runs, margin, **more), against_reference(runs))


def judge(claim, runs, pairs=None, **more):
    pairs = against_reference(runs) if pairs is None else pairs
    (judged,) = judge_claims([claim], scale(runs, **more), pairs)
    return judged


def make(expect, first="a", second="ref", measure="accuracy", margin=None, recipe=None):
    return Claim(
        "c",
        "1",
        None,
        None,
        recipe,
        WORDS,
        (Comparison(measure, first, second, expect, margin),),
        TEXTS,
        WORDS,
        {},
    )


def verdict(expect, runs, **test):
    return judge(make(expect, **test), runs).verdict


BASE = np.array([0.50, 0.53, 0.51, 0.52, 0.54, 0.50, 0.51])
WOBBLE = np.array([0.004, -0.003, 0.002, -0.004, 0.001, 0.003, -0.003])


@pytest.mark.parametrize(
    ("difference", "greater", "no_greater", "equal"),
    [
        (0.2, "supported", "refuted", "refuted"),
        (-0.2, "refuted", "supported", "refuted"),
        (0.0, "refuted", "supported", "supported"),
    ],
)
def test_clear_differences_are_decided(difference, greater, no_greater, equal):
    runs = make_runs(ref=BASE, a=BASE + difference + WOBBLE)
    assert verdict("greater", runs) == greater
    assert verdict("no_greater", runs) == no_greater
    assert verdict("equal", runs) == equal


def test_study_of_one_contender_has_an_empty_table(tmp_path):
    runs = make_runs(ref=BASE)
    assert decide_all(runs) == []
    write_table(tmp_path / "contrasts.csv", tabulate_decisions([]))
    assert read_contrasts(tmp_path / "contrasts.csv") == []


def test_contrasts_are_read_as_they_were_written(tmp_path):
    runs = make_runs(ref=BASE[:1], a=BASE[:1] + 0.1)
    decisions = decide_all(runs)
    write_table(tmp_path / "contrasts.csv", tabulate_decisions(decisions))
    (row,) = read_contrasts(tmp_path / "contrasts.csv")
    assert (row["says"], row["low"], row["pairs"]) == ("single", None, 1)
    assert row["mean"] == pytest.approx(0.1)
    turned = turn(row)
    assert (turned["first"], turned["mean"], turned["high"]) == ("ref", -row["mean"], None)
    assert turn(turned) == row


def test_noise_decides_nothing():
    runs = make_runs(ref=BASE, a=BASE + 20 * WOBBLE + 0.01)
    assert {verdict(e, runs) for e in ("greater", "no_greater", "equal")} == {"inconclusive"}


def test_significant_but_below_the_margin_is_not_greater():
    runs = make_runs(ref=BASE, a=BASE + 0.015 + WOBBLE / 4)
    assert verdict("greater", runs) == "refuted"
    assert verdict("equal", runs) == "supported"


@pytest.mark.parametrize("count", [1, 2, 4])
def test_few_replicates_are_at_most_inconclusive(count):
    runs = make_runs(ref=BASE[:count], a=BASE[:count] + 0.4)
    assert verdict("greater", runs) == "inconclusive"
    (own,) = decide_all(runs)
    assert own.says == ("single" if count == 1 else "few")


def test_what_is_missing_is_not_tested():
    runs = make_runs(ref=BASE, a=BASE)
    assert verdict("greater", runs, first="b") == "not_tested"
    assert verdict("greater", runs, measure="cosine") == "not_tested"
    runs["cosine"] = np.nan
    assert verdict("greater", runs, measure="cosine") == "not_tested"


def test_all_that_a_test_lacks_is_named():
    runs = make_runs(ref=BASE, a=BASE)
    for names, measure, missing in (
        (("a", "ref"), "accuracy", ()),
        (("b", "c"), "accuracy", ("b", "c")),
        (("a", "c"), "cosine", ("c", "cosine")),
    ):
        assert list_missing(Comparison(measure, *names, "greater", None), runs) == missing


def test_runs_that_diverged_count_as_guesses():
    """Leaving them out favours the unstable: here three of seven would hide the others' lead."""
    runs = make_runs(ref=BASE, a=[*(BASE + 0.05)[:4], *[math.nan] * 3])
    (own,) = decide_all(runs)
    assert own.weighed.contrast.pairs == 7
    expected = np.mean([0.05] * 4 + [0.1 - value for value in BASE[4:]])
    assert own.weighed.contrast.mean == pytest.approx(expected)
    assert (own.weighed.finished, own.weighed.finished_mean) == (4, pytest.approx(0.05))
    (left_out,) = decide_all(runs, chance=None)
    assert (left_out.says, left_out.weighed.contrast.pairs) == ("few", 4)
    # What is no accuracy has no score for guessing.
    runs["loss"] = runs["accuracy"]
    (by_loss,) = decide_contrasts(scale(runs), against_reference(runs), "loss")
    assert by_loss.weighed.contrast.pairs == 4


def test_contender_that_always_diverged_is_a_guesser_and_two_of_them_decide_nothing():
    runs = make_runs(ref=BASE, a=[math.nan] * 7)
    assert verdict("greater", runs) == "refuted"
    assert decide_all(runs)[0].says == "lower"
    (left_out,) = decide_all(runs, chance=None)
    assert (left_out.says, left_out.weighed.contrast.pairs) == ("none", 0)
    both = make_runs(ref=[math.nan] * 7, a=[math.nan] * 7)
    assert (decide_all(both)[0].says, verdict("greater", both)) == ("none", "inconclusive")


def test_what_is_decided_is_about_what_was_declared():
    """The same images are always harder for one of the two: they say little of other images."""
    random = np.random.default_rng(1)
    hard = random.random(40) < 0.5
    groups = np.arange(40)
    places = [random.permutation(40)[:20] for _ in range(15)]
    chances = {"a": (0.98, 0.05), "ref": (0.05, 0.6)}
    right = {
        name: [(random.random(20) < np.where(hard[own], high, low)).astype(float) for own in places]
        for name, (high, low) in chances.items()
    }

    def read(name, part):
        return {
            r: [ImageScores(groups[own], *[right[name][r]] * 3)] for r, own in enumerate(places)
        }

    runs = make_runs(**{name: [own.mean() for own in rows] for name, rows in right.items()})
    (like,) = decide_all(runs, read_scores=read)
    (these,) = decide_all(runs, read_scores=read, about=About.THESE)
    assert (these.says, like.says) == ("higher", "undecided")
    row = describe_decision(like)
    assert (row["these_low"], row["these_high"]) == (
        these.weighed.contrast.decisive.low,
        these.weighed.contrast.decisive.high,
    )
    assert row["like_low"] < row["these_low"] and row["floor"] > 0
    # A claim may ask for either.
    claim = replace(make("greater"), about=About.THESE)
    assert judge(claim, runs, read_scores=read).verdict == "supported"
    assert judge(make("greater"), runs, read_scores=read).verdict == "inconclusive"


def test_margins_are_corrected_over_the_family():
    """One of three would be equal by its own interval; among three that is not enough."""
    near = BASE + 0.0145 + WOBBLE
    runs = make_runs(ref=BASE, a=near)
    assert decide_all(runs)[0].says == "equal"
    three = make_runs(ref=BASE, a=near, b=BASE + 20 * WOBBLE, c=BASE - 20 * WOBBLE)
    assert decide_all(three)[0].says == "undecided"
    assert decide_all(three)[0].weighed == decide_all(runs)[0].weighed


def test_one_refuted_test_of_several_is_corrected_and_support_is_not():
    """Support needs all tests, so none is corrected; refutation needs one, so all are."""
    runs = make_runs(ref=BASE, a=BASE + 0.0145 + WOBBLE, b=BASE + 0.2 + WOBBLE)
    names = ("a", "b", "b")
    tests = tuple(Comparison("accuracy", name, "ref", "greater", None) for name in names)
    claim = replace(make("greater"), tests=tests)
    alone = judge(replace(claim, tests=tests[:1]), runs, pairs=[])
    assert alone.verdict == "refuted"
    judged = judge(claim, runs, pairs=[])
    assert judged.verdict == "inconclusive"
    first, second, _ = judged.outcomes
    assert first.p_refuted == pytest.approx(3 * alone.outcomes[0].p_refuted)
    assert second.decision.p_adjusted == second.decision.weighed.contrast.decisive.p_value


def test_last_epoch_and_last_epochs_may_differ():
    runs = make_runs(ref=BASE, a=BASE + 0.2 + WOBBLE)
    runs.loc[runs["contender"] == "a", "late_accuracy"] = BASE + WOBBLE
    judged = judge(make("greater"), runs)
    assert (judged.verdict, judged.late) == ("supported", "refuted")
    described = describe_verdict(judged, {"runs.csv": "0" * 64})
    assert described["tests"][0]["of_last_epochs"]["verdict"] == "refuted"
    assert described["texts"] == WORDS


@pytest.mark.parametrize(
    ("test", "said"),
    [
        ({"measure": "acuracy"}, "tests.0.measure: 'acuracy' is not a measure (did you mean acc"),
        ({"first": "aa"}, "tests.0.first: 'aa' is not a contender (did you mean a?); allowed: a"),
        ({"second": "b"}, "tests.0.second: 'b' is not a contender; allowed: a, ref"),
    ],
)
def test_misspelt_names_of_a_claim_are_told(test, said):
    with pytest.raises(TimbangError, match=re.escape(f"claims.mine: {said}")):
        check_names(make("greater", **test), ["a", "ref"], ["accuracy", "loss"], "claims.mine")
    check_names(make("greater"), ["a", "ref"], ["accuracy", "loss"], "claims.mine")


def test_claims_by_study_contrasts_share_their_correction():
    runs = make_runs(
        ref=BASE, a=BASE + 0.035 + 5 * WOBBLE, b=BASE + 8 * WOBBLE, c=BASE - 7 * WOBBLE
    )
    alone = judge(make("greater"), runs, pairs=[]).outcomes[0].decision
    family = {own.first: own for own in decide_all(runs)}
    assert family["a"].p_adjusted == pytest.approx(3 * alone.p_adjusted)
    of_study = judge(make("greater"), runs).outcomes[0].decision
    assert (of_study.p_adjusted, of_study.p_below) == (
        family["a"].p_adjusted,
        family["a"].p_below,
    )
    # What is no contrast of the study is tested by itself, and makes none harder.
    other = judge(make("greater"), runs, pairs=[("b", "ref")]).outcomes[0].decision
    assert other.p_adjusted == alone.p_adjusted
    # The same contrast the other way round is the same test.
    turned = judge(make("greater", "ref", "a"), runs).outcomes[0].decision
    assert turned.p_adjusted == family["a"].p_adjusted
    assert (turned.p_below, turned.p_above) == (family["a"].p_above, family["a"].p_below)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.integers(-40, 40), min_size=1, max_size=9),
    st.sampled_from([0.0, 0.02, 0.1]),
)
def test_verdicts_never_contradict_each_other(steps, margin):
    base = np.full(len(steps), 0.5)
    runs = make_runs(ref=base, a=base + np.array(steps) / 200)
    (own,) = decide_all(runs, margin)
    greater, no_greater, equal = (
        judge_test(expect, own, own)[0] for expect in ("greater", "no_greater", "equal")
    )
    assert (greater, no_greater) in {
        ("supported", "refuted"),
        ("refuted", "supported"),
        ("inconclusive", "inconclusive"),
    }
    assert not (greater == "supported" and (own.weighed.contrast.mean <= 0 or equal == "supported"))
    if own.says == "equal":
        assert greater == "refuted"
    (turned,) = decide_contrasts(scale(runs, margin), [("ref", "a")])
    assert turned.says == {"higher": "lower", "lower": "higher"}.get(own.says, own.says)


@pytest.mark.parametrize(
    ("verdicts", "joined"),
    [
        (["supported", "supported"], "supported"),
        (["supported", "inconclusive"], "inconclusive"),
        (["refuted", "inconclusive"], "refuted"),
        (["refuted", "not_tested"], "not_tested"),
    ],
)
def test_all_tests_of_a_claim_must_hold(verdicts, joined):
    assert join_verdicts(verdicts) == join_verdicts(verdicts[::-1]) == joined


GOOD = {
    "statement": WORDS,
    "tests": [{"measure": "accuracy", "first": "a", "second": "b", "expect": "greater"}],
    "texts": {"supported": "s", "refuted": "r", "inconclusive": WORDS},
}


def test_claim_of_ones_own_needs_little():
    claim = make_claim("mine", GOOD, "claims.mine")
    assert claim.tests == (Comparison("accuracy", "a", "b", "greater", None),)
    assert claim.texts["supported"] == {"en": "s"}
    assert (claim.number, claim.needs["en"], claim.limits) == (None, "", {})
    assert make_claim("mine", GOOD | {"limits": "x"}, "claims.mine").limits == {"en": "x"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"statment": "x"}, "'statment': unknown key"),
        ({"tests": []}, "tests: is not a list of at least one test"),
        ({"tests": [{"measure": "accuracy"}]}, "tests.0: first: missing"),
        ({"tests": [GOOD["tests"][0] | {"expect": "better"}]}, "tests.0.expect: 'better'"),
        ({"tests": [GOOD["tests"][0] | {"margin": -1}]}, "tests.0.margin: -1"),
        ({"tests": [GOOD["tests"][0] | {"first": 7}]}, "tests.0.first: 7 is not a text"),
        ({"texts": {"supported": "s"}}, "texts: refuted: missing"),
        ({"statement": {"English": "x"}}, "statement: 'English' is no code of a language"),
        ({"texts": 5}, "texts: is not a mapping"),
        ({"about": "all images"}, "about: 'all images' is not allowed; allowed: these_images, im"),
    ],
)
def test_mistake_in_a_claim_is_one_line_with_its_place(change, message):
    with pytest.raises(TimbangError) as caught:
        make_claim("mine", GOOD | change, "claims.mine")
    assert str(caught.value).startswith("claims.mine: ") or str(caught.value).startswith(
        "claims.mine"
    )
    assert message in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


# A study


def test_a_study_is_decided_by_the_last_epoch_and_by_the_last_epochs(tmp_path):
    runs = make_runs(ref=BASE, a=BASE + 0.2 + WOBBLE).assign(
        train_images=800, validation_images=200, late_accuracy=0.5
    )
    pairs = against_reference(runs)
    own = make_scale(runs, "redrawn", 0.02, "images_like_these", "chance", 10, None)
    judgement = judge_study(own, [make("greater")], pairs)
    assert [(own.measure, own.says) for own in judgement.decisions] == [
        ("accuracy", "higher"),
        ("late_accuracy", "equal"),
    ]
    assert judgement.decisions[:1] == decide_contrasts(scale(runs), pairs)
    (judged,) = judgement.verdicts
    assert (judged.verdict, judged.late) == ("supported", "refuted")
    file = tmp_path / "runs.csv"
    file.write_bytes(b"runs")
    (described,) = describe_verdicts([judged], file)
    assert described == describe_verdict(judged, {"runs.csv": hashlib.sha256(b"runs").hexdigest()})


def test_a_study_s_own_claims_come_after_those_of_files():
    content = {
        "statement": WORDS,
        "tests": [{"measure": "accuracy", "first": "a", "second": "ref", "expect": "greater"}],
        "texts": TEXTS,
    }
    (own,) = list_claims([], {"mine": content})
    assert own == make_claim("mine", content, "claims.mine")
    files = sorted((REPORT / "claims").glob("*.yaml"))
    assert [claim.name for claim in list_claims(files, {"mine": content})] == [
        *(claim.name for claim in read_claims(files)),
        "mine",
    ]
    with pytest.raises(TimbangError, match=r"claims\.mine"):
        list_claims([], {"mine": {"statement": WORDS}})


def test_claim_is_judged_by_the_recipes_that_it_asks_for_and_shows_the_other_verdict():
    """By the study's recipe the first is behind, tuned it is ahead; either may decide."""
    own, tuned = (make_runs(a=[0.5 + sign * 0.2] * 7, ref=[0.5] * 7) for sign in (-1, 1))
    scales = scale(own), scale(tuned, recipe="tuned")
    claims = [make("greater"), make("greater", recipe="tuned"), make("greater", recipe="default")]
    pairs = [("a", "ref")]
    judged = judge_claims(claims, scales[0], pairs, scales[1])
    assert [(one.verdict, one.other) for one in judged] == [
        ("refuted", "supported"),
        ("supported", "refuted"),
        ("refuted", "supported"),
    ]
    assert judge_claims(claims[:1], scales[1], pairs, scales[0])[0].verdict == "supported"
    (alone,) = judge_claims([claims[1]], scales[0], pairs)
    assert (alone.verdict, alone.other, alone.outcomes[0].missing) == (
        "not_tested",
        None,
        ("tuned",),
    )
