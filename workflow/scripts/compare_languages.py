from pathlib import Path

from timbang.errors import TimbangError
from timbang.logs import log_to
from timbang.reader.check import compare_languages, read_ids
from timbang.records.writing import write_text

params, inputs = snakemake.params, snakemake.input

with log_to(snakemake.log[0]) as log:
    pdfs = dict(zip(params.languages, map(Path, inputs.pdfs), strict=True))
    ids = dict(zip(params.languages, map(read_ids, map(Path, inputs.numbers)), strict=True))
    if faults := compare_languages(ids):
        # They stay as those do that the second reader did not let pass.
        for pdf in pdfs.values():
            pdf.replace(pdf.with_stem(f"{pdf.stem}-unchecked"))
        raise TimbangError("\n".join([*faults, "the PDFs stay, as report-*-unchecked.pdf"]))
    write_text(Path(snakemake.output.same), f"the same ids in {', '.join(ids)}\n")
    log.info("the same ids in %s", ", ".join(ids))
