import sys
from pathlib import Path

from timbang.facts.fact import read_facts
from timbang.languages.catalogue import read_language
from timbang.logs import log_to
from timbang.records.writing import write_json, write_text
from timbang.report.bibliography import read_bibliography
from timbang.report.document import describe_front, write_document, write_tex
from timbang.report.fonts import find_missing
from timbang.report.media.html import Html
from timbang.report.scripts import describe_lost
from timbang.report.sources import list_values

params, output = snakemake.params, snakemake.output

with log_to(snakemake.log[0]) as log:
    content, facts = read_facts(Path(snakemake.input.facts))
    language = read_language(snakemake.wildcards.language)
    study = content["study"] | {"figures": params.figures}
    front = describe_front(params.report, content["files"], language)
    own = [Path(params.report["bibliography"])] if params.report["bibliography"] else []
    bibliography = read_bibliography([Path(snakemake.input.bibliography), *own])
    tex, medium = write_tex(study, facts, language, bibliography, front)
    page = Html(Path(params.figure_folder), find_missing(medium.foreign))
    html = write_document(study, facts, language, page, bibliography, front)
    write_text(Path(output.tex), tex.text)
    if medium.faces:
        medium.faces.copy(Path(output.tex).with_name(f"report-{language.code}-fonts"))
    write_text(Path(output.html), html.text)
    write_json(Path(output.values), list_values(tex.printed), ensure_ascii=False)
    for name, table in tex.tables.items():
        write_text(Path(output.tables, f"{name}.tex"), table)
    if medium.lost:
        # On the screen as well: whoever reads the report cannot mend it.
        print(said := describe_lost(medium.lost, language.code), file=sys.stderr)
        log.warning("%s", said)
    log.info("wrote %s and %s", output.tex, output.html)
