"""What is decided about contrasts and claims, from the measures of raw results.

The rules are those of ``timbang.evidence``; the numbers that they are given are the reader's own.
"""

from collections.abc import Mapping, Sequence

from timbang.evidence.claims import Verdict
from timbang.evidence.design import About
from timbang.evidence.images import ImageScores
from timbang.evidence.planner import Plan, look_ahead, plan
from timbang.evidence.verdicts import (
    Decision,
    Finding,
    JudgedClaim,
    decide_contrasts,
    judge_claims,
)
from timbang.evidence.weighing import Scale
from timbang.reader.raw import RawResults, once


@once
def decide(results: RawResults, measure: str) -> dict[str, Decision]:
    """Return the study's contrasts with the reference by a measure, by contender."""
    decisions = decide_contrasts(_scale(results), _pairs(results), measure)
    return {own.first: own for own in decisions}


@once
def judge(results: RawResults, name: str) -> JudgedClaim:
    """Return a claim with the outcomes of its tests and its verdict."""
    claim = next(claim for claim in results.claims if claim.name == name)
    (judged,) = judge_claims([claim], _scale(results), _pairs(results))
    return judged


def count_verdicts(results: RawResults) -> dict[str, int]:
    """Return how many claims have each verdict."""
    verdicts = [judge(results, claim.name).verdict for claim in results.claims]
    return {kind.value: verdicts.count(kind) for kind in Verdict}


def plan_replicates(results: RawResults) -> Plan:
    """Return what the study's replicates can decide."""
    study = results.study
    contrasts = max(len(study.contrasts), 1)
    return plan(len(study.replicates), contrasts, results.design)


def count_needed_by(results: RawResults, contender: str) -> int | None:
    """Return the replicates that would decide a contender's open contrast, None where none would.

    Raises:
        LookupError: the contrast is not open.
    """
    decision = decide(results, "accuracy")[contender]
    if decision.says != Finding.UNDECIDED:
        raise LookupError(contender)
    own, contrasts = decision.weighed.contrast, len(results.study.contrasts)
    floors = own.decisive.floor_low, own.decisive.floor_high
    ahead = look_ahead(own.sd, own.pairs, floors, decision.margin, contrasts, results.design)
    return ahead.needed


def _pairs(results: RawResults) -> list[tuple[str, str]]:
    return [(name, results.study.reference) for name in results.study.contrasts]


def _scale(results: RawResults) -> Scale:
    study = results.study

    def read(contender: str, part: str) -> Mapping[int, Sequence[ImageScores]]:
        return {
            replicate: [
                results.score_images(contender, replicate, seed, part)
                for seed in range(study.seeds)
            ]
            for replicate in study.replicates
        }

    return Scale(
        results.measures,
        results.design,
        study.margin,
        About(study.about),
        1 / len(results.classes) if study.diverged == "chance" else None,
        read,
    )
