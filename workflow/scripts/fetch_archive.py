from pathlib import Path

from timbang.data.downloads import fetch_archive
from timbang.logs import log_to
from timbang.study import Data

data = snakemake.config["data"]
target = Path(snakemake.output.archive)

with log_to(snakemake.log[0]) as log:
    fetch_archive(
        url=data["archive"],
        sha256=snakemake.params.sha256,
        target=target,
        largest=data.get("largest_archive", Data.largest_archive),
    )
    log.info("fetched %s, %s bytes", target, f"{target.stat().st_size:,}")
