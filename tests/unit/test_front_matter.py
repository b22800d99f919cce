"""What stands around the code: version, licence, citation, notebook, container, CI, catalogue."""

import ast
import json
import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

import timbang

ROOT = Path(__file__).resolve().parents[2]


def read_yaml(name):
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


# Version, licence and citation


def test_the_version_stands_in_one_place():
    assert re.fullmatch(r"\d+\.\d+\.\d+", timbang.__version__)
    states = re.compile(
        rf"^\s*(__)?version(__)?\s*[:=]\s*['\"]?{re.escape(timbang.__version__)}['\"]?\s*$",
        flags=re.MULTILINE,
    )
    files = [path for path in ROOT.glob("*") if path.suffix in (".toml", ".cff", ".yml")]
    files += (ROOT / "src").rglob("*.py")
    assert ROOT / "CITATION.cff" in files
    assert [str(path.relative_to(ROOT)) for path in files if states.search(path.read_text())] == [
        "src/timbang/__init__.py"
    ]


# What contributors are told

CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_contributors_are_sent_to_places_that_are_there():
    quoted = re.findall(r"`([\w.-]+/[\w./-]*)`", CONTRIBUTING)
    linked = re.findall(r"\]\(([^)#]+)", CONTRIBUTING)
    parts = re.findall(r"`(reading/\w+\.py)`", CONTRIBUTING)
    places = [ROOT / path for path in {*quoted, *linked} - {*parts}]
    places += [ROOT / "src" / "timbang" / "report" / path for path in parts]
    assert len(places) > 30
    assert [str(place) for place in places if not place.exists()] == []


def test_contributors_are_told_names_that_are_there():
    names = set(re.findall(r"`([A-Z][A-Z]+(?:_[A-Z]+)*|_[a-z_]+)`", CONTRIBUTING))
    assert {"BLOCKS", "RUN_MEASURES", "UNITS"} <= names
    code = "".join(
        path.read_text(encoding="utf-8")
        for folder in ("src", "workflow")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".py", ".smk")
    )
    assert [name for name in names if not re.search(rf"\b{name}\b", code)] == []


# The workflow catalogue


def test_the_catalogue_is_told_what_is_there():
    usage = read_yaml(".snakemake-workflow-catalog.yml")["usage"]
    deployment = usage["software-stack-deployment"]
    rules = "".join(path.read_text() for path in (ROOT / "workflow" / "rules").glob("*.smk"))
    assert deployment["conda"] is ("conda:" in rules)
    assert deployment["apptainer"] is ("container:" in rules)
    assert usage["report"] is ("report(" in rules)
    assert (ROOT / "config" / "README.md").is_file()


# The notebook

NOTEBOOK = json.loads((ROOT / "docs" / "timbang-on-colab.ipynb").read_text(encoding="utf-8"))
CODE = {cell["id"]: cell for cell in NOTEBOOK["cells"] if cell["cell_type"] == "code"}
SHELL_LINE = re.compile(r"^( *)!(.+)$", flags=re.MULTILINE)


def source(cell):
    return "".join(CODE[cell]["source"])


def test_the_notebook_names_no_folder_of_a_machine_but_colabs():
    folders = set(re.findall(r"(?<=[\s\"'`(])/\w+", "\n".join(map(source, CODE))))
    assert folders == {"/content", "/tmp"}


@pytest.mark.parametrize("cell", CODE)
def test_the_notebook_is_python_with_lines_for_the_shell(cell):
    ast.parse(SHELL_LINE.sub(r"\1pass", source(cell)))
    for _, line in SHELL_LINE.findall(source(cell)):
        subprocess.run(["sh", "-n", "-c", line], check=True)


def test_the_notebook_runs_studies_that_are_there():
    named = re.findall(r"config/[\w-]+\.yaml", source("settings"))
    assert len(named) == 2
    assert all((ROOT / path).is_file() for path in named)
    assert "QUICK = False" in source("settings")


# The container and CI

CI = read_yaml(".github/workflows/ci.yml")
STEPS = [step for job in CI["jobs"].values() for step in job["steps"]]


def test_the_container_copies_what_is_there():
    lines = (ROOT / "Containerfile").read_text().replace("\\\n", " ").splitlines()
    words = [line.split() for line in lines if line.startswith("COPY ")]
    sources = [word for copied in words for word in copied[1:-1] if not word.startswith("--")]
    assert {"envs/requirements.lock", "envs/apt.sh", "envs/set_up_tex.sh"} < set(sources)
    assert [source for source in sources if not (ROOT / source).exists()] == []


def test_ci_calls_what_is_there():
    called = [step["run"] for step in STEPS if "run" in step]
    assert called
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    for command in called:
        program, *words = command.split()
        if program == "make":
            assert set(words) <= set(targets)
        else:
            assert os.access(ROOT / program, os.X_OK), program


def test_ci_keeps_the_report_of_the_default_study():
    study = read_yaml("config/config.yaml")["study"]
    (kept,) = [step["with"]["path"] for step in STEPS if "upload-artifact" in step.get("uses", "")]
    assert f"results/{study}/report/*.pdf" in kept.split()
