from pathlib import Path

import matplotlib
import numpy as np

from timbang.images.pixels import PixelFile
from timbang.logs import log_to
from timbang.records.tables import read_manifest, usable_images
from timbang.report.figures.samples import choose_samples, draw_samples
from timbang.report.figures.style import STYLE, save_figure

with log_to(snakemake.log[0]), matplotlib.rc_context(STYLE):
    images = usable_images(read_manifest(Path(snakemake.input.manifest)))
    chosen = choose_samples(
        images["label"].to_numpy(dtype=str), images["group"].to_numpy(dtype=np.int64)
    )
    figure = draw_samples(PixelFile(Path(snakemake.input.pixels)), chosen)
    save_figure(figure, Path(snakemake.output.pdf), Path(snakemake.output.svg))
