from pathlib import Path

from timbang.data.records import PARTS, read_manifest, usable_images, write_table
from timbang.data.splits import list_uneven_classes, split_images
from timbang.logs import log_to
from timbang.study import Split

with log_to(snakemake.log[0]) as log:
    settings = Split(**snakemake.params.split)
    images = usable_images(read_manifest(Path(snakemake.input.manifest)))
    split = split_images(images, settings, int(snakemake.wildcards.replicate))
    write_table(split, Path(snakemake.output.split))
    for part in PARTS:
        own = split[split["part"] == part]
        log.info("%s: %d images, %d of them leaked", part, len(own), own["leaked"].sum())
    for line in list_uneven_classes(split, settings):
        log.warning(line)
