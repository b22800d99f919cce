"""What each id of a report stands for, recomputed from raw files.

An id is a quantity and what it is of, ``accuracy.mean/resnet34``. ``QUANTITIES`` has those with a
name of their own; ``FAMILIES`` those whose first word tells the family; the others are statistics
of a measure of runs, or of a score of a class.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from timbang.evidence.contrasts import ALPHA, CONFIDENCE, IMAGE_ALLOWANCE
from timbang.evidence.looks import count_replicates, false_decision_rate
from timbang.evidence.planner import POWER, SPREAD_CONFIDENCE
from timbang.evidence.sampling import TRAINING_SHARE
from timbang.evidence.seeds import part_variation
from timbang.evidence.verdicts import Decision
from timbang.networks.catalogue import CATALOGUE
from timbang.networks.relations import depth_of
from timbang.reader import fairness, ledger
from timbang.reader.decided import (
    count_needed_by,
    count_verdicts,
    decide,
    decide_others,
    decide_without,
    judge,
    plan_replicates,
)
from timbang.reader.printed import NOISE
from timbang.reader.raw import MEASURES, UNITS, RawResults, Run, once
from timbang.reader.reliability import draw_diagram
from timbang.records.tables import TEST, TRAIN, VALIDATION

COMMIT_DIGITS = 12
# So many images of a group of duplicates are pictured at most.
MEMBERS_SHOWN = 8
# What is fixed: the levels of the decisions, kernels and strides of the networks, bits of a hash.
CONSTANTS = {
    "confidence": (CONFIDENCE, "share"),
    "power": (POWER, "share"),
    "spread_confidence": (SPREAD_CONFIDENCE, "share"),
    "image_allowance": (IMAGE_ALLOWANCE, "number"),
    "training_share": (TRAINING_SHARE, "number"),
    "alpha": (ALPHA, "number"),
    "last_epochs": (5, "count"),
    "still_learning": (0.02, "points"),
    "kernel.point": (1, "count"),
    "kernel.small": (3, "count"),
    "kernel.large": (5, "count"),
    "kernel.stem": (7, "count"),
    "stride": (2, "count"),
    "hash.bits": (64, "count"),
}
# What asks for something that the study does not have raises one of these.
ABSENT = (LookupError, ValueError, TypeError, AttributeError, ZeroDivisionError, StopIteration)
# A value, None where there is none, and its unit.
Found = tuple[Any, str]


@dataclass(frozen=True)
class Quantity:
    """A value and its unit; ``value`` is a text where the unit is ``text``."""

    value: float | str
    unit: str

    @property
    def scale(self) -> int:
        """What the value is multiplied by in print and on axes."""
        return 100 if self.unit in ("share", "points") else 1

    @property
    def noise(self) -> Decimal:
        """How small a value is that may be nothing but rounding: no p is."""
        return Decimal(0) if self.unit == "p" else NOISE


@once
def look_up(results: RawResults, id: str) -> Quantity | None:
    """Return what an id stands for; None where the study has no such thing."""
    try:
        value, unit = _recompute(results, id)
    except ABSENT:
        return None
    if isinstance(value, str):
        return Quantity(value, "text")
    return Quantity(float(value), unit) if value is not None and math.isfinite(value) else None


def _recompute(results: RawResults, id: str) -> Found:
    name, *subject = id.split("/")
    if name in QUANTITIES:
        unit, rule = QUANTITIES[name]
        return rule(results, *subject), unit
    family, _, rest = name.partition(".")
    if family in FAMILIES:
        return FAMILIES[family](results, rest, *subject)
    measure, _, statistic = name.rpartition(".")
    if len(subject) == 2:
        place = _at(subject[1])
        scores = [run.scores[measure][place] for run in results.finished(subject[0])]
        return take(statistic, scores), "share"
    (contender,) = subject
    table = results.measures
    values = table.loc[table["contender"] == contender, measure]
    return take(statistic, values), MEASURES[measure]


def take(statistic: str, values: Any) -> float:
    """Return mean, sd (of a sample), min or max of the values that are finite.

    Raises:
        LookupError: there are too few.
    """
    known = np.asarray(values, dtype=float)
    known = known[np.isfinite(known)]
    if len(known) < (2 if statistic == "sd" else 1):
        raise LookupError(statistic)
    statistics = {"mean": known.mean, "min": known.min, "max": known.max}
    return float(known.std(ddof=1) if statistic == "sd" else statistics[statistic]())


def _at(text: str, first: int = 0) -> int:
    """Return a place that is counted from ``first``."""
    if int(text) < first:
        raise LookupError(text)
    return int(text) - first


def _value(results: RawResults, id: str) -> Any:
    found = look_up(results, id)
    return found.value if found else math.nan


def _copies(results: RawResults, column: str) -> pd.Series:
    """Return how many of the usable images share each value of a column that two or more have."""
    counts = results.usable[column].value_counts()
    return counts[counts > 1]


def _of_classes(results: RawResults, what: str) -> pd.Series:
    by_label = results.usable.groupby("label")["group"]
    counts = by_label.size() if what == "images" else by_label.nunique()
    return counts.loc[results.classes]


def _equal_pixels(results: RawResults) -> list[int]:
    """Count in each split the validation images with the pixels of one that is trained on."""
    pixels = results.usable.set_index("filename")["pixels_sha256"]
    counts = []
    for split in results.splits.values():
        trained, held = (
            pixels.loc[split.loc[split["part"] == part, "filename"]] for part in (TRAIN, VALIDATION)
        )
        counts.append(int(held.isin(set(trained)).sum()))
    return counts


def _leaked(results: RawResults, part: str = VALIDATION) -> list[int]:
    return results.count_images(part, is_leaked=True)


def _class_part(results: RawResults, part: str, place: str) -> float:
    return results.parts[part].iloc[_at(place)]


def _finished(results: RawResults, name: str) -> list[Run]:
    runs = results.finished(name)
    if not runs:
        raise LookupError(name)
    return runs


def _recalls(results: RawResults, name: str) -> np.ndarray:
    return np.mean([run.scores["recall"] for run in _finished(results, name)], axis=0)


@once
def _confusion(results: RawResults, name: str) -> np.ndarray:
    return np.sum([run.confusion for run in results.runs[name].values()], axis=0)


def _training(results: RawResults, name: str, key: str) -> Any:
    return next(iter(results.runs[name].values())).training[key]


@once
def _curve(results: RawResults, name: str, column: str) -> np.ndarray:
    """Return float [finished runs, epochs] of a column of the histories."""
    return np.array([run.history[column] for run in _finished(results, name)], dtype=float)


@once
def _histories(results: RawResults, name: str, column: str) -> pd.DataFrame:
    """Return a column of the histories, one row an epoch and one column a run."""
    return pd.DataFrame({r: run.history[column] for r, run in results.runs[name].items()})


def _losses(results: RawResults, name: str) -> np.ndarray:
    return _curve(results, name, "validation_loss")


def _late_gain(results: RawResults, name: str) -> float:
    means = _curve(results, name, "validation_accuracy").mean(axis=0)
    return means[-1] - means[max(len(means) * 3 // 4, 1) - 1]


def _epochs(results: RawResults, rest: str, name: str, epoch: str) -> Found:
    """Return a statistic over the runs of an epoch; one that diverged counts while it lasted."""
    measure, statistic = rest.split(".")
    column = {"loss": "validation_loss", "accuracy": "validation_accuracy"}.get(measure, measure)
    values = _histories(results, name, column).iloc[_at(epoch, first=1)]
    return take(statistic, values), "nats" if column.endswith("loss") else "share"


@once
def _differences(results: RawResults, name: str) -> pd.DataFrame:
    """Return what a contender is more accurate than the reference, float [replicates, seeds].

    Of the runs that decide.
    """
    table = results.decisive.measures.pivot(
        index=["replicate", "seed"], columns="contender", values="accuracy"
    )
    return (table[name] - table[results.study.reference]).astype(float).unstack("seed")


def _run(results: RawResults, rest: str, name: str, run: str) -> Found:
    """Return a measure of a run, or a replicate's difference, the mean over its runs."""
    if rest == "difference":
        return take("mean", _differences(results, name).loc[int(run)]), "points"
    return results.runs[name][run].measures[rest], MEASURES[rest]


