from pathlib import Path

from timbang.data.archives import unpack_archive
from timbang.logs import log_to
from timbang.study import Data

with log_to(snakemake.log[0]) as log:
    count = unpack_archive(
        archive=Path(snakemake.params.archive),
        sha256=snakemake.params.sha256,
        target=Path(snakemake.output.folder),
        # A limit does not belong to what is made: as a parameter, a change would make it again.
        largest=snakemake.config["data"].get("largest_archive", Data.largest_archive),
    )
    log.info("unpacked %d files into %s", count, snakemake.output.folder)
