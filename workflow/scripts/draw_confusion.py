import json
from pathlib import Path

import matplotlib

from timbang.languages.texts import read_texts
from timbang.logs import log_to
from timbang.report.figures.confusion import draw_confusion
from timbang.report.figures.style import STYLE, save_figure
from timbang.scores.summary import sum_matrices

with log_to(snakemake.log[0]), matplotlib.rc_context(STYLE):
    metrics = [
        json.loads(Path(path).read_text(encoding="utf-8")) for path in snakemake.input.metrics
    ]
    figure = draw_confusion(
        matrices={
            title: sum_matrices([run for run in metrics if run["contender"] == name])
            for name, title in snakemake.params.titles.items()
        },
        classes=metrics[0]["classes"],
        texts=read_texts(Path(snakemake.input.texts)),
    )
    save_figure(figure, Path(snakemake.output.pdf), Path(snakemake.output.svg))
