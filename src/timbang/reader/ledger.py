"""What the networks said of single images, added up anew from predictions and splits."""

import csv
from dataclasses import dataclass
from typing import Any

import numpy as np

from timbang.reader.raw import DECIMALS, PROBABILITY, RawResults, once
from timbang.records.tables import TEST, VALIDATION, class_indices

# A value, None where there is none, and its unit.
Found = tuple[Any, str]


@dataclass(frozen=True)
class Ledger:
    """Sums over the answers of all runs, by image in the order of the manifest.

    ``labels`` int [images] are places of classes and ``groups`` those of copies; ``validated`` int
    [images] counts replicates. ``given``, ``wrong`` and ``chances`` [contenders, images] are of
    answers, wrong ones and the probability of the label; ``unseen`` float [images, classes] and
    ``times`` int [images] of the probabilities by networks that trained on no copy. ``surest``
    float [images] is the largest probability of a wrong answer, 0 where there is none.
    """

    labels: np.ndarray
    groups: np.ndarray
    validated: np.ndarray
    is_test: np.ndarray
    given: np.ndarray
    wrong: np.ndarray
    chances: np.ndarray
    unseen: np.ndarray
    times: np.ndarray
    surest: np.ndarray

    @property
    def errs(self) -> np.ndarray:
        """Bool [contenders, images], whether more than half of the answers are wrong."""
        return 2 * self.wrong > self.given

    @property
    def is_known(self) -> np.ndarray:
        """Bool [images], whether all of several contenders answered; not in the test part."""
        known: np.ndarray = (self.given > 0).all(axis=0) & ~self.is_test
        return known & (len(self.given) > 1)


@once
def add_up(results: RawResults) -> Ledger:
    """Return the sums over all answers of a study's own runs."""
    names = results.usable["filename"].tolist()
    place = {name: at for at, name in enumerate(names)}
    labels = class_indices(results.usable["label"], results.classes)
    shape = len(results.study.contenders), len(names)
    given, wrong = np.zeros(shape, dtype=int), np.zeros(shape, dtype=int)
    chances, unseen = np.zeros(shape), np.zeros((len(names), len(results.classes)))
    times, surest = np.zeros(len(names), dtype=int), np.zeros(len(names))
    leaked = {
        replicate: set(split.loc[split["leaked"], "filename"])
        for replicate, split in results.splits.items()
    }
    for number, (contender, runs) in enumerate(results.runs.items()):
        for (replicate, _), (run_name, run) in zip(results.study.runs, runs.items(), strict=True):
            if not run.is_finished:
                continue
            path = results.folder / results.variant / contender / run_name / "predictions.csv"
            with path.open(encoding="utf-8", newline="") as file:
                for line in csv.DictReader(file):
                    if line["part"] != VALIDATION:
                        continue
                    at = place[line["filename"]]
                    own = [float(line[PROBABILITY + name]) for name in results.classes]
                    given[number, at] += 1
                    if line["predicted"] != line["label"]:
                        wrong[number, at] += 1
                        answer = float(line[PROBABILITY + line["predicted"]])
                        surest[at] = max(surest[at], round(answer, DECIMALS))
                    chances[number, at] += own[labels[at]]
                    if line["filename"] not in leaked[replicate]:
                        unseen[at] += own
                        times[at] += 1
    held = [split.set_index("filename")["part"].loc[names] for split in results.splits.values()]
    return Ledger(
        labels,
        results.usable["group"].to_numpy(dtype=np.int64),
        np.sum([(part == VALIDATION).to_numpy() for part in held], axis=0),
        (held[0] == TEST).to_numpy(),
        given,
        wrong,
        chances,
        unseen,
        times,
        surest,
    )


def count(results: RawResults, rest: str, contender: str | None = None) -> Found:
    """Return how many images are such, or their share."""
    own = add_up(results)
    never = int(((own.validated == 0) & ~own.is_test).sum())
    alone = own.is_known & (own.errs.sum(axis=0) == 1)
    if contender is not None:
        errs = own.errs[list(results.runs).index(contender)]
        return {"alone": int((alone & errs).sum())}[rest], "count"
    return {
        "never": (never, "count"),
        "never_share": (never / int((~own.is_test).sum()), "share"),
        "all": (int((own.is_known & own.errs.all(axis=0)).sum()), "count"),
        "one": (int(alone.sum()), "count"),
        "suspects": (len(_suspects(results)), "count"),
    }[rest]