@once
def _diagram(results: RawResults, name: str) -> dict[str, np.ndarray]:
    """Return the reliability diagram of a contender, of its runs together."""
    tables = []
    for (replicate, _), run in zip(results.study.runs, results.runs[name].values(), strict=True):
        if run.is_finished:
            own = run.answers[run.answers["part"] == VALIDATION]
            groups = results.splits[replicate].set_index("filename")["group"]
            tables.append(own.assign(group=groups.loc[own["filename"]].to_numpy()))
    table = pd.concat(tables)
    is_right = (table["label"] == table["predicted"]).to_numpy()
    return draw_diagram(table["confidence"].to_numpy(), is_right, table["group"].to_numpy())


def _reliability(results: RawResults, rest: str, name: str, place: str) -> Found:
    """Return the share that is right at a whole per cent of confidence, or an end of the band."""
    return _diagram(results, name)[rest][_at(place, first=1)], "share"


def _variation(results: RawResults, rest: str, name: str) -> Found:
    if name not in results.study.contrasts or results.study.seeds == 1:
        return None, ""
    unit = "points" if rest in ("split", "training") else "share"
    return vars(part_variation(_differences(results, name).to_numpy()))[rest], unit


def _contrast(results: RawResults, rest: str, name: str) -> Found:
    measure, column = rest.split(".")
    return _column(decide(results, measure)[name], column)


