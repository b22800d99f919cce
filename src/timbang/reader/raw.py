"""The raw files of a study, and what was measured of each run, computed from them alone.

Neither metrics nor summaries are read, so that a mistake in these is found as well.
"""

import csv
import json
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, wraps
from pathlib import Path
from typing import Any, TypeVar, TypeVarTuple

import numpy as np
import pandas as pd

from timbang.evidence.claims import Claim
from timbang.evidence.design import Design
from timbang.evidence.images import ImageScores
from timbang.reader.reliability import measure_calibration
from timbang.records.tables import (
    PARTS,
    TEST,
    TRAIN,
    VALIDATION,
    class_indices,
    read_manifest,
    read_rows,
    read_split,
    sorted_classes,
    usable_images,
)
from timbang.study.published import Published
from timbang.study.study import Study
from timbang.study.variants import OWN, TUNED

Made = TypeVar("Made")
Names = TypeVarTuple("Names")

PROBABILITY = "probability:"
ANSWERS = ("filename", "label", "part", "predicted")
LATE_EPOCHS = 5
# Of confidences, whose further ones are rounding.
DECIMALS = 12
# A rise of the training loss counts above this share of the first epoch's.
COUNTED_RISE = 0.1
# What is measured of a run, and the unit of each.
MEASURES = {
    **dict.fromkeys(("accuracy", "train_accuracy", "test_accuracy", "late_accuracy"), "share"),
    **dict.fromkeys(("leaked_accuracy", "clean_accuracy", "clean_train_accuracy"), "share"),
    **dict.fromkeys(("without_first_path", "without_second_path"), "share"),
    **dict.fromkeys(("leak_difference", "swing", "recall_spread", "zoom_drop"), "points"),
    **dict.fromkeys(("fall_marked", "fall_control", "fall_random"), "points"),
    **dict.fromkeys(("loss", "train_loss", "test_loss", "clean_train_loss"), "nats"),
    **dict.fromkeys(("gap", "largest_rise"), "nats"),
    **dict.fromkeys(("gradient_cosine", "gradient_lipschitz"), "number"),
    **dict.fromkeys(("train_images", "validation_images", "leaked_images", "rises"), "count"),
    **dict.fromkeys(("brier", "miscalibration", "discrimination", "uncertainty"), "number"),
    "training_seconds": "seconds",
    "images_per_second": "rate",
}
# What claims may speak of besides, where there is a learning curve.
PER_DOUBLING = "accuracy_per_doubling"
UNITS = {**MEASURES, PER_DOUBLING: "points"}


@dataclass(frozen=True)
class Run:
    """One run: its ``training.json``, history, measures and confusion matrix.

    ``measures`` holds NaN where there is none. ``answers`` has a row an image that it was held
    against: filename, label, part, prediction, the chance of its label, the largest chance, and the
    squared difference from the truth. ``confusion`` is int [classes, classes], true classes in
    rows; zero where the run diverged.
    """

    training: Mapping[str, Any]
    history: pd.DataFrame
    measures: Mapping[str, float]
    answers: pd.DataFrame
    confusion: np.ndarray

    @property
    def is_finished(self) -> bool:
        """Whether the run did not diverge."""
        return self.training["diverged"] is None

    @cached_property
    def scores(self) -> Mapping[str, np.ndarray]:
        """Precision, recall and F1 of each class, 0 where they would divide by zero."""
        right, true = self.confusion.diagonal(), self.confusion.sum(axis=1)
        taken = self.confusion.sum(axis=0)
        return {
            "precision": _divide(right, taken),
            "recall": _divide(right, true),
            "f1": _divide(2 * right, true + taken),
        }


