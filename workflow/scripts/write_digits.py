from pathlib import Path

from timbang.logs import log_to
from timbang.sources.listing import write_digits

with log_to(snakemake.log[0]) as log:
    write_digits(Path(snakemake.output.table).parent)
    log.info("wrote %s", snakemake.output.table)
