"""What Snakemake's start costs by the number of runs: a dry run, and a call with nothing to do.

Seconds are those of the processor, which other work on the machine hardly changes.

    python benchmarks/plan_studies.py 100 300 1000 3000 27270

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


def call(folder: Path, *arguments: str, made_up: bool = False) -> tuple[float, int]:
    """Call Snakemake; return its processor seconds and its most memory in MiB."""
    own = [__file__, "--made-up"] if made_up else ["-m", "snakemake"]
    command = [sys.executable, *own, "--snakefile", str(ROOT / "Snakefile")]
    command += ["--directory", str(folder), *arguments]
    command += ["--configfile", str(folder / "study.yaml")]
    with (folder / "screen").open("w") as screen:
        process = subprocess.Popen(command, cwd=ROOT, stdout=screen, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit((folder / "screen").read_text()[-3000:])
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss // 1024


def main() -> None:
    """Print a table: runs, seconds and memory of a dry run and of a call with nothing to do."""
    if sys.argv[1:2] == ["--made-up"]:
        run_made_up(sys.argv[2:])
        return
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", type=int, nargs="*", default=[100, 300, 1000, 3000])
    parser.add_argument("--dry", action="store_true", help="dry runs alone")
    options = parser.parse_args()
    print("| runs | dry run | memory | nothing to do | memory |\n|---|---|---|---|---|")
    for runs in options.runs:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "study.yaml").write_text(yaml.safe_dump(describe_study(runs)))
            cells = [f"{runs:,}", *describe(call(folder, "--cores", "2", "--dry-run"))]
            if not options.dry:
                call(folder, "--cores", "200", "--quiet", made_up=True)
                cells += describe(call(folder, "--cores", "2"))
                assert "Nothing to be done" in (folder / "screen").read_text()
        print(f"| {' | '.join(cells)} |", flush=True)


def describe(cost: tuple[float, int]) -> list[str]:
    """Return the cells of a cost."""
    return [f"{cost[0]:.1f} s", f"{cost[1]:,} MiB"]


if __name__ == "__main__":
    main()
