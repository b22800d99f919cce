"""What the report's template may name: a study's facts, gathered from its files."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from timbang.data.records import TRAIN, VALIDATION
from timbang.evaluation.summary import STATISTICS
from timbang.report.figures.samples import MOST_CLASSES
from timbang.report.published import Published
from timbang.report.tex import TeX, escape_tex, number, plain_number
from timbang.report.texts import Texts, join_words

MOST_LISTED_PROBLEMS = 40
SPREAD_MEASURES = ("accuracy", "loss", "train_accuracy", "train_loss")


def describe_data(audit: Mapping[str, Any], source: str, image_size: int) -> dict[str, Any]:
    """Return what the report says of the images, from ``audit.json``."""
    counts = audit["classes"]
    return {
        "source": source,
        "image_size": image_size,
        "images": audit["images"],
        "usable": audit["usable"],
        "left_out": audit["images"] - audit["usable"],
        "problems": audit["problems"][:MOST_LISTED_PROBLEMS],
        "class_names": list(counts),
        "class_count": len(counts),
        "largest": max(counts.values()),
        "smallest": min(counts.values()),
        "groups": audit["groups"],
        "duplicate_groups": audit["duplicate_groups"],
        "duplicate_images": audit["duplicate_images"],
    }


def describe_splits(splits: Sequence[pd.DataFrame], scheme: str) -> dict[str, Any]:
    """Return the sizes of the parts (means, as TeX) and the range of leaked images."""
    train = [(split["part"] == TRAIN).sum() for split in splits]
    validation = [(split["part"] == VALIDATION).sum() for split in splits]
    leaked = [int(split["leaked"].sum()) for split in splits]
    varies = len(set(train)) > 1
    return {
        "scheme": scheme,
        "varies": varies,
        "train": number(float(np.mean(train)), int(varies)),
        "validation": number(float(np.mean(validation)), int(varies)),
        "leaked_min": min(leaked),
        "leaked_max": max(leaked),
    }


def describe_environment(metrics: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return what the runs ran on; more than one entry where they differed."""
    return {
        "devices": _distinct(f"{run['device_name']} ({run['device'].upper()})" for run in metrics),
        "threads": _distinct(str(run["threads"]) for run in metrics),
        "platforms": _distinct(run["platform"] for run in metrics),
        "python": _distinct(run["versions"]["python"] for run in metrics),
        "torch": _distinct(run["versions"]["torch"] for run in metrics),
    }


def describe_contender(
    row: Mapping[str, Any],
    title: str,
    family: str,
    width: float,
    histories: Sequence[pd.DataFrame],
    classes: pd.DataFrame,
    published: Published | None,
) -> dict[str, Any]:
    """Return what the report says of one contender.

    Args:
        row: its row of ``summary.csv``.
        title: its name in print.
        family: its kind of block.
        width: its width factor.
        histories: the histories of its replicates.
        classes: its rows of ``per_class.csv``.
        published: the published study, if any.
    """
    losses = np.mean([history["validation_loss"] for history in histories], axis=0)
    by_recall = classes.sort_values("recall_mean", kind="stable").to_dict("records")
    spreads = {
        measure: {word: row[f"{measure}_{word}"] for word in STATISTICS}
        for measure in SPREAD_MEASURES
    }
    return {
        "name": row["contender"],
        "title": title,
        "family": family,
        "is_full_width": width == 1,
        "parameters": row["parameters"],
        "millions": row["parameters"] / 1e6,
        **spreads,
        "accuracy_difference": row["accuracy_difference"],
        "loss_difference": row["loss_difference"],
        "gap": row["train_accuracy_mean"] - row["accuracy_mean"],
        "range_points": 100 * (row["accuracy_max"] - row["accuracy_min"]),
        "first_train_loss": float(
            np.mean([history["train_loss"].iloc[0] for history in histories])
        ),
        "first_loss": float(losses[0]),
        "highest_loss": float(losses.max()),
        "highest_loss_epoch": int(losses.argmax()) + 1,
        "lowest_class": _name_recall(by_recall[0]),
        "highest_class": _name_recall(by_recall[-1]),
        "published": published.results.get(row["contender"]) if published else None,
    }


def build_context(
    contenders: Sequence[dict[str, Any]],
    reference: str,
    replicates: int,
    texts: Texts,
) -> dict[str, Any]:
    """Return what the template may name of the contenders together."""
    by_name = {contender["name"]: contender for contender in contenders}
    plain = next((c for c in contenders if c["family"] == "plain"), None)
    others = [c for c in contenders if c is not plain and c["name"] != reference]
    ranked = sorted(contenders, key=lambda c: -c["accuracy"]["mean"])
    return {
        "contenders": contenders,
        "titles": [c["title"] for c in contenders],
        "families": {c["family"] for c in contenders},
        "reference": by_name[reference],
        "plain": plain,
        "stage_two": plain is not None and plain["name"] != reference,
        "others": others,
        "other_families": {c["family"] for c in others},
        "preact": next((c for c in others if c["family"] == "preact"), None),
        "ranking": [c["title"] for c in ranked],
        "widest": max(contenders, key=lambda c: c["range_points"]),
        "replicates": replicates,
        "accuracies": _list_accuracies(contenders, texts),
        "any_published": any(c["published"] for c in contenders),
        "shown_classes": MOST_CLASSES,
    }


def write_spread(values: Mapping[str, float], texts: Texts) -> TeX:
    """Return an accuracy over replicates in words: mean, s.d. and range; alone the mean of one."""
    return _write_spread(values, texts, factor=100, digits=1, form=r"\percent{{{}}}")


def write_loss_spread(values: Mapping[str, float], texts: Texts) -> TeX:
    """Return a loss over replicates in words: mean, s.d. and range; alone the mean of one."""
    return _write_spread(values, texts, factor=1, digits=3, form=r"\num{{{}}}")


def _write_spread(
    values: Mapping[str, float], texts: Texts, factor: float, digits: int, form: str
) -> TeX:
    shown = {
        word: form.format(plain_number(factor * value, digits))
        for word, value in values.items()
        if np.isfinite(value)
    }
    if "sd" not in shown:
        return TeX(shown["mean"])
    shown["sd"] = number(factor * values["sd"], digits)
    return TeX(texts["spread"].format(**shown))


def _list_accuracies(contenders: Sequence[dict[str, Any]], texts: Texts) -> TeX:
    parts = []
    for contender in contenders:
        mean, sd = (100 * contender["accuracy"][word] for word in ("mean", "sd"))
        spread = rf"\,$\pm$\,\num{{{plain_number(sd, 1)}}}" if np.isfinite(sd) else ""
        value = rf"\num{{{plain_number(mean, 1)}}}{spread}\,\%"
        parts.append(
            texts["for_contender"].format(value=value, title=escape_tex(contender["title"]))
        )
    return TeX(join_words(parts, texts))


def _name_recall(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {"label": str(row["label"]), "recall": row["recall_mean"]}


def _distinct(items: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(items))
