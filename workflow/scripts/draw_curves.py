from pathlib import Path

import matplotlib
import pandas as pd

from timbang.logs import log_to
from timbang.report.figures.curves import draw_curves
from timbang.report.figures.style import STYLE, mark, save_figure
from timbang.report.texts import read_texts

with log_to(snakemake.log[0]), matplotlib.rc_context(STYLE):
    titles = list(snakemake.params.titles.values())
    runs = [pd.read_csv(path) for path in snakemake.input.histories]
    each = snakemake.params.replicates
    figure = draw_curves(
        histories={
            title: runs[place * each : (place + 1) * each] for place, title in enumerate(titles)
        },
        marks={title: mark(place) for place, title in enumerate(titles)},
        texts=read_texts(Path(snakemake.input.texts)),
    )
    save_figure(figure, Path(snakemake.output.pdf), Path(snakemake.output.svg))
