"""What the rules say of contrasts and claims."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import pandas as pd

from timbang.evidence.claims import Claim, Comparison, Expectation, Verdict
from timbang.evidence.contrasts import (
    ALPHA,
    FEWEST_REPLICATES,
    Estimate,
    adjust_by_holm,
    contrast,
)
from timbang.evidence.design import Design
from timbang.evidence.sampling import Sampling
from timbang.evidence.weighing import Scale, Weighed
from timbang.records.tables import read_filled

ACCURACY, LATE_ACCURACY = "accuracy", "late_accuracy"
# The column of ``contrasts.csv`` that tells tuned networks from others; what decides comes first.
RECIPE = "recipe"


class Finding(StrEnum):
    """What a contrast says of its first contender, or why it can say nothing.

    ``HIGHER`` and ``LOWER`` are by the margin at least and significant, ``EQUAL`` is within the
    margin. Nothing can be decided with ``FEW`` replicates (from 2), a ``SINGLE`` one or ``NONE``.
    """

    HIGHER = "higher"
    LOWER = "lower"
    EQUAL = "equal"
    UNDECIDED = "undecided"
    FEW = "few"
    SINGLE = "single"
    NONE = "none"


# The same contrast seen from the other side.
TURNED = {Finding.HIGHER: Finding.LOWER, Finding.LOWER: Finding.HIGHER}


@dataclass(frozen=True)
class Decision:
    """A contrast of two contenders by one measure, and what it decides.

    The p values are after Holm's correction over its family: against no difference
    (``p_adjusted``), against one of the margin or more (``p_below``), of minus the margin or less
    (``p_above``), and of either (``p_equal``).
    """

    measure: str
    first: str
    second: str
    margin: float
    weighed: Weighed
    p_adjusted: float
    p_below: float
    p_above: float
    p_equal: float

    @property
    def says(self) -> Finding:
        """What the contrast says of its first contender."""
        own = self.weighed.contrast
        if own.pairs < FEWEST_REPLICATES:
            return {0: Finding.NONE, 1: Finding.SINGLE}.get(own.pairs, Finding.FEW)
        if self.p_adjusted <= ALPHA and abs(own.mean) >= self.margin:
            return Finding.HIGHER if own.mean > 0 else Finding.LOWER
        return Finding.EQUAL if self.p_equal <= ALPHA else Finding.UNDECIDED


@dataclass(frozen=True)
class Outcome:
    """A test of a claim: its decision, None where it could not be made, and its verdict.

    ``decision`` is the test by itself, or as one of the study's contrasts; ``p_refuted`` is the p
    that would refute it, corrected over the tests of the claim. ``missing`` names the contenders
    and the measure that a test lacks. ``late`` is the same test by the mean of the last epochs, for
    tests by accuracy.
    """

    test: Comparison
    decision: Decision | None
    p_refuted: float
    verdict: Verdict
    missing: tuple[str, ...]
    late: "Outcome | None"


@dataclass(frozen=True)
class JudgedClaim:
    """A claim with its outcomes and its verdict; ``late`` is that by the mean of last epochs.

    ``recipe`` is what the networks were trained by, and ``other`` the verdict by the other recipes;
    None where the study has no others, or they cannot test it.
    """

    claim: Claim
    outcomes: tuple[Outcome, ...]
    verdict: Verdict
    late: str
    recipe: str
    other: Verdict | None


def decide_contrasts(
    scale: Scale, pairs: Sequence[tuple[str, str]], measure: str = ACCURACY
) -> list[Decision]:
    """Return the decisions on the study's contrasts, Holm over all.

    Args:
        scale: what contenders are weighed by.
        pairs: first and second contender of each contrast.
        measure: a column of ``runs.csv``, in the unit of the study's margin.
    """
    weighed = [scale.weigh(measure, *pair, scale.margin) for pair in pairs]
    return decide_family([(measure, *pair, scale.margin) for pair in pairs], weighed)


def decide_family(
    tests: Sequence[tuple[str, str, str, float]], weighed: Sequence[Weighed]
) -> list[Decision]:
    """Return decisions on tests that are corrected together.

    Args:
        tests: measure, first and second contender, margin.
        weighed: the contrast of each.
    """
    estimates = [own.contrast.decisive for own in weighed]
    decisions = []
    p_values, below, above, equal = (
        adjust_by_holm([getattr(own, name) for own in estimates])
        for name in ("p_value", "p_below", "p_above", "p_equal")
    )
    for place, (measure, first, second, margin) in enumerate(tests):
        decisions.append(
            Decision(
                measure,
                first,
                second,
                margin,
                weighed[place],
                p_values[place],
                below[place],
                above[place],
                equal[place],
            )
        )
    return decisions


def judge_test(expect: Expectation, alone: Decision, joint: Decision) -> tuple[Verdict, float]:
    """Return the verdict on one expectation, and the p that would refute it.

    ``greater`` is supported where the first is significantly higher by the margin at least, and
    refuted where it is significantly lower, or significantly less than the margin above;
    ``no_greater`` is supported and refuted the other way round; ``equal`` is supported where the
    difference is significantly within the margin on both sides, and refuted where either is
    significantly higher.

    All tests of a claim must hold for its support, so each is tested by itself (Berger 1982,
    Technometrics 24: an intersection of unions has no need of a correction); one refuted test
    refutes the claim, so that is corrected over its tests.

    Args:
        expect: what is expected.
        alone: the test by itself.
        joint: the same, corrected over the tests of the claim.
    """
    if not alone.weighed.contrast.is_decidable:
        return Verdict.INCONCLUSIVE, math.nan
    match expect:
        case Expectation.GREATER:
            supported, refuted = alone.says == Finding.HIGHER, _is_below(joint)
            p_refuted = joint.p_below
        case Expectation.NO_GREATER:
            supported, refuted = _is_below(alone), joint.says == Finding.HIGHER
            p_refuted = joint.p_adjusted
        case Expectation.EQUAL:
            supported = alone.says == Finding.EQUAL
            refuted = joint.says in (Finding.HIGHER, Finding.LOWER)
            p_refuted = joint.p_adjusted
    if supported:
        return Verdict.SUPPORTED, p_refuted
    return (Verdict.REFUTED if refuted else Verdict.INCONCLUSIVE), p_refuted


def _is_below(decision: Decision) -> bool:
    """Return whether the difference is below the margin, or the opposite is significant."""
    is_opposite = decision.weighed.contrast.mean < 0 and decision.p_adjusted <= ALPHA
    return is_opposite or decision.p_below <= ALPHA


def join_verdicts(verdicts: Sequence[Verdict]) -> Verdict:
    """Return the verdict on all of several tests: supported only where each is.

    What lacks a test is not tested, however the others are; one that is refuted refutes the whole.
    """
    for verdict in (Verdict.NOT_TESTED, Verdict.REFUTED, Verdict.INCONCLUSIVE):
        if verdict in verdicts:
            return verdict
    return Verdict.SUPPORTED


def judge_claims(
    claims: Sequence[Claim],
    scale: Scale,
    pairs: Sequence[tuple[str, str]],
    other: Scale | None = None,
) -> list[JudgedClaim]:
    """Return the verdicts on claims.

    A claim's test that is one of the study's contrasts takes Holm's correction from these.

    Args:
        claims: the claims.
        scale: what contenders are weighed by, where a claim does not ask for the other recipes.
        pairs: first and second contender of each of the study's contrasts.
        other: the same of the networks that were trained by the other recipes, where there are any.
    """
    scales = [own for own in (scale, other) if own is not None]
    of_study = {
        (own.recipe, decision.measure, decision.first, decision.second): decision
        for own in scales
        for measure in ((ACCURACY, LATE_ACCURACY) if claims else ())
        for decision in decide_contrasts(own, pairs, measure)
    }
    return [
        _choose_recipe(
            {own.recipe: _judge_claim(claim, own, of_study) for own in scales},
            claim,
            claim.recipe or scale.recipe,
        )
        for claim in claims
    ]


def _choose_recipe(judged: Mapping[str, JudgedClaim], claim: Claim, recipe: str) -> JudgedClaim:
    """Return of the verdicts by each recipe the one that counts, with the other one."""
    if recipe not in judged:
        lacking = Verdict.NOT_TESTED
        outcomes = tuple(
            Outcome(test, None, math.nan, lacking, (recipe,), None) for test in claim.tests
        )
        return JudgedClaim(claim, outcomes, lacking, lacking, recipe, None)
    others = [
        own.verdict
        for name, own in judged.items()
        if name != recipe and own.verdict != Verdict.NOT_TESTED
    ]
    return replace(judged[recipe], other=others[0] if others else None)


def _judge_claim(
    claim: Claim, scale: Scale, of_study: Mapping[tuple[str, str, str, str], Decision]
) -> JudgedClaim:
    outcomes = _judge_tests(claim, claim.tests, scale, of_study)
    late_tests = [
        replace(test, measure=LATE_ACCURACY) if test.measure == ACCURACY else test
        for test in claim.tests
    ]
    late = _judge_tests(claim, late_tests, scale, of_study)
    joined = tuple(
        replace(own, late=other) if own.test.measure == ACCURACY else own
        for own, other in zip(outcomes, late, strict=True)
    )
    return JudgedClaim(
        claim=claim,
        outcomes=joined,
        verdict=join_verdicts([own.verdict for own in outcomes]),
        late=join_verdicts([own.verdict for own in late]),
        recipe=scale.recipe,
        other=None,
    )


def _judge_tests(
    claim: Claim,
    tests: Sequence[Comparison],
    scale: Scale,
    of_study: Mapping[tuple[str, str, str, str], Decision],
) -> list[Outcome]:
    missing = [list_missing(test, scale.runs) for test in tests]
    there = [
        (
            test.measure,
            test.first,
            test.second,
            scale.margin if test.margin is None else test.margin,
        )
        for test, lack in zip(tests, missing, strict=True)
        if not lack
    ]
    weighed = [scale.weigh(*test, claim.about) for test in there]
    decisions = iter(zip(there, weighed, decide_family(there, weighed), strict=True))
    outcomes = []
    for test, lack in zip(tests, missing, strict=True):
        if lack:
            outcomes.append(Outcome(test, None, math.nan, Verdict.NOT_TESTED, lack, None))
            continue
        named, own, joint = next(decisions)
        (alone,) = decide_family([named], [own])
        alone = _correct_by_study(alone, scale.recipe, of_study)
        joint = _take_larger(joint, alone)
        verdict, p_refuted = judge_test(test.expect, alone, joint)
        outcomes.append(Outcome(test, alone, p_refuted, verdict, (), None))
    return outcomes


def _correct_by_study(
    decision: Decision, recipe: str, of_study: Mapping[tuple[str, str, str, str], Decision]
) -> Decision:
    """Take the p values of the study's contrast that a test is, in either direction.

    Those of the margin only where it is the same one.
    """
    first, second = decision.first, decision.second
    same = of_study.get((recipe, decision.measure, first, second))
    other = of_study.get((recipe, decision.measure, second, first))
    found = same or other
    if found is None or found.weighed.contrast.about != decision.weighed.contrast.about:
        return decision
    if found.margin != decision.margin:
        return replace(decision, p_adjusted=found.p_adjusted)
    below, above = found.p_below, found.p_above
    if same is None:
        below, above = above, below
    return replace(
        decision,
        p_adjusted=found.p_adjusted,
        p_below=below,
        p_above=above,
        p_equal=found.p_equal,
    )


def _take_larger(decision: Decision, other: Decision) -> Decision:
    """Return a decision with the larger p values of both."""
    names = ("p_adjusted", "p_below", "p_above", "p_equal")
    return replace(
        decision, **{name: max(getattr(decision, name), getattr(other, name)) for name in names}
    )


def list_missing(test: Comparison, runs: pd.DataFrame) -> tuple[str, ...]:
    """Return the contenders and the measure that a test lacks."""
    names = (test.first, test.second)
    known = set(runs["contender"])
    lacking = tuple(name for name in names if name not in known)
    if test.measure not in runs.columns:
        return (*lacking, test.measure)
    for name in known.intersection(names):
        own = runs.loc[runs["contender"] == name]
        # A run that diverged has no measure, but its contender may.
        finished = own.loc[~own["diverged"], test.measure]
        if len(finished) and finished.isna().all():
            return (*lacking, test.measure)
    return lacking


def tabulate_decisions(decisions: Sequence[Decision]) -> pd.DataFrame:
    """Return decisions as a table, one row each."""
    nothing = Weighed(contrast([], Design("fixed", 1, 1), 0, Sampling.COST), 0, math.nan)
    (unknown,) = decide_family([("", "", "", 0.0)], [nothing])
    columns = list(describe_decision(unknown))
    return pd.DataFrame([describe_decision(own) for own in decisions], columns=columns)


def describe_decision(decision: Decision) -> dict[str, Any]:
    """Return a decision as a row of ``contrasts.csv``."""
    own = decision.weighed.contrast
    decisive = own.decisive
    return {
        "measure": decision.measure,
        "first": decision.first,
        "second": decision.second,
        "about": own.about,
        "replicates": own.replicates,
        "pairs": own.pairs,
        "mean": own.mean,
        "sd": own.sd,
        "min": own.lowest,
        "max": own.highest,
        "finished": decision.weighed.finished,
        "finished_mean": decision.weighed.finished_mean,
        "low": decisive.low,
        "high": decisive.high,
        "p": decisive.p_value,
        "p_adjusted": decision.p_adjusted,
        "margin": decision.margin,
        "p_below": decision.p_below,
        "p_above": decision.p_above,
        "p_equal": decision.p_equal,
        **_describe_estimate("these", own.these),
        **_describe_estimate("like", own.like),
        "floor": own.like.floor,
        "floor_low": own.like.floor_low,
        "floor_high": own.like.floor_high,
        "probability_better": own.better,
        "probability_equal": own.equal,
        "probability_worse": own.worse,
        "superiority": own.superiority,
        "superiority_low": own.superiority_low,
        "superiority_high": own.superiority_high,
        "says": decision.says,
    }


def _describe_estimate(name: str, own: Estimate) -> dict[str, float]:
    return {f"{name}_low": own.low, f"{name}_high": own.high, f"{name}_p": own.p_value}


def read_contrasts(path: Path, is_decisive: bool = True) -> list[dict[str, Any]]:
    """Read ``contrasts.csv``: a row each, None where there is no number.

    Args:
        path: the file.
        is_decisive: whether to read the contrasts that decide, or those by the other recipes.
    """
    rows = read_filled(path)
    if not rows or RECIPE not in rows[0]:
        return rows if is_decisive else []
    kept = [row for row in rows if (row[RECIPE] == rows[0][RECIPE]) == is_decisive]
    return [{key: value for key, value in row.items() if key != RECIPE} for row in kept]


def turn(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of ``contrasts.csv`` with first and second in each other's place."""

    def negative(key: str) -> float | None:
        return None if row[key] is None else -row[key]

    return {
        **row,
        "first": row["second"],
        "second": row["first"],
        "mean": negative("mean"),
        "min": negative("max"),
        "max": negative("min"),
        "finished_mean": negative("finished_mean"),
        **{
            f"{kind}{end}": negative(f"{kind}{other}")
            for kind in ("", "these_", "like_")
            for end, other in (("low", "high"), ("high", "low"))
        },
        "p_below": row["p_above"],
        "p_above": row["p_below"],
        "says": TURNED.get(row["says"], row["says"]),
    }


