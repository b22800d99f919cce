from pathlib import Path

from timbang.images.resizing import write_pixels
from timbang.logs import log_to, progress
from timbang.records.made_with import copy_equal, make_record, write_record
from timbang.records.tables import read_manifest, usable_images

manifest, output = Path(snakemake.input.manifest), Path(snakemake.output.pixels)
record = Path(snakemake.output.record)
settings = snakemake.params.made_with

with log_to(snakemake.log[0]) as log:
    if copy_equal([output], record, settings, {"manifest": manifest}):
        log.info("copied the pixels of another study of these images")
    else:
        images = usable_images(read_manifest(manifest))
        folder = Path(snakemake.params.image_folder)
        write_pixels(
            paths=[folder / name for name in images["filename"]],
            size=settings["image_size"],
            output=output,
            workers=snakemake.threads,
            largest=settings["largest_image"],
            sha256=list(images["sha256"]),
            progress=progress(len(images), "resizing images"),
        )
        write_record(record, make_record(settings, {"manifest": manifest}))
        log.info("wrote %d images of %d px", len(images), settings["image_size"])
