"""A cluster around this process, and working folders in which studies go through it."""

import hashlib
import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
WITH_CLUSTER = Path(__file__).with_name("slurm") / "with-cluster.sh"
# What a cluster of this size without accounting needs beside profiles/slurm.
OF_THE_CLUSTER = (
    *("--slurm-status-command", "squeue"),
    *("--slurm-init-seconds-before-status-checks", "3"),
    *("--latency-wait", "10"),
)
# The longest that a call of Snakemake may take.
SECONDS = 400


class Cluster:
    """The cluster around this process."""

    def __init__(self):
        self.folder = Path(os.environ["SLURM_DIR"])

    def up(self, name):
        """Start one of slurmctld, withgpu and plain."""
        subprocess.run([WITH_CLUSTER, "--up", name], check=True, timeout=30)

    def down(self, name):
        """End one of them in good order."""
        subprocess.run([WITH_CLUSTER, "--down", name], check=True, timeout=30)

    def lose(self, node):
        """End a node and all that runs on it at once, as a power cut does."""
        victims = [int((self.folder / f"run/{node}.main").read_text())]
        for place in Path("/proc").glob("[0-9]*"):
            try:
                environment = (place / "environ").read_bytes().split(b"\0")
                name = (place / "comm").read_text().strip()
            except OSError:
                continue
            if name == "slurmstepd" or f"SLURMD_NODENAME={node}".encode() in environment:
                victims.append(int(place.name))
        for victim in victims:
            with suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)

    def squeue(self, form, *states):
        """Return the lines of squeue for the jobs in some of Slurm's states."""
        command = ["squeue", "--noheader", f"--format={form}", f"--states={','.join(states)}"]
        return subprocess.run(
            command, capture_output=True, text=True, timeout=30
        ).stdout.splitlines()

    def records(self, folder):
        """Return the jobs of a working folder that have ended, each as a mapping."""
        text = (self.folder / "log/jobcomp.txt").read_text()
        jobs = [dict(re.findall(r"(\w+)=(\S*)", line)) for line in text.splitlines()]
        return [job for job in jobs if job["WorkDir"] == str(folder)]

    def log(self):
        """Return what slurmctld and the nodes said last, for a failed test."""
        logs = sorted((self.folder / "log").glob("*.log"))
        return "\n".join(f"{log}:\n{log.read_text()[-2000:]}" for log in logs)


class Folder:
    """A working folder in which a study goes through Slurm."""

    def __init__(self, place, study):
        self.place = place
        self.name = study["study"]
        self.results = place / "results" / self.name
        self.screen = place / f"{self.name}.txt"
        self.config = place / f"{self.name}.yaml"
        place.mkdir(parents=True, exist_ok=True)
        self.config.write_text(yaml.safe_dump(study))

    def start(self, *arguments, profile="profiles/slurm", of_the_cluster=OF_THE_CLUSTER):
        """Start Snakemake; what it says goes to the end of the screen."""
        command = [
            *("timeout", "-s", "KILL", str(SECONDS), sys.executable, "-m", "snakemake"),
            *("--snakefile", str(ROOT / "Snakefile"), "--directory", str(self.place)),
            *("--workflow-profile", str(ROOT / profile)),
            *("--configfile", str(self.config), *of_the_cluster, *arguments),
        ]
        with self.screen.open("ab") as screen:
            return subprocess.Popen(
                command, stdout=screen, stderr=subprocess.STDOUT, start_new_session=True
            )

    def make(self, *arguments, **settings):
        """Call Snakemake, let it end well, and return what it said."""
        before = len(self.said())
        status = self.start(*arguments, **settings).wait()
        said = self.said()[before:]
        assert status == 0, said[-6000:]
        return said

    def said(self):
        return self.screen.read_text(errors="replace") if self.screen.is_file() else ""

    def log_of(self, run):
        """Return what a run says of itself, nothing before it has begun."""
        log = self.results / "logs/train_network/runs" / f"{run}.log"
        return log.read_text() if log.is_file() else ""

    def fingerprint(self):
        """Return a hash of what was predicted, by run."""
        files = sorted((self.results / "runs").rglob("predictions.csv"))
        return {
            file.parent.relative_to(self.results).as_posix(): hashlib.sha256(
                file.read_bytes()
            ).hexdigest()
            for file in files
        }
