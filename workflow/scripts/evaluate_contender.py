import json
import math
from pathlib import Path

import pandas as pd

from timbang.data.records import TEST, VALIDATION, read_split
from timbang.evaluation.leaks import score_leaks
from timbang.evaluation.looks import PROBE_MEASURES
from timbang.evaluation.metrics import score_predictions, score_test
from timbang.evaluation.predictions import read_predictions
from timbang.evaluation.stability import measure_stability
from timbang.logs import log_to
from timbang.made_with import check_inputs, hash_record

with log_to(snakemake.log[0]) as log:
    probes = [
        json.loads(Path(path).read_text(encoding="utf-8"))["measures"]
        for path in snakemake.input.probes
    ]
    for split, history, predictions, training, probe, output in zip(
        snakemake.input.split,
        snakemake.input.history,
        snakemake.input.predictions,
        snakemake.input.training,
        probes or [{}] * len(snakemake.output.metrics),
        snakemake.output.metrics,
        strict=True,
    ):
        made = json.loads(Path(training).read_text(encoding="utf-8"))
        check_inputs(made, {"split": Path(split)}, Path(training))
        epochs = pd.read_csv(history)
        predicted = read_predictions(Path(predictions), VALIDATION)
        metrics = {
            **{key: value for key, value in made.items() if key != "inputs"},
            "made_with": hash_record(made["made_with"]),
            **score_predictions(predicted),
            **score_leaks(predicted, read_split(Path(split))),
            **score_test(read_predictions(Path(predictions), TEST)),
            **dict.fromkeys(PROBE_MEASURES),
            **{key: value if math.isfinite(value) else None for key, value in probe.items()},
        }
        of_epochs = {
            "train_accuracy": float(epochs["train_accuracy"].iloc[-1]),
            "train_loss": float(epochs["train_loss"].iloc[-1]),
            **measure_stability(epochs),
        }
        is_known = metrics["diverged"] is None
        metrics |= of_epochs if is_known else dict.fromkeys(of_epochs)
        metrics["gap"] = metrics["loss"] - metrics["train_loss"] if is_known else None
        text = json.dumps(metrics, indent=2, ensure_ascii=False, allow_nan=False)
        Path(output).write_text(text + "\n", encoding="utf-8")
        log.info("%s: accuracy %s", output, metrics["accuracy"])
