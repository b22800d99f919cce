from pathlib import Path

from timbang.data.records import VALIDATION, read_manifest, usable_images, write_table
from timbang.data.splits import split_images
from timbang.logs import log_to
from timbang.streams import stream_seed

with log_to(snakemake.log[0]) as log:
    split = split_images(
        images=usable_images(read_manifest(Path(snakemake.input.manifest))),
        scheme=snakemake.params.scheme,
        validation=snakemake.params.validation,
        seed=stream_seed(int(snakemake.wildcards.replicate), "split"),
    )
    write_table(split, Path(snakemake.output.split))
    log.info(
        "%d validation images, %d of them leaked",
        (split["part"] == VALIDATION).sum(),
        split["leaked"].sum(),
    )