@dataclass
class RawResults:
    """A study's configuration and its raw files, each read when it is first asked for.

    ``folder`` is ``results/<study>``, ``twin`` the study to compare with, if any, and ``claims``
    are in the order of ``verdicts.json``. ``variant`` says which of the study's runs are read.
    ``made`` is what ``once`` has kept.
    """

    folder: Path
    study: Study
    published: Published | None = None
    twin: "Twin | None" = None
    claims: Sequence[Claim] = ()
    variant: str = OWN
    made: dict[tuple[Any, ...], Any] = field(default_factory=dict)

    @cached_property
    def manifest(self) -> pd.DataFrame:
        """``data/manifest.csv``."""
        return read_manifest(self.folder / "data" / "manifest.csv")

    @cached_property
    def usable(self) -> pd.DataFrame:
        """Its rows without a problem."""
        return usable_images(self.manifest)

    @cached_property
    def classes(self) -> list[str]:
        """The labels of the usable images in sorted order."""
        return sorted_classes(self.usable["label"])

    @cached_property
    def audit(self) -> Mapping[str, Any]:
        """``data/audit.json``."""
        return read_json(self.folder / "data" / "audit.json")

    @cached_property
    def splits(self) -> dict[int, pd.DataFrame]:
        """The split of each replicate; ``leaked`` follows from its groups."""
        return {r: _read_leaks(self.folder, r) for r in self.study.replicates}

    @cached_property
    def runs(self) -> dict[str, dict[str, Run]]:
        """The runs by contender and by their names, which are those of their folders."""
        return {
            contender.name: {
                _name_run(*run): self._read_run(contender.name, *run) for run in self.study.runs
            }
            for contender in self.study.contenders
        }

    @cached_property
    def measures(self) -> pd.DataFrame:
        """One row a run: ``contender``, ``replicate``, ``seed``, ``diverged`` and ``MEASURES``."""
        known = ["contender", "replicate", "seed", "diverged"]
        rows = [
            dict(zip(known, (name, *which, not run.is_finished), strict=True)) | dict(run.measures)
            for name, runs in self.runs.items()
            for which, run in zip(self.study.runs, runs.values(), strict=True)
        ]
        return pd.DataFrame(rows, columns=[*known, *MEASURES])

    @cached_property
    def tuned(self) -> "RawResults":
        """The same of the tuned networks' runs.

        Raises:
            LookupError: the study has none.
        """
        if self.study.tuning is None:
            raise LookupError(TUNED)
        return replace(self, variant=TUNED, made={})

    @property
    def decisive(self) -> "RawResults":
        """Those whose contrasts decide."""
        return self.tuned if self.study.decides == TUNED else self

    @cached_property
    def looks(self) -> Any:
        """The record of how often the study was looked at."""
        return read_json(self.folder / "looks.json")

    @cached_property
    def design(self) -> Design:
        """How the replicates hang together."""
        train, validation = (
            float(np.mean(self.count_images(part))) for part in (TRAIN, VALIDATION)
        )
        return Design(self.study.tie, train, validation)

    def score_images(
        self,
        contender: str,
        replicate: int,
        seed: int,
        part: str,
        left_out: Collection[str] = (),
    ) -> ImageScores:
        """Return what a run scored on each image of a part that is not left out by its name.

        NaN where the run diverged.
        """
        run = self.runs[contender][_name_run(replicate, seed)]
        answers = run.answers[run.answers["part"] == part]
        answers = answers[~answers["filename"].isin(left_out)]
        groups = self.splits[replicate].set_index("filename")["group"]
        right = (answers["label"] == answers["predicted"]).to_numpy(dtype=float)
        chances = answers["chance"].to_numpy(dtype=float)
        return ImageScores(
            groups.loc[answers["filename"]].to_numpy(),
            right if run.is_finished else np.full(len(right), np.nan),
            -np.log(np.maximum(chances, np.finfo(np.float64).tiny)),
            answers["square"].to_numpy(dtype=float),
        )

    def read_attention(self, contender: str, place: int) -> list[dict[str, Any]]:
        """Return what ``probes.json`` says of each image, of a contender's run by its place.

        Raises:
            LookupError: it says nothing of that.
        """
        run = _name_run(*self.study.runs[place])
        found = read_json(self.folder / self.variant / contender / run / "probes.json")
        own: list[dict[str, Any]] = found["attention"]
        return own

    def count_images(self, part: str, is_leaked: bool = False) -> list[int]:
        """Return the images of a part, or the leaked ones of them, replicate by replicate."""
        return [
            int(((split["part"] == part) & (split["leaked"] | (not is_leaked))).sum())
            for split in self.splits.values()
        ]

    def finished(self, contender: str) -> list[Run]:
        """Return the runs of a contender that did not diverge."""
        return [run for run in self.runs[contender].values() if run.is_finished]

    @cached_property
    def parts(self) -> pd.DataFrame:
        """The mean number of images of each part (columns) and class, over the replicates."""
        table = pd.concat(self.splits.values())
        counts = table.groupby(["label", "part"]).size().unstack(fill_value=0)
        return counts.loc[self.classes].reindex(columns=list(PARTS), fill_value=0) / len(
            self.splits
        )

    def _read_run(self, contender: str, replicate: int, seed: int) -> Run:
        folder = self.folder / self.variant / contender / _name_run(replicate, seed)
        training = read_json(folder / "training.json")
        history = pd.read_csv(folder / "history.csv")
        predictions = read_predictions(folder / "predictions.csv")
        validation, test = (predictions[predictions["part"] == p] for p in (VALIDATION, TEST))
        split = self.splits[replicate]
        leaked = split.set_index("filename")["leaked"].loc[validation["filename"]].to_numpy()
        measures = {
            "train_images": float((split["part"] == TRAIN).sum()),
            "validation_images": float(len(validation)),
            "leaked_images": float(leaked.sum()),
        }
        confusion = np.zeros((len(self.classes), len(self.classes)), dtype=int)
        if training["diverged"] is None:
            confusion = _count_answers(validation, self.classes)
            measures |= _measure_training(training, history)
            measures |= _measure_answers(validation, leaked, confusion)
            measures["gap"] = measures["loss"] - measures["train_loss"]
            measures |= {f"test_{key}": value for key, value in score_answers(test).items()}
            if self.study.probes:
                measures |= read_json(folder / "probes.json")["measures"]
        return Run(training, history, measures, predictions, confusion)


