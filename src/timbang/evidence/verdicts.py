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
    Contrast,
    Design,
    adjust_by_holm,
    contrast,
)
from timbang.records.tables import read_rows

ACCURACY, LATE_ACCURACY = "accuracy", "late_accuracy"


COLUMNS = (
    "measure",
    "first",
    "second",
    "replicates",
    "pairs",
    "mean",
    "sd",
    "min",
    "max",
    "low",
    "high",
    "p",
    "p_adjusted",
    "margin",
    "probability_better",
    "probability_equal",
    "probability_worse",
    "superiority",
    "superiority_low",
    "superiority_high",
    "says",
)


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

    ``p_adjusted`` is after Holm's correction over the contrasts of its family.
    """

    measure: str
    first: str
    second: str
    margin: float
    contrast: Contrast
    p_adjusted: float
    says: Finding


@dataclass(frozen=True)
class Outcome:
    """A test of a claim: its decision, None where it could not be made, and its verdict.

    ``missing`` names the contender or measure that a test lacks. ``late`` is the same test by the
    mean of the last epochs, for tests by accuracy.
    """

    test: Comparison
    decision: Decision | None
    verdict: Verdict
    missing: str | None
    late: "Outcome | None"


@dataclass(frozen=True)
class JudgedClaim:
    """A claim with its outcomes and its verdict; ``late`` is that by the mean of last epochs."""

    claim: Claim
    outcomes: tuple[Outcome, ...]
    verdict: Verdict
    late: str


def decide_contrasts(
    runs: pd.DataFrame,
    pairs: Sequence[tuple[str, str]],
    design: Design,
    margin: float,
    measure: str = ACCURACY,
) -> list[Decision]:
    """Return the decisions on the study's contrasts, Holm over all.

    Args:
        runs: the table ``runs.csv``.
        pairs: first and second contender of each contrast.
        design: how the replicates hang together.
        margin: below which a difference is of no account, in the unit of the measure.
        measure: a column of ``runs``.
    """
    return decide_family(runs, [(measure, *pair, margin) for pair in pairs], design)


def decide_family(
    runs: pd.DataFrame, tests: Sequence[tuple[str, str, str, float]], design: Design
) -> list[Decision]:
    """Return decisions on tests that are corrected together.

    Args:
        runs: the table ``runs.csv``.
        tests: measure, first and second contender, margin.
        design: how the replicates hang together.
    """
    contrasts = [
        contrast(pair_runs(runs, measure, first, second), design, margin)
        for measure, first, second, margin in tests
    ]
    adjusted = adjust_by_holm([own.p_value for own in contrasts])
    return [
        Decision(measure, first, second, margin, own, p, decide(own, p, margin))
        for (measure, first, second, margin), own, p in zip(tests, contrasts, adjusted, strict=True)
    ]


def pair_runs(runs: pd.DataFrame, measure: str, first: str, second: str) -> list[float]:
    """Return first minus second, replicate by replicate.

    NaN where a run has no such measure, or diverged: then it has costs, but nothing that they buy.
    """
    known = runs.assign(value=runs[measure].astype(float).mask(runs["diverged"]))
    own, other = (
        known[known["contender"] == name].set_index("replicate")["value"]
        for name in (first, second)
    )
    return (own - other).sort_index().tolist()


def decide(own: Contrast, p_adjusted: float, margin: float) -> Finding:
    """Return what a contrast decides: see ``Decision``."""
    if own.pairs < FEWEST_REPLICATES:
        return {0: Finding.NONE, 1: Finding.SINGLE}.get(own.pairs, Finding.FEW)
    if p_adjusted <= ALPHA and abs(own.mean) >= margin:
        return Finding.HIGHER if own.mean > 0 else Finding.LOWER
    is_within = -margin < own.low and own.high < margin
    return Finding.EQUAL if is_within else Finding.UNDECIDED


def judge_test(expect: Expectation, decision: Decision) -> Verdict:
    """Return the verdict on one expectation.

    ``greater`` is supported where the first is significantly higher by the margin at least, and
    refuted where it is significantly lower or the interval lies wholly below the margin;
    ``no_greater`` is supported where the interval lies wholly below the margin, and refuted where
    the first is significantly higher; ``equal`` is supported where the interval lies wholly
    within the margin on both sides, and refuted where either is significantly higher.
    """
    own = decision.contrast
    if not own.is_decidable:
        return Verdict.INCONCLUSIVE
    is_opposite = own.mean < 0 and decision.p_adjusted <= ALPHA
    is_below = own.high < decision.margin or is_opposite
    match expect:
        case Expectation.GREATER:
            supported, refuted = decision.says == Finding.HIGHER, is_below
        case Expectation.NO_GREATER:
            supported, refuted = is_below, decision.says == Finding.HIGHER
        case Expectation.EQUAL:
            supported = decision.says == Finding.EQUAL
            refuted = decision.says in (Finding.HIGHER, Finding.LOWER)
    if supported:
        return Verdict.SUPPORTED
    return Verdict.REFUTED if refuted else Verdict.INCONCLUSIVE


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
    runs: pd.DataFrame,
    pairs: Sequence[tuple[str, str]],
    design: Design,
    margin: float,
) -> list[JudgedClaim]:
    """Return the verdicts on claims.

    A claim's test that is one of the study's contrasts takes Holm's correction from these; the
    others of a claim are a family of their own.

    Args:
        claims: the claims.
        runs: the table ``runs.csv``.
        pairs: first and second contender of each of the study's contrasts.
        design: how the replicates hang together.
        margin: of accuracies, a fraction.
    """
    return [_judge_claim(claim, runs, pairs, design, margin) for claim in claims]


def _judge_claim(
    claim: Claim,
    runs: pd.DataFrame,
    pairs: Sequence[tuple[str, str]],
    design: Design,
    margin: float,
) -> JudgedClaim:
    outcomes = _judge_tests(claim.tests, runs, pairs, design, margin)
    late_tests = [
        replace(test, measure=LATE_ACCURACY) if test.measure == ACCURACY else test
        for test in claim.tests
    ]
    late = _judge_tests(late_tests, runs, pairs, design, margin)
    joined = tuple(
        replace(own, late=other) if own.test.measure == ACCURACY else own
        for own, other in zip(outcomes, late, strict=True)
    )
    return JudgedClaim(
        claim=claim,
        outcomes=joined,
        verdict=join_verdicts([own.verdict for own in outcomes]),
        late=join_verdicts([own.verdict for own in late]),
    )


def _judge_tests(
    tests: Sequence[Comparison],
    runs: pd.DataFrame,
    pairs: Sequence[tuple[str, str]],
    design: Design,
    margin: float,
) -> list[Outcome]:
    missing = [find_missing(test, runs) for test in tests]
    there = [
        (test.measure, test.first, test.second, margin if test.margin is None else test.margin)
        for test, lack in zip(tests, missing, strict=True)
        if lack is None
    ]
    decisions = iter(decide_family(runs, there, design))
    contrasts = {
        (own.measure, own.first, own.second): own
        for measure in {test.measure for test in tests} & {ACCURACY, LATE_ACCURACY}
        for own in decide_contrasts(runs, pairs, design, margin, measure)
    }
    outcomes = []
    for test, lack in zip(tests, missing, strict=True):
        if lack is not None:
            outcomes.append(Outcome(test, None, Verdict.NOT_TESTED, lack, None))
            continue
        decision = _correct_by_study(next(decisions), contrasts)
        outcomes.append(Outcome(test, decision, judge_test(test.expect, decision), None, None))
    return outcomes


def _correct_by_study(
    decision: Decision, contrasts: Mapping[tuple[str, str, str], Decision]
) -> Decision:
    """Take the adjusted p of the study's contrast that a test is, in either direction."""
    first, second = decision.first, decision.second
    same = contrasts.get((decision.measure, first, second))
    same = same or contrasts.get((decision.measure, second, first))
    if same is None:
        return decision
    p = same.p_adjusted
    return replace(decision, p_adjusted=p, says=decide(decision.contrast, p, decision.margin))


