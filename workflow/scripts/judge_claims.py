import json
from pathlib import Path

from timbang.evidence.claims import DEFAULT, TUNED
from timbang.evidence.judging import describe_verdicts, judge_study, list_claims, read_scale
from timbang.evidence.looks import record_look
from timbang.evidence.verdicts import ACCURACY
from timbang.logs import log_to
from timbang.records.writing import write_json, write_table

params, inputs = snakemake.params, snakemake.input
runs = Path(inputs.runs)
tuned_runs = Path(inputs.tuned_runs) if inputs.get("tuned_runs") else None


def weigh(runs, predictions, recipe):
    """Return what the study's own or its tuned runs are weighed by."""
    return read_scale(
        runs,
        predictions,
        dict(zip(params.replicates, map(Path, inputs.splits), strict=True)),
        tie=params.splits,
        margin=params.margin,
        about=params.about,
        diverged=params.diverged,
        recipe=recipe,
    )


with log_to(snakemake.log[0]) as log:
    scales = [weigh(runs, params.predictions, DEFAULT)]
    if tuned_runs:
        scales.append(weigh(tuned_runs, params.tuned_predictions, TUNED))
    # What decides comes first.
    scales.sort(key=lambda scale: scale.recipe != params.decides)
    scale, other = [*scales, None][:2]
    judgement = judge_study(
        scale,
        claims=list_claims([Path(path) for path in inputs.claims], params.claims),
        pairs=[(name, params.reference) for name in params.contrasts],
        other=other,
    )
    write_table(Path(snakemake.output.contrasts), judgement.tabulate(params.decides))
    write_json(
        Path(snakemake.output.verdicts),
        describe_verdicts(judgement.verdicts, runs, tuned_runs),
        ensure_ascii=False,
        allow_nan=False,
    )
    looks = Path(snakemake.output.looks)
    before = json.loads(looks.read_text(encoding="utf-8")) if looks.is_file() else []
    findings = {own.first: own.says for own in judgement.decisions if own.measure == ACCURACY}
    seen = {own.recipe: own.runs for own in scales}
    write_json(looks, record_look(before, seen, params.decides, findings))
    for verdict in judgement.verdicts:
        log.info("%s: %s", verdict.claim.name, verdict.verdict)
