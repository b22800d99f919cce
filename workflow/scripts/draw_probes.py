import json
from pathlib import Path

import matplotlib

from timbang.languages.texts import read_texts
from timbang.logs import log_to
from timbang.records.tables import read_rows
from timbang.report.figures.probes import draw_probes
from timbang.report.figures.style import STYLE, mark, save_figure

with log_to(snakemake.log[0]), matplotlib.rc_context(STYLE):
    titles = snakemake.params.titles
    files = snakemake.params.probes
    figure = draw_probes(
        probes={
            title: [json.loads(Path(path).read_text(encoding="utf-8")) for path in files[name]]
            for name, title in titles.items()
        },
        runs=read_rows(snakemake.input.runs),
        names={title: name for name, title in titles.items()},
        marks={title: mark(place) for place, title in enumerate(titles.values())},
        texts=read_texts(Path(snakemake.input.texts)),
    )
    save_figure(figure, Path(snakemake.output.pdf), Path(snakemake.output.svg))
