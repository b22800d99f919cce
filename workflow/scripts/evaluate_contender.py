import json
from pathlib import Path

import pandas as pd

from timbang.data.records import TEST, VALIDATION, read_split
from timbang.evaluation.leaks import score_leaks
from timbang.evaluation.metrics import score_predictions, score_test
from timbang.evaluation.predictions import read_predictions
from timbang.logs import log_to

with log_to(snakemake.log[0]) as log:
    for split, history, predictions, training, output in zip(
        snakemake.input.split,
        snakemake.input.history,
        snakemake.input.predictions,
        snakemake.input.training,
        snakemake.output.metrics,
        strict=True,
    ):
        last = pd.read_csv(history).iloc[-1]
        predicted = read_predictions(Path(predictions), VALIDATION)
        metrics = {
            **json.loads(Path(training).read_text()),
            **score_predictions(predicted),
            **score_leaks(predicted, read_split(Path(split))),
            **score_test(read_predictions(Path(predictions), TEST)),
        }
        for measure in ("train_accuracy", "train_loss"):
            is_known = metrics["diverged"] is None
            metrics[measure] = float(last[measure]) if is_known else None
        text = json.dumps(metrics, indent=2, ensure_ascii=False, allow_nan=False)
        Path(output).write_text(text + "\n")
        log.info("%s: accuracy %s", output, metrics["accuracy"])
