"""What the report is known to print: each quantity by name, computed anew from a study's files.

This is the second reader's own way from the files to the numbers. It shares no code with the way
that writes them (``context.py``, ``data.py``, ``tables.py``), so that a mistake made there is not
made here as well.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from timbang.evidence.contrasts import Design
from timbang.evidence.planner import Plan, count_needed, plan
from timbang.networks.catalogue import CATALOGUE
from timbang.study.published import Published
from timbang.study.words import Study

STATISTICS = ("mean", "sd", "min", "max")
SHOWN_CLASSES = 12  # of the figure of samples
LISTED_PROBLEMS = 40
LAST_EPOCHS = 5


@dataclass(frozen=True)
class Results:
    """A study's configuration and its result files as they were read.

    Attributes:
        study: the configuration.
        summary: the rows of ``summary.csv`` by contender.
        runs: ``runs.csv``.
        classes: ``per_class.csv``.
        audit: ``audit.json``.
        manifest: ``manifest.csv``.
        splits: the split of each replicate.
        metrics: the ``metrics.json`` of each run.
        histories: the histories of each contender's runs.
        published: the published study, if any.
        other: the rows of the ``summary.csv`` of the study to compare with, by contender.
        contrasts: ``contrasts.csv``, if any.
        verdicts: ``verdicts.json``, if any.
        bibliography: the text of the bibliography's file.
    """

    study: Study
    summary: Mapping[str, Mapping[str, Any]]
    runs: pd.DataFrame
    classes: pd.DataFrame
    audit: Mapping[str, Any]
    manifest: pd.DataFrame
    splits: Sequence[pd.DataFrame]
    metrics: Sequence[Mapping[str, Any]]
    histories: Mapping[str, Sequence[pd.DataFrame]]
    published: Published | None = None
    other: Mapping[str, Mapping[str, Any]] | None = None
    contrasts: pd.DataFrame | None = None
    verdicts: Any = None
    bibliography: str = ""


@dataclass(frozen=True)
class Place:
    """What a sentence or a row is about: a contender, another one, a class."""

    contender: str = ""
    other: str = ""
    label: str = ""


@dataclass(frozen=True)
class Value:
    """A number that the report may print: where it is from and how it was derived."""

    number: float
    source: str
    derivation: str

    def __str__(self) -> str:
        return f"{self.number:.6g} ({self.source}, {self.derivation})"


Derive = Callable[[Results, Place], Any]


def derive(key: str, results: Results, place: Place, factor: float = 1) -> Value:
    """Return the quantity of a name; NaN where the study has none.

    In the words of ``DERIVATIONS``, c is the contender, o the other one, l the class and r the
    reference.
    """
    source, derivation, function = DERIVATIONS[key]
    try:
        number = float(function(results, place))
    except (KeyError, IndexError, ValueError, TypeError, AttributeError, ZeroDivisionError):
        number = float("nan")
    scaled = "" if factor == 1 else f", times {factor:g}"
    said = derivation.format(c=place.contender, o=place.other, l=place.label, r=_reference(results))
    return Value(factor * number, source, f"{said}{scaled}")


def paired_difference(results: Results, first: str, second: str, measure: str) -> float:
    """Return the mean over replicates of first minus second, where both have the measure."""
    if measure not in results.runs:
        return float("nan")
    runs = results.runs.set_index(["contender", "replicate"])[measure]
    return float((runs[first] - runs[second]).mean())


def _count(results: Results, part: str, leaked: bool = False) -> list[int]:
    return [
        int(((split["part"] == part) & (split["leaked"] | (not leaked))).sum())
        for split in results.splits
    ]


def _count_equal(results: Results) -> list[int]:
    """Count, in each split, the validation images with the pixels of one that is trained on."""
    pixels = results.manifest.set_index("filename")["pixels_sha256"]
    counts = []
    for split in results.splits:
        trained = set(pixels[split.loc[split["part"] == "train", "filename"]])
        held = pixels[split.loc[split["part"] == "validation", "filename"]]
        counts.append(int(held.isin(trained).sum()))
    return counts


def _class_sizes(results: Results) -> pd.Series:
    usable = results.manifest[results.manifest["problem"] == ""]
    return usable["label"].value_counts()


def _class_groups(results: Results) -> pd.Series:
    usable = results.manifest[results.manifest["problem"] == ""]
    return usable.groupby("label")["group"].nunique()


def _equal(results: Results, column: str) -> pd.Series:
    usable = results.manifest[results.manifest["problem"] == ""]
    sizes = usable[column].value_counts()
    return sizes[sizes > 1]


def _group_sizes(results: Results) -> pd.Series:
    sizes = results.manifest["group"].dropna().value_counts()
    return sizes[sizes > 1]


def _mean_history(results: Results, contender: str, column: str) -> np.ndarray:
    """Return a history's column, the mean over the runs that finished, by epoch."""
    runs = results.runs[results.runs["contender"] == contender]
    finished = [
        history[column].to_numpy()
        for history, diverged in zip(results.histories[contender], runs["diverged"], strict=True)
        if not diverged
    ]
    return np.mean(finished, axis=0)


