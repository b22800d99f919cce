from pathlib import Path

from timbang.evidence.judging import list_by_replicate, make_scale, read_scores_of
from timbang.evidence.suspects import decide_without
from timbang.evidence.verdicts import tabulate_decisions
from timbang.logs import log_to
from timbang.records.tables import read_rows, read_split
from timbang.records.writing import write_table
from timbang.scores.ledger import list_doubted, read_ledger

params, inputs = snakemake.params, snakemake.input


with log_to(snakemake.log[0]) as log:
    suspects = list_doubted(read_ledger(Path(inputs.images)))
    read_scores = read_scores_of(
        {
            name: list_by_replicate(files, params.replicates)
            for name, files in params.predictions.items()
        },
        dict(zip(params.replicates, map(Path, inputs.splits), strict=True)),
        left_out=suspects["filename"],
    )
    scale = make_scale(
        read_rows(inputs.runs),
        splits=params.splits,
        margin=params.margin,
        about=params.about,
        diverged=params.diverged,
        classes=read_split(Path(inputs.splits[0]))["label"].nunique(),
        read_scores=None,
    )
    pairs = [(name, params.reference) for name in params.contrasts]
    decisions = decide_without(scale, read_scores, pairs)
    write_table(Path(snakemake.output.contrasts), tabulate_decisions(decisions))
    columns = ["filename", "label", "group", "validated", "believed", "label_score"]
    write_table(Path(snakemake.output.suspects), suspects[columns])
    log.info("left out %d images", len(suspects))
