import json
from pathlib import Path

import pandas as pd

from timbang.logs import log_to
from timbang.records.made_with import check_inputs
from timbang.records.tables import TEST, VALIDATION, read_split
from timbang.records.writing import write_json
from timbang.scores.predictions import read_predictions
from timbang.scores.scoring import score_run

with log_to(snakemake.log[0]) as log:
    probes = [
        json.loads(Path(path).read_text(encoding="utf-8"))["measures"]
        for path in snakemake.input.probes
    ]
    for split, history, predictions, training, probed, output in zip(
        map(Path, snakemake.input.split),
        map(Path, snakemake.input.history),
        map(Path, snakemake.input.predictions),
        map(Path, snakemake.input.training),
        probes or [{}] * len(snakemake.output.metrics),
        map(Path, snakemake.output.metrics),
        strict=True,
    ):
        made = json.loads(training.read_text(encoding="utf-8"))
        check_inputs(made, {"split": split}, training)
        metrics = score_run(
            training=made,
            history=pd.read_csv(history),
            validation=read_predictions(predictions, VALIDATION),
            test=read_predictions(predictions, TEST),
            split=read_split(split),
            probed=probed,
        )
        write_json(output, metrics, ensure_ascii=False, allow_nan=False)
        log.info("%s: accuracy %s", output, metrics["accuracy"])
