"""All that a study decides: its contrasts and its claims."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from timbang.evidence.claims import DEFAULT, TUNED, Claim, make_claim, read_claims
from timbang.evidence.design import About, Design, Splits
from timbang.evidence.images import ImageScores
from timbang.evidence.verdicts import (
    ACCURACY,
    LATE_ACCURACY,
    RECIPE,
    Decision,
    JudgedClaim,
    decide_contrasts,
    describe_verdict,
    judge_claims,
    tabulate_decisions,
)
from timbang.evidence.weighing import ReadScores, Scale
from timbang.records.tables import read_rows, read_split
from timbang.scores.calibration import score_squares
from timbang.scores.metrics import score_images
from timbang.scores.predictions import read_predictions


@dataclass(frozen=True)
class Judgement:
    """The decisions on a study's contrasts, by accuracy and by that of the last epochs; verdicts.

    Both are in the order of the contrasts and of the claims. ``others`` are the decisions on the
    same contrasts by the other recipes, which decide nothing; none without tuning.
    """

    decisions: list[Decision]
    others: list[Decision]
    verdicts: list[JudgedClaim]

    def tabulate(self, recipe: str) -> pd.DataFrame:
        """Return the decisions as the table ``contrasts.csv``, one row each.

        Args:
            recipe: by which recipes the contrasts are that decide.
        """
        if not self.others:
            return tabulate_decisions(self.decisions)
        tables = [
            tabulate_decisions(own).assign(**{RECIPE: name})
            for own, name in (
                (self.decisions, recipe),
                (self.others, TUNED if recipe == DEFAULT else DEFAULT),
            )
        ]
        return pd.concat(tables, ignore_index=True)


def list_claims(files: Sequence[Path], of_study: Mapping[str, Any]) -> list[Claim]:
    """Return the claims of files, and after them those that a study's configuration holds.

    Raises:
        TimbangError: a claim is not as it has to be.
    """
    own = [make_claim(name, content, f"claims.{name}") for name, content in of_study.items()]
    return [*read_claims(files), *own]


def make_scale(
    runs: pd.DataFrame,
    splits: Splits,
    margin: float,
    about: str,
    diverged: str,
    classes: int,
    read_scores: ReadScores | None,
    recipe: str = DEFAULT,
) -> Scale:
    """Return what a study's contenders are weighed by.

    Args:
        runs: the table ``runs.csv``.
        splits: how the splits of the replicates hang together.
        margin: of accuracies, a fraction.
        about: what differences are said of, a word of ``About``.
        diverged: what a run that diverged counts as: ``chance`` or ``left_out``.
        classes: the number of classes.
        read_scores: gives the scores of a contender's runs on the images of a part.
        recipe: what the networks were trained by, ``default`` or ``tuned``.
    """
    return Scale(
        runs,
        Design(splits, runs["train_images"].mean(), runs["validation_images"].mean()),
        margin,
        About(about),
        1 / classes if diverged == "chance" else None,
        read_scores,
        recipe,
    )


def read_scale(
    runs: Path,
    predictions: Mapping[str, Sequence[str]],
    splits: Mapping[int, Path],
    tie: Splits,
    margin: float,
    about: str,
    diverged: str,
    recipe: str = DEFAULT,
    left_out: Collection[str] = (),
) -> Scale:
    """Return what a study's contenders are weighed by, from its files.

    Args:
        runs: the table ``runs.csv``.
        predictions: the files of predictions by contender, as ``list_by_replicate`` takes them.
        splits: the files of the splits by replicate, in their order.
        tie: how the splits hang together, ``splits`` of ``make_scale``.
        margin: as of ``make_scale``, like ``about``, ``diverged`` and ``recipe``.
        about: what differences are said of.
        diverged: what a run that diverged counts as.
        recipe: what the networks were trained by.
        left_out: the names of images whose scores are not read.
    """
    of_runs = {name: list_by_replicate(own, list(splits)) for name, own in predictions.items()}
    first = next(iter(splits.values()))
    return make_scale(
        read_rows(runs),
        splits=tie,
        margin=margin,
        about=about,
        diverged=diverged,
        classes=read_split(first)["label"].nunique(),
        read_scores=read_scores_of(of_runs, splits, left_out),
        recipe=recipe,
    )


def list_by_replicate(files: Sequence[str], replicates: Sequence[int]) -> dict[int, list[Path]]:
    """Return the paths of a contender's files by replicate, as many of each as it has runs.

    Args:
        files: one a run, those of a replicate together, in the order of ``replicates``.
        replicates: the numbers of the replicates.
    """
    seeds = len(files) // len(replicates)
    return {
        replicate: [Path(file) for file in files[place * seeds : (place + 1) * seeds]]
        for place, replicate in enumerate(replicates)
    }


def read_scores_of(
    predictions: Mapping[str, Mapping[int, Sequence[Path]]],
    splits: Mapping[int, Path],
    left_out: Collection[str] = (),
) -> ReadScores:
    """Return what reads the scores of a contender's runs on the images of a part, each file once.

    Args:
        predictions: the files of predictions by contender and replicate, one a run of it.
        splits: the files of the splits by replicate, which say the groups of the images.
        left_out: the names of images that are not scored.
    """
    names = set(left_out)

    @cache
    def groups_of(replicate: int) -> pd.Series:
        return read_split(splits[replicate]).set_index("filename")["group"]

    def keep(table: pd.DataFrame) -> pd.DataFrame:
        return table[~table["filename"].isin(names)] if names else table

    @cache
    def read(contender: str, part: str) -> Mapping[int, Sequence[ImageScores]]:
        return {
            replicate: [
                _score_images(keep(read_predictions(path, part)), groups_of(replicate))
                for path in paths
            ]
            for replicate, paths in predictions[contender].items()
        }

    return read


def _score_images(predictions: pd.DataFrame, groups: pd.Series) -> ImageScores:
    right, nats = score_images(predictions)
    known = np.where(np.isnan(nats), np.nan, right)
    own = groups.loc[predictions["filename"]].to_numpy()
    return ImageScores(own, known, nats, score_squares(predictions))


def judge_study(
    scale: Scale,
    claims: Sequence[Claim],
    pairs: Sequence[tuple[str, str]],
    other: Scale | None = None,
) -> Judgement:
    """Decide a study's contrasts and judge claims by its runs.

    Args:
        scale: what contenders are weighed by.
        claims: the claims.
        pairs: first and second contender of each of the study's contrasts.
        other: the same of the networks that were trained by the other recipes, where there are any.
    """
    decisions, others = (
        [
            decision
            for measure in (ACCURACY, LATE_ACCURACY)
            for decision in (decide_contrasts(own, pairs, measure) if own else ())
        ]
        for own in (scale, other)
    )
    return Judgement(decisions, others, judge_claims(claims, scale, pairs, other))


def describe_verdicts(
    verdicts: Sequence[JudgedClaim], runs: Path, tuned: Path | None = None
) -> list[dict[str, Any]]:
    """Return verdicts as ``verdicts.json`` holds them.

    Args:
        verdicts: the verdicts.
        runs: the file of the runs that they rest on.
        tuned: that of the tuned networks' runs, where there are any.
    """
    hashes = {
        path.name if path == runs else f"tuned/{path.name}": hashlib.sha256(
            path.read_bytes()
        ).hexdigest()
        for path in (runs, tuned)
        if path is not None
    }
    return [describe_verdict(verdict, hashes) for verdict in verdicts]
