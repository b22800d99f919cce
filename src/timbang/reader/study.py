"""A study's report with its figures, checked against the study's files."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from timbang.evidence.claims import Claim
from timbang.networks.titles import title_contender
from timbang.reader.check import Checked, check_report
from timbang.reader.drawn import check_figure
from timbang.reader.raw import RawResults, Twin, read_json
from timbang.study.published import read_published
from timbang.study.study import Study


def check_study(
    pdf: Path,
    language: str,
    figures: Sequence[Path],
    folder: Path,
    study: Study,
    claims: Sequence[Claim],
) -> Checked:
    """Check a report and its figures.

    Args:
        pdf: the report.
        language: its code.
        figures: the SVG files of its figures.
        folder: the study's results.
        study: the study.
        claims: its claims.

    Raises:
        TimbangError: the PDF or published numbers cannot be read.
        OSError: a file of the results cannot be read.
    """
    twin = study.report.compare_with
    results = open_results(folder, study, claims)
    titles = [title_contender(own.name, own.network) for own in study.contenders]
    names = [*titles, *results.classes, study.name, *([twin] if twin else [])]
    checked = check_report(pdf, language, results)
    for figure in figures:
        drawn = check_figure(figure, language, results, names)
        checked = replace(
            checked,
            faults=(*checked.faults, *drawn.faults),
            numbers=checked.numbers + drawn.numbers,
            notes=(*checked.notes, *drawn.notes),
        )
    return checked


def open_results(folder: Path, study: Study, claims: Sequence[Claim]) -> RawResults:
    """Return the raw files of a study, with what it is compared with; none is read yet.

    Args:
        folder: the study's results; those of the study to compare with lie beside it.
        study: the study.
        claims: its claims.

    Raises:
        TimbangError: published numbers cannot be read.
    """
    published = read_published(study.report.published)
    other = study.report.compare_with
    twin = Twin(folder.parent / other) if other else None
    return RawResults(folder, study, published, twin, claims)


def find_changed(folder: Path) -> list[str]:
    """Return a fault for each file that is not the one that the report was made from.

    Args:
        folder: the study's results.

    Raises:
        OSError: a file cannot be read.
    """
    made_from = read_json(folder / "facts.json")["files"]
    return [
        f"{folder / name} is not the file that the report was made from: it has another SHA-256"
        for name, digest in made_from.items()
        if hashlib.sha256((folder / name).read_bytes()).hexdigest() != digest
    ]


def describe_checked(checked: Checked) -> str:
    """Return in a line what was checked."""
    return f"{checked.numbers} numbers and marks checked, of {len(checked.ids)} facts in the text"
