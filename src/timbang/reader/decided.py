"""What is decided about contrasts and claims, from the measures of raw results.

The rules are those of ``timbang.evidence``; the numbers that they are given are the reader's own.
"""

from dataclasses import dataclass

import numpy as np

from timbang.evidence.claims import Comparison, Verdict
from timbang.evidence.contrasts import Contrast, adjust_by_holm, contrast
from timbang.evidence.planner import Plan, count_needed, plan
from timbang.evidence.verdicts import Decision, decide, find_missing, join_verdicts, judge_test
from timbang.reader.raw import RawResults

BY_STUDY = ("accuracy", "late_accuracy")


@dataclass(frozen=True)
class Test:
    """A contrast by a measure, with its margin and the p adjusted in its family."""

    measure: str
    contrast: Contrast
    margin: float
    p_adjusted: float


def decide_contrasts(results: RawResults, measure: str) -> dict[str, Test]:
    """Return the study's contrasts with the reference by a measure, by contender."""
    return results.once(("contrasts", measure), lambda: _decide_contrasts(results, measure))


def decide_claim(results: RawResults, name: str) -> tuple[Verdict, list[Test | None]]:
    """Return the verdict on a claim and its tests, None for each that could not be made."""
    return results.once(("claim", name), lambda: _decide_claim(results, name))


def count_verdicts(results: RawResults) -> dict[str, int]:
    """Return how many claims have each verdict."""
    verdicts = [decide_claim(results, claim.name)[0] for claim in results.claims]
    return {kind.value: verdicts.count(kind) for kind in Verdict}


def plan_replicates(results: RawResults) -> Plan:
    """Return what the study's replicates can decide."""
    contrasts = max(len(results.study.contrasts), 1)
    return plan(len(results.study.replicates), contrasts, results.design)


def count_needed_by(results: RawResults, contender: str) -> int | None:
    """Return the replicates that would decide a contender's contrast, None where none would."""
    own = decide_contrasts(results, "accuracy")[contender].contrast
    return count_needed(own.mean / own.sd, len(results.study.contrasts), results.design)


def _contrast(results: RawResults, measure: str, first: str, second: str) -> Contrast:
    def make() -> Contrast:
        table = results.measures.pivot(index="replicate", columns="contender", values=measure)
        differences = np.asarray(table[first] - table[second], dtype=float)
        return contrast(list(differences), results.design, results.study.margin)

    return results.once(("contrast", measure, first, second), make)


def _decide_contrasts(results: RawResults, measure: str) -> dict[str, Test]:
    study = results.study
    own = [_contrast(results, measure, name, study.reference) for name in study.contrasts]
    adjusted = adjust_by_holm([one.p_value for one in own])
    return {
        name: Test(measure, one, study.margin, p)
        for name, one, p in zip(study.contrasts, own, adjusted, strict=True)
    }


def _decide_claim(results: RawResults, name: str) -> tuple[Verdict, list[Test | None]]:
    claim = next(claim for claim in results.claims if claim.name == name)
    made = [test for test in claim.tests if find_missing(test, results.measures) is None]
    contrasts = [_contrast(results, test.measure, test.first, test.second) for test in made]
    adjusted = adjust_by_holm([own.p_value for own in contrasts])
    tests: dict[Comparison, Test] = {}
    verdicts = [Verdict.NOT_TESTED] * (len(claim.tests) - len(made))
    for test, own, alone in zip(made, contrasts, adjusted, strict=True):
        p = _adjusted_by_study(results, test, alone)
        margin = results.study.margin if test.margin is None else test.margin
        says = decide(own, p, margin)
        decision = Decision(test.measure, test.first, test.second, margin, own, p, says)
        verdicts.append(judge_test(test.expect, decision))
        tests[test] = Test(test.measure, own, margin, p)
    return join_verdicts(verdicts), [tests.get(test) for test in claim.tests]


def _adjusted_by_study(results: RawResults, test: Comparison, alone: float) -> float:
    """Return the p that the study's contrasts give a test that is one of them, else its own."""
    for contender in results.study.contrasts if test.measure in BY_STUDY else ():
        if {test.first, test.second} == {contender, results.study.reference}:
            return decide_contrasts(results, test.measure)[contender].p_adjusted
    return alone
