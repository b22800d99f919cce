import hashlib
import json
from pathlib import Path

import pandas as pd

from timbang.evidence.verdicts import read_contrasts
from timbang.facts.collecting import collect_facts
from timbang.facts.description import describe_study
from timbang.facts.fairness import Fairness
from timbang.facts.results import Results
from timbang.logs import log_to
from timbang.records.made_with import check_runs
from timbang.records.tables import read_filled, read_manifest, read_rows, read_split
from timbang.records.writing import write_json
from timbang.scores.ledger import read_ledger
from timbang.scores.summary import check_summary
from timbang.study.published import read_published
from timbang.study.reading import restore_study

params, inputs = snakemake.params, snakemake.input
# What other recipes and shares say, where the study has any.
TABLES = ("recipes", "pairs", "budgets", "choices", "learning", "doubling", "prospects", "tuned")
# What is found without suspects, where the study asks for that.
SUSPECTS = ("without_suspects", "suspects")


def read_json(path):
    return json.loads(Path(path).read_text(encoding="utf-8"))


def by_run(files, read):
    """Read the files of all runs, by contender and name of the run."""
    return {
        name: dict(zip(params.runs, map(read, own), strict=True)) for name, own in files.items()
    }


def read_table(name):
    """Read a table of what other recipes and shares say; none where the study has no such."""
    path = inputs.get(name)
    return [] if not path else read_filled(Path(path))


def read_fairness():
    """Read what other recipes and shares say; nothing where the study has no variants."""
    if not inputs.get("pairs"):
        return None
    changed = [*(study.tuning.over[study.reference] if study.tuning else ())]
    changed += [key for recipe in study.varied for key in recipe]
    return Fairness(
        **{name: read_table(name) for name in TABLES},
        others=read_contrasts(Path(inputs.contrasts), is_decisive=False),
        settings=list(dict.fromkeys(changed)),
        seconds=sum(
            float(read_rows(Path(path))["training_seconds"].sum())
            for path in (inputs.variants, inputs.get("tuned_runs"))
            if path
        ),
    )


with log_to(snakemake.log[0]) as log:
    study = restore_study(params.study)
    metrics = [read_json(path) for path in inputs.metrics]
    check_runs(metrics, inputs.metrics, params.made_with)
    summary = read_rows(inputs.summary).to_dict("records")
    check_summary(summary, metrics, inputs.summary)
    twin = inputs.get("twin_summary")
    results = Results(
        audit=read_json(inputs.audit),
        manifest=read_manifest(Path(inputs.manifest)),
        splits=dict(
            zip(params.replicates, (read_split(Path(path)) for path in inputs.splits), strict=True)
        ),
        split_settings=read_json(inputs.split_records[0])["made_with"]["split"],
        image_size=read_json(inputs.pixels_record)["made_with"]["image_size"],
        training=by_run(params.training, read_json),
        histories=by_run(params.histories, pd.read_csv),
        runs=read_rows(inputs.runs),
        summary=summary,
        classes=read_rows(inputs.classes),
        images=read_ledger(Path(inputs.images)),
        confusions=read_ledger(Path(inputs.confusions)),
        contrasts=read_contrasts(Path(inputs.contrasts)),
        verdicts=read_json(inputs.verdicts),
        looks=read_json(inputs.looks),
        published=read_published(study.report.published),
        twin=read_rows(twin).to_dict("records") if twin else [],
        fairness=read_fairness(),
        without_suspects=(
            read_contrasts(Path(inputs.without_suspects))
            if inputs.get("without_suspects")
            else None
        ),
    )
    facts = collect_facts(
        results,
        study.reference,
        study.margin,
        params.splits,
        study.report.compare_with,
        study.tuning,
        study.learning_curve,
    )
    files = {
        Path(path).relative_to(params.folder).as_posix(): hashlib.sha256(
            Path(path).read_bytes()
        ).hexdigest()
        for path in (
            inputs.manifest,
            inputs.audit,
            inputs.pixels_record,
            *inputs.splits,
            inputs.runs,
            inputs.summary,
            inputs.classes,
            inputs.images,
            inputs.confusions,
            inputs.contrasts,
            inputs.verdicts,
            inputs.looks,
            *(inputs[name] for name in (*TABLES, *SUSPECTS, "variants") if inputs.get(name)),
        )
    }
    content = {
        "study": describe_study(study, results, facts, params.splits),
        "files": files,
        "facts": facts.as_rows(),
    }
    write_json(Path(snakemake.output.facts), content, ensure_ascii=False, allow_nan=False)
    log.info("collected %d facts", len(content["facts"]))