def _other(results: RawResults, rest: str, name: str) -> Found:
    measure, column = rest.split(".")
    return _column(decide_others(results, measure)[name], column)


def _attention(results: RawResults, rest: str, name: str, run: str, number: str) -> Found:
    """Return a fall in a run of a contender on one of the images that were probed."""
    own = results.read_attention(name, _at(run))[_at(number)]
    return {key: own[key] for key in ("fall_marked", "fall_control", "fall_random")}[rest], "points"


def _without(results: RawResults, rest: str, *subject: str) -> Found:
    """Return a number of the contrasts without the images whose labels are doubted.

    Raises:
        LookupError: the study does not ask for these.
    """
    if results.study.on_suspects != "drop":
        raise LookupError(rest)
    if rest == "images":
        return len(ledger.list_doubted(results)), "count"
    measure, column = rest.split(".")
    (name,) = subject
    return _column({"accuracy": decide_without(results)}[measure][name], column)


def _tuned(results: RawResults, rest: str, *subject: str) -> Found:
    """Return a quantity of the study's own runs, of the tuned ones instead."""
    return _recompute(results.tuned, "/".join((rest, *subject)))


def _claim(results: RawResults, rest: str, name: str, place: str) -> Found:
    outcome = judge(results)[name].outcomes[_at(place)]
    if outcome.decision is None:
        return None, ""
    if rest == "p_refuted":
        return outcome.p_refuted, "p"
    return _column(outcome.decision, rest)


def _column(test: Decision, column: str) -> Found:
    own = test.weighed.contrast
    decisive, these, like = own.decisive, own.these, own.like
    unit = UNITS[test.measure]
    unit = {"share": "points", "count": "number"}.get(unit, unit)
    columns: dict[str, Found] = {
        "mean": (own.mean, unit),
        "size": (abs(own.mean), unit),
        "sd": (own.sd, unit),
        "min": (own.lowest, unit),
        "max": (own.highest, unit),
        "finished_mean": (test.weighed.finished_mean, unit),
        "low": (decisive.low, unit),
        "high": (decisive.high, unit),
        "these_low": (these.low, unit),
        "these_high": (these.high, unit),
        "like_low": (like.low, unit),
        "like_high": (like.high, unit),
        "floor": (like.floor, unit),
        "margin": (test.margin, unit),
        "p": (decisive.p_value, "p"),
        "p_adjusted": (test.p_adjusted, "p"),
        "p_below": (test.p_below, "p"),
        "p_above": (test.p_above, "p"),
        "p_equal": (test.p_equal, "p"),
        "finished": (test.weighed.finished, "count"),
        "pairs": (own.pairs, "count"),
    }
    return columns[column]