def once(make: Callable[[RawResults, *Names], Made]) -> Callable[[RawResults, *Names], Made]:
    """Decorate a function of results and of names: what it returns is kept in the results."""

    @wraps(make)
    def get(results: RawResults, *names: *Names) -> Made:
        key = (make, *names)
        if key not in results.made:
            results.made[key] = make(results, *names)
        return results.made[key]

    return get


@dataclass
class Twin:
    """The study that another one is compared with: its accuracies and its leaks.

    ``runs.csv`` says which runs it has, and nothing else. ``folder`` has its results.
    """

    folder: Path

    @cached_property
    def accuracies(self) -> dict[str, dict[str, float]]:
        """The validation accuracies by contender and run, NaN where the run diverged."""
        found: dict[str, dict[str, float]] = {}
        for row in self._rows:
            name, run = str(row["contender"]), _name_run(row["replicate"], row.get("seed", 0))
            predictions = read_predictions(self.folder / "runs" / name / run / "predictions.csv")
            score = score_answers(predictions[predictions["part"] == VALIDATION])
            found.setdefault(name, {})[run] = score["accuracy"]
        return found

    @cached_property
    def replicates(self) -> set[int]:
        """Its replicates."""
        return {int(row["replicate"]) for row in self._rows}

    @cached_property
    def leaked_share(self) -> float:
        """The share of leaked images among the validation images of all replicates."""
        splits = [_read_leaks(self.folder, r) for r in self.replicates]
        held = [split.query(f"part == '{VALIDATION}'") for split in splits]
        return float(pd.concat(held)["leaked"].mean())

    @cached_property
    def _rows(self) -> list[dict[str, Any]]:
        table = read_rows(self.folder / "runs.csv")
        return [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]


def _name_run(replicate: int, seed: int) -> str:
    return f"{replicate}-{seed}" if seed else str(replicate)


def read_json(path: Path) -> Any:
    """Return what a file of JSON holds."""
    return json.loads(path.read_text(encoding="utf-8"))