def _recall(results: Results, place: Place) -> float:
    rows = results.classes
    own = rows[(rows["contender"] == place.contender) & (rows["label"] == place.label)]
    return float(own["recall_mean"].iloc[0])


def _recalls(results: Results, place: Place) -> pd.Series:
    return results.classes.loc[results.classes["contender"] == place.contender, "recall_mean"]


def _published(results: Results, contender: str, field: str) -> float:
    assert results.published is not None
    return float(getattr(results.published.results[contender], field))


def _reference(results: Results) -> str:
    return results.study.reference


def _summary(column: str) -> Derive:
    return lambda results, place: results.summary[place.contender][column]


def _audited(key: str) -> Derive:
    return lambda results, _: (
        len(results.audit[key]) if isinstance(results.audit[key], list) else results.audit[key]
    )


DERIVATIONS: dict[str, tuple[str, str, Derive]] = {
    # Images
    "images": ("manifest.csv", "rows", lambda r, _: len(r.manifest)),
    "usable": ("manifest.csv", "rows without a problem",
               lambda r, _: (r.manifest["problem"] == "").sum()),
    "left_out": ("manifest.csv", "rows with a problem",
                 lambda r, _: (r.manifest["problem"] != "").sum()),
    "listed_problems": ("audit.json", "problems, 40 at most",
                        lambda r, _: min(len(r.audit["problems"]), LISTED_PROBLEMS)),
    "classes": ("manifest.csv", "distinct labels", lambda r, _: len(_class_sizes(r))),
    "shown_classes": ("figure of samples", "most classes shown", lambda r, _: SHOWN_CLASSES),
    "largest_class": ("manifest.csv", "images of the largest class",
                      lambda r, _: _class_sizes(r).max()),
    "smallest_class": ("manifest.csv", "images of the smallest class",
                       lambda r, _: _class_sizes(r).min()),
    "groups": ("manifest.csv", "distinct groups", lambda r, _: r.manifest["group"].nunique()),
    "most_groups": ("manifest.csv", "most groups of a class", lambda r, _: _class_groups(r).max()),
    "fewest_groups": ("manifest.csv", "fewest groups of a class",
                      lambda r, _: _class_groups(r).min()),
    "duplicate_groups": ("manifest.csv", "groups of two or more",
                         lambda r, _: len(_group_sizes(r))),
    "duplicate_images": ("manifest.csv", "images in groups of two or more",
                         lambda r, _: _group_sizes(r).sum()),
    "largest_group": ("manifest.csv", "images of the largest group",
                      lambda r, _: _group_sizes(r).max()),
    "equal_bytes_images": ("manifest.csv", "images whose sha256 another has",
                           lambda r, _: _equal(r, "sha256").sum()),
    "equal_bytes_groups": ("manifest.csv", "sha256 of two or more images",
                           lambda r, _: len(_equal(r, "sha256"))),
    "equal_pixels_images": ("manifest.csv", "images whose pixels_sha256 another has",
                            lambda r, _: _equal(r, "pixels_sha256").sum()),
    "equal_pixels_groups": ("manifest.csv", "pixels_sha256 of two or more images",
                            lambda r, _: len(_equal(r, "pixels_sha256"))),
    "distance": ("configuration", "data.duplicate_distance",
                 lambda r, _: r.study.data.duplicate_distance),
    "evidence": ("configuration", "data.duplicate_evidence",
                 lambda r, _: r.study.data.duplicate_evidence),
    "mixed_groups": ("audit.json", "mixed_groups", _audited("mixed_groups")),
    "chains": ("audit.json", "chains", _audited("chains")),
    "one_coloured": ("audit.json", "one_coloured", _audited("one_coloured")),
    "tiny": ("audit.json", "tiny", _audited("tiny")),
    "elongated": ("audit.json", "elongated", _audited("elongated")),
    # Splits
    "train": ("splits", "mean images of the train part", lambda r, _: np.mean(_count(r, "train"))),
    "validation": ("splits", "mean images of the validation part",
                   lambda r, _: np.mean(_count(r, "validation"))),
    "test": ("splits", "images of the test part", lambda r, _: _count(r, "test")[0]),
    "leaked_test": ("splits", "most leaked test images",
                    lambda r, _: max(_count(r, "test", leaked=True))),
    "leaked_min": ("splits", "fewest leaked validation images",
                   lambda r, _: min(_count(r, "validation", leaked=True))),
    "leaked_max": ("splits", "most leaked validation images",
                   lambda r, _: max(_count(r, "validation", leaked=True))),
    "leaked_share": ("splits", "leaked share of the validation images of all splits",
                     lambda r, _: sum(_count(r, "validation", leaked=True))
                     / sum(_count(r, "validation"))),
    "equal_min": ("splits and manifest.csv", "fewest validation images equal to a training image",
                  lambda r, _: min(_count_equal(r))),
    "equal_max": ("splits and manifest.csv", "most validation images equal to a training image",
                  lambda r, _: max(_count_equal(r))),
    # Configuration
    "image_size": ("configuration", "data.image_size", lambda r, _: r.study.data.image_size),
    "replicates": ("configuration", "replicates", lambda r, _: len(r.study.replicates)),
    "contenders": ("configuration", "contenders", lambda r, _: len(r.study.contenders)),
    "epochs": ("configuration", "recipe.epochs", lambda r, _: r.study.recipe.epochs),
    "folds": ("configuration", "split.folds", lambda r, _: r.study.split.folds or np.nan),
    # Contenders
    "parameters": ("summary.csv", "parameters of {c}", _summary("parameters")),
    "millions": ("summary.csv", "parameters of {c} / 1e6",
                 lambda r, p: r.summary[p.contender]["parameters"] / 1e6),
    "mega_multiply_adds": ("summary.csv", "multiply_adds of {c} / 1e6",
                           lambda r, p: r.summary[p.contender]["multiply_adds"] / 1e6),
    "diverged": ("runs.csv", "runs of {c} that diverged", lambda r, p: r.runs.loc[
        r.runs["contender"] == p.contender, "diverged"].sum()),
    "accuracy_difference": ("runs.csv", "mean paired difference of accuracy, {c} minus {o}",
                            lambda r, p: paired_difference(r, p.contender, p.other, "accuracy")),
    "loss_difference": ("runs.csv", "mean paired difference of loss, {c} minus {o}",
                        lambda r, p: paired_difference(r, p.contender, p.other, "loss")),
    "gap": ("summary.csv", "train_accuracy_mean - accuracy_mean of {c}",
            lambda r, p: r.summary[p.contender]["train_accuracy_mean"]
            - r.summary[p.contender]["accuracy_mean"]),
    "range_points": ("runs.csv", "100 * (largest - smallest accuracy) of {c}",
                     lambda r, p: 100 * np.ptp(r.runs.loc[
                         r.runs["contender"] == p.contender, "accuracy"].dropna())),
    "first_train_loss": ("histories", "mean train_loss of {c}, epoch 1",
                         lambda r, p: _mean_history(r, p.contender, "train_loss")[0]),
    "last_train_loss": ("histories", "mean train_loss of {c}, last epoch",
                        lambda r, p: _mean_history(r, p.contender, "train_loss")[-1]),
    "first_loss": ("histories", "mean validation_loss of {c}, epoch 1",
                   lambda r, p: _mean_history(r, p.contender, "validation_loss")[0]),
    "last_loss": ("histories", "mean validation_loss of {c}, last epoch",
                  lambda r, p: _mean_history(r, p.contender, "validation_loss")[-1]),
    "highest_loss": ("histories", "highest mean validation_loss of {c}",
                     lambda r, p: _mean_history(r, p.contender, "validation_loss").max()),
    "highest_loss_epoch": ("histories", "epoch of the highest mean validation_loss of {c}",
                           lambda r, p: _mean_history(r, p.contender, "validation_loss").argmax()
                           + 1),
    "recall": ("per_class.csv", "recall_mean of {c}, {l}", _recall),
    "lowest_recall": ("per_class.csv", "lowest recall_mean of {c}",
                       lambda r, p: _recalls(r, p).min()),
    "highest_recall": ("per_class.csv", "highest recall_mean of {c}",
                       lambda r, p: _recalls(r, p).max()),
    # Contrasts and claims
    "margin": ("configuration", "margin", lambda r, _: r.study.margin),
    "contrasts": ("contrasts.csv", "rows by accuracy", lambda r, _: len(list_contrasts(r))),
    "detectable": ("evidence/planner.py", "detectable difference in standard deviations",
                   lambda r, _: _plan(r).detectable),
    "needed": ("evidence/planner.py", "fewest replicates that can decide",
               lambda r, _: _plan(r).needed),
    "needed_to_decide": ("contrasts.csv and evidence/planner.py",
                         "replicates that would decide, from mean / sd of {c} and {o}",
                         lambda r, p: _needed_to_decide(r, p)),
    "late_epochs": ("configuration", "last epochs, 5 at most",
                    lambda r, _: min(LAST_EPOCHS, r.study.recipe.epochs)),
    "claims": ("verdicts.json", "claims", lambda r, _: len(r.verdicts)),
    # The published study and the one to compare with
    "published_parameters": ("published numbers", "parameters of {c}",
                             lambda r, p: _published(r, p.contender, "parameters")),
    "unused_parameters": ("published numbers", "unused_parameters of {c}",
                          lambda r, p: _published(r, p.contender, "unused_parameters")),
    "published_images": ("published numbers", "images",
                         lambda r, _: r.published.images if r.published else np.nan),
    "published_accuracy": ("published numbers", "validation_accuracy of {c}",
                           lambda r, p: _published(r, p.contender, "validation_accuracy")),
    "published_plain": ("published numbers", "validation_accuracy of {o}",
                        lambda r, p: _published(r, p.other, "validation_accuracy")),
    "shared": ("summary.csv of the other study", "contenders of both", lambda r, _: len(
        set(r.other or {}) & set(r.summary))),
    "other_leaked_share": ("summary.csv of the other study", "leaked_images / validation_images",
                           lambda r, _: _other_leaked_share(r)),
    "other_difference": ("summary.csv of both studies", "accuracy_mean of {c}, here minus there",
                         lambda r, p: r.summary[p.contender]["accuracy_mean"]
                         - (r.other or {})[p.contender]["accuracy_mean"]),
}  # fmt: skip


