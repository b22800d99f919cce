"""The files that say what is installed agree, and the set-up scripts decide rightly.

The scripts run here with made-up programs on a PATH of their own: nothing is installed.
"""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

import timbang.resources

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "envs" / "requirements.lock"

CONDA_NAMES = {
    "torch": "pytorch",
    "matplotlib": "matplotlib-base",
    "opencv-python-headless": "py-opencv",
}
NOT_FOR_JOBS = {
    "snakemake": "starts the jobs, and brings what its scripts need along",
    "snakemake-executor-plugin-slurm": "submits the jobs",
    "snakemake-logger-plugin-rich": "shows the progress of the jobs",
}


# The lists of packages


def locked_versions():
    pins = re.findall(r"^([a-z0-9-]+)==([^\s;]+)", LOCK.read_text(), flags=re.MULTILINE)
    assert len({name for name, _ in pins}) == len(pins), "a package is locked twice"
    return dict(pins)


def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def name_of(requirement):
    return re.match(r"[\w.-]+", requirement)[0].lower().replace("_", "-")


def conda_pins(name):
    environment = yaml.safe_load((ROOT / "envs" / name).read_text())
    assert environment["channels"] == ["conda-forge", "nodefaults"]
    return dict(line.split(" ", 1) for line in environment["dependencies"])


def test_lock_covers_every_dependency():
    wanted = project()["dependencies"] + project()["optional-dependencies"]["dev"]
    assert {name_of(requirement) for requirement in wanted} <= locked_versions().keys()


def test_lock_is_for_any_machine():
    text = LOCK.read_text()
    assert "make lock" in text.splitlines()[1]
    assert not re.search(r"://|--(extra-)?index-url|--find-links", text)
    # pip takes a lock with hashes only where every package has some.
    requirements = re.split(r"\n(?=[a-z0-9])", text)[1:]
    assert all("--hash=sha256:" in requirement for requirement in requirements)


def test_conda_environments_have_the_locked_versions():
    locked = locked_versions()
    names = {
        name_of(requirement) for requirement in project()["dependencies"]
    } - NOT_FOR_JOBS.keys()
    # A wheel of OpenCV has a number of its own behind OpenCV's three.
    locked["opencv-python-headless"] = locked["opencv-python-headless"].rpartition(".")[0]
    expected = {CONDA_NAMES.get(name, name): f"={locked[name]}" for name in names}
    pins = conda_pins("python.yaml")
    assert pins.pop("python") == ">=3.11,<3.13"
    assert pins == expected
    assert re.fullmatch(r"=\d+\.\d+\.\d+", conda_pins("tex.yaml")["tectonic"])


# The set-up scripts

# What the scripts use of any Unix.
TOOLS = """
sh cat cksum cp dirname env grep id ls mkdir mktemp paste printf rm tail tr touch uname
"""


