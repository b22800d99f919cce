from pathlib import Path

from timbang.logs import log_to
from timbang.report.compile import compile_document, find_engine

with log_to(snakemake.log[0]) as log:
    source = Path(snakemake.input.tex)
    # Apart, so that a report that was checked stays until this one is.
    pdf, printed = compile_document(source, find_engine(), source.with_name(source.stem))
    log.info("%s", printed)
    pdf.replace(snakemake.output.pdf)
    log.info("wrote %s", snakemake.output.pdf)