def _other_leaked_share(results: Results) -> float:
    first = next(iter((results.other or {}).values()))
    return float(first["leaked_images_mean"] / first["validation_images_mean"])


def _other(column: str) -> Derive:
    return lambda results, place: (results.other or {})[place.contender][column]


def _count_verdicts(verdict: str) -> Derive:
    return lambda results, _: sum(claim["verdict"] == verdict for claim in results.verdicts)


for _verdict in ("supported", "refuted", "inconclusive", "not_tested"):
    DERIVATIONS[_verdict] = (
        "verdicts.json", f"claims that are {_verdict}", _count_verdicts(_verdict)
    )  # fmt: skip
for _measure in (
    "accuracy", "loss", "train_accuracy", "train_loss", "test_accuracy", "test_loss",
    "leaked_accuracy", "clean_accuracy", "leak_difference", "late_accuracy", "swing",
    "training_seconds",
    "images_per_second",
):  # fmt: skip
    for _statistic in STATISTICS:
        _column = f"{_measure}_{_statistic}"
        DERIVATIONS[_column] = ("summary.csv", f"{_column} of {{c}}", _summary(_column))
for _statistic in STATISTICS:
    _column = f"accuracy_{_statistic}"
    DERIVATIONS[f"other_{_column}"] = (
        "summary.csv of the other study",
        f"{_column} of {{c}}",
        _other(_column),
    )


