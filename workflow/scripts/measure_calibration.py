from pathlib import Path

from timbang.logs import log_to
from timbang.records.tables import VALIDATION, read_split
from timbang.records.writing import write_table
from timbang.scores.calibration import tabulate_reliability
from timbang.scores.predictions import read_predictions

params = snakemake.params


def read(files):
    """Return the replicate and the validated predictions of each run of a contender."""
    return [
        (replicate, read_predictions(Path(file), VALIDATION))
        for replicate, file in zip(params.replicates, files, strict=True)
    ]


with log_to(snakemake.log[0]) as log:
    splits = {
        replicate: read_split(Path(path))
        for replicate, path in zip(params.splits, snakemake.input.splits, strict=True)
    }
    answers = {name: read(files) for name, files in params.predictions.items()}
    table = tabulate_reliability(splits, answers)
    write_table(Path(snakemake.output.calibration), table)
    log.info("%d rows", len(table))