def list_doubted(results: RawResults) -> set[str]:
    """Return the names of the images whose label is not the likeliest class, copies too."""
    names = results.usable["filename"].tolist()
    return {names[at] for at, _ in _doubt(results)}


def suspect(results: RawResults, rest: str, place: str) -> Found:
    """Return what is said of the image whose label is believed least, or the next."""
    own, (at, score) = add_up(results), _suspects(results)[_whole(place)]
    means = own.unseen[at] / own.times[at]
    return {
        "label": (own.labels[at], "count"),
        "believed": (int(np.argmax(means.round(DECIMALS))), "count"),
        "score": (score, "number"),
        "label_probability": (means[own.labels[at]], "share"),
        "probability": (means.max(), "share"),
        "validated": (own.validated[at], "count"),
    }[rest]


def confused(results: RawResults, rest: str, place: str) -> Found:
    """Return which classes are confused, how often, and in which share of the answers."""
    share, answers, label, taken = _pairs(results)[_whole(place)]
    return {
        "label": (label, "count"),
        "taken_for": (taken, "count"),
        "answers": (-answers, "count"),
        "share": (-share, "share"),
    }[rest]


def hard(results: RawResults, rest: str, label: str, place: str) -> Found:
    """Return the mean probability of the label of one of the hardest images of a class."""
    found = [score for at, score in _hardest(results) if add_up(results).labels[at] == int(label)]
    return {"probability": found[_whole(place)]}[rest], "share"


def sure(results: RawResults, rest: str, place: str) -> Found:
    """Return the largest probability of a wrong answer to one of the images with the largest."""
    own = add_up(results)
    found = [(int(at), -float(own.surest[at])) for at in np.flatnonzero(own.surest)]
    return {"probability": -_thin_out(found, own.groups)[_whole(place)][1]}[rest], "share"


@once
def _suspects(results: RawResults) -> list[tuple[int, float]]:
    return _thin_out(_doubt(results), add_up(results).groups)


@once
def _doubt(results: RawResults) -> list[tuple[int, float]]:
    own, found = add_up(results), []
    for at in np.flatnonzero(own.times):
        means = own.unseen[at] / own.times[at]
        label = own.labels[at]
        score = round((means[label] - np.delete(means, label).max() + 1) / 2, DECIMALS)
        if score < 1 / 2:
            found.append((int(at), float(score)))
    return found


@once
def _hardest(results: RawResults) -> list[tuple[int, float]]:
    own = add_up(results)
    is_given = own.given > 0
    means = np.divide(own.chances, own.given, out=np.zeros(own.chances.shape), where=is_given)
    found = [
        (int(at), round(float(means[:, at].sum() / is_given[:, at].sum()), DECIMALS))
        for at in np.flatnonzero(is_given.any(axis=0))
    ]
    return _thin_out(found, own.groups)


def _thin_out(found: list[tuple[int, float]], groups: np.ndarray) -> list[tuple[int, float]]:
    """Return images with their scores, the lowest first, of each group one."""
    seen: dict[int, tuple[int, float]] = {}
    for at, score in sorted(found, key=lambda own: (own[1], own[0])):
        seen.setdefault(int(groups[at]), (at, score))
    return list(seen.values())


@once
def _pairs(results: RawResults) -> list[tuple[float, int, int, int]]:
    """Return minus the share and minus the answers of each confused pair, and the pair."""
    own = [run.confusion for runs in results.runs.values() for run in runs.values()]
    total = np.sum(own, axis=0)
    sums = total.sum(axis=1)
    return sorted(
        (-float(total[true, taken] / sums[true]), -int(total[true, taken]), int(true), int(taken))
        for true, taken in zip(*np.nonzero(total), strict=True)
        if true != taken
    )


def _whole(text: str) -> int:
    if int(text) < 0:
        raise LookupError(text)
    return int(text)