def list_contrasts(results: Results) -> list[dict[Any, Any]]:
    """Return the rows of ``contrasts.csv`` that are by the accuracy after the last epoch."""
    rows = results.contrasts
    return [] if rows is None else rows[rows["measure"] == "accuracy"].to_dict("records")


def _design(results: Results) -> Design:
    is_fixed = results.study.split.scheme in ("published", "from") or not (
        results.study.split.resample
    )
    parts = [float(np.mean(_count(results, part))) for part in ("train", "validation")]
    return Design("fixed" if is_fixed else "redrawn", *parts)


def _plan(results: Results) -> Plan:
    rows = max(len(list_contrasts(results)), 1)
    return plan(len(results.study.replicates), rows, _design(results))


def _needed_to_decide(results: Results, place: Place) -> float:
    rows = list_contrasts(results)
    own = next(
        row for row in rows if (row["first"], row["second"]) == (place.contender, place.other)
    )
    needed = count_needed(own["mean"] / own["sd"], len(rows), _design(results))
    return np.nan if needed is None else needed


def list_sequences(key: str, results: Results) -> list[Sequence[float]]:
    """Return the sequences of numbers that a list in the text may be, or single numbers.

    ``stages``, ``stage_counts``, ``channels`` and ``depths`` are those of the networks,
    ``threads`` those of the runs, ``rows`` the rows of files with a problem; ``setting:KEY`` a
    setting of any contender.
    """
    architectures = [CATALOGUE[c.network] for c in results.study.contenders
                     if c.network in CATALOGUE]  # fmt: skip
    if key == "stages":
        return [a.stages for a in architectures]
    if key == "stage_counts":
        return [[len(a.stages)] for a in architectures]
    if key == "channels":
        return [[a.channels * 2**place for place in range(len(a.stages))] for a in architectures]
    if key == "depths":
        preacts = {a.depth for a in architectures if a.family == "preact"}
        return [sorted(preacts)]
    if key == "threads":
        return [list(dict.fromkeys(float(run["threads"]) for run in results.metrics))]
    if key == "rows":
        return [[float(p["row"])] for p in results.audit["problems"] if p.get("row")]
    setting = key.removeprefix("setting:")
    values = [results.study.width if setting == "width" else getattr(results.study.recipe, setting)]
    values += [c.width if setting == "width" else getattr(c.recipe, setting)
               for c in results.study.contenders]  # fmt: skip
    return [[float(value)] for value in values if isinstance(value, int | float)]


