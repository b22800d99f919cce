"""What other recipes, more trials and more images say, recomputed from raw files."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from timbang.evidence.fairness import (
    Learning,
    PairCurve,
    Variants,
    budget_of,
    curve_of_pair,
    find_edges,
    lead_of_last_half,
    learning_of,
    list_shared,
    peeking_of,
)
from timbang.evidence.learning import average_doubled
from timbang.evidence.recipes import Averages, average
from timbang.reader.raw import RawResults, once, read_json, read_predictions, score_answers
from timbang.records.tables import TEST, VALIDATION
from timbang.study.variants import (
    OWN,
    SHARES,
    TRIALS,
    kind_of,
    list_shares,
    list_trials,
    list_varied,
)

# A value, None where there is none, and its unit.
Found = tuple[Any, str]
ENDS = ("mean", "low", "high")


@once
def variants_of(results: RawResults) -> Variants:
    """Return the runs of a study's variants and of its own."""
    study = results.study
    rows = [
        _read_variant(results, variant, own.name, replicate)
        for variant in (*list_trials(study), *list_varied(study), *list_shares(study), OWN)
        for own in study.contenders
        for replicate in study.replicates
    ]
    first = results.splits[study.replicates[0]]
    return Variants(
        pd.DataFrame(rows),
        chance=1 / len(results.classes),
        resolution=1 / int((first["part"] == VALIDATION).sum()),
    )


def _read_variant(
    results: RawResults, variant: str, contender: str, replicate: int
) -> dict[str, Any]:
    folder = results.folder / variant / contender / str(replicate)
    training = read_json(folder / "training.json")
    predictions = read_predictions(folder / "predictions.csv")
    is_trial = kind_of(variant) == TRIALS
    parts = {
        part: score_answers(predictions[predictions["part"] == part]) for part in (VALIDATION, TEST)
    }
    outer = parts[TEST if is_trial else VALIDATION]
    inner = parts[VALIDATION]
    return {
        "variant": variant,
        "contender": contender,
        "replicate": replicate,
        "diverged": training["diverged"] is not None,
        "accuracy": outer["accuracy"],
        "inner_accuracy": inner["accuracy"] if is_trial else np.nan,
        "inner_loss": inner["loss"] if is_trial else np.nan,
        "train_images": training["train_images"],
        "seconds": training["training_seconds"],
    }


@once
def tried_by(results: RawResults, contender: str) -> list[Mapping[str, Any]]:
    """Return the recipes of a contender's trials, as its runs were trained by them."""
    first = str(results.study.replicates[0])
    return [
        read_json(results.folder / trial / contender / first / "training.json")["changes"]
        for trial in list_trials(results.study)
    ]


@once
def chosen_by(results: RawResults, contender: str) -> list[Mapping[str, Any]]:
    """Return what a contender's tuned runs were trained by, replicate by replicate."""
    runs = results.tuned.runs[contender]
    return [runs[str(replicate)].training["changes"] for replicate in results.study.replicates]


@once
def _curve(results: RawResults, contender: str) -> PairCurve:
    study = results.study
    tried = {own.name: tried_by(results, own.name) for own in study.contenders}
    if contender not in study.contrasts:
        raise LookupError(contender)
    shared = list_shared(tried, len(study.varied), contender, study.reference)
    return curve_of_pair(variants_of(results), contender, study.reference, shared, study.margin)


def recipe(results: RawResults, rest: str, *subject: str) -> Found:
    """Return the difference by one recipe, or what a recipe changes."""
    if rest == "setting":
        name, place = subject
        return _setting(results, name.replace("-", "/"), settings_of(results)[int(place)])
    contender, name = subject
    own = _curve(results, contender)
    at = own.variants.index(name.replace("-", "/"))
    return {key: getattr(own.curve, key) for key in ENDS}[rest][at], "points"


def _setting(results: RawResults, variant: str, key: str) -> Found:
    number = int(variant.partition("/")[2])
    if kind_of(variant) == TRIALS:
        value = tried_by(results, results.study.reference)[number][key]
    else:
        value = results.study.varied[number][key]
    return value, "text" if isinstance(value, str) else "number"


@once
def settings_of(results: RawResults) -> list[str]:
    """Return the keys that recipes change, in the order of the facts."""
    study = results.study
    tuned = study.tuning.over[study.reference] if study.tuning else {}
    return list(dict.fromkeys([*tuned, *(key for own in study.varied for key in own)]))


def recipes(results: RawResults, rest: str, contender: str) -> Found:
    """Return how many recipes say what of a contender, their median, or its p."""
    own = _curve(results, contender)
    if rest == "count":
        return len(own.variants), "count"
    if rest == "median":
        return own.curve.median, "points"
    if rest == "p":
        return own.curve.p_value, "p"
    return sum(says.value == rest for says in own.curve.says), "count"


def tuning(results: RawResults, rest: str, contender: str = "") -> Found:
    """Return what tuning took, or what it added to a contender's accuracy."""
    own = results.study.tuning
    if own is None:
        return None, ""
    if rest == "gain":
        means = (
            r.measures.groupby("contender")["accuracy"].mean() for r in (results.tuned, results)
        )
        tuned, default = (float(mean[contender]) for mean in means)
        return tuned - default, "points"
    table = variants_of(results).table
    seconds = table.loc[table["variant"].map(kind_of) == TRIALS, "seconds"].sum()
    return {
        "trials": (own.trials, "count"),
        "share": (own.share, "share"),
        "runs": (own.trials * len(results.study.replicates), "count"),
        "hours": (float(seconds) / 3600, "number"),
    }[rest]


