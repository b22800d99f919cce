from pathlib import Path

from timbang.data.records import PARTS, read_manifest, usable_images, write_table
from timbang.data.splits import list_uneven_classes, split_images
from timbang.logs import log_to
from timbang.made_with import make_record, write_json
from timbang.study import Split

with log_to(snakemake.log[0]) as log:
    settings = Split(**snakemake.params.made_with["split"])
    images = usable_images(read_manifest(Path(snakemake.input.manifest)))
    split = split_images(images, settings, int(snakemake.wildcards.replicate))
    write_table(split, Path(snakemake.output.split))
    record = make_record(snakemake.params.made_with, {"manifest": Path(snakemake.input.manifest)})
    write_json(record, Path(snakemake.output.record))
    for part in PARTS:
        own = split[split["part"] == part]
        log.info("%s: %d images, %d of them leaked", part, len(own), own["leaked"].sum())
    for line in list_uneven_classes(split, settings):
        log.warning(line)
