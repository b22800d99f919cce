import json
from pathlib import Path

from timbang.data.manifest import build_manifest, list_problems, summarise_manifest
from timbang.data.records import write_table
from timbang.data.sources import list_folder, read_label_table
from timbang.errors import TimbangError
from timbang.logs import log_to, progress

params = snakemake.params
folder = Path(params.image_folder)

with log_to(snakemake.log[0]) as log:
    if params.source == "folder":
        source = list_folder(folder)
    else:
        source = read_label_table(
            Path(snakemake.input.table), params.filename_column, params.label_column
        )
    manifest = build_manifest(
        source, folder, snakemake.threads, progress(len(source), "reading images")
    )
    problems = list_problems(manifest)
    if problems and params.on_problem == "stop":
        raise TimbangError(
            "\n".join(
                [
                    f"{len(problems)} of {len(manifest)} images below {folder} have a problem:",
                    *problems,
                    "Mend them, or set data.on_problem to skip to leave them out.",
                ]
            )
        )
    for problem in problems:
        log.warning("left out: %s", problem)
    write_table(manifest, Path(snakemake.output.manifest))
    audit = summarise_manifest(manifest)
    Path(snakemake.output.audit).write_text(json.dumps(audit, indent=2, ensure_ascii=False) + "\n")
    log.info(
        "%d images, %d usable, %d classes", len(manifest), audit["usable"], len(audit["classes"])
    )
