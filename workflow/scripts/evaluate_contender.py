import json
from pathlib import Path

import pandas as pd

from timbang.data.records import read_split
from timbang.evaluation.metrics import score_predictions
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
        metrics = {
            **json.loads(Path(training).read_text()),
            **score_predictions(read_predictions(Path(predictions))),
            "train_accuracy": float(last["train_accuracy"]),
            "train_loss": float(last["train_loss"]),
            "leaked_images": int(read_split(Path(split))["leaked"].sum()),
        }
        Path(output).write_text(json.dumps(metrics, indent=2, ensure_ascii=False) + "\n")
        log.info("%s: accuracy %.4f", output, metrics["accuracy"])
