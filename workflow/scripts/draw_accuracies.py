from pathlib import Path

import matplotlib

from timbang.languages.texts import read_texts
from timbang.logs import log_to
from timbang.records.tables import read_rows
from timbang.report.figures.accuracies import draw_accuracies
from timbang.report.figures.style import STYLE, mark, save_figure
from timbang.study.published import read_published

with log_to(snakemake.log[0]), matplotlib.rc_context(STYLE):
    titles = snakemake.params.titles
    runs = read_rows(snakemake.input.runs)
    published = read_published(snakemake.params.published)
    figure = draw_accuracies(
        accuracies={
            title: runs.loc[runs["contender"] == name, "accuracy"].tolist()
            for name, title in titles.items()
        },
        marks={title: mark(place) for place, title in enumerate(titles.values())},
        published={
            title: published.results[name].validation_accuracy
            for name, title in titles.items()
            if published and name in published.results
        },
        texts=read_texts(Path(snakemake.input.texts)),
    )
    save_figure(figure, Path(snakemake.output.pdf), Path(snakemake.output.svg))
