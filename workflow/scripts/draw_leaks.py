from pathlib import Path

import matplotlib

from timbang.languages.texts import read_texts
from timbang.logs import log_to
from timbang.records.tables import read_rows
from timbang.report.figures.leaks import draw_leaks
from timbang.report.figures.style import STYLE, save_figure

with log_to(snakemake.log[0]), matplotlib.rc_context(STYLE):
    runs = read_rows(snakemake.input.runs)
    figure = draw_leaks(
        runs={
            title: runs[runs["contender"] == name]
            for name, title in snakemake.params.titles.items()
        },
        texts=read_texts(Path(snakemake.input.texts)),
    )
    save_figure(figure, Path(snakemake.output.pdf), Path(snakemake.output.svg))
