import json
from pathlib import Path

from timbang.evidence.fairness import Variants
from timbang.evidence.fairness_tables import tabulate_fairness
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
    tables = tabulate_fairness(
        Variants(
            table,
            chance=1 / split["label"].nunique(),
            resolution=1 / int((split["part"] == VALIDATION).sum()),
        ),
        params.contenders,
        params.reference,
        params.contrasts,
        params.margin,
        tried=by_contender(inputs.recipes),
        chosen=by_contender(inputs.choices),
        varied=params.varied,
        slopes=measure_doubling(table) if output.get("learning") else None,
    )
    for name, own in tables.items():
        write_table(Path(output[name]), own)
        log.info("%s: %d rows", name, len(own))
