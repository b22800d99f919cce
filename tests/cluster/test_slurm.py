"""A small study goes through a real Slurm with profiles/slurm (pytest -m cluster).

Needs Slurm's daemons, root (for namespaces) and the scripts of ../shared/slurm, which start a
throw-away cluster of one machine around a command.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
WITH_SLURM = ROOT.parent / "shared" / "slurm" / "with-slurm.sh"
PARTS = ("Snakefile", "workflow", "src", "config", "envs", "report", "profiles")
PROGRAMS = ("sbatch", "slurmctld", "slurmd", "munged", "unshare")
STUDY = {
    "study": "cluster-digits",
    "data": {"source": "digits", "image_size": 32},
    "replicates": 2,
    "recipe": {"epochs": 1, "horizontal_flip": 0},
    "width": 0.25,
    "contenders": ["plain34", "resnet34"],
    "report": {"languages": ["en"]},
}
# What a user fills in, and what the one-machine cluster needs: it has no accounting.
OF_THE_CLUSTER = {
    "slurm-status-command": "squeue",
    "slurm-init-seconds-before-status-checks": 7,
    "latency-wait": 5,
}

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.skipif(not WITH_SLURM.is_file(), reason=f"there is no {WITH_SLURM}"),
    pytest.mark.skipif(not all(map(shutil.which, PROGRAMS)), reason=f"needs {', '.join(PROGRAMS)}"),
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
]


@pytest.fixture(scope="module")
def folder():
    """A folder that everyone may enter, as munge wants it for its socket; pytest's own are not."""
    with tempfile.TemporaryDirectory(prefix="timbang-slurm-") as place:
        Path(place).chmod(0o755)
        yield Path(place)


@pytest.fixture(scope="module")
def finished(folder):
    """The folder of a study that went through Slurm; Slurm's record of its jobs beside it."""
    house = folder / "house"
    house.mkdir()
    for part in PARTS:
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
        copy(ROOT / part, house / part)
    profile = yaml.safe_load((ROOT / "profiles/slurm/profile.yaml").read_text())
    profile |= OF_THE_CLUSTER
    profile["default-resources"]["slurm_partition"] = "main"
    (house / "profiles/slurm/profile.yaml").write_text(yaml.safe_dump(profile))
    (house / "study.yaml").write_text(yaml.safe_dump(STUDY))
    command = [
        *("timeout", "-s", "KILL", "400", str(WITH_SLURM), sys.executable, "-m", "snakemake"),
        "results/cluster-digits/summary.csv",
        *("--workflow-profile", "profiles/slurm", "--configfile", "study.yaml"),
    ]
    done = subprocess.run(
        command,
        cwd=house,
        env=os.environ | {"SLURM_CI_DIR": str(folder / "cluster")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    (folder / "submitted.txt").write_text(done.stdout + done.stderr)
    return folder


def test_every_run_is_in_the_summary(finished):
    summary = pd.read_csv(finished / "house/results/cluster-digits/summary.csv")
    assert dict(zip(summary["contender"], summary["replicates"], strict=True)) == {
        "plain34": 2,
        "resnet34": 2,
    }


def test_slurm_ran_the_training_with_the_profiles_time_and_memory(finished):
    jobs = (finished / "cluster/log/jobcomp.txt").read_text().splitlines()
    assert all("JobState=COMPLETED" in job for job in jobs)
    training = [job for job in jobs if "TimeLimit=60" in job and "mem=8000M" in job]
    assert len(training) == 4


def test_every_job_that_was_submitted_is_named_in_the_output(finished):
    submitted = (finished / "submitted.txt").read_text()
    assert submitted.count("rule_train_network/") >= 4
