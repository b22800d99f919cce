from pathlib import Path

from timbang.logs import log_to
from timbang.sources.archives import unpack_archive

with log_to(snakemake.log[0]) as log:
    count = unpack_archive(
        archive=Path(snakemake.params.archive),
        sha256=snakemake.params.sha256,
        target=Path(snakemake.output.folder),
        largest=snakemake.config["data"]["largest_archive"],
    )
    log.info("unpacked %d files into %s", count, snakemake.output.folder)
