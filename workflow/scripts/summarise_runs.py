import json
from pathlib import Path

from timbang.data.records import write_table
from timbang.evaluation.summary import collect_runs, summarise_classes, summarise_runs
from timbang.logs import log_to
from timbang.made_with import check_runs

with log_to(snakemake.log[0]) as log:
    metrics = [
        json.loads(Path(path).read_text(encoding="utf-8")) for path in snakemake.input.metrics
    ]
    check_runs(metrics, snakemake.input.metrics, snakemake.params.made_with)
    runs = collect_runs(metrics)
    write_table(runs, Path(snakemake.output.runs))
    write_table(summarise_runs(runs, snakemake.params.reference), Path(snakemake.output.summary))
    write_table(summarise_classes(metrics), Path(snakemake.output.classes))
    log.info("summarised %d runs", len(runs))
