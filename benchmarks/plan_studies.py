"""What Snakemake's start costs by the number of runs: a dry run, and a call with nothing to do.

Seconds are those of the processor; other work on its other half and in its caches may double them.
So a workflow of as many jobs and files that says nothing else is planned beside each study: what
Snakemake takes for itself in the same minute.

    python benchmarks/plan_studies.py 100 300 1000 3000
    python benchmarks/plan_studies.py 27270 --dry
    python benchmarks/plan_studies.py --default

Nothing is trained. For the call with nothing to do, Snakemake runs the whole study once with
scripts that only leave empty files, and the records by which results are known for the study's own.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
# Networks of the catalogue, which with a recipe each make as many contenders as are wanted.
NETWORKS = ("plain34", "resnet34", "preact34", "multipath34", "resnet18")
REPLICATES = 20
# As many jobs as a study has, each with as many files.
BARE = """
RUNS = [f"runs/{c}/{r}" for c in range(config["contenders"]) for r in range(20)]
FILES = ["history.csv", "steps.csv", "predictions.csv", "weights", "training.json"]
# What asks for a file of each run: summary, list of images, verdicts, facts, figures, explorer.
EACH = [*["metrics"] * 3, *["history.csv"] * 3, *["predictions.csv"] * 3, "training.json"]


rule all:
    input: expand("all/{n}", n=range(len(EACH)))


rule split:
    output: "splits/{r}", "records/{r}"
    shell: "touch {output}"


rule train:
    input: "splits/{r}", "records/{r}"
    output: expand("runs/{{c}}/{{r}}/{f}", f=FILES)
    shell: "touch {output}"


rule evaluate:
    input:
        expand("runs/{{c}}/{r}/{f}", r=range(20), f=[FILES[0], FILES[2], FILES[4]]),
        expand("splits/{r}", r=range(20)),
    output: expand("runs/{{c}}/{r}/metrics", r=range(20))
    shell: "touch {output}"


for n, file in enumerate(EACH):

    rule:
        input: expand("{run}/{file}", run=RUNS, file=file)
        output: f"all/{n}"
        shell: "touch {output}"
"""


def describe_study(runs: int) -> dict:
    """Return the configuration of a study of so many runs: contenders by 20 replicates."""
    count = max(2, round(runs / REPLICATES))
    contenders = {
        f"{NETWORKS[place % 5]}-{place}": {
            "network": NETWORKS[place % 5],
            "recipe": {"learning_rate": round(0.0001 * (1 + place), 4)},
        }
        for place in range(count)
    }
    return {
        "study": "planned",
        "data": {"source": "digits", "image_size": 32},
        "replicates": REPLICATES,
        "recipe": {"epochs": 4, "batch_size": 32},
        "width": 0.25,
        "contenders": contenders,
        "reference": next(iter(contenders)),
        "report": {"languages": ["en"]},
    }


def make_up(path, basedir, input, output, params, *others):
    """Leave a script's outputs, empty but for the records, in the place of ``snakemake.script``."""
    inputs = {
        name: hashlib.sha256(Path(input.get(name)).read_bytes()).hexdigest()
        for name in ("manifest", "split", "recipe")
        if isinstance(input.get(name), str)
    }
    record = {"made_with": dict(params).get("made_with"), "inputs": inputs}
    for file in map(Path, output):
        if not file.suffix:
            file.mkdir(parents=True, exist_ok=True)
        else:
            file.write_text(json.dumps(record, default=str) if file.suffix == ".json" else "\n")


def run_made_up(arguments: list[str]) -> None:
    """Be Snakemake, with ``make_up`` for every script."""
    import snakemake.cli
    import snakemake.workflow

    snakemake.workflow.script = make_up
    # No script starts, so no process need have imported what scripts do.
    os.environ["TIMBANG_LAUNCHER"] = "none"
    snakemake.cli.main(arguments)


def call(
    folder: Path, *arguments: str, made_up: bool = False, snakefile: Path = ROOT / "Snakefile"
) -> tuple[float, int]:
    """Call Snakemake; return its processor seconds and its most memory in MiB."""
    own = [__file__, "--made-up"] if made_up else ["-m", "snakemake"]
    command = [sys.executable, *own, "--snakefile", str(snakefile)]
    command += ["--directory", str(folder), "--cores", "2", *arguments]
    if snakefile.parent == ROOT:
        command += ["--configfile", str(folder / "study.yaml")]
    with (folder / "screen").open("w") as screen:
        process = subprocess.Popen(command, cwd=ROOT, stdout=screen, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit((folder / "screen").read_text()[-3000:])
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss // 1024


def measure(folder: Path, study: str, dry: bool) -> list[str]:
    """Return the cells of a study: a dry run, Snakemake's own part of it, nothing to do."""
    (folder / "study.yaml").write_text(study)
    first = call(folder, "--dry-run")
    cells = [*describe(call(folder, "--dry-run")), f"{first[0]:.1f} s"]
    bare = folder / "bare"
    bare.mkdir()
    (bare / "Snakefile").write_text(BARE)
    contenders = len(yaml.safe_load(study)["contenders"])
    alone = call(
        bare, "--dry-run", "--config", f"contenders={contenders}", snakefile=bare / "Snakefile"
    )
    cells.append(f"{alone[0]:.1f} s")
    if not dry:
        call(folder, "--cores", "200", "--quiet", made_up=True)
        cells += describe(call(folder))
        assert "Nothing to be done" in (folder / "screen").read_text()
    return cells


def main() -> None:
    """Print a table: runs, seconds and memory of a dry run and of a call with nothing to do."""
    if sys.argv[1:2] == ["--made-up"]:
        run_made_up(sys.argv[2:])
        return
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", type=int, nargs="*")
    parser.add_argument("--default", action="store_true", help="the default study too")
    parser.add_argument("--dry", action="store_true", help="dry runs alone")
    options = parser.parse_args()
    studies = {f"{runs:,}": yaml.safe_dump(describe_study(runs)) for runs in options.runs}
    if options.default:
        studies["default study"] = (ROOT / "config" / "config.yaml").read_text()
    heads = ["runs", "dry run", "memory", "the first in a folder", "bare Snakemake"]
    heads += [] if options.dry else ["nothing to do", "memory"]
    print(f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}")
    for name, study in studies.items():
        with tempfile.TemporaryDirectory() as folder:
            cells = [name, *measure(Path(folder), study, options.dry)]
        print(f"| {' | '.join(cells)} |", flush=True)


def describe(cost: tuple[float, int]) -> list[str]:
    """Return the cells of a cost."""
    return [f"{cost[0]:.1f} s", f"{cost[1]:,} MiB"]


if __name__ == "__main__":
    main()
