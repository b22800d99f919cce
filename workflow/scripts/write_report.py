import datetime
import json
from pathlib import Path

import pandas as pd

from timbang.evidence.contrasts import Design
from timbang.evidence.verdicts import read_contrasts, turn
from timbang.languages.texts import read_texts, write_date
from timbang.logs import log_to
from timbang.records.made_with import check_runs
from timbang.records.tables import read_manifest, read_rows, read_split, usable_images
from timbang.records.writing import write_text
from timbang.report import context as facts
from timbang.report.data import describe_data, describe_splits
from timbang.report.document import render_document
from timbang.report.judgements import (
    count_verdicts,
    describe_claims,
    describe_contrasts,
    describe_plan,
    write_contrast,
)
from timbang.report.settings import list_own_settings
from timbang.scores.stability import LAST_EPOCHS
from timbang.scores.summary import check_summary
from timbang.study.published import read_published

with log_to(snakemake.log[0]) as log:
    texts = read_texts(Path(snakemake.input.texts))
    params = snakemake.params
    published = read_published(snakemake.params.published)
    summary = read_rows(snakemake.input.summary).to_dict("records")
    other_path = snakemake.input.get("other_summary")
    other_summary = read_rows(other_path).to_dict("records") if other_path else []
    classes = read_rows(Path(snakemake.input.classes))
    metrics = [
        json.loads(Path(path).read_text(encoding="utf-8")) for path in snakemake.input.metrics
    ]
    each = params.replicates
    check_runs(metrics, snakemake.input.metrics, params.made_with)
    check_summary(summary, metrics, snakemake.input.summary)
    rows = {row["contender"]: row for row in summary}
    contenders = [
        facts.describe_contender(
            row=rows[own["name"]],
            title=own["title"],
            network=own["network"],
            width=own["width"],
            histories=[pd.read_csv(path) for path in params.histories[own["name"]]],
            classes=classes[classes["contender"] == own["name"]],
            published=published,
        )
        for own in params.contenders
    ]
    common = params.recipe | {"width": params.width}
    own_recipes = [
        {"title": own["title"], "settings": settings}
        for own in params.contenders
        if (settings := list_own_settings(own["settings"], common, texts))
    ]
    verdicts = json.loads(Path(snakemake.input.verdicts).read_text(encoding="utf-8"))
    contrasts = read_contrasts(Path(snakemake.input.contrasts))
    main = [row for row in contrasts if row["measure"] == "accuracy"]
    claims = describe_claims(verdicts, params.titles, snakemake.wildcards.language, texts)
    design = Design(
        params.splits, summary[0]["train_images_mean"], summary[0]["validation_images_mean"]
    )
    plan = describe_plan(each, len(main), design, main)
    for open_contrast in plan["undecided"]:
        for side in ("first", "second"):
            open_contrast[side] = params.titles[open_contrast[side]]
    plan["hopeless"] = [
        texts["pair"].format(**own) for own in plan["undecided"] if own["needed"] is None
    ]
    turned = next((row for row in main if row["first"] == params.plain), None)
    date = params.date and write_date(datetime.date.fromisoformat(params.date), texts)
    context = {
        "language": snakemake.wildcards.language,
        "title": params.title or texts["default_title"],
        "authors": params.authors,
        "course": params.course,
        "date": date or "",
        "ai_assistance": params.ai_assistance,
        "published": published,
        "recipe": params.recipe,
        "own_recipes": own_recipes,
        "same_epochs": {own["recipe"]["epochs"] for own in params.contenders}
        == {params.recipe["epochs"]},
        "data": describe_data(
            json.loads(Path(snakemake.input.audit).read_text(encoding="utf-8")),
            params.source,
            params.image_size,
        ),
        "split": describe_splits(
            [read_split(Path(path)) for path in snakemake.input.splits],
            usable_images(read_manifest(Path(snakemake.input.manifest))),
            params.split,
        ),
        "twin": facts.describe_twin(contenders, other_summary, params.names[1]),
        "environment": facts.describe_environment(metrics),
        "networks": params.networks,
        "margin": params.margin,
        "probes": params.probes,
        "plan": plan,
        "contrast_count": len(main),
        "plain_judgement": turned and write_contrast(turn(turned), params.titles, texts),
        "claims": claims,
        "verdict_counts": count_verdicts(verdicts),
        "late_epochs": min(LAST_EPOCHS, params.recipe["epochs"]),
        "late_differs": [
            f"{texts['tables']['claim'].lower()} {claim['number'] or claim['name']}"
            for claim in claims
            if claim["late_word"]
        ],
        **describe_contrasts(main, params.titles, texts),
        "shortcuts_alone": params.shortcuts_alone,
        **facts.build_context(
            contenders, params.weighed, params.plain, params.reference, each, texts
        ),
    }
    document = render_document(Path(snakemake.input.template), context, texts)
    write_text(Path(snakemake.output.tex), document)
    bibliography = Path(snakemake.input.bibliography).read_text(encoding="utf-8")
    write_text(Path(snakemake.output.bibliography), bibliography)
    log.info("wrote %s", snakemake.output.tex)
