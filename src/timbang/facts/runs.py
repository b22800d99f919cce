"""Facts of the runs: scores over the replicates, classes, histories, sizes, settings, machines."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from timbang.facts.fact import Facts, Unit, Value
from timbang.scores.measures import PER_DOUBLING, RUN_MEASURES
from timbang.scores.summary import CLASS_MEASURES, STATISTICS

SUMMARY, CLASSES = "summary.csv", "per_class.csv"
# Of what a network still gains in the last quarter of its epochs, this share counts as the end.
LAST_SHARE = 0.75
# So many digits tell a commit from all others, and fit a line.
COMMIT_DIGITS = 12
UNITS = {
    "accuracy": Unit.SHARE,
    "train_accuracy": Unit.SHARE,
    "test_accuracy": Unit.SHARE,
    "late_accuracy": Unit.SHARE,
    "leaked_accuracy": Unit.SHARE,
    "clean_accuracy": Unit.SHARE,
    "clean_train_accuracy": Unit.SHARE,
    "leak_difference": Unit.POINTS,
    "swing": Unit.POINTS,
    "recall_spread": Unit.POINTS,
    "zoom_drop": Unit.POINTS,
    "fall_marked": Unit.POINTS,
    "fall_control": Unit.POINTS,
    "fall_random": Unit.POINTS,
    "without_first_path": Unit.SHARE,
    "without_second_path": Unit.SHARE,
    "loss": Unit.NATS,
    "train_loss": Unit.NATS,
    "test_loss": Unit.NATS,
    "gap": Unit.NATS,
    "largest_rise": Unit.NATS,
    "clean_train_loss": Unit.NATS,
    "training_seconds": Unit.SECONDS,
    "images_per_second": Unit.RATE,
    "rises": Unit.COUNT,
    "train_images": Unit.COUNT,
    "validation_images": Unit.COUNT,
    "leaked_images": Unit.COUNT,
    PER_DOUBLING: Unit.POINTS,
}
# Differences of a measure are in its own unit, those of shares in points.
DIFFERENCE_UNITS = {Unit.SHARE: Unit.POINTS}


def unit_of(measure: str) -> Unit:
    """Return what a measure of ``runs.csv`` is in."""
    return UNITS.get(measure, Unit.NUMBER)


def unit_of_difference(measure: str) -> Unit:
    """Return what the difference of two contenders by a measure is in."""
    unit = unit_of(measure)
    return DIFFERENCE_UNITS.get(unit, Unit.NUMBER if unit == Unit.COUNT else unit)


def add_summary(facts: Facts, summary: Sequence[Mapping[str, Any]], reference: str) -> None:
    """Add what ``summary.csv`` says of each contender.

    Args:
        facts: where they go.
        summary: its rows.
        reference: the contender that sizes are compared with.
    """
    facts.add("contenders", len(summary), Unit.COUNT, SUMMARY, "rows", "how many")
    replicates = int(summary[0]["replicates"])
    facts.add("replicates", replicates, Unit.COUNT, SUMMARY, "replicates")
    several = "runs" in summary[0]
    if several:
        runs = int(summary[0]["runs"])
        facts.add("runs", runs, Unit.COUNT, SUMMARY, "runs")
        facts.add("seeds", runs // replicates, Unit.COUNT, SUMMARY, "runs", "over replicates")
    parameters = {row["contender"]: row["parameters"] for row in summary}
    for row in summary:
        name = row["contender"]

        def add(
            id: str,
            value: Value | None,
            unit: Unit,
            column: str,
            rule: str = "as it is",
            of: str = name,
        ) -> None:
            facts.add(f"{id}/{of}", value, unit, SUMMARY, f"{of}, {column}", rule)

        trained = "runs" if several else "replicates"
        left = int(row[trained] - row["diverged"])
        add("diverged", int(row["diverged"]), Unit.COUNT, "diverged")
        add("finished", left, Unit.COUNT, "diverged", f"{trained} minus diverged")
        for size in ("parameters", "multiply_adds"):
            add(size, int(row[size]), Unit.COUNT, size)
        excess = row["parameters"] / parameters[reference] - 1
        add("parameters.excess", excess, Unit.SHARE, "parameters", f"over {reference}'s, minus 1")
        for measure in RUN_MEASURES:
            for word in STATISTICS:
                column = f"{measure}_{word}"
                add(f"{measure}.{word}", row.get(column), unit_of(measure), column)
        drop = row["train_accuracy_mean"] - row["accuracy_mean"]
        add("accuracy_drop.mean", drop, Unit.POINTS, "train_accuracy_mean", "minus accuracy_mean")
        spread = row["accuracy_max"] - row["accuracy_min"]
        add("accuracy.range", spread, Unit.POINTS, "accuracy_max", "minus accuracy_min")


def add_classes(facts: Facts, classes: pd.DataFrame) -> None:
    """Add what ``per_class.csv`` says of each contender and class, by the class's place."""
    for name, rows in classes.groupby("contender", sort=False):
        for place, row in enumerate(rows.to_dict("records")):
            at = f"{name}, {row['label']}"
            facts.add(
                f"support.mean/{name}/{place}",
                row["support_mean"],
                Unit.COUNT,
                CLASSES,
                f"{at}, support_mean",
            )
            for measure in CLASS_MEASURES:
                for word in STATISTICS:
                    facts.add(
                        f"{measure}.{word}/{name}/{place}",
                        row[f"{measure}_{word}"],
                        Unit.SHARE,
                        CLASSES,
                        f"{at}, {measure}_{word}",
                    )
        recalls = rows["recall_mean"].to_numpy(dtype=float)
        if np.isnan(recalls).all():
            continue
        extremes = (("lowest", int(np.nanargmin(recalls))), ("highest", int(np.nanargmax(recalls))))
        for word, place in extremes:
            id, at, rule = f"recall.{word}", f"{name}, recall_mean", f"the {word} of the classes"
            facts.add(f"{id}/{name}", float(recalls[place]), Unit.SHARE, CLASSES, at, rule)
            facts.add(f"{id}.class/{name}", place, Unit.COUNT, CLASSES, at, rule)