def _read_leaks(folder: Path, replicate: int) -> pd.DataFrame:
    """Return a split whose ``leaked`` says what its groups say."""
    split = read_split(folder / "splits" / f"{replicate}.csv")
    is_trained = split["part"] == TRAIN
    is_leaked = ~is_trained & split["group"].isin(split.loc[is_trained, "group"])
    return split.assign(leaked=is_leaked)


def read_predictions(path: Path) -> pd.DataFrame:
    """Return filename, label, part and prediction of each image, and what its chances come to.

    These are the ``chance`` of its label, the largest (``confidence``) and the sum of squared
    differences from the truth (``square``).
    """
    with path.open(encoding="utf-8", newline="") as file:
        lines = csv.reader(file)
        place = {name: number for number, name in enumerate(next(lines))}
        names = [place[name] for name in ANSWERS]
        classes = [at for name, at in place.items() if name.startswith(PROBABILITY)]
        rows = []
        for line in lines:
            # A run that diverged has no chances.
            chances = [float(line[at] or "nan") for at in classes]
            chance = chances[classes.index(place[PROBABILITY + line[place["label"]]])]
            square = sum(own**2 for own in chances) + 1 - 2 * chance
            rows.append(
                [*(line[at] for at in names), chance, round(max(chances), DECIMALS), square]
            )
    return pd.DataFrame(rows, columns=[*ANSWERS, "chance", "confidence", "square"])


def score_answers(predictions: pd.DataFrame) -> dict[str, float]:
    """Return accuracy and loss; NaN without images or answers."""
    chances = predictions["chance"].to_numpy(dtype=float)
    if not len(chances) or np.isnan(chances).any():
        return {"accuracy": math.nan, "loss": math.nan}
    return {
        "accuracy": float((predictions["label"] == predictions["predicted"]).mean()),
        "loss": float(-np.log(np.maximum(chances, np.finfo(np.float64).tiny)).mean()),
    }


def _measure_answers(
    predictions: pd.DataFrame, leaked: np.ndarray, confusion: np.ndarray
) -> dict[str, float]:
    is_right = (predictions["label"] == predictions["predicted"]).to_numpy()
    seen, unseen = (
        float(is_right[part].mean()) if part.any() else math.nan for part in (leaked, ~leaked)
    )
    recalls = _divide(confusion.diagonal(), confusion.sum(axis=1))
    return {
        **score_answers(predictions),
        "leaked_accuracy": seen,
        "clean_accuracy": unseen,
        "leak_difference": seen - unseen,
        "recall_spread": float(recalls.max() - recalls.min()),
        "brier": float(predictions["square"].mean()),
        **measure_calibration(predictions["confidence"].to_numpy(dtype=float), is_right),
    }


def _measure_training(training: Mapping[str, Any], history: pd.DataFrame) -> dict[str, float]:
    late = history["validation_accuracy"].to_numpy()[-LATE_EPOCHS:]
    losses = history["train_loss"].to_numpy()
    rises = np.diff(losses)
    return {
        "training_seconds": training["training_seconds"],
        "images_per_second": training["images_per_second"],
        "train_accuracy": float(history["train_accuracy"].iloc[-1]),
        "train_loss": float(losses[-1]),
        "late_accuracy": float(late.mean()),
        "swing": float(late.max() - late.min()),
        "largest_rise": float(rises.max(initial=0.0)),
        "rises": float((rises > COUNTED_RISE * losses[0]).sum()),
    }


def _count_answers(predictions: pd.DataFrame, classes: list[str]) -> np.ndarray:
    """Return int [classes, classes]: how often each true class (row) was taken for each."""
    counts = np.zeros((len(classes), len(classes)), dtype=int)
    places = (class_indices(predictions[column], classes) for column in ("label", "predicted"))
    np.add.at(counts, tuple(places), 1)
    return counts


def _divide(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Return the quotients, 0 where they would divide by zero."""
    return np.divide(above, below, out=np.zeros(len(above)), where=below != 0)
