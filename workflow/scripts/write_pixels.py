from pathlib import Path

from timbang.data.pixels import write_pixels
from timbang.data.records import read_manifest, usable_images
from timbang.logs import log_to, progress

with log_to(snakemake.log[0]) as log:
    images = usable_images(read_manifest(Path(snakemake.input.manifest)))
    folder = Path(snakemake.params.image_folder)
    write_pixels(
        paths=[folder / name for name in images["filename"]],
        size=snakemake.params.image_size,
        output=Path(snakemake.output.pixels),
        workers=snakemake.threads,
        largest=snakemake.params.largest_image,
        sha256=list(images["sha256"]),
        progress=progress(len(images), "resizing images"),
    )
    log.info("wrote %d images of %d px", len(images), snakemake.params.image_size)
