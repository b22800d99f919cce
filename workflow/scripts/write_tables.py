import json
from pathlib import Path

from timbang.languages.texts import read_texts
from timbang.logs import log_to
from timbang.records.tables import read_rows
from timbang.records.writing import write_text
from timbang.report import tables
from timbang.report.judgements import describe_claims
from timbang.report.settings import list_settings
from timbang.study.published import read_published

with log_to(snakemake.log[0]) as log:
    texts = read_texts(Path(snakemake.input.texts))
    titles = snakemake.params.titles
    published = read_published(snakemake.params.published)
    summary = read_rows(snakemake.input.summary).to_dict("records")
    verdicts = json.loads(Path(snakemake.input.verdicts).read_text(encoding="utf-8"))
    by_name = {row["contender"]: row for row in summary}
    classes = read_rows(Path(snakemake.input.classes))
    classes = classes[classes["contender"].isin(snakemake.params.weighed)]
    settings = list_settings(
        snakemake.params.recipe, snakemake.params.width, snakemake.params.image_size, texts
    )
    made = {
        "settings": tables.tabulate_settings(settings, texts),
        "networks": tables.tabulate_networks(summary, titles, texts),
        "contenders": tables.tabulate_contenders(summary, titles, published, texts),
        "classes": tables.tabulate_classes(classes, titles, texts),
        "test": tables.tabulate_test(summary, titles, texts),
        "leaks": tables.tabulate_leaks(summary, titles, texts),
        "late": tables.tabulate_late(summary, titles, texts),
        "claims": tables.tabulate_claims(
            describe_claims(verdicts, titles, snakemake.wildcards.language, texts), texts
        ),
    }
    if published:
        made["replication"] = tables.tabulate_replication(
            summary, titles, published, snakemake.wildcards.language, texts
        )
    plain, reference = snakemake.params.plain, snakemake.params.reference
    if plain:
        result = published.results.get(plain) if published else None
        made["stage_one"] = tables.tabulate_stage_one(by_name[plain], result, texts)
    if plain and plain != reference:
        made["stage_two"] = tables.tabulate_stage_two(
            by_name[plain], by_name[reference], titles, published, texts
        )
    if snakemake.input.get("other_summary"):
        others = read_rows(snakemake.input.other_summary).to_dict("records")
        there = {row["contender"]: row for row in others}
        made["twin"] = tables.tabulate_twin(
            [row for row in summary if row["contender"] in there],
            there,
            tuple(snakemake.params.names),
            titles,
            texts,
        )
    for name, path in snakemake.output.items():
        write_text(Path(path), made[name])
        log.info("wrote %s", path)