def pool_values(results: Results) -> list[Value]:
    """Return every number of the tables and JSON files, for numbers that no sentence places."""
    values = [
        Value(float(number), f"{name}", str(column))
        for name, table in (
            ("summary.csv", pd.DataFrame(list(results.summary.values()))),
            ("summary.csv of the other study", pd.DataFrame(list((results.other or {}).values()))),
            ("runs.csv", results.runs),
            ("per_class.csv", results.classes),
            (
                "contrasts.csv",
                results.contrasts if results.contrasts is not None else pd.DataFrame(),
            ),
        )
        for column in table.select_dtypes("number").columns
        for number in table[column].dropna()
    ]
    values += _walk("audit.json", {k: v for k, v in results.audit.items() if k != "duplicates"})
    values += _walk("verdicts.json", results.verdicts)
    if results.published is not None:
        values += _walk("published numbers",
                        {k: asdict(v) for k, v in results.published.results.items()})  # fmt: skip
    return [value for value in values if np.isfinite(value.number)]


def _walk(source: str, content: Any, path: str = "") -> Iterator[Value]:
    if isinstance(content, Mapping):
        for key, item in content.items():
            yield from _walk(source, item, f"{path}.{key}" if path else str(key))
    elif isinstance(content, list | tuple):
        for item in content:
            yield from _walk(source, item, path)
    elif isinstance(content, int | float) and not isinstance(content, bool):
        yield Value(float(content), source, path)
