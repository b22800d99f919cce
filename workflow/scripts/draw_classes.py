from pathlib import Path

import matplotlib

from timbang.languages.texts import read_texts
from timbang.logs import log_to
from timbang.records.tables import read_split
from timbang.report.figures.classes import count_classes, draw_classes
from timbang.report.figures.style import STYLE, save_figure

with log_to(snakemake.log[0]), matplotlib.rc_context(STYLE):
    counts = count_classes([read_split(Path(path)) for path in snakemake.input.splits])
    figure = draw_classes(counts, read_texts(Path(snakemake.input.texts)))
    save_figure(figure, Path(snakemake.output.pdf), Path(snakemake.output.svg))
