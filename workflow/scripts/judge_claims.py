from pathlib import Path

from timbang.evidence.judging import describe_verdicts, judge_study, list_claims
from timbang.evidence.verdicts import tabulate_decisions
from timbang.logs import log_to
from timbang.records.tables import read_rows
from timbang.records.writing import write_json, write_table

params = snakemake.params
runs = Path(snakemake.input.runs)

with log_to(snakemake.log[0]) as log:
    judgement = judge_study(
        runs=read_rows(runs),
        claims=list_claims([Path(path) for path in snakemake.input.claims], params.claims),
        pairs=[(name, params.reference) for name in params.contrasts],
        splits=params.splits,
        margin=params.margin,
    )
    write_table(Path(snakemake.output.contrasts), tabulate_decisions(judgement.decisions))
    write_json(
        Path(snakemake.output.verdicts),
        describe_verdicts(judgement.verdicts, runs),
        ensure_ascii=False,
        allow_nan=False,
    )
    for verdict in judgement.verdicts:
        log.info("%s: %s", verdict.claim.name, verdict.verdict)