def choice(results: RawResults, rest: str, contender: str, place: str) -> Found:
    """Return what was tried or chosen of a key."""
    key = settings_of(results)[int(place)]
    tried, taken = tried_by(results, contender), [own[key] for own in chosen_by(results, contender)]
    if rest == "words":
        if not isinstance(taken[0], str):
            return None, ""
        return ", ".join(f"{word} {taken.count(word)}" for word in sorted(set(taken))), "text"
    edges = find_edges(chosen_by(results, contender), tried)[key]
    values = [own[key] for own in tried]
    return {
        "lowest": (min(values), "number"),
        "highest": (max(values), "number"),
        "chosen_lowest": (min(taken), "number"),
        "chosen_highest": (max(taken), "number"),
        "at_lowest": (edges[0], "count"),
        "at_highest": (edges[1], "count"),
    }[rest]


def replicate(results: RawResults, rest: str) -> Found:
    """Return the hours that all runs of a replicate train together."""
    if rest != "hours":
        return None, ""
    return hours_of_replicate(results), "number"


@once
def hours_of_replicate(results: RawResults) -> float:
    """Return the hours that all runs of a replicate train together, those of every variant."""
    seconds = float(variants_of(results).table["seconds"].sum())
    if results.study.tuning:
        tuned = results.tuned.runs.values()
        seconds += sum(run.training["training_seconds"] for own in tuned for run in own.values())
    return seconds / 3600 / len(results.study.replicates)


def peeking(results: RawResults, _: str, contender: str) -> Found:
    """Return what choosing by the validation images themselves would have added."""
    return float(_peeking(results, contender).mean), "points"


@once
def _peeking(results: RawResults, contender: str) -> Averages:
    return peeking_of(variants_of(results), contender)


@once
def _budget(results: RawResults, contender: str) -> Averages:
    return budget_of(variants_of(results), contender)


def budget(results: RawResults, rest: str, contender: str, trials: str) -> Found:
    """Return the expected accuracy of what is chosen from so many trials."""
    if int(trials) < 1:
        raise LookupError(trials)
    return {key: getattr(_budget(results, contender), key) for key in ENDS}[rest][
        int(trials) - 1
    ], "share"


@once
def _learning(results: RawResults, contender: str) -> Learning:
    if results.study.learning_curve is None:
        raise LookupError(contender)
    return learning_of(variants_of(results), contender)


def learning(results: RawResults, rest: str, *subject: str) -> Found:
    """Return accuracy, its spread or difference on a share of the images, or their number."""
    reference = results.study.reference
    if rest == "sizes":
        return len(variants_of(results).list_variants(SHARES)) + 1, "count"
    if rest == "images":
        return _learning(results, reference).images[:, int(subject[0])].mean(), "count"
    contender, place = subject[0], int(subject[1])
    own = _learning(results, contender).accuracy
    if rest == "mean":
        return own[:, place].mean(), "share"
    if rest == "sd":
        return own[:, place].std(ddof=1), "points"
    apart = average(own - _learning(results, reference).accuracy, variants_of(results).resolution)
    if contender == reference:
        return None, ""
    return {"difference": apart.mean, "low": apart.low, "high": apart.high}[rest][place], "points"


@once
def slopes_of(results: RawResults, contender: str) -> np.ndarray:
    """Return what a doubling of the training images adds to the accuracy, by replicate."""
    own = _learning(results, contender)
    table = variants_of(results).table
    is_size = table["variant"].map(kind_of).isin((OWN, SHARES))
    is_whole = (table["contender"] == contender) & is_size
    lost = set(table.loc[is_whole & table["diverged"], "replicate"])
    # A run that diverged has no slope, whatever it counts as elsewhere.
    return np.array(
        [
            np.nan if replicate in lost else np.polyfit(np.log2(images), accuracy, 1)[0]
            for replicate, images, accuracy in zip(
                sorted(results.study.replicates), own.images, own.accuracy, strict=True
            )
        ]
    )


def doubling(results: RawResults, rest: str, contender: str) -> Found:
    """Return what a doubling of the images adds, or adds more than for the reference."""
    own = slopes_of(results, contender)
    if rest == "mean":
        return own.mean(), "points"
    if contender == results.study.reference:
        return None, ""
    grain = variants_of(results).resolution
    apart = average(own - slopes_of(results, results.study.reference), grain)
    return {"difference": apart.mean, "low": apart.low, "high": apart.high}[rest], "points"


def doubled(end: str, results: RawResults, contender: str) -> float:
    """Return the accuracy that twice the images would give, or an end of its interval."""
    own = average_doubled(_learning(results, contender).doubled, variants_of(results).resolution)
    return float(getattr(own, end))


def prospect(results: RawResults, rest: str, contender: str = "") -> Found:
    """Return what more trials or images promise of a difference, or the hours that they take."""
    if rest == "images_hours":
        curve = results.study.learning_curve
        if curve is None:
            raise LookupError(rest)
        factor = 2 if curve.by == "epochs" else 1
        return factor * len(results.study.replicates) * hours_of_replicate(results), "number"
    source, _, end = rest.partition("_")
    return float(getattr(_promise(results, source, contender), end or "mean")), "points"


@once
def _promise(results: RawResults, source: str, contender: str) -> Averages:
    """Return the difference with twice the images, or what more trials added to it."""
    variants, reference = variants_of(results), results.study.reference
    if source == "trials":
        return lead_of_last_half(variants, contender, reference)
    lead = _learning(results, contender).doubled - _learning(results, reference).doubled
    return average(lead, variants.resolution)
