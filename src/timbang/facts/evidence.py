"""Facts of what is decided, of published numbers, and of another study to compare with."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from timbang.errors import TimbangError
from timbang.evidence.claims import Verdict
from timbang.evidence.contrasts import ALPHA, CONFIDENCE, IMAGE_ALLOWANCE
from timbang.evidence.design import About, Design
from timbang.evidence.looks import count_replicates, false_decision_rate
from timbang.evidence.planner import POWER, SPREAD_CONFIDENCE, Outlook, look_ahead, plan
from timbang.evidence.sampling import TRAINING_SHARE
from timbang.evidence.verdicts import ACCURACY, Finding
from timbang.facts.fact import Facts, Unit
from timbang.facts.runs import unit_of_difference
from timbang.networks.catalogue import CATALOGUE
from timbang.networks.relations import depth_of
from timbang.scores.ledger import list_doubted
from timbang.scores.stability import LAST_EPOCHS
from timbang.scores.summary import STATISTICS
from timbang.study.published import Published

WITHOUT_SUSPECTS = "without_suspects.csv"
CONTRASTS, VERDICTS, LOOKS, TIMBANG = "contrasts.csv", "verdicts.json", "looks.json", "Timbang"
# A network whose accuracy gained more than this in the last quarter was learning still.
STILL_LEARNING = 0.02
IN_UNIT = (
    "mean",
    "sd",
    "min",
    "max",
    "finished_mean",
    "low",
    "high",
    "margin",
    "these_low",
    "these_high",
    "like_low",
    "like_high",
    "floor",
)
COUNTS = ("pairs", "finished")
P_VALUES = ("p", "p_adjusted", "p_below", "p_above", "p_equal", "p_refuted")


def add_contrasts(
    facts: Facts,
    contrasts: Sequence[Mapping[str, Any]],
    replicates: int,
    design: Design,
) -> None:
    """Add the study's contrasts, and what more replicates would decide.

    Args:
        facts: where they go.
        contrasts: the rows of ``contrasts.csv``.
        replicates: how often each contender was trained.
        design: how the replicates hang together.
    """
    for row in contrasts:
        name, measure = row["first"], row["measure"]
        add_decision(
            facts, f"contrast.{measure}", name, row, CONTRASTS, f"{measure}, {name}, ", measure
        )
    main = [row for row in contrasts if row["measure"] == ACCURACY]
    counted = CONTRASTS, "rows by accuracy"
    facts.add("contrasts", len(main), Unit.COUNT, *counted, "how many")
    made = plan(replicates, max(len(main), 1), design)
    rule = f"power {POWER:g} after Holm's correction"
    facts.add("plan.needed", made.needed, Unit.COUNT, *counted, "least that can decide")
    if math.isfinite(made.detectable):
        facts.add("plan.detectable", made.detectable, Unit.SD, CONTRASTS, "pairs", rule)
    for row in main:
        if row["says"] == Finding.UNDECIDED:
            needed = foresee(row, len(main), design).needed
            at = f"{ACCURACY}, {row['first']}, sd, floor_high, margin"
            facts.add(f"plan.needed/{row['first']}", needed, Unit.COUNT, CONTRASTS, at, rule)


def add_without_suspects(
    facts: Facts, contrasts: Sequence[Mapping[str, Any]], images: pd.DataFrame
) -> None:
    """Add what the contrasts would be without the images whose labels are doubted.

    Args:
        facts: where they go.
        contrasts: the rows of ``without_suspects.csv``.
        images: the table ``images.csv``.
    """
    count = len(list_doubted(images))
    facts.add("without.images", count, Unit.COUNT, "suspects.csv", "rows", "how many")
    for row in contrasts:
        name, at = row["first"], f"{ACCURACY}, {row['first']}, "
        add_decision(facts, f"without.{ACCURACY}", name, row, WITHOUT_SUSPECTS, at, ACCURACY)


def foresee(row: Mapping[str, Any], contrasts: int, design: Design) -> Outlook:
    """Return what would decide an open contrast of ``contrasts.csv``.

    Args:
        row: its row.
        contrasts: the number of contrasts that are tested.
        design: how the replicates hang together.
    """
    is_like = row["about"] == About.LIKE_THESE
    floors = (row["floor_low"], row["floor_high"]) if is_like else (0.0, 0.0)
    return look_ahead(row["sd"], row["pairs"], floors, row["margin"], contrasts, design)


def add_looks(facts: Facts, looks: Sequence[Mapping[str, Any]]) -> None:
    """Add at how many replicates a study was looked at, and what these looks cost."""
    counts = count_replicates(looks)
    facts.add("looks", len(counts), Unit.COUNT, LOOKS, "/*/replicates", "distinct numbers")
    rule = "false decisions at any look, Armitage, McPherson and Rowe 1969"
    cost = false_decision_rate(counts)
    facts.add("looks.cost", cost, Unit.SHARE, LOOKS, "/*/replicates", rule)
    for place, count in enumerate(counts):
        facts.add(
            f"looks.replicates/{place}", count, Unit.COUNT, LOOKS, "/*/replicates", "how many"
        )


def add_claims(facts: Facts, verdicts: Sequence[Mapping[str, Any]]) -> None:
    """Add how many claims have each verdict, and the numbers of their tests."""
    facts.add("claims", len(verdicts), Unit.COUNT, VERDICTS, "/", "how many")
    for kind in Verdict:
        count = sum(own["verdict"] == kind for own in verdicts)
        facts.add(
            f"claims.{kind}",
            count,
            Unit.COUNT,
            VERDICTS,
            "/*/verdict",
            f"those {kind.replace('_', ' ')}",
        )
    for place, own in enumerate(verdicts):
        for number, test in enumerate(own["tests"]):
            if "mean" in test:
                at = f"/{place}/tests/{number}/"
                subject = f"{own['name']}/{number}"
                add_decision(facts, "claim", subject, test, VERDICTS, at, test["measure"])


def add_decision(
    facts: Facts,
    quantity: str,
    subject: str,
    row: Mapping[str, Any],
    file: str,
    at: str,
    measure: str,
) -> None:
    """Add the numbers of a decision.

    Args:
        facts: where they go.
        quantity: what their ids begin with.
        subject: what these end with.
        row: the decision as ``contrasts.csv`` and ``verdicts.json`` have it.
        file: the file that it stands in.
        at: its place, up to the column.
        measure: what it is by.
    """
    unit = unit_of_difference(measure)
    for column in IN_UNIT:
        facts.add(f"{quantity}.{column}/{subject}", row[column], unit, file, at + column)
    for column in P_VALUES:
        facts.add(f"{quantity}.{column}/{subject}", row.get(column), Unit.P, file, at + column)
    for column in COUNTS:
        facts.add(f"{quantity}.{column}/{subject}", row[column], Unit.COUNT, file, at + column)
    if row["mean"] is not None:
        size = abs(row["mean"])
        facts.add(f"{quantity}.size/{subject}", size, unit, file, at + "mean", "without its sign")


def add_published(
    facts: Facts, published: Published | None, names: Sequence[str], reference: str
) -> None:
    """Add published numbers of the study's contenders, and the single runs of others.

    Args:
        facts: where they go.
        published: the published study, if any.
        names: the study's contenders.
        reference: the contender that published numbers are compared with.
    """
    if published is None:
        return
    file = "published"
    facts.add("published.images", published.images, Unit.COUNT, file, "/images")
    base = published.results.get(reference)
    for name in names:
        own = published.results.get(name)
        if own is None:
            continue
        for key, value, unit in (
            ("accuracy", own.validation_accuracy, Unit.SHARE),
            ("loss", own.validation_loss, Unit.NATS),
            ("train_accuracy", own.train_accuracy, Unit.SHARE),
            ("train_loss", own.train_loss, Unit.NATS),
            ("parameters", own.parameters, Unit.COUNT),
            ("unused_parameters", own.unused_parameters or None, Unit.COUNT),
        ):
            facts.add(f"published.{key}/{name}", value, unit, file, f"/results/{name}")
        if base is not None and name != reference:
            rule = f"minus that of {reference}"
            difference = own.validation_accuracy - base.validation_accuracy
            at = f"/results/{name}/validation_accuracy"
            facts.add(f"published.difference/{name}", difference, Unit.POINTS, file, at, rule)
    for place, other in enumerate(published.others):
        for name in names:
            facts.add(
                f"published.other/{place}/{name}",
                other.accuracies.get(name),
                Unit.SHARE,
                file,
                f"/others/{place}/accuracies/{name}",
            )


def add_twin(
    facts: Facts,
    twin: Sequence[Mapping[str, Any]],
    summary: Sequence[Mapping[str, Any]],
    name: str | None,
) -> None:
    """Add the accuracies of the study that this one is compared with.

    Args:
        facts: where they go.
        twin: the rows of the other study's ``summary.csv``; none where there is no other study.
        summary: this study's.
        name: the other study's name.

    Raises:
        TimbangError: the other study is of an older Timbang, or has no contender of this one.
    """
    if not twin:
        return
    if "validation_images_mean" not in twin[0]:
        raise TimbangError(f"report.compare_with: {name} is of an older Timbang; run it again")
    others = {row["contender"]: row for row in twin}
    shared = [row for row in summary if row["contender"] in others]
    if not shared:
        raise TimbangError(f"report.compare_with: {name} has no contender of this study")
    file = f"../{name}/summary.csv"
    facts.add("twin.contenders", len(shared), Unit.COUNT, file, "rows", "those of both studies")
    facts.add("twin.replicates", int(twin[0]["replicates"]), Unit.COUNT, file, "replicates")
    share = twin[0]["leaked_images_mean"] / twin[0]["validation_images_mean"]
    facts.add(
        "twin.leaked.share",
        share,
        Unit.SHARE,
        file,
        "leaked_images_mean",
        "over validation_images_mean",
    )
    for row in shared:
        contender = row["contender"]
        other = others[contender]
        for word in STATISTICS:
            column = f"accuracy_{word}"
            at = f"{contender}, {column}"
            facts.add(f"twin.accuracy.{word}/{contender}", other[column], Unit.SHARE, file, at)
        facts.add(
            f"twin.difference/{contender}",
            row["accuracy_mean"] - other["accuracy_mean"],
            Unit.POINTS,
            file,
            f"{contender}, accuracy_mean",
            "this study's minus that",
        )


def add_constants(facts: Facts, networks: Mapping[str, str]) -> None:
    """Add what is fixed: the levels of the decisions, and how the networks are built.

    Args:
        facts: where they go.
        networks: the network of each contender.
    """
    for name, value, unit in (
        ("confidence", CONFIDENCE, Unit.SHARE),
        ("alpha", ALPHA, Unit.NUMBER),
        ("power", POWER, Unit.SHARE),
        ("spread_confidence", SPREAD_CONFIDENCE, Unit.SHARE),
        ("image_allowance", IMAGE_ALLOWANCE, Unit.NUMBER),
        ("training_share", TRAINING_SHARE, Unit.NUMBER),
        ("last_epochs", LAST_EPOCHS, Unit.COUNT),
        ("still_learning", STILL_LEARNING, Unit.POINTS),
        ("kernel.point", 1, Unit.COUNT),
        ("kernel.small", 3, Unit.COUNT),
        ("kernel.large", 5, Unit.COUNT),
        ("kernel.stem", 7, Unit.COUNT),
        ("stride", 2, Unit.COUNT),
        ("hash.bits", 64, Unit.COUNT),
    ):
        facts.add(f"constant.{name}", value, unit, TIMBANG, "constants", "fixed")
    layouts: dict[tuple[tuple[int, ...], bool], int] = {}
    for contender, network in networks.items():
        facts.add(
            f"depth/{contender}", depth_of(network), Unit.COUNT, TIMBANG, network, "by definition"
        )
        if network not in CATALOGUE:
            continue
        architecture = CATALOGUE[network]
        key = (architecture.stages, architecture.small)
        if key in layouts:
            continue
        place = layouts[key] = len(layouts)
        for stage, blocks in enumerate(architecture.stages):
            channels = architecture.channels * 2**stage
            facts.add(f"layout.{place}.blocks/{stage}", blocks, Unit.COUNT, TIMBANG, network)
            facts.add(f"layout.{place}.channels/{stage}", channels, Unit.COUNT, TIMBANG, network)
