"""How long summary, verdicts and report of many runs take: the runs are made up, all else is real.

    python benchmarks/report_many_runs.py 1000 FOLDER

The digits are read and split as ever; in the place of training, each of the runs is given answers
that are right with a probability of its contender's own. What Snakemake then makes, up to the PDF
and the explorer, is timed by step from its own records.
"""

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import time
from collections import defaultdict
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from plan_studies import ROOT, describe_study

EPOCHS = 4


def make_up_run(input, output, params, wildcards):
    """Leave what a run leaves, with random answers."""
    random = np.random.default_rng(int(hashlib.sha256(str(wildcards).encode()).hexdigest()[:8], 16))
    split = pd.read_csv(input.split, dtype={"filename": str, "label": str})
    classes = sorted(split["label"].unique())
    own = split[split["part"] == "validation"]
    place = int(wildcards.contender.rpartition("-")[2])
    right = random.random(len(own)) < 0.85 + 0.1 * (place % 7) / 7
    true = own["label"].map(classes.index).to_numpy()
    said = np.where(right, true, (true + random.integers(1, len(classes), len(own))) % len(classes))
    scores = random.random((len(own), len(classes)))
    scores[np.arange(len(own)), said] += 3
    probabilities = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    table = own[["filename", "label", "part"]].copy()
    table["predicted"] = [classes[number] for number in said]
    for number, name in enumerate(classes):
        table[f"probability:{name}"] = probabilities[:, number]
    table.to_csv(output.predictions, index=False)
    accuracy = float(right.mean())
    loss = float(-np.log(probabilities[np.arange(len(own)), true]).mean())
    history = {
        "epoch": np.arange(1, EPOCHS + 1),
        "train_loss": 1.0,
        "train_accuracy": accuracy,
        "validation_loss": loss,
        "validation_accuracy": accuracy,
        "learning_rate": 0.001,
        "seconds": 7.0,
        "validation_seconds": 0.3,
    }
    pd.DataFrame(history).to_csv(output.history, index=False)
    for name in ("steps", "weights"):
        Path(output[name]).write_text("epoch,step,loss\n1,1,1.0\n")
    contender = params.made_with["contender"]
    record = {
        "contender": contender["name"],
        "replicate": int(wildcards.replicate),
        "network": contender["network"],
        "width": contender["width"],
        "parameters": 1_000_000 + place,
        "multiply_adds": 5_000_000,
        "train_images": int((split["part"] == "train").sum()),
        "precision": "float32",
        "tf32": False,
        "compile": False,
        "diverged": None,
        "training_seconds": 28.0,
        "validation_seconds": 1.2,
        "images_per_second": 205.0,
        "device": "cpu",
        "device_name": "made up",
        "threads": 1,
        "platform": "Linux x86_64",
        "versions": {"python": "3.11.7", "torch": "2.14.1", "numpy": "2.4.6"},
        "host": "made up",
        "timbang": {"version": "0.0.0", "commit": None, "modified": None},
        "made_with": params.made_with,
        "inputs": {
            name: hashlib.sha256(Path(input[name]).read_bytes()).hexdigest()
            for name in ("manifest", "split")
        },
    }
    Path(output.training).write_text(json.dumps(record))


def run_made_up(arguments: list[str]) -> None:
    """Be Snakemake, with ``make_up_run`` for the script that trains."""
    import snakemake.cli
    import snakemake.workflow

    script = snakemake.workflow.script

    def choose(path, basedir, *others):
        if str(path).endswith("train_network.py"):
            return make_up_run(*others[:4])
        return script(path, basedir, *others)

    snakemake.workflow.script = choose
    snakemake.cli.main(arguments)


def read_times(screen: str) -> dict[str, float]:
    """Return the seconds of each rule's jobs together, from what Snakemake says."""
    seconds, begun, now = defaultdict(float), {}, 0.0
    for line in screen.splitlines():
        if found := re.match(r"\[(.+ \d{4})\]", line):
            now = datetime.strptime(found[1], "%a %b %d %H:%M:%S %Y").timestamp()
        elif found := re.match(r"Job (\d+): ", line):
            begun[found[1]] = now
        elif found := re.match(r"Finished jobid: (\d+) \(Rule: (\w+)\)", line):
            seconds[found[2]] += now - begun.get(found[1], now)
    return dict(seconds)


def main() -> None:
    """Make the study up and print the seconds of each step."""
    if sys.argv[1:2] == ["--made-up"]:
        run_made_up(sys.argv[2:])
        return
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", type=int)
    parser.add_argument("folder", type=Path, help="where the study is made; it may take gigabytes")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    config = options.folder / "study.yaml"
    config.write_text(yaml.safe_dump(describe_study(options.runs)))
    command = [sys.executable, __file__, "--made-up", "--snakefile", str(ROOT / "Snakefile")]
    command += ["--directory", str(options.folder), "--resources", "gpu=0", "--cores", "2"]
    runs = "results/planned/images.csv"
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent)}
    for what, target in (("runs and their list", [runs]), ("summary to report", [])):
        screen = options.folder / "screen"
        begun = time.perf_counter()
        with screen.open("w") as file:
            status = subprocess.run(
                [*command, *target, "--configfile", str(config)],
                cwd=ROOT,
                env=environment,
                stdout=file,
                stderr=subprocess.STDOUT,
            ).returncode
        print(f"{what}: {time.perf_counter() - begun:.0f} s")
        for rule, seconds in sorted(read_times(screen.read_text()).items(), key=lambda x: -x[1]):
            if seconds >= 2:
                print(f"  {rule}: {seconds:.0f} s")
        if status:
            sys.exit(screen.read_text()[-3000:])


if __name__ == "__main__":
    main()
