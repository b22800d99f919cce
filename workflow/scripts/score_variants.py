import json
from pathlib import Path

import pandas as pd

from timbang.logs import log_to
from timbang.records.made_with import check_made_with
from timbang.records.tables import TEST, VALIDATION
from timbang.records.writing import write_table
from timbang.scores.predictions import read_predictions
from timbang.tuning.variants import score_variant_run

inputs, params = snakemake.input, snakemake.params

with log_to(snakemake.log[0]) as log:
    training = [json.loads(Path(path).read_text(encoding="utf-8")) for path in inputs.training]
    check_made_with(training, inputs.training, params.made_with)
    names = [name for name in params.variants for _ in range(params.runs_each)]
    rows = [
        score_variant_run(
            variant,
            made,
            read_predictions(Path(path), VALIDATION),
            read_predictions(Path(path), TEST),
        )
        for variant, made, path in zip(names, training, inputs.predictions, strict=True)
    ]
    write_table(Path(snakemake.output.variants), pd.DataFrame(rows))
    log.info("scored %d runs", len(rows))