class Machine:
    """A repository in a folder with spaces, and a PATH with nothing but what a test puts there."""

    def __init__(self, folder):
        self.root = folder / "my study"
        self.bin = folder / "programs"
        self.log_file = folder / "log"
        (self.root / "envs").mkdir(parents=True)
        self.bin.mkdir()
        for name in ("set_up_python.sh", "set_up_tex.sh", "apt.sh"):
            shutil.copy(ROOT / "envs" / name, self.root / "envs" / name)
        self.lock = self.root / "envs" / "requirements.lock"
        self.lock.write_text("tqdm==1.0\n")
        for tool in TOOLS.split():
            if (program := shutil.which(tool)) is not None:
                (self.bin / tool).symlink_to(program)
        self.user(0)
        self.system("Linux")

    def program(self, name, script, folder=None):
        path = (folder or self.bin) / name
        path.unlink(missing_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    def user(self, number):
        self.program("id", f"echo {number}")

    def system(self, name, machine="x86_64"):
        self.program("uname", f'[ "$1" = -s ] && echo {name} || echo {machine}')

    def python(self, name="python3", version="3.11", ensurepip=True, pip=False, folder=None):
        """Put a Python there that notes its calls, and copies itself when asked for a venv."""
        has_ensurepip = "true" if ensurepip else f'[ -e "{self.bin}/has-ensurepip" ]'
        return self.program(
            name,
            f"""
            case "$*" in
            *version_info*) echo {version} ;;
            "-c import ensurepip") {has_ensurepip} ;;
            *Python.h*) false ;;
            "-m pip --python"*--version) {str(pip).lower()} ;;
            "-m "*) echo "{name} $*; PYTHONPATH=${{PYTHONPATH-}}" >>"{self.log_file}" ;;
            esac || exit 1
            case "$*" in
            "-m venv"*) mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
            "-m pip install"*)
                [ ! -e "{self.bin}/pip-fails" ] || {{ echo 'ERROR: no network' >&2; exit 1; }} ;;
            esac
            """,
            folder,
        )

    def apt_get(self, then="true"):
        self.program(
            "apt-get", f'echo "apt-get $*" >>"{self.log_file}"\n[ "$1" = update ] || {then}'
        )

    def sudo(self):
        self.program("sudo", f'echo "sudo $*" >>"{self.log_file}"\nexec "$@"')

    def latexmk(self, missing=""):
        for name in ("latexmk", "pdflatex"):
            self.program(name, "true")
        # Like the real one, it exits with the number of files that it did not find.
        self.program(
            "kpsewhich",
            f"""
            unfound=0
            for file in "$@"; do
                case " {missing} " in *" $file "*) unfound=$((unfound + 1)) ;; esac
            done
            exit $unfound
            """,
        )

    def run(self, script, **environment):
        return subprocess.run(
            [self.root / "envs" / script],
            env={"PATH": str(self.bin), "HOME": str(self.root)} | environment,
            cwd=self.bin,
            capture_output=True,
            text=True,
            timeout=20,
        )

    def log(self):
        return self.log_file.read_text() if self.log_file.exists() else ""

    def forget(self):
        self.log_file.unlink(missing_ok=True)


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def only_line(result):
    """Return the one line in which a failed script says why."""
    assert result.returncode == 1
    (line,) = result.stderr.splitlines()
    return line


def test_python_set_up_then_nothing_to_do(machine):
    machine.python()
    result = machine.run("set_up_python.sh")
    assert result.returncode == 0, result.stderr
    assert "3 GB" in result.stdout
    assert "-m venv --clear .venv" in machine.log()
    assert "--require-hashes -r envs/requirements.lock" in machine.log()
    machine.forget()
    again = machine.run("set_up_python.sh")
    assert (again.returncode, again.stdout, again.stderr, machine.log()) == (0, "", "", "")


def test_python_too_old(machine):
    machine.python(version="3.9")
    line = only_line(machine.run("set_up_python.sh"))
    assert "3.11" in line and f"{machine.bin}/python3 (3.9)" in line and "PYTHON=" in line
    assert machine.log() == ""


def test_python_named_by_the_user(machine, tmp_path):
    machine.python(version="3.12")
    (tmp_path / "other place").mkdir()
    own = machine.python("mine", folder=tmp_path / "other place")
    assert machine.run("set_up_python.sh", PYTHON=str(own)).returncode == 0
    assert machine.log().startswith("mine -m venv")
    assert "none at nowhere" in only_line(
        Machine(tmp_path / "second").run("set_up_python.sh", PYTHON="nowhere")
    )


@pytest.mark.parametrize("user", [0, 1000])
def test_venv_from_apt(machine, user):
    machine.python(ensurepip=False)
    machine.apt_get(then=f'touch "{machine.bin}/has-ensurepip"')
    machine.sudo()
    machine.user(user)
    result = machine.run("set_up_python.sh")
    assert result.returncode == 0, result.stderr
    assert "Installing the package python3.11-venv" in result.stdout
    assert re.search("apt-get install .*python3.11-venv", machine.log())
    assert ("sudo apt-get update" in machine.log()) == (user != 0)
    assert "-m venv --clear .venv" in machine.log()


def unfinished(machine):
    next((machine.root / ".venv").glob("*.stamp")).unlink()


def moved(machine):
    machine.root = machine.root.rename(machine.bin.parent / "moved")


def without_its_python(machine):
    (machine.root / ".venv/bin/python").unlink()


@pytest.mark.parametrize("broken", [unfinished, moved, without_its_python])
def test_broken_venv_is_made_anew(machine, broken):
    machine.python()
    machine.run("set_up_python.sh")
    broken(machine)
    machine.forget()
    assert "anew" in machine.run("set_up_python.sh").stdout
    assert "-m venv --clear .venv" in machine.log()


def test_linked_venv_is_never_emptied(machine, tmp_path):
    """venv --clear follows a link: it would empty an environment that another folder works in."""
    machine.python()
    other = tmp_path / "other"
    other.mkdir()
    (other / "kept").write_text("kept")
    (machine.root / ".venv").symlink_to(other)
    done = machine.run("set_up_python.sh")
    assert done.returncode != 0
    assert "remove the link" in done.stderr
    assert (other / "kept").read_text() == "kept"


def test_changed_lock_installs_the_difference(machine):
    machine.python()
    machine.run("set_up_python.sh")
    machine.forget()
    machine.lock.write_text("tqdm==2.0\n")
    assert "difference" in machine.run("set_up_python.sh").stdout
    assert "-m pip install" in machine.log()
    assert "-m venv" not in machine.log()
    assert machine.run("set_up_python.sh").stdout == ""


def test_pip_fails(machine):
    machine.python()
    (machine.bin / "pip-fails").touch()
    result = machine.run("set_up_python.sh")
    assert result.returncode == 1
    said, line = result.stderr.splitlines()
    assert said == "ERROR: no network"
    assert "pip could not install" in line
    (machine.bin / "pip-fails").unlink()
    assert "anew" in machine.run("set_up_python.sh").stdout


@pytest.mark.parametrize("there", ["latexmk", "tectonic"])
@pytest.mark.parametrize("is_asked_for", [True, False])
def test_tex_is_there(machine, there, is_asked_for):
    machine.latexmk() if there == "latexmk" else machine.program(there, "true")
    machine.apt_get()
    result = machine.run("set_up_tex.sh", TIMBANG_TEX=there if is_asked_for else "")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert machine.log() == ""


@pytest.mark.parametrize(
    ("system", "advice"), [("Darwin", "brew install tectonic"), ("Linux", "TeX Live with latexmk")]
)
def test_no_tex_and_no_apt(machine, system, advice):
    machine.system(system)
    line = only_line(machine.run("set_up_tex.sh"))
    assert advice in line and "pdflatex" in line
    line = only_line(machine.run("set_up_tex.sh", TIMBANG_TEX="tectonic"))
    assert "tectonic is not installed" in line
    assert "latexmk or tectonic" in only_line(machine.run("set_up_tex.sh", TIMBANG_TEX="lualatex"))


@pytest.mark.parametrize("user", [0, 1000])
def test_tex_from_apt(machine, user):
    machine.latexmk()
    later = machine.bin / "later"
    (machine.bin / "kpsewhich").rename(later)
    machine.program("tectonic", "true")  # is there, but latexmk is asked for
    machine.apt_get(then=f'cp "{later}" "{machine.bin}/kpsewhich"')
    machine.sudo()
    machine.user(user)
    result = machine.run("set_up_tex.sh", TIMBANG_TEX="latexmk")
    assert result.returncode == 0, result.stderr
    assert "200 MB" in result.stdout
    assert machine.log().count("apt-get update") == (1 if user == 0 else 2)
    assert re.search("apt-get install .*texlive-lang-other", machine.log())
    assert ("sudo apt-get" in machine.log()) == (user != 0)


def test_latex_without_the_packages(machine):
    machine.latexmk(missing="booktabs.sty indonesian.ldf")
    line = only_line(machine.run("set_up_tex.sh"))
    assert "(missing: booktabs.sty indonesian.ldf)" in line
    machine.apt_get()  # which brings too little
    line = only_line(machine.run("set_up_tex.sh"))
    assert "still missing: booktabs.sty indonesian.ldf" in line


def test_tex_is_asked_for_what_the_report_loads():
    # With fonts of their own come the packages that timbang.report.scripts asks for.
    page = (ROOT / "report/templates/page.tex.j2").read_text().replace("[no-math]{fontspec}", "")
    loaded = re.findall(r"\\(documentclass|usepackage)(?:\[.*\])?\{(.*?)\}", page)
    suffixes = {"documentclass": ".cls", "usepackage": ".sty"}
    names = {name + suffixes[kind] for kind, names in loaded for name in names.split(",")}
    script = (ROOT / "envs/set_up_tex.sh").read_text()
    [asked] = re.findall(r'^files="(.*?)"', script, re.DOTALL | re.MULTILINE)
    assert {name for name in asked.split() if name.endswith((".cls", ".sty"))} == names


# The Makefile

needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


def make(*arguments, cwd=ROOT, **more):
    # Nothing of the `make test` that runs this may get in.
    inherited = ("MAKEFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "MFLAGS")
    environment = {name: value for name, value in os.environ.items() if name not in inherited}
    result = subprocess.run(
        ["make", "--no-print-directory", "-f", ROOT / "Makefile", *arguments],
        cwd=cwd,
        env=environment | more,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


@needs_make
@pytest.mark.parametrize(
    ("target", "option", "default"),
    [
        ("report", "--configfile", None),
        ("check-report", "--config", "config/config.yaml"),
    ],
)
def test_make_takes_a_study(target, option, default):
    said = make("--dry-run", target, "CONFIG=my studies/a.yaml", "SNAKEMAKE_ARGS=--quiet")
    assert f'{option} "my studies/a.yaml"' in said
    assert ("--quiet" in said) == (target == "report")
    said = make("--dry-run", target)
    assert f'{option} "{default}"' in said if default else option not in said
    if target == "report":
        assert said.index("set_up_python") < said.index("set_up_tex") < said.index("snakemake")


@needs_make
def test_make_report_says_where_the_reports_are(tmp_path):
    """A whole `make report`, with a made-up Snakemake and .venv, in a folder with spaces."""
    machine = Machine(tmp_path)
    for name in ("set_up_python.sh", "set_up_tex.sh", "apt.sh"):
        machine.program(name, "true", machine.root / "envs")
    venv_bin = machine.root / ".venv" / "bin"
    venv_bin.mkdir(parents=True)
    folder = "results/weeds/report"
    machine.program(
        "snakemake",
        f'echo "PYTHONPATH=${{PYTHONPATH-unset}}"\ncommand -v snakemake\n'
        f"mkdir -p {folder} && touch {folder}/report-en.pdf {folder}/report-id.pdf",
        venv_bin,
    )
    # The real Python, with its packages, in place of the one of .venv.
    machine.program("python", f'exec "{sys.executable}" "$@"', venv_bin)
    (machine.root / "my.yaml").write_text("study: weeds\n")
    said = make("report", "CONFIG=my.yaml", cwd=machine.root, PYTHONPATH="/elsewhere")
    assert said.splitlines() == [
        "PYTHONPATH=unset",
        str(venv_bin / "snakemake"),
        f"Report: {folder}/report-en.pdf",
        f"Report: {folder}/report-id.pdf",
    ]


def test_default_study_is_the_snakefiles():
    makefile = (ROOT / "Makefile").read_text()
    default = ROOT / re.search(r"^DEFAULT_CONFIG = (.+)$", makefile, re.MULTILINE)[1]
    assert default.is_file()
    assert default == timbang.resources.CONFIG
