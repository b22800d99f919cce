"""Read a finished report anew: ``python -m timbang.reader results/digits``, `make check-report`.

The configuration is the one of config/ that names the study; ``--config`` names another, whose
study is then the one in ``results/``.
"""

import argparse
import errno
import os
import sys
from pathlib import Path

import yaml

from timbang.errors import TimbangError
from timbang.evidence.claims import choose_claims
from timbang.evidence.judging import list_claims
from timbang.reader.check import compare_languages
from timbang.reader.study import check_study, describe_checked, find_changed
from timbang.resources import CONFIG, REPORT
from timbang.scores.measures import CLAIM_MEASURES
from timbang.sources.choice import find_source
from timbang.study.plain_yaml import read_config
from timbang.study.reading import read_study
from timbang.study.schema import read_schema
from timbang.study.study import Study


def main() -> int:
    """Check the reports of a study; return 0 where nothing is wrong with them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("results", type=Path, nargs="?", help="a study's folder, results/<study>")
    parser.add_argument("--config", type=Path, help="the study's configuration")
    arguments = parser.parse_args()
    if not (arguments.results or arguments.config):
        parser.error("name the folder of a study, or its configuration with --config")
    try:
        study = _read_config(arguments.config or _find_config(arguments.results.name))
        folder = arguments.results or Path("results", study.name)
        shipped = {path.stem: path for path in (REPORT / "claims").glob("*.yaml")}
        names = [contender.name for contender in study.contenders]
        paths, own = choose_claims(study.claims, shipped, names, CLAIM_MEASURES)
        claims = list_claims(paths, own)
        reports = {
            language: check_study(
                _find_report(folder / "report" / f"report-{language}.pdf"),
                language,
                sorted((folder / "figures").glob(f"*-{language}.svg")),
                folder,
                study,
                claims,
            )
            for language in study.report.languages
        }
        changed = find_changed(folder)
    except FileNotFoundError as error:
        print(f"There is no {error.filename}; make the report first", file=sys.stderr)
        return 2
    except (OSError, ValueError, yaml.YAMLError, TimbangError) as error:
        print(f"The report cannot be checked: {error}", file=sys.stderr)
        return 2
    faults = [fault for checked in reports.values() for fault in checked.faults]
    faults += compare_languages({name: own.ids for name, own in reports.items()})
    faults += changed
    print(*faults, sep="\n" if faults else "", end="\n" if faults else "", file=sys.stderr)
    for language, checked in reports.items():
        print(f"report-{language}.pdf: {describe_checked(checked)}, {len(checked.faults)} faults")
    return bool(faults)


def _find_report(pdf: Path) -> Path:
    """Return a report that is there.

    Raises:
        FileNotFoundError: there is none.
        TimbangError: there is one that the second reader did not let pass.
    """
    unchecked = pdf.with_name(f"{pdf.stem}-unchecked.pdf")
    if unchecked.is_file():
        raise TimbangError(
            f"{unchecked} did not pass the second reader; make the report again, which says why"
        )
    if not pdf.is_file():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(pdf))
    return pdf


def _find_config(study: str) -> Path:
    for path in sorted(CONFIG.parent.glob("*.yaml")):
        if yaml.safe_load(path.read_text(encoding="utf-8")).get("study") == study:
            return path
    raise TimbangError(f"no file in config/ names the study {study}; name it with --config")


def _read_config(path: Path) -> Study:
    config = read_config(path)
    return read_study(config, read_schema(), find_source, lambda network, width: None)


if __name__ == "__main__":
    sys.exit(main())
