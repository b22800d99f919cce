"""Facts of several runs on one split: what of their variation is the split's."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from timbang.evidence.seeds import pair_seeds, part_variation
from timbang.evidence.verdicts import ACCURACY
from timbang.facts.fact import Facts, Unit


def add_variation(facts: Facts, runs: pd.DataFrame, contrasts: Sequence[Mapping[str, Any]]) -> None:
    """Add how the differences in accuracy vary from split to split and from training to training.

    Args:
        facts: where they go.
        runs: the table ``runs.csv``; nothing is added where each replicate has one run.
        contrasts: the rows of ``contrasts.csv``.
    """
    for row in contrasts if "seed" in runs else ():
        if row["measure"] != ACCURACY:
            continue
        first, second = row["first"], row["second"]
        parts = part_variation(pair_seeds(runs, ACCURACY, first, second).to_numpy())
        at = f"accuracy, {first} minus {second}"
        for id, value, unit, rule in (
            ("split", parts.split, Unit.POINTS, "s.d. between replicates, without training's part"),
            ("training", parts.training, Unit.POINTS, "s.d. within replicates"),
            ("share", parts.share, Unit.SHARE, "the split's part of the variance"),
            ("low", parts.low, Unit.SHARE, "lower end of the share's interval"),
            ("high", parts.high, Unit.SHARE, "upper end of the share's interval"),
        ):
            facts.add(f"variation.{id}/{first}", value, unit, "runs.csv", at, rule)
