from pathlib import Path

from timbang.logs import log_to
from timbang.sources.downloads import fetch_archive

data = snakemake.config["data"]
target = Path(snakemake.output.archive)

with log_to(snakemake.log[0]) as log:
    fetch_archive(
        url=data["archive"],
        sha256=snakemake.params.sha256,
        target=target,
        largest=data["largest_archive"],
    )
    log.info("fetched %s, %s bytes", target, f"{target.stat().st_size:,}")
