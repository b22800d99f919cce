import json
from pathlib import Path

from timbang.data.audit import audit_images, write_summary
from timbang.data.duplicates import list_blocks
from timbang.data.manifest import (
    describe_images,
    group_duplicates,
    list_problems,
    shorten_problems,
)
from timbang.data.records import write_table
from timbang.data.sources import list_images
from timbang.errors import TimbangError
from timbang.logs import log_to, progress
from timbang.made_with import make_record, write_json
from timbang.printable import show_lines

params = snakemake.params
settings = params.made_with
folder = Path(params.image_folder)

with log_to(snakemake.log[0]) as log:
    source = list_images(
        settings["listing"],
        folder,
        Path(params.table) if params.table else None,
        settings["filename_column"],
        settings["label_column"],
        settings["part_column"],
    )
    described = describe_images(
        source,
        folder,
        snakemake.threads,
        settings["largest_image"],
        progress(len(source), "reading images"),
    )
    problems = list_problems(described.manifest)
    if problems and settings["on_problem"] == "stop":
        raise TimbangError(
            "\n".join(
                [
                    f"{len(problems)} of {len(source)} images below {folder} have a problem:",
                    *shorten_problems(problems),
                    "Mend them, or set data.on_problem to skip to leave them out.",
                ]
            )
        )
    for problem in problems:
        log.warning("left out: %s", problem)
    criterion = {
        "distance": settings["duplicate_distance"],
        "evidence": settings["duplicate_evidence"],
    }
    grouped = group_duplicates(
        described,
        **criterion,
        workers=snakemake.threads,
        progress=progress(len(list_blocks(len(described.hashes))), "comparing images"),
    )
    audit = audit_images(grouped, described.hashes, described.thumbnails, **criterion)
    write_table(grouped.manifest, Path(snakemake.output.manifest))
    Path(snakemake.output.audit).write_text(
        json.dumps(audit, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    record = make_record(settings, {})
    write_json(record, Path(snakemake.output.record))
    summary = [f"What the audit found in the images of {folder}:", *write_summary(audit)]
    for line in summary:
        log.info(line)
    print(show_lines("\n".join(summary)), flush=True)
