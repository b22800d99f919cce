from pathlib import Path

from timbang.data.sources import write_digits
from timbang.logs import log_to

with log_to(snakemake.log[0]) as log:
    write_digits(Path(snakemake.output.table).parent)
    log.info("wrote %s", snakemake.output.table)