def _setting(results: RawResults, rest: str, name: str | None = None) -> Found:
    """Return a setting of a contender, of the reference where none is named."""
    study = results.study
    own = study.contender(study.reference if name is None else name)
    if rest == "margin":
        return study.margin, "points"
    # A width that is solved stands in no configuration.
    width = {} if own.parameters_of else {"width": own.width}
    value = (vars(study.data) | vars(study.split) | vars(own.recipe) | width)[rest]
    return str(value).lower() if isinstance(value, bool) else value, "number"


def _layout(results: RawResults, rest: str, stage: str) -> Found:
    """Return blocks, or channels at width 1, of a stage of one of the study's layouts."""
    number, what = rest.split(".")
    networks = [CATALOGUE.get(own.network) for own in results.study.contenders]
    layouts = list(dict.fromkeys((own.stages, own.channels) for own in networks if own))
    stages, channels = layouts[_at(number)]
    blocks = stages[_at(stage)]
    return {"blocks": blocks, "channels": channels * 2 ** _at(stage)}[what], "count"


def _environment(results: RawResults, rest: str, place: str) -> Found:
    read: dict[str, Callable[[Any], str]] = {
        "device": lambda made: f"{made['device_name']} ({made['device'].upper()})",
        "threads": lambda made: str(made["threads"]),
        "platform": lambda made: made["platform"],
        "python": lambda made: made["versions"]["python"],
        "torch": lambda made: made["versions"]["torch"],
        "timbang": lambda made: made["timbang"]["version"],
        "commit": lambda made: (made["timbang"]["commit"] or "")[:COMMIT_DIGITS],
    }
    texts = [read[rest](run.training) for own in results.runs.values() for run in own.values()]
    return list(dict.fromkeys(filter(None, texts)))[_at(place)], "text"


def _published(results: RawResults, rest: str, *subject: str) -> Found:
    published = results.published
    if published is None or rest == "images":
        return published and published.images, "count"
    if rest == "other":
        return published.others[_at(subject[0])].accuracies[subject[1]], "share"
    if rest.endswith("difference"):
        key = "loss" if rest.startswith("loss") else "accuracy"
        other = f"published.{key}/{results.study.reference}"
        difference = _value(results, f"published.{key}/{subject[0]}") - _value(results, other)
        return difference, "nats" if key == "loss" else "points"
    field = {"accuracy": "validation_accuracy", "loss": "validation_loss"}.get(rest, rest)
    unit = "nats" if rest.endswith("loss") else "share"
    return (
        getattr(published.results[subject[0]], field),
        "count" if "parameters" in rest else unit,
    )


def _twin(results: RawResults, rest: str, *subject: str) -> Found:
    twin = results.twin
    if twin is None:
        return None, ""
    if rest == "leaked.share":
        return twin.leaked_share, "share"
    if rest == "replicates":
        return len(twin.replicates), "count"
    if rest == "contenders":
        return sum(own.name in twin.accuracies for own in results.study.contenders), "count"
    accuracies = twin.accuracies[subject[0]]
    if rest == "run.accuracy":
        return accuracies[subject[1]], "share"
    if rest == "difference":
        own = _value(results, f"accuracy.mean/{subject[0]}")
        return own - take("mean", list(accuracies.values())), "points"
    return take(rest.removeprefix("accuracy."), list(accuracies.values())), "share"


