import json
from pathlib import Path

from timbang.logs import log_to
from timbang.records.made_with import check_runs
from timbang.records.tables import read_rows
from timbang.records.writing import write_table
from timbang.scores.summary import add_doubling, collect_runs, summarise_classes, summarise_runs
from timbang.tuning.variants import measure_doubling

with log_to(snakemake.log[0]) as log:
    metrics = [
        json.loads(Path(path).read_text(encoding="utf-8")) for path in snakemake.input.metrics
    ]
    check_runs(metrics, snakemake.input.metrics, snakemake.params.made_with)
    runs = collect_runs(metrics)
    if variants := snakemake.input.get("variants"):
        runs = add_doubling(runs, measure_doubling(read_rows(variants)))
    write_table(Path(snakemake.output.runs), runs)
    write_table(Path(snakemake.output.summary), summarise_runs(runs, snakemake.params.reference))
    write_table(Path(snakemake.output.classes), summarise_classes(metrics))
    log.info("summarised %d runs", len(runs))
