"""What is decided about contrasts and claims, from the measures of raw results.

The rules are those of ``timbang.evidence``; the numbers that they are given are the reader's own.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from timbang.evidence.claims import DEFAULT, TUNED, Verdict
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
from timbang.reader.fairness import slopes_of
from timbang.reader.ledger import list_doubted
from timbang.reader.raw import PER_DOUBLING, RawResults, once
from timbang.records.tables import VALIDATION


@once
def decide(results: RawResults, measure: str) -> dict[str, Decision]:
    """Return the study's contrasts with the reference by a measure, by contender."""
    return _decide(results, results.study.decides, measure)


@once
def decide_others(results: RawResults, measure: str) -> dict[str, Decision]:
    """Return the same by the recipes that do not decide."""
    return _decide(results, _other(results), measure)


@once
def decide_without(results: RawResults) -> dict[str, Decision]:
    """Return the contrasts by accuracy without the images whose labels are doubted."""
    scale, left_out = _scale(results, results.study.decides), list_doubted(results)
    runs = results.decisive
    scores = {
        (name, replicate): [
            runs.score_images(name, replicate, seed, VALIDATION, left_out)
            for seed in range(results.study.seeds)
        ]
        for name in runs.runs
        for replicate in results.study.replicates
    }

    def read(contender: str, part: str) -> Mapping[int, Sequence[ImageScores]]:
        return {r: scores[contender, r] for name, r in scores if name == contender}

    rows = []
    for row in scale.runs.to_dict("records"):
        right = scores[row["contender"], row["replicate"]][row["seed"]].right
        if len(right):
            rows.append({**row, "accuracy": right.mean(), "validation_images": len(right)})
    table = pd.DataFrame(rows, columns=scale.runs.columns)
    images = table["validation_images"].mean() if rows else 1.0
    design = replace(results.design, validation_images=float(images))
    kept = replace(scale, runs=table, design=design, read_scores=read)
    decisions = decide_contrasts(kept, _pairs(results), "accuracy")
    return {own.first: own for own in decisions}


def _other(results: RawResults) -> str:
    return TUNED if results.study.decides == DEFAULT else DEFAULT


def _decide(results: RawResults, recipe: str, measure: str) -> dict[str, Decision]:
    decisions = decide_contrasts(_scale(results, recipe), _pairs(results), measure)
    return {own.first: own for own in decisions}


@once
def judge(results: RawResults) -> dict[str, JudgedClaim]:
    """Return the claims by name, each with the outcomes of its tests and its verdict."""
    scale = _scale(results, results.study.decides)
    other = _scale(results, _other(results)) if results.study.tuning else None
    judged = judge_claims(results.claims, scale, _pairs(results), other)
    return {own.claim.name: own for own in judged}


def count_verdicts(results: RawResults) -> dict[str, int]:
    """Return how many claims have each verdict."""
    verdicts = [own.verdict for own in judge(results).values()]
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


@once
def _scale(results: RawResults, recipe: str) -> Scale:
    study = results.study
    runs = results.tuned if recipe == TUNED else results

    def read(contender: str, part: str) -> Mapping[int, Sequence[ImageScores]]:
        return {
            replicate: [
                runs.score_images(contender, replicate, seed, part) for seed in range(study.seeds)
            ]
            for replicate in study.replicates
        }

    return Scale(
        runs.measures if recipe == TUNED else _with_doubling(results),
        results.design,
        study.margin,
        About(study.about),
        1 / len(results.classes) if study.diverged == "chance" else None,
        read,
        recipe,
    )


def _with_doubling(results: RawResults) -> pd.DataFrame:
    """Return the measures of runs, with what doubling the images adds where it was measured."""
    runs = results.measures
    if results.study.learning_curve is None:
        return runs
    slopes = {
        (own.name, replicate): slope
        for own in results.study.contenders
        for replicate, slope in zip(
            sorted(results.study.replicates), slopes_of(results, own.name), strict=True
        )
    }
    keys = zip(runs["contender"], runs["replicate"], runs["seed"], strict=True)
    values = [slopes[name, r] if seed == 0 else math.nan for name, r, seed in keys]
    return runs.assign(**{PER_DOUBLING: values})
