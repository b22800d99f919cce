from pathlib import Path

import matplotlib
import pandas as pd

from timbang.logs import log_to
from timbang.report.figures.style import STYLE, save_figure
from timbang.report.figures.twin import draw_twin
from timbang.report.texts import read_texts

with log_to(snakemake.log[0]), matplotlib.rc_context(STYLE):
    here, there = (
        pd.read_csv(path).groupby("contender")["accuracy"].apply(list).to_dict()
        for path in (snakemake.input.runs, snakemake.input.other_runs)
    )
    figure = draw_twin(
        accuracies={
            title: (here[name], there[name])
            for name, title in snakemake.params.titles.items()
            if name in there
        },
        names=tuple(snakemake.params.names),
        texts=read_texts(Path(snakemake.input.texts)),
    )
    save_figure(figure, Path(snakemake.output.pdf), Path(snakemake.output.svg))
