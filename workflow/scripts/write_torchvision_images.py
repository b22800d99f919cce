from pathlib import Path

from timbang.logs import log_to
from timbang.sources.torchvision_images import write_torchvision_images

with log_to(snakemake.log[0]) as log:
    count = write_torchvision_images(
        name=snakemake.wildcards.dataset,
        root=Path(snakemake.params.root),
        folder=Path(snakemake.output.table).parent,
    )
    log.info("wrote %d images and %s", count, snakemake.output.table)
