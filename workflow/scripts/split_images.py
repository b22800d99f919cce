from pathlib import Path

from timbang.logs import log_to
from timbang.records.made_with import make_record, write_record
from timbang.records.tables import PARTS, read_manifest, usable_images
from timbang.records.writing import write_table
from timbang.splits.drawing import list_uneven_classes, split_images
from timbang.study.words import Split

with log_to(snakemake.log[0]) as log:
    settings = Split(**snakemake.params.made_with["split"])
    images = usable_images(read_manifest(Path(snakemake.input.manifest)))
    split = split_images(images, settings, int(snakemake.wildcards.replicate))
    write_table(Path(snakemake.output.split), split)
    record = make_record(snakemake.params.made_with, {"manifest": Path(snakemake.input.manifest)})
    write_record(Path(snakemake.output.record), record)
    for part in PARTS:
        own = split[split["part"] == part]
        log.info("%s: %d images, %d of them leaked", part, len(own), own["leaked"].sum())
    for line in list_uneven_classes(split, settings):
        log.warning(line)