# By unit, what a quantity is of a study, and of the rest of its id.
RULES: dict[str, dict[str, Callable[..., Any]]] = {
    "count": {
        "looks": lambda r: len(count_replicates(r.looks)),
        "looks.replicates": lambda r, n: count_replicates(r.looks)[_at(n)],
        "images.files": lambda r: len(r.manifest),
        "images.usable": lambda r: len(r.usable),
        "images.left_out": lambda r: len(r.manifest) - len(r.usable),
        "classes": lambda r: len(r.classes),
        "side.shortest": lambda r: r.usable[["width", "height"]].to_numpy().min(),
        "side.longest": lambda r: r.usable[["width", "height"]].to_numpy().max(),
        "groups": lambda r: r.usable["group"].nunique(),
        "duplicates.groups": lambda r: len(_copies(r, "group")),
        "duplicates.images": lambda r: _copies(r, "group").sum(),
        "duplicates.largest": lambda r: max(_copies(r, "group"), default=1),
        # What the figure of duplicates prints beside its pictures.
        "duplicates.size": lambda r, n: _copies(r, "group").iloc[_at(n)],
        "duplicates.shown": lambda r, n: min(_copies(r, "group").iloc[_at(n)], MEMBERS_SHOWN),
        "equal_bytes.groups": lambda r: len(_copies(r, "sha256")),
        "equal_bytes.images": lambda r: _copies(r, "sha256").sum(),
        "equal_pixels.groups": lambda r: len(_copies(r, "pixels_sha256")),
        "equal_pixels.images": lambda r: _copies(r, "pixels_sha256").sum(),
        "mixed_groups": lambda r: (r.usable.groupby("group")["label"].nunique() > 1).sum(),
        "chains": lambda r: r.audit["chains"],
        "confirmed": lambda r: len(r.audit["confirmed"]),
        "confirmed.overruling": lambda r: sum(own["overrules"] for own in r.audit["confirmed"]),
        "pictured": lambda r: len(_copies(r, "group")) + sum(map(len, r.audit["closest"].values())),
        "one_coloured": lambda r: len(r.audit["one_coloured"]),
        "tiny": lambda r: len(r.audit["tiny"]),
        "elongated": lambda r: len(r.audit["elongated"]),
        "split.train": lambda r: take("mean", r.count_images(TRAIN)),
        "split.validation": lambda r: take("mean", r.count_images(VALIDATION)),
        "split.test": lambda r: r.count_images(TEST)[0],
        "split.leaked_test": lambda r: max(_leaked(r, TEST)),
        "split.folds": lambda r: r.study.split.folds,
        "split.leaked.min": lambda r: min(_leaked(r)),
        "split.leaked.max": lambda r: max(_leaked(r)),
        "split.equal.min": lambda r: min(_equal_pixels(r)),
        "split.equal.max": lambda r: max(_equal_pixels(r)),
        "replicates": lambda r: len(r.study.replicates),
        "seeds": lambda r: r.study.seeds,
        "runs": lambda r: len(r.study.runs),
        "contenders": lambda r: len(r.study.contenders),
        "contrasts": lambda r: len(r.study.contrasts),
        "finished": lambda r, c: sum(run.is_finished for run in r.runs[c].values()),
        "diverged": lambda r, c: sum(not run.is_finished for run in r.runs[c].values()),
        "parameters": lambda r, c: _training(r, c, "parameters"),
        "multiply_adds": lambda r, c: _training(r, c, "multiply_adds"),
        "highest.loss.epoch": lambda r, c: _losses(r, c).mean(axis=0).argmax() + 1,
        "support.mean": lambda r, c, k: r.runs[c] and _class_part(r, VALIDATION, k),
        "recall.lowest.class": lambda r, c: _recalls(r, c).argmin(),
        "recall.highest.class": lambda r, c: _recalls(r, c).argmax(),
        "plan.needed": lambda r, c=None: (
            plan_replicates(r).needed if c is None else count_needed_by(r, c)
        ),
        "depth": lambda r, c: depth_of(r.study.contender(c).network),
        "class.images.largest": lambda r: _of_classes(r, "images").max(),
        "class.images.smallest": lambda r: _of_classes(r, "images").min(),
        "class.groups.largest": lambda r: _of_classes(r, "groups").max(),
        "class.groups.smallest": lambda r: _of_classes(r, "groups").min(),
        "class.images": lambda r, k: _of_classes(r, "images").iloc[_at(k)],
        "class.groups": lambda r, k: _of_classes(r, "groups").iloc[_at(k)],
        "class.part": _class_part,
        "confusion": lambda r, c, true, taken: _confusion(r, c)[_at(true), _at(taken)],
    },
    "share": {
        "looks.cost": lambda r: false_decision_rate(count_replicates(r.looks)),
        "chance": lambda r: 1 / len(r.classes),
        "split.leaked.share": lambda r: sum(_leaked(r)) / sum(r.count_images(VALIDATION)),
        "parameters.excess": lambda r, c: (
            _training(r, c, "parameters") / _training(r, r.study.reference, "parameters") - 1
        ),
        "recall.lowest": lambda r, c: _recalls(r, c).min(),
        "recall.highest": lambda r, c: _recalls(r, c).max(),
        "doubled": partial(fairness.doubled, "mean"),
        "doubled_low": partial(fairness.doubled, "low"),
        "doubled_high": partial(fairness.doubled, "high"),
    },
    "points": {
        "accuracy_drop.mean": lambda r, c: (
            _value(r, f"train_accuracy.mean/{c}") - _value(r, f"accuracy.mean/{c}")
        ),
        "accuracy.range": lambda r, c: (
            _value(r, f"accuracy.max/{c}") - _value(r, f"accuracy.min/{c}")
        ),
        "late_gain": _late_gain,
    },
    "nats": {
        "chance.loss": lambda r: np.log(len(r.classes)),
        "pair.evidence": lambda r, side, n: r.audit["closest"][side][_at(n)]["evidence"],
        "criterion.evidence": lambda r: r.audit["criterion"]["evidence"],
        "first.train_loss": lambda r, c: _curve(r, c, "train_loss")[:, 0].mean(),
        "first.loss": lambda r, c: _losses(r, c)[:, 0].mean(),
        "highest.loss": lambda r, c: _losses(r, c).mean(axis=0).max(),
    },
    "number": {
        "chance.brier": lambda r: 1 - 1 / len(r.classes),
        "prospect.replicates_hours": lambda r, c: (
            max((count_needed_by(r, c) or 0) - len(r.study.replicates), 0)
            * fairness.hours_of_replicate(r)
        ),
    },
    "bits": {"criterion.distance": lambda r: r.audit["criterion"]["distance"]},
    "sd": {"plan.detectable": lambda r: plan_replicates(r).detectable},
}
QUANTITIES = {name: (unit, rule) for unit, own in RULES.items() for name, rule in own.items()}
FAMILIES: dict[str, Callable[..., Found]] = {
    "run": _run,
    "curve": _epochs,
    "contrast": _contrast,
    "variation": _variation,
    "reliability": _reliability,
    "ledger": ledger.count,
    "suspect": ledger.suspect,
    "confused": ledger.confused,
    "hard": ledger.hard,
    "sure": ledger.sure,
    "claim": _claim,
    "claims": lambda r, rest: (count_verdicts(r)[rest] if rest else len(r.claims), "count"),
    "setting": _setting,
    "layout": _layout,
    "environment": _environment,
    "constant": lambda _, rest: CONSTANTS[rest],
    "published": _published,
    "twin": _twin,
    "tuned": _tuned,
    "other": _other,
    "attention": _attention,
    "without": _without,
    "recipe": fairness.recipe,
    "recipes": fairness.recipes,
    "tuning": fairness.tuning,
    "choice": fairness.choice,
    "replicate": fairness.replicate,
    "peeking": fairness.peeking,
    "budget": fairness.budget,
    "learning": fairness.learning,
    "doubling": fairness.doubling,
    "prospect": fairness.prospect,
}
