"""Read the finished report anew and look every number up in the result files.

    make check-report

Or, with PYTHONPATH=src, `python workflow/scripts/check_report.py results/digits`. The configuration
is the one of config/ that names the study; --config names another.
"""

import argparse
import json
import sys
from collections import Counter
from pathlib import Path

import pandas as pd
import yaml
from pypdf import PdfReader

from timbang.errors import TimbangError
from timbang.languages.texts import read_texts
from timbang.reader.derivations import Results
from timbang.reader.findings import ANYWHERE, IN_PLACE, NO_RESULT
from timbang.reader.reader import read_report
from timbang.records.tables import read_manifest, read_rows, read_split
from timbang.resources import CONFIG, REPORT, SCHEMA
from timbang.sources.choice import find_source
from timbang.study.published import read_published
from timbang.study.reading import read_study
from timbang.study.words import Study


def find_config(study: str) -> Path:
    for path in sorted(CONFIG.parent.glob("*.yaml")):
        if yaml.safe_load(path.read_text(encoding="utf-8")).get("study") == study:
            return path
    raise TimbangError(f"no file in config/ names the study {study}; name it with --config")


def read_config(path: Path) -> Study:
    schema = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    return read_study(config, schema, find_source, lambda network, width: None)


def by_contender(path: Path) -> dict:
    rows = read_rows(path).to_dict("records")
    return {row["contender"]: row for row in rows}


def read_results(folder: Path, study: Study) -> Results:
    runs = {
        c.name: [folder / "runs" / c.name / str(r) for r in study.replicates]
        for c in study.contenders
    }
    twin = study.report.compare_with
    contrasts, verdicts = folder / "contrasts.csv", folder / "verdicts.json"
    return Results(
        study=study,
        summary=by_contender(folder / "summary.csv"),
        runs=read_rows(folder / "runs.csv"),
        classes=read_rows(folder / "per_class.csv"),
        audit=json.loads((folder / "data" / "audit.json").read_text(encoding="utf-8")),
        manifest=read_manifest(folder / "data" / "manifest.csv"),
        splits=[read_split(folder / "splits" / f"{r}.csv") for r in study.replicates],
        metrics=[
            json.loads((run / "metrics.json").read_text(encoding="utf-8"))
            for own in runs.values()
            for run in own
        ],
        histories={
            name: [pd.read_csv(run / "history.csv") for run in own] for name, own in runs.items()
        },
        published=read_published(study.report.published),
        other=by_contender(folder.parent / twin / "summary.csv") if twin else None,
        # A study of one contender has no contrast, and its table not even columns.
        contrasts=read_rows(contrasts)
        if contrasts.is_file() and contrasts.read_text(encoding="utf-8").strip()
        else None,
        verdicts=json.loads(verdicts.read_text(encoding="utf-8")) if verdicts.is_file() else None,
        bibliography=(REPORT / "references.bib").read_text(encoding="utf-8"),
    )


def read_pages(path: Path) -> list[str]:
    return [page.extract_text() for page in PdfReader(path).pages]


def main() -> int:
    try:
        return check_report()
    except FileNotFoundError as error:
        print(
            f"The report cannot be checked: there is no {error.filename}; make the report first",
            file=sys.stderr,
        )
        return 2
    except (OSError, TimbangError) as error:
        print(f"The report cannot be checked: {error}", file=sys.stderr)
        return 2


def check_report() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=Path, help="the folder of a study, results/<study>")
    parser.add_argument("--config", type=Path, help="the study's configuration")
    parser.add_argument("--list", action="store_true", help="list where each number was found")
    arguments = parser.parse_args()
    study = read_config(arguments.config or find_config(arguments.results.name))
    languages = study.report.languages
    matches, faults = read_report(
        {
            language: read_pages(arguments.results / "report" / f"report-{language}.pdf")
            for language in languages
        },
        {language: read_texts(REPORT / "texts" / f"{language}.yaml") for language in languages},
        read_results(arguments.results, study),
    )
    if arguments.list:
        for match in matches:
            print(
                f"{match.language}, page {match.page}, {match.where}: {match.text} is "
                f"{match.derivation} ({match.source or 'no file'}; {match.how})"
            )
    for fault in faults:
        print(fault, file=sys.stderr)
    if faults:
        return 1
    ways = Counter(match.how for match in matches)
    files = sorted({match.source for match in matches if match.how != NO_RESULT})
    print(
        f"{len(matches)} numbers checked: {ways[IN_PLACE]} in their place, {ways[ANYWHERE]} "
        f"anywhere, {ways[NO_RESULT]} are no results; against {', '.join(files)}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
