"""A copy of the project with a tiny study, to run Snakemake on."""

import json
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import yaml
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
PARTS = ["workflow", "src", "report", "envs", "config", "profiles"]
RESULTS = "results/tiny"
TARGETS = [f"{RESULTS}/summary.csv", f"{RESULTS}/figures/accuracies-en.pdf"]
CONFIG = {
    "study": "tiny",
    "data": {"source": "folder", "folder": "images", "image_size": 16},
    "split": {"validation": 0.25},
    "replicates": 2,
    "recipe": {"epochs": 1, "batch_size": 8},
    "width": 0.125,
    "contenders": ["resnet34", "plain34"],
    "report": {"languages": ["en"], "authors": ["A"]},
}


class Project:
    """A copy of the project and a working folder with images, in which Snakemake runs."""

    def __init__(self, folder):
        self.root = folder / "project"
        self.work = folder / "work"
        ignore = shutil.ignore_patterns("__pycache__")
        for part in PARTS:
            if (ROOT / part).exists():
                shutil.copytree(ROOT / part, self.root / part, ignore=ignore)
        shutil.copy(ROOT / "Snakefile", self.root)
        self.server = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("snakemake_server.py"), self.root / "src"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        random = np.random.default_rng(0)
        for name in ("cat", "dog", "NA"):
            (self.work / "images" / name).mkdir(parents=True)
            for place in range(8):
                pixels = random.integers(0, 256, (16, 16, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(self.work / "images" / name / f"{place}.png")

    def snakemake(self, *arguments, config=None, text=None, work=None):
        """Run Snakemake on a configuration; return its exit status and all that it wrote."""
        work = work or self.work
        file = work / "config.yaml"
        file.write_text(text or yaml.safe_dump(config or CONFIG, sort_keys=False))
        command = ["--snakefile", self.root / "Snakefile", "--directory", work]
        command += ["--configfile", file, "--cores", "2", *arguments]
        call = {"folder": self.root, "output": work / "screen", "arguments": command}
        print(json.dumps(call, default=str), file=self.server.stdin, flush=True)
        return int(self.server.stdout.readline()), (work / "screen").read_text()

    def would_run(self, config=None, targets=TARGETS, work=None):
        """Return how many jobs of each rule a dry run announces."""
        status, output = self.snakemake("-n", *targets, config=config, work=work)
        assert status == 0, output
        return count_jobs(output)

    def make_elsewhere(self, folder):
        """Return a new working folder with the same images and no results."""
        shutil.copytree(self.work / "images", folder / "images")
        return folder


def count_jobs(output):
    """Return how many jobs of each rule Snakemake says that there are."""
    table = output.partition("Job stats:")[2].partition("total")[0]
    return {rule: int(count) for rule, count in re.findall(r"^(\w+)\s+(\d+)$", table, re.M)}


@contextmanager
def edited(path, change):
    """Change a file's bytes inside, and put it back."""
    before = path.read_bytes()
    path.write_bytes(change(before))
    try:
        yield
    finally:
        path.write_bytes(before)
