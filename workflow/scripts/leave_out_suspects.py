from pathlib import Path

from timbang.evidence.judging import read_scale
from timbang.evidence.suspects import decide_without
from timbang.evidence.verdicts import tabulate_decisions
from timbang.logs import log_to
from timbang.records.writing import write_table
from timbang.scores.ledger import list_doubted, read_ledger

params, inputs = snakemake.params, snakemake.input


with log_to(snakemake.log[0]) as log:
    suspects = list_doubted(read_ledger(Path(inputs.images)))
    scale = read_scale(
        Path(inputs.runs),
        params.predictions,
        dict(zip(params.replicates, map(Path, inputs.splits), strict=True)),
        tie=params.splits,
        margin=params.margin,
        about=params.about,
        diverged=params.diverged,
        left_out=suspects["filename"],
    )
    pairs = [(name, params.reference) for name in params.contrasts]
    decisions = decide_without(scale, scale.read_scores, pairs)
    write_table(Path(snakemake.output.contrasts), tabulate_decisions(decisions))
    columns = ["filename", "label", "group", "validated", "believed", "label_score"]
    write_table(Path(snakemake.output.suspects), suspects[columns])
    log.info("left out %d images", len(suspects))
