from pathlib import Path

import matplotlib

from timbang.languages.texts import read_texts
from timbang.logs import log_to
from timbang.records.tables import read_rows
from timbang.report.figures.style import STYLE, save_figure
from timbang.report.figures.twin import draw_twin

with log_to(snakemake.log[0]), matplotlib.rc_context(STYLE):
    here, there = (
        read_rows(path).groupby("contender")["accuracy"].apply(list).to_dict()
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
