from pathlib import Path

import matplotlib

from timbang.languages.catalogue import read_language
from timbang.logs import log_to
from timbang.report.figures import list_figures
from timbang.report.figures.figure import Drawing
from timbang.report.figures.style import STYLE, save_figure
from timbang.study.published import read_published

params = snakemake.params

with log_to(snakemake.log[0]), matplotlib.rc_context(STYLE):
    published = read_published(params.published)
    figure = list_figures()[params.figure].draw(
        Drawing(
            language=read_language(snakemake.wildcards.language),
            files=params.files,
            titles=params.titles,
            networks=params.networks,
            weighed=params.weighed,
            reference=params.reference,
            margin=params.margin,
            published={name: own.validation_accuracy for name, own in published.results.items()}
            if published
            else {},
            names=(params.study, params.twin),
        )
    )
    save_figure(figure, Path(snakemake.output.pdf), Path(snakemake.output.svg))
