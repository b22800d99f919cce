from pathlib import Path

from timbang.images.resizing import write_pixels
from timbang.logs import log_to, progress
from timbang.records.made_with import make_record, write_record
from timbang.records.tables import read_manifest, usable_images

with log_to(snakemake.log[0]) as log:
    images = usable_images(read_manifest(Path(snakemake.input.manifest)))
    folder = Path(snakemake.params.image_folder)
    settings = snakemake.params.made_with
    write_pixels(
        paths=[folder / name for name in images["filename"]],
        size=settings["image_size"],
        output=Path(snakemake.output.pixels),
        workers=snakemake.threads,
        largest=settings["largest_image"],
        sha256=list(images["sha256"]),
        progress=progress(len(images), "resizing images"),
    )
    record = make_record(settings, {"manifest": Path(snakemake.input.manifest)})
    write_record(Path(snakemake.output.record), record)
    log.info("wrote %d images of %d px", len(images), settings["image_size"])
