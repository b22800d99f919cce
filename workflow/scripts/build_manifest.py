from pathlib import Path

from timbang.images.audit import write_summary
from timbang.images.building import build_manifest
from timbang.logs import log_to
from timbang.printable import show_lines
from timbang.records.made_with import copy_equal, make_record, read_json, write_record
from timbang.records.writing import write_json, write_table
from timbang.sources.listing import list_images

params, output = snakemake.params, snakemake.output
settings = params.made_with
folder = Path(params.image_folder)
table, audit_file, record = Path(output.manifest), Path(output.audit), Path(output.record)

with log_to(snakemake.log[0]) as log:
    if copy_equal([table, audit_file], record, settings, {}):
        log.info("copied what another study found in these images")
        audit = read_json(audit_file)
    else:
        source = list_images(
            settings["listing"],
            folder,
            Path(params.table) if params.table else None,
            settings["filename_column"],
            settings["label_column"],
            settings["part_column"],
        )
        manifest, audit = build_manifest(
            source=source,
            folder=folder,
            on_problem=settings["on_problem"],
            largest_image=settings["largest_image"],
            duplicate_distance=settings["duplicate_distance"],
            duplicate_evidence=settings["duplicate_evidence"],
            workers=snakemake.threads,
            confirm=Path(params.confirm) if params.confirm else None,
        )
        write_table(table, manifest)
        write_json(audit_file, audit, ensure_ascii=False)
        write_record(record, make_record(settings, {}))
    summary = [f"What the audit found in the images of {folder}:", *write_summary(audit)]
    for line in summary:
        log.info(line)
    print(show_lines("\n".join(summary)), flush=True)
