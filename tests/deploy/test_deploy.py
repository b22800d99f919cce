"""The workflow where Snakemake's ecosystem uses it: each in an environment of its own.

They need the package registry, and minutes: `make test-deploy`.
"""

import os
import re
import shutil
import subprocess
import sys
import textwrap
import venv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

pytestmark = pytest.mark.deploy

ROOT = Path(__file__).resolve().parents[2]
SITE = next(path for path in sys.path if path.endswith("site-packages"))
IMPORTER = """
configfile: "config.yaml"


module timbang:
    snakefile:
        {snakefile}
    config:
        config["weighing"]


use rule * from timbang as timbang_*


rule conclude:
    default_target: True
    input:
        "results/pets/summary.csv",
    output:
        "conclusion.txt",
    shell:
        "head -n 1 {{input}} > {{output}}"
"""
CONFIG = """
weighing:
  study: pets
  data: {source: folder, folder: images, image_size: 16}
  replicates: 1
  width: 0.125
  recipe: {epochs: 1, batch_size: 8}
  contenders: [resnet34]
"""


class Environment:
    """A virtual environment with nothing but what a test puts there."""

    def __init__(self, folder):
        self.folder = folder
        venv.create(folder, with_pip=True)

    def share(self, site=SITE):
        """Let it see the packages of the project's environment, as if they were installed."""
        (own,) = self.folder.glob("lib/python*/site-packages")
        (own / "shared.pth").write_text(f"{site}\n")

    def run(self, *command, cwd):
        """Run a program of the environment; return its exit status and what it wrote."""
        hidden = ("PYTHONPATH", "VIRTUAL_ENV", "SNAKEMAKE_PROFILE")
        surroundings = {key: value for key, value in os.environ.items() if key not in hidden}
        done = subprocess.run(
            [str(self.folder / "bin" / "python"), "-m", *map(str, command)],
            cwd=cwd,
            env=surroundings,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
        )
        return done.returncode, done.stdout


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """A repository whose one commit is the project as it is now."""
    folder = tmp_path_factory.mktemp("origin") / "timbang"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    name = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    for arguments in (["init", "-q"], ["add", "."], [*name, "commit", "-q", "-m", "All"]):
        subprocess.run(["git", "-C", folder, *arguments], check=True)
    return folder


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """An environment with Snakemake alone, as the catalogue of workflows has it."""
    environment = Environment(tmp_path_factory.mktemp("bare") / "env")
    version = re.search(
        r"^snakemake==(\S+)", (ROOT / "envs/requirements.lock").read_text(), re.MULTILINE
    )
    status, output = environment.run("pip", "install", "-q", f"snakemake=={version[1]}", cwd=ROOT)
    assert status == 0, output
    return environment


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """An environment with all that the project needs, and without Timbang."""
    environment = Environment(tmp_path_factory.mktemp("shared") / "env")
    environment.share()
    return environment


@pytest.fixture(scope="module")
def installed(tmp_path_factory, repository):
    """The same after `pip install`."""
    environment = Environment(tmp_path_factory.mktemp("installed") / "env")
    environment.share()
    status, output = environment.run("pip", "install", "-q", "--no-deps", repository, cwd=ROOT)
    assert status == 0, output
    return environment


def make_work(folder, snakefile):
    """Make the folder of somebody's own workflow that uses Timbang as a module."""
    random = np.random.default_rng(0)
    for name in ("cat", "dog"):
        (folder / "images" / name).mkdir(parents=True)
        for place in range(8):
            pixels = random.integers(0, 256, (16, 16, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / "images" / name / f"{place}.png")
    (folder / "config.yaml").write_text(textwrap.dedent(CONFIG))
    (folder / "Snakefile").write_text(IMPORTER.format(snakefile=snakefile))
    return folder


def from_git(repository):
    return f'gitfile({str(repository)!r}, path="workflow/Snakefile", ref="HEAD")'


# The catalogue


def test_the_catalogue_finds_what_it_looks_for(repository):
    for name in ("workflow/Snakefile", "config/README.md", ".snakemake-workflow-catalog.yml"):
        assert (repository / name).is_file(), name


@pytest.mark.parametrize("snakefile", ["Snakefile", "workflow/Snakefile"])
def test_snakemake_alone_parses_lints_and_plans(bare, repository, tmp_path, snakefile):
    snakefile = repository / snakefile
    status, output = bare.run("snakemake", "--lint", "-s", snakefile, cwd=repository)
    assert status == 0, output
    status, output = bare.run("snakemake", "-n", "-s", snakefile, cwd=tmp_path)
    assert status == 0, output
    assert re.search(r"train_network +28\b", output)


def test_the_small_study_of_the_repository_is_planned(bare, repository):
    status, output = bare.run("snakemake", "-n", "--directory", ".test", cwd=repository)
    assert status == 0, output
    assert "results/test/" in output


# As a module


def test_module_from_a_path_needs_no_installation(shared, repository, tmp_path):
    work = make_work(tmp_path / "work", repr(str(repository / "workflow" / "Snakefile")))
    status, output = shared.run("snakemake", "--cores", "2", cwd=work)
    assert status == 0, output
    summary = pd.read_csv(work / "results/pets/summary.csv")
    assert summary["contender"].tolist() == ["resnet34"]
    assert (work / "conclusion.txt").read_text().startswith("contender,")
    status, output = shared.run("snakemake", "--cores", "2", cwd=work)
    assert "Nothing to be done" in output


def test_module_from_a_git_repository_says_that_the_library_is_needed(shared, repository, tmp_path):
    work = make_work(tmp_path / "work", from_git(repository))
    status, output = shared.run("snakemake", "--cores", "2", cwd=work)
    assert status != 0
    assert "Traceback" not in output
    assert output.splitlines()[-1].startswith("Timbang's library is not installed in ")
    assert "pip install git+URL" in output.splitlines()[-1]


def test_module_from_a_git_repository(installed, repository, tmp_path):
    work = make_work(tmp_path / "work", from_git(repository))
    status, output = installed.run("snakemake", "--cores", "2", cwd=work)
    assert status == 0, output
    assert len(pd.read_csv(work / "results/pets/summary.csv")) == 1
    status, output = installed.run("snakemake", "--cores", "2", cwd=work)
    assert "Nothing to be done" in output, output


def test_module_of_another_version_than_the_library_is_refused(installed, repository, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(repository, other)
    file = other / "src/timbang/__init__.py"
    file.write_text(re.sub(r'(__version__ = )".*"', r'\1"99.0.0"', file.read_text()))
    name = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    subprocess.run(["git", "-C", other, *name, "commit", "-qam", "Newer"], check=True)
    work = make_work(tmp_path / "work", from_git(other))
    status, output = installed.run("snakemake", "--cores", "2", cwd=work)
    assert status != 0
    assert "the workflow is version 99.0.0" in output.splitlines()[-1]


# As a package


def test_the_package_has_all_that_it_needs(installed, tmp_path):
    code = (
        "import timbang, timbang.resources as r; from pathlib import Path;"
        "assert 'site-packages' in timbang.__file__, timbang.__file__;"
        "assert len(list((r.REPORT / 'claims').glob('*.yaml'))) > 9;"
        "assert (r.REPORT / 'references.bib').is_file() and r.SCHEMA.is_file();"
        "assert r.CONFIG.is_file(); print(timbang.__version__)"
    )
    (tmp_path / "look.py").write_text(code)
    status, output = installed.run("look", cwd=tmp_path)
    assert status == 0, output
    status, shown = installed.run("pip", "show", "timbang", cwd=tmp_path)
    assert f"Version: {output.strip()}" in shown
