"""Kill real runs at random moments, and compare what they end with to a run that was left alone.

    python tests/workflow/kill_runs.py --kills 100

Each kill is SIGKILL to Snakemake and all its jobs at once, as a power cut would be, at a random
moment after training saved a state. The next call goes on; once a run is done its files are
compared with those of the run that was left alone, and it starts anew.
"""

import argparse
import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
RUN = Path("results/killed/runs/resnet8-cifar/0")
LOG = Path("results/killed/logs/train_network/runs/resnet8-cifar/0.log")
CHECKPOINTS = Path("results/killed/checkpoints")
CONFIG = {
    "study": "killed",
    "data": {"source": "folder", "folder": "images", "image_size": 16},
    "replicates": 1,
    "recipe": {"epochs": 10, "batch_size": 8, "ema": 0.9, "schedule": "cosine", "mixup": 0.2},
    "width": 0.5,
    "contenders": ["resnet8-cifar"],
    "reference": "resnet8-cifar",
    "checkpoint_seconds": 0.1,
}


def make_images(folder: Path) -> None:
    """Write images of noise, of two classes."""
    noise = np.random.default_rng(0)
    for name in ("cat", "dog"):
        (folder / "images" / name).mkdir(parents=True)
        for place in range(20):
            pixels = noise.integers(0, 256, (16, 16, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / "images" / name / f"{place}.png")


ARGUMENTS = [f"{RUN}/weights.safetensors", "--cores", "1", "--rerun-incomplete", "--nolock"]
ARGUMENTS += ["--resources", "gpu=0"]


def call(folder: Path, root: Path) -> subprocess.Popen:
    """Start Snakemake on the one run, in a process group of its own."""
    (folder / "config.yaml").write_text(yaml.safe_dump(CONFIG))
    command = [sys.executable, "-m", "snakemake", *ARGUMENTS]
    command += ["--snakefile", str(root / "Snakefile"), "--directory", str(folder)]
    command += ["--configfile", str(folder / "config.yaml")]
    return subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )


def kill_in_training(process: subprocess.Popen, folder: Path, seconds: float) -> bool:
    """Kill all processes of a call so long after a state was saved; False if it was done before."""
    log = folder / LOG
    log.unlink()  # that of the call before
    while process.poll() is None:
        begun = log.is_file() and " on cpu" in log.read_text()
        if begun and any((folder / CHECKPOINTS).glob("*.safetensors")):
            break
        time.sleep(0.02)
    try:
        process.wait(seconds)
        return False
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return True


def fingerprint(folder: Path) -> dict[str, str]:
    """Return hashes of what a run leaves, without the seconds of its history."""
    history = pd.read_csv(folder / RUN / "history.csv")
    kept = history.drop(columns=[name for name in history if "seconds" in name])
    parts = {"history": kept.to_csv().encode()}
    for name in ("predictions.csv", "weights.safetensors"):
        parts[name] = (folder / RUN / name).read_bytes()
    return {name: hashlib.sha256(content).hexdigest() for name, content in parts.items()}


def kill_runs(
    folder: Path,
    kills: int,
    longest: float,
    seed: int = 0,
    root: Path = ROOT,
    finish: Callable[[], bool] | None = None,
) -> tuple[int, int]:
    """Kill runs so often, each up to ``longest`` seconds after training began.

    Args:
        folder: where the images and the results lie.
        kills: how often.
        longest: in seconds.
        seed: of the moments.
        root: the project whose workflow runs.
        finish: calls Snakemake in the folder and lets it end; tells whether all went well.

    Returns:
        The number of runs that came to their end, and of those that ended differently.
    """
    random_moments = random.Random(seed)
    make_images(folder)
    finish = finish or (lambda: call(folder, root).wait() == 0)
    assert finish(), (folder / LOG).read_text()
    expected = fingerprint(folder)
    done, finished, different = 0, 0, 0
    while True:
        shutil.rmtree(folder / RUN)
        while done < kills:
            if not kill_in_training(call(folder, root), folder, random_moments.uniform(0, longest)):
                break
            done += 1
        assert finish(), (folder / LOG).read_text()
        finished += 1
        different += fingerprint(folder) != expected
        left = list((folder / CHECKPOINTS).iterdir())
        assert not left, left
        if done >= kills:
            return finished, different


def main() -> None:
    """Kill, compare, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--longest", type=float, default=3.0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        finished, different = kill_runs(Path(folder), options.kills, options.longest, options.seed)
    print(f"{options.kills} kills, {finished} runs finished, {different} ended differently")
    sys.exit(different > 0)


if __name__ == "__main__":
    main()
