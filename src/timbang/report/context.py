"""What the report's template may name: a study's facts, gathered from its files."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from timbang.errors import TimbangError
from timbang.languages.texts import Texts, join_words
from timbang.networks.relations import depth_of, family_of
from timbang.report.figures.samples import MOST_CLASSES
from timbang.report.tex import TeX, escape_tex, number, plain_number
from timbang.scores.summary import STATISTICS
from timbang.study.published import Published

# So many digits tell a commit from all others, and fit a line.
COMMIT_DIGITS = 12
SPREAD_MEASURES = ("accuracy", "loss", "train_accuracy", "train_loss", "test_accuracy", "test_loss")


def describe_environment(metrics: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what the runs ran on and by which code; several entries where they differed."""
    return {
        "devices": _distinct(f"{run['device_name']} ({run['device'].upper()})" for run in metrics),
        "threads": _distinct(str(run["threads"]) for run in metrics),
        "platforms": _distinct(run["platform"] for run in metrics),
        "python": _distinct(run["versions"]["python"] for run in metrics),
        "torch": _distinct(run["versions"]["torch"] for run in metrics),
        "timbang": _distinct(run["timbang"]["version"] for run in metrics),
        "commits": _distinct(
            run["timbang"]["commit"][:COMMIT_DIGITS] for run in metrics if run["timbang"]["commit"]
        ),
        "modified": any(run["timbang"]["modified"] for run in metrics),
    }


def describe_contender(
    row: Mapping[str, Any],
    title: str,
    network: str,
    width: float,
    histories: Sequence[pd.DataFrame],
    classes: pd.DataFrame,
    published: Published | None,
) -> dict[str, Any]:
    """Return what the report says of one contender.

    Args:
        row: its row of ``summary.csv``.
        title: its name in print.
        network: the name of its network.
        width: its width factor.
        histories: the histories of its replicates.
        classes: its rows of ``per_class.csv``.
        published: the published study, if any.
    """
    finished = [h for h in histories if np.isfinite(h["validation_loss"].iloc[-1])]
    mean_losses = (
        np.mean([history["validation_loss"] for history in finished], axis=0)
        if finished
        else np.full(1, np.nan)
    )
    by_recall = classes.sort_values("recall_mean", kind="stable").to_dict("records")
    spreads = {
        measure: {word: row[f"{measure}_{word}"] for word in STATISTICS}
        for measure in SPREAD_MEASURES
    }
    return {
        "name": row["contender"],
        "title": title,
        "family": family_of(network),
        "depth": depth_of(network),
        "is_full_width": width == 1,
        "parameters": row["parameters"],
        "millions": row["parameters"] / 1e6,
        **spreads,
        "diverged": row["diverged"],
        "finished": row["replicates"] - row["diverged"],
        "leak": describe_leak(row),
        "gap": row["train_accuracy_mean"] - row["accuracy_mean"],
        "range_points": 100 * (row["accuracy_max"] - row["accuracy_min"]),
        "first_train_loss": float(
            np.mean([history["train_loss"].iloc[0] for history in finished] or [np.nan])
        ),
        "first_loss": float(mean_losses[0]),
        "highest_loss": float(mean_losses.max()),
        "highest_loss_epoch": int(mean_losses.argmax()) + 1,
        "lowest_class": _name_recall(by_recall[0]),
        "highest_class": _name_recall(by_recall[-1]),
        "published": published.results.get(row["contender"]) if published else None,
    }


def describe_leak(row: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the leak ledger of a contender, or None where no run had leaked and clean images."""
    if not np.isfinite(row["leak_difference_mean"]):
        return None
    return {
        measure: {word: row[f"{measure}_{word}"] for word in STATISTICS}
        for measure in ("leaked_accuracy", "clean_accuracy", "leak_difference")
    }


def describe_twin(
    contenders: Sequence[Mapping[str, Any]], others: Sequence[Mapping[str, Any]], name: str | None
) -> dict[str, Any] | None:
    """Return what the report says of the study that this one is compared with.

    Args:
        contenders: what ``describe_contender`` returns for each contender of this study.
        others: the rows of the other study's ``summary.csv``; none where there is no other study.
        name: the other study's name.

    Returns:
        Its ``name``, its ``replicates``, the share of its validation images that are leaked
        (``leaked_share``), and one entry a contender that both studies have; None where there is
        no other study.
    """
    if not others:
        return None
    first = others[0]
    if "validation_images_mean" not in first:
        raise TimbangError(f"report.compare_with: {name} is of an older Timbang; run it again")
    by_name = {row["contender"]: row for row in others}
    shared = [contender for contender in contenders if contender["name"] in by_name]
    if not shared:
        raise TimbangError(f"report.compare_with: {name} has no contender of this study")
    compared = []
    for contender in shared:
        row = by_name[contender["name"]]
        accuracy = {word: row[f"accuracy_{word}"] for word in STATISTICS}
        compared.append(
            {
                "title": contender["title"],
                "accuracy": accuracy,
                "difference": _known(contender["accuracy"]["mean"] - accuracy["mean"]),
            }
        )
    return {
        "name": name,
        "replicates": first["replicates"],
        "leaked_share": first["leaked_images_mean"] / first["validation_images_mean"],
        "contenders": compared,
    }


def build_context(
    contenders: Sequence[dict[str, Any]],
    weighed: Sequence[str],
    plain: str | None,
    reference: str,
    replicates: int,
    texts: Texts,
) -> dict[str, Any]:
    """Return what the template may name of the contenders together.

    Args:
        contenders: what ``describe_contender`` returns for each of them.
        weighed: the names of those that prose and contrasts are about; the others are controls.
        plain: the name of the plain contender that is set against the reference, if any.
        reference: the name of the reference.
        replicates: how often each was trained.
        texts: the words of the language.
    """
    by_name = {contender["name"]: contender for contender in contenders}
    own = [c for c in contenders if c["name"] in weighed]
    others = [c for c in own if c["name"] not in (plain, reference)]
    finished = [c for c in own if c["finished"]] or [c for c in contenders if c["finished"]]
    spread = [c for c in contenders if c["finished"] > 1]
    preacts = [c for c in contenders if c["family"] == "preact" and c["name"] != reference]
    return {
        "contenders": contenders,
        "weighed": own,
        "tested": [c["title"] for c in own if c["name"] != reference],
        "controls": [c["title"] for c in contenders if c["name"] not in (*weighed, plain)],
        "titles": [c["title"] for c in contenders],
        "reference": by_name[reference],
        "plain": by_name[plain] if plain else None,
        "stage_two": plain not in (None, reference),
        "others": others,
        "other_families": {c["family"] for c in others},
        "preacts": preacts,
        "preact_depths": sorted({c["depth"] for c in preacts}),
        "diverged": [c for c in contenders if c["diverged"]],
        "any_finished": bool(finished),
        "widest": max(spread, key=lambda c: c["range_points"], default=None),
        "replicates": replicates,
        "accuracies": _list_accuracies(finished, texts),
        "any_leak": any(c["leak"] for c in contenders),
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


def _known(value: float) -> float | None:
    """Return a number, or None in the place of NaN, which a template cannot tell."""
    return value if np.isfinite(value) else None


def _name_recall(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {"label": str(row["label"]), "recall": row["recall_mean"]}


def _distinct(items: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(items))
