from pathlib import Path

from timbang.logs import log_to
from timbang.report.compile import compile_document, find_engine

with log_to(snakemake.log[0]) as log:
    pdf, printed = compile_document(Path(snakemake.input.tex), find_engine())
    log.info("%s", printed)
    log.info("wrote %s", pdf)
