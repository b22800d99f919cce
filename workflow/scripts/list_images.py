from pathlib import Path

from timbang.logs import log_to
from timbang.records.tables import VALIDATION, read_split
from timbang.records.writing import write_table
from timbang.scores.calibration import tabulate_reliability
from timbang.scores.ledger import tabulate_confusions, tabulate_images
from timbang.scores.predictions import read_predictions

params, output = snakemake.params, snakemake.output


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
    images = tabulate_images(splits, answers)
    write_table(Path(output.images), images)
    write_table(Path(output.confusions), tabulate_confusions(answers))
    write_table(Path(output.calibration), tabulate_reliability(splits, answers))
    log.info("%d images, %d never validated", len(images), (images["validated"] == 0).sum())
