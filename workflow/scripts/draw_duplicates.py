import json
from pathlib import Path

import matplotlib
import numpy as np

from timbang.images.pixels import PixelFile
from timbang.languages.texts import read_texts
from timbang.logs import log_to
from timbang.records.tables import read_manifest, usable_images
from timbang.report.figures.duplicates import choose_groups, choose_pairs, draw_duplicates
from timbang.report.figures.style import STYLE, save_figure

with log_to(snakemake.log[0]), matplotlib.rc_context(STYLE):
    audit = json.loads(Path(snakemake.input.audit).read_text(encoding="utf-8"))
    images = usable_images(read_manifest(Path(snakemake.input.manifest)))
    rows = {name: row for row, name in enumerate(images["filename"])}
    groups = images["group"].to_numpy(dtype=np.int64)
    joined, apart = (
        choose_pairs(audit["closest"][side], rows, groups) for side in ("joined", "apart")
    )
    figure = draw_duplicates(
        pixels=PixelFile(Path(snakemake.input.pixels)),
        groups=choose_groups(audit, rows),
        joined=joined,
        apart=apart,
        texts=read_texts(Path(snakemake.input.texts)),
    )
    save_figure(figure, Path(snakemake.output.pdf), Path(snakemake.output.svg))
