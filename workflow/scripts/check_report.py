import shutil
from pathlib import Path

from timbang.errors import TimbangError
from timbang.evidence.judging import list_claims
from timbang.logs import log_to
from timbang.reader.study import check_study, describe_checked
from timbang.records.writing import write_text
from timbang.study.reading import restore_study

params = snakemake.params

with log_to(snakemake.log[0]) as log:
    study = restore_study(params.study)
    checked = check_study(
        pdf=Path(snakemake.input.pdf),
        language=snakemake.wildcards.language,
        figures=[Path(figure) for figure in snakemake.input.figures],
        folder=Path(params.folder),
        study=study,
        claims=list_claims([Path(path) for path in params.claims[0]], params.claims[1]),
    )
    if checked.faults:
        lines = [
            *checked.faults,
            f"the PDF stays as {snakemake.input.pdf}",
            f"If a file below {params.folder} was changed by hand (runs.csv, say), delete it and "
            "give the same command again, which makes it anew; else this is a fault of Timbang: "
            "please report it.",
        ]
        raise TimbangError("\n".join(lines))
    for note in checked.notes:
        log.info("%s", note)
    summary = describe_checked(checked)
    write_text(Path(snakemake.output.numbers), "\n".join([summary, *sorted(checked.ids), ""]))
    shutil.copyfile(snakemake.input.pdf, snakemake.output.pdf)
    log.info("%s", summary)