def describe_verdict(verdict: JudgedClaim, files: Mapping[str, str]) -> dict[str, Any]:
    """Return a verdict as it is written to ``verdicts.json``.

    Args:
        verdict: the verdict.
        files: the files it rests on, each with its SHA-256.
    """
    return {
        "name": verdict.claim.name,
        "number": verdict.claim.number,
        "topic": verdict.claim.topic,
        "statement": dict(verdict.claim.statement),
        "verdict": verdict.verdict,
        "verdict_of_last_epochs": verdict.late,
        **(
            {"recipe": verdict.recipe, "verdict_of_other_recipe": verdict.other}
            if verdict.other
            else {}
        ),
        "tests": [_describe_outcome(own) for own in verdict.outcomes],
        "texts": {
            language: text for language, text in verdict.claim.texts[verdict.verdict].items()
        },
        "needs": dict(verdict.claim.needs),
        "limits": dict(verdict.claim.limits),
        "files": dict(files),
    }


def _describe_outcome(outcome: Outcome) -> dict[str, Any]:
    test, decision = outcome.test, outcome.decision
    described: dict[str, Any] = {
        "measure": test.measure,
        "first": test.first,
        "second": test.second,
        "expect": test.expect,
        "verdict": outcome.verdict,
        "missing": list(outcome.missing),
    }
    if decision is not None:
        described |= {
            key: None if isinstance(value, float) and math.isnan(value) else value
            for key, value in describe_decision(decision).items()
            if key not in described
        }
        described["p_refuted"] = None if math.isnan(outcome.p_refuted) else outcome.p_refuted
        described["rule"] = put_rule_in_words(test.expect, decision.margin)
    if outcome.late is not None:
        described["of_last_epochs"] = _describe_outcome(outcome.late)
    return described


def put_rule_in_words(expect: str, margin: float) -> str:
    """Return the rule of a test as a sentence, for ``verdicts.json``."""
    level = f"<= {ALPHA}"
    match expect:
        case "greater":
            return (
                f"supported: p_adjusted {level} and first - second >= {margin:g}; refuted: p of "
                f"{margin:g} or more (p_refuted) {level}, or the opposite significant"
            )
        case "no_greater":
            return (
                f"supported: p_below {level}, or the opposite significant; refuted: p_refuted "
                f"{level} and first - second >= {margin:g}"
            )
        case _:
            return (
                f"supported: p_equal {level}; refuted: p_refuted {level} and "
                f"|first - second| >= {margin:g}"
            )
