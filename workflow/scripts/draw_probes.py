import json
from pathlib import Path

import matplotlib
import pandas as pd

from timbang.logs import log_to
from timbang.report.figures.probes import draw_probes
from timbang.report.figures.style import STYLE, mark, save_figure
from timbang.report.texts import read_texts

with log_to(snakemake.log[0]), matplotlib.rc_context(STYLE):
    titles = snakemake.params.titles
    each = snakemake.params.replicates
    probes = [json.loads(Path(path).read_text(encoding="utf-8")) for path in snakemake.input.probes]
    figure = draw_probes(
        probes={
            title: probes[place * each : (place + 1) * each]
            for place, title in enumerate(titles.values())
        },
        runs=pd.read_csv(snakemake.input.runs),
        names={title: name for name, title in titles.items()},
        marks={title: mark(place) for place, title in enumerate(titles.values())},
        texts=read_texts(Path(snakemake.input.texts)),
    )
    save_figure(figure, Path(snakemake.output.pdf), Path(snakemake.output.svg))