def add_histories(facts: Facts, histories: Mapping[str, Mapping[str, pd.DataFrame]]) -> None:
    """Add what the epochs show, as means over the runs that finished.

    Args:
        facts: where they go.
        histories: by contender and run.
    """
    for name, runs in histories.items():
        finished = [run for run in runs.values() if np.isfinite(run["validation_loss"].iloc[-1])]
        if not finished:
            continue
        losses = np.mean([run["validation_loss"] for run in finished], axis=0)
        accuracies = np.mean([run["validation_accuracy"] for run in finished], axis=0)
        # Of one epoch there is no way from the first to the last.
        starts = [run["train_loss"].iloc[0] for run in finished]
        first = float(np.mean(starts)) if len(losses) > 1 else math.nan
        before = max(int(len(losses) * LAST_SHARE), 1)
        late = float(accuracies[-1] - accuracies[before - 1])
        for id, value, unit, at, rule in (
            ("first.train_loss", first, Unit.NATS, "epoch 1, train_loss", "mean over runs"),
            ("first.loss", losses[0], Unit.NATS, "epoch 1, validation_loss", "mean over runs"),
            ("highest.loss", losses.max(), Unit.NATS, "validation_loss", "the highest mean"),
            (
                "highest.loss.epoch",
                int(losses.argmax()) + 1,
                Unit.COUNT,
                "validation_loss",
                "the epoch of the highest mean",
            ),
            (
                "late_gain",
                late,
                Unit.POINTS,
                "validation_accuracy",
                f"mean of the last epoch minus that of epoch {before}",
            ),
        ):
            plain: Value = value if isinstance(value, int) else float(value)
            facts.add(f"{id}/{name}", plain, unit, f"runs/{name}/*/history.csv", at, rule)


def add_settings(
    facts: Facts,
    contenders: Mapping[str, Mapping[str, Any]],
    reference: str,
    image_size: int,
    margin: float,
) -> None:
    """Add the settings that the runs were made with: the reference's, and others' that differ.

    Args:
        facts: where they go.
        contenders: what each contender's ``training.json`` says of it.
        reference: the one whose settings count as the study's.
        image_size: the side of the images in pixels.
        margin: below which a difference of accuracies is of no account, a fraction.
    """
    facts.add(
        "setting.image_size",
        image_size,
        Unit.NUMBER,
        "data/pixels.made-with.json",
        "/made_with/image_size",
    )
    facts.add("setting.margin", margin, Unit.POINTS, "config", "margin")
    common = list_settings(contenders[reference])
    for name, contender in contenders.items():
        file = f"runs/{name}/0/training.json"
        for key, value in list_settings(contender).items():
            place = "width" if key == "width" else f"recipe/{key}"
            if name == reference or value != common[key]:
                id = f"setting.{key}" if name == reference else f"setting.{key}/{name}"
                shown = str(value).lower() if isinstance(value, bool) else value
                unit = Unit.TEXT if isinstance(shown, str) else Unit.NUMBER
                facts.add(id, shown, unit, file, f"/made_with/contender/{place}")


def list_settings(contender: Mapping[str, Any]) -> dict[str, Any]:
    """Return recipe and width of a contender; no width where it is solved."""
    own = {} if contender["parameters_of"] else {"width": contender["width"]}
    return {**contender["recipe"], **own}


def add_environment(facts: Facts, training: Sequence[Mapping[str, Any]]) -> None:
    """Add what the runs ran on and by which code; several entries where they differed.

    Args:
        facts: where they go.
        training: the content of each run's ``training.json``.
    """
    read = {
        "device": ("/device_name, /device", _name_device),
        "threads": ("/threads", lambda run: str(run["threads"])),
        "platform": ("/platform", lambda run: run["platform"]),
        "python": ("/versions/python", lambda run: run["versions"]["python"]),
        "torch": ("/versions/torch", lambda run: run["versions"]["torch"]),
        "timbang": ("/timbang/version", lambda run: run["timbang"]["version"]),
        "commit": (
            "/timbang/commit",
            lambda run: (run["timbang"]["commit"] or "")[:COMMIT_DIGITS],
        ),
    }
    for key, (at, of) in read.items():
        for place, text in enumerate(dict.fromkeys(filter(None, map(of, training)))):
            facts.add(f"environment.{key}/{place}", text, Unit.TEXT, "runs/*/*/training.json", at)


def _name_device(run: Mapping[str, Any]) -> str:
    return f"{run['device_name']} ({run['device'].upper()})"
