import json
from pathlib import Path

from timbang.evidence.fairness import Variants, learning_of
from timbang.evidence.fairness_tables import (
    curves_of,
    sum_seconds,
    tabulate_budgets,
    tabulate_choices,
    tabulate_doubling,
    tabulate_learning,
    tabulate_pairs,
    tabulate_recipes,
)
from timbang.logs import log_to
from timbang.records.tables import VALIDATION, read_rows, read_split
from timbang.records.writing import write_table
from timbang.tuning.variants import measure_doubling

inputs, output, params = snakemake.input, snakemake.output, snakemake.params


def by_contender(files):
    """Return what files of JSON hold by contender, which is their order."""
    contents = [json.loads(Path(path).read_text(encoding="utf-8")) for path in files]
    count = len(contents) // len(params.contenders)
    return {
        name: contents[place * count : (place + 1) * count]
        for place, name in enumerate(params.contenders)
        if count
    }


with log_to(snakemake.log[0]) as log:
    table, split = read_rows(Path(inputs.variants)), read_split(Path(inputs.split))
    variants = Variants(
        table,
        chance=1 / split["label"].nunique(),
        resolution=1 / int((split["part"] == VALIDATION).sum()),
    )
    tried, chosen = by_contender(inputs.recipes), by_contender(inputs.choices)
    curves = curves_of(
        variants, params.contrasts, params.reference, params.margin, tried, len(params.varied)
    )
    settings = {
        **{f"trials/{number}": own for number, own in enumerate(tried.get(params.reference, ()))},
        **{f"varied/{number}": own for number, own in enumerate(params.varied)},
        "runs": {},
    }
    write_table(Path(output.recipes), tabulate_recipes(curves, settings))
    write_table(Path(output.pairs), tabulate_pairs(curves))
    if tried:
        budgets = tabulate_budgets(variants, params.contenders)
        write_table(Path(output.budgets), budgets)
        choices = tabulate_choices(variants, sum_seconds(table), tried, chosen)
        write_table(Path(output.choices), choices)
    if output.get("learning"):
        learning = tabulate_learning(variants, params.contenders, params.reference)
        write_table(Path(output.learning), learning)
        slopes = measure_doubling(table)
        doubling = tabulate_doubling(
            {name: learning_of(variants, name) for name in params.contenders},
            {name: slopes[name].sort_index().to_numpy() for name in params.contenders},
            params.reference,
            variants.resolution,
        )
        write_table(Path(output.doubling), doubling)
    for name, own in curves.items():
        log.info("%s: %s", name, own.curve.counts)
