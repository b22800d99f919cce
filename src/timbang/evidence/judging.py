"""All that a study decides: its contrasts and its claims."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from timbang.evidence.claims import Claim, make_claim, read_claims
from timbang.evidence.contrasts import Design, Splits
from timbang.evidence.verdicts import (
    ACCURACY,
    LATE_ACCURACY,
    Decision,
    JudgedClaim,
    decide_contrasts,
    describe_verdict,
    judge_claims,
)


@dataclass(frozen=True)
class Judgement:
    """The decisions on a study's contrasts, by accuracy and by that of the last epochs; verdicts.

    Both are in the order of the contrasts and of the claims.
    """

    decisions: list[Decision]
    verdicts: list[JudgedClaim]


def list_claims(files: Sequence[Path], of_study: Mapping[str, Any]) -> list[Claim]:
    """Return the claims of files, and after them those that a study's configuration holds.

    Raises:
        TimbangError: a claim is not as it has to be.
    """
    own = [make_claim(name, content, f"claims.{name}") for name, content in of_study.items()]
    return [*read_claims(files), *own]


def judge_study(
    runs: pd.DataFrame,
    claims: Sequence[Claim],
    pairs: Sequence[tuple[str, str]],
    splits: Splits,
    margin: float,
) -> Judgement:
    """Decide a study's contrasts and judge claims by its runs.

    Args:
        runs: the table ``runs.csv``.
        claims: the claims.
        pairs: first and second contender of each of the study's contrasts.
        splits: how the splits of the replicates hang together, as ``Design`` has it.
        margin: of accuracies, a fraction.
    """
    design = Design(splits, runs["train_images"].mean(), runs["validation_images"].mean())
    return Judgement(
        decisions=[
            decision
            for measure in (ACCURACY, LATE_ACCURACY)
            for decision in decide_contrasts(runs, pairs, design, margin, measure)
        ],
        verdicts=judge_claims(claims, runs, pairs, design, margin),
    )


def describe_verdicts(verdicts: Sequence[JudgedClaim], runs: Path) -> list[dict[str, Any]]:
    """Return verdicts as ``verdicts.json`` holds them.

    Args:
        verdicts: the verdicts.
        runs: the file of the runs that they rest on.
    """
    files = {runs.name: hashlib.sha256(runs.read_bytes()).hexdigest()}
    return [describe_verdict(verdict, files) for verdict in verdicts]
