"""The image ledger: what the networks of a study said of each image."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from timbang.records.tables import TEST, VALIDATION, class_indices, sorted_classes
from timbang.scores.predictions import PROBABILITY, is_without_answer

# A prefix, since a contender may itself be named "label" or "group".
WRONG, CHANCE = "wrong:", "probability:"
TEXTS = ("filename", "label", "part", "taken_for", "surest_mistake", "believed")
# Scores that differ by less are the same: which is smaller is rounding.
DECIMALS = 12

# Of each contender its runs' replicates and predictions of the validation images.
Answers = Mapping[str, Iterable[tuple[int, pd.DataFrame]]]


def tabulate_images(splits: Mapping[int, pd.DataFrame], answers: Answers) -> pd.DataFrame:
    """Return one row a usable image, in manifest order.

    Args:
        splits: the split of each replicate, which have the same images in the same order.
        answers: those of all runs.

    Returns:
        ``filename``, ``label``, ``group``; ``part``: ``test``, or empty; ``validated``: in how many
        replicates it was; of each contender ``wrong:<name>``, the share of its answers that are
        wrong, and ``probability:<name>``, the mean probability of the label. ``taken_for`` is the
        most frequent wrong class of all answers. ``networks`` counts the contenders with an answer
        and ``erring`` those of them that are wrong in more than half of theirs. ``surest_mistake``
        is the class of the wrong answer with the largest probability, the first of equal ones, and
        ``surest_probability`` that probability.

        ``label_probability``, ``believed`` and ``believed_probability`` are of the mean over the
        answers of networks that trained neither on the image nor on a copy: the probability of
        the label, and the likeliest class. ``label_score``, from 0 to 1, is how well the label is
        believed: the normalized margin, (the label's probability minus the largest other + 1) / 2
        (Northcutt, Jiang and Chuang 2021, JAIR 70, section 3.2; the averaged probabilities are
        those of Kuan and Mueller 2022), below 0.5 where another class is likelier. What there is
        no answer for is NaN or empty.
    """
    first = next(iter(splits.values()))
    classes = sorted_classes(first["label"])
    place = pd.Series(np.arange(len(first)), index=first["filename"])
    labels = class_indices(first["label"], classes)
    images = np.arange(len(first))
    table = first[["filename", "label", "group"]].reset_index(drop=True)
    table["part"] = np.where(first["part"] == TEST, TEST, "")
    table["validated"] = sum(
        (own["part"] == VALIDATION).to_numpy().astype(int) for own in splits.values()
    )
    mistakes = np.zeros((len(first), len(classes)), dtype=int)
    surest, surest_class = np.zeros(len(first)), np.zeros(len(first), dtype=int)
    unseen = np.zeros((len(first), len(classes)))
    times = np.zeros(len(first), dtype=int)
    networks, erring = np.zeros(len(first), dtype=int), np.zeros(len(first), dtype=int)
    for name, runs in answers.items():
        given, wrong = np.zeros(len(first), dtype=int), np.zeros(len(first), dtype=int)
        chances = np.zeros(len(first))
        for replicate, predictions in runs:
            if is_without_answer(predictions):
                continue
            at = place.loc[predictions["filename"]].to_numpy()
            columns = [PROBABILITY + own for own in classes]
            probabilities = predictions[columns].to_numpy(dtype=float)
            taken = class_indices(predictions["predicted"], classes)
            is_wrong = taken != labels[at]
            given[at] += 1
            wrong[at] += is_wrong
            mistakes[at[is_wrong], taken[is_wrong]] += 1
            chances[at] += probabilities[np.arange(len(at)), labels[at]]
            own = probabilities[np.arange(len(at)), taken].round(DECIMALS)
            is_surer = is_wrong & (own > surest[at])
            surest[at[is_surer]], surest_class[at[is_surer]] = own[is_surer], taken[is_surer]
            is_unseen = ~splits[replicate]["leaked"].to_numpy()[at]
            unseen[at[is_unseen]] += probabilities[is_unseen]
            times[at[is_unseen]] += 1
        table[WRONG + name] = _divide(wrong, given)
        table[CHANCE + name] = _divide(chances, given)
        networks += given > 0
        erring += 2 * wrong > given
    table["taken_for"] = _name(mistakes, classes)
    table["networks"], table["erring"] = networks, erring
    table["surest_mistake"] = [
        classes[own] if any_wrong else ""
        for own, any_wrong in zip(surest_class, surest > 0, strict=True)
    ]
    table["surest_probability"] = np.where(surest > 0, surest, np.nan)
    means = _divide(unseen, times[:, None])
    of_label = means[images, labels]
    others = means.copy()
    others[images, labels] = -np.inf
    table["label_probability"] = of_label
    table["believed"] = _name(np.nan_to_num(means.round(DECIMALS)), classes)
    table["believed_probability"] = means.max(axis=1)
    table["label_score"] = ((of_label - others.max(axis=1) + 1) / 2).round(DECIMALS)
    return table


def tabulate_confusions(answers: Answers) -> pd.DataFrame:
    """Return the pairs of classes that are taken for one another, the most confused first.

    Args:
        answers: those of all runs.

    Returns:
        ``label``, ``taken_for``, how many ``answers`` of the label's images are that, and the
        ``share`` of all of them that these are.
    """
    counts: pd.Series | None = None
    for runs in answers.values():
        for _, predictions in runs:
            if not is_without_answer(predictions):
                own = predictions.groupby(["label", "predicted"]).size()
                counts = own if counts is None else counts.add(own, fill_value=0)
    if counts is None:
        return pd.DataFrame(columns=["label", "taken_for", "answers", "share"])
    table = counts.astype(int).rename("answers").rename_axis(["label", "taken_for"]).reset_index()
    table["share"] = table["answers"] / table.groupby("label")["answers"].transform("sum")
    wrong = table[table["label"] != table["taken_for"]]
    keys = ["share", "answers", "label", "taken_for"]
    return wrong.sort_values(keys, ascending=[False, False, True, True], ignore_index=True)


def find_suspects(images: pd.DataFrame) -> pd.DataFrame:
    """Return the images whose label is not the likeliest class, the least believed first.

    Args:
        images: the table that ``tabulate_images`` returns.

    Returns:
        Its rows with a ``label_score`` below 0.5, of each group the first.
    """
    suspects = list_doubted(images)
    return suspects.sort_values("label_score", kind="stable").drop_duplicates("group")


def list_doubted(images: pd.DataFrame) -> pd.DataFrame:
    """Return the images whose label is not the likeliest class, copies too, in manifest order.

    Args:
        images: the table that ``tabulate_images`` returns.
    """
    return images[images["label_score"] < 1 / 2]


def find_hardest(images: pd.DataFrame) -> pd.DataFrame:
    """Return the images by the mean over contenders of their label's probability, lowest first.

    Args:
        images: the table that ``tabulate_images`` returns.

    Returns:
        Its rows with an answer, of each group the first, with that mean as ``chance``.
    """
    columns = [name for name in images if str(name).startswith(CHANCE)]
    table = images.assign(chance=images[columns].mean(axis=1).round(DECIMALS))
    known = table[table["chance"].notna()]
    return known.sort_values("chance", kind="stable").drop_duplicates("group")


def find_surest(images: pd.DataFrame) -> pd.DataFrame:
    """Return the images by the probability of their surest wrong answer, the largest first.

    Args:
        images: the table that ``tabulate_images`` returns.

    Returns:
        Its rows with a wrong answer, of each group the first.
    """
    wrong = images[images["surest_probability"].notna()]
    order = wrong.sort_values("surest_probability", ascending=False, kind="stable")
    return order.drop_duplicates("group")


def read_ledger(path: Path) -> pd.DataFrame:
    """Read ``images.csv`` or ``confusions.csv``; names and classes are text, whatever they are."""
    columns = pd.read_csv(path, nrows=0).columns
    empty = {name: [""] for name in columns if name not in TEXTS}
    return pd.read_csv(
        path, dtype=dict.fromkeys(TEXTS, str), keep_default_na=False, na_values=empty
    )


def _name(weights: np.ndarray, classes: list[str]) -> list[str]:
    """Return the class of the largest weight of each row, the first of equals; none of zeros."""
    return [classes[own.argmax()] if own.any() else "" for own in weights]


def _divide(sums: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return the quotients, NaN where there is nothing."""
    with np.errstate(invalid="ignore"):
        quotients: np.ndarray = sums / np.where(counts, counts, np.nan)
    return quotients
