from pathlib import Path

import matplotlib
import pandas as pd

from timbang.languages.texts import read_texts
from timbang.logs import log_to
from timbang.report.figures.curves import draw_curves
from timbang.report.figures.style import STYLE, mark, save_figure

with log_to(snakemake.log[0]), matplotlib.rc_context(STYLE):
    titles = snakemake.params.titles
    files = snakemake.params.histories
    figure = draw_curves(
        histories={
            title: [pd.read_csv(path) for path in files[name]] for name, title in titles.items()
        },
        marks={title: mark(place) for place, title in enumerate(titles.values())},
        texts=read_texts(Path(snakemake.input.texts)),
    )
    save_figure(figure, Path(snakemake.output.pdf), Path(snakemake.output.svg))