def find_missing(test: Comparison, runs: pd.DataFrame) -> str | None:
    """Return the contender or the measure that a test lacks, None where it has all."""
    for name in (test.first, test.second):
        if name not in set(runs["contender"]):
            return name
    if test.measure not in runs.columns:
        return test.measure
    for name in (test.first, test.second):
        own = runs.loc[runs["contender"] == name]
        # A run that diverged has no measure, but its contender may.
        finished = own.loc[~own["diverged"], test.measure]
        if len(finished) and finished.isna().all():
            return test.measure
    return None


def tabulate_decisions(decisions: Sequence[Decision]) -> pd.DataFrame:
    """Return decisions as the table ``contrasts.csv``, one row each."""
    return pd.DataFrame([describe_decision(own) for own in decisions], columns=COLUMNS)


def describe_decision(decision: Decision) -> dict[str, Any]:
    """Return a decision as a row of ``contrasts.csv``."""
    own = decision.contrast
    return {
        "measure": decision.measure,
        "first": decision.first,
        "second": decision.second,
        "replicates": own.replicates,
        "pairs": own.pairs,
        "mean": own.mean,
        "sd": own.sd,
        "min": own.lowest,
        "max": own.highest,
        "low": own.low,
        "high": own.high,
        "p": own.p_value,
        "p_adjusted": decision.p_adjusted,
        "margin": decision.margin,
        "probability_better": own.better,
        "probability_equal": own.equal,
        "probability_worse": own.worse,
        "superiority": own.superiority,
        "superiority_low": own.superiority_low,
        "superiority_high": own.superiority_high,
        "says": decision.says,
    }


def read_contrasts(path: Path) -> list[dict[str, Any]]:
    """Read ``contrasts.csv``: a row each, None where there is no number."""
    table = read_rows(path)
    return [
        {
            str(key): None if isinstance(value, float) and math.isnan(value) else value
            for key, value in row.items()
        }
        for row in table.to_dict("records")
    ]


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
        "low": negative("high"),
        "high": negative("low"),
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
        "tests": [_describe_outcome(own) for own in verdict.outcomes],
        "texts": {
            language: text for language, text in verdict.claim.texts[verdict.verdict].items()
        },
        "needs": dict(verdict.claim.needs),
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
        "missing": outcome.missing,
    }
    if decision is not None:
        described |= {
            key: None if isinstance(value, float) and math.isnan(value) else value
            for key, value in describe_decision(decision).items()
            if key not in described
        }
        described["rule"] = put_rule_in_words(test.expect, decision.margin)
    if outcome.late is not None:
        described["of_last_epochs"] = _describe_outcome(outcome.late)
    return described


def put_rule_in_words(expect: str, margin: float) -> str:
    """Return the rule of a test as a sentence, for ``verdicts.json``."""
    significant = f"Holm-adjusted p <= {ALPHA}"
    match expect:
        case "greater":
            return (
                f"supported: {significant}, first - second >= {margin:g}; refuted: the interval "
                f"lies below {margin:g}, or {significant} with the opposite sign"
            )
        case "no_greater":
            return (
                f"supported: the interval lies below {margin:g}, or {significant} with the "
                f"opposite sign; refuted: {significant}, first - second >= {margin:g}"
            )
        case _:
            return (
                f"supported: the interval lies between -{margin:g} and {margin:g}; refuted: "
                f"{significant}, |first - second| >= {margin:g}"
            )
