import json
from pathlib import Path

from timbang.logs import log_to
from timbang.records.tables import TEST, VALIDATION
from timbang.records.writing import write_json, write_table
from timbang.scores.predictions import read_predictions
from timbang.tuning.choice import choose_all, score_trial, tabulate_trials

inputs, params = snakemake.input, snakemake.params

with log_to(snakemake.log[0]) as log:
    recipes = [json.loads(Path(path).read_text(encoding="utf-8")) for path in inputs.recipes]
    scored = [
        score_trial(read_predictions(Path(path), VALIDATION), read_predictions(Path(path), TEST))
        for path in inputs.predictions
    ]
    # By trial and replicate, as expand() has them.
    count = len(params.replicates)
    by_replicate = [scored[place::count] for place in range(count)]
    chosen = choose_all(by_replicate, params.scope)
    for file, number in zip(snakemake.output.choices, chosen, strict=True):
        write_json(Path(file), recipes[number])
    table = tabulate_trials(params.replicates, recipes, by_replicate, chosen)
    write_table(Path(snakemake.output.trials), table)
    log.info("chosen: %s", dict(zip(params.replicates, chosen, strict=True)))
