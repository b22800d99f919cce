"""How far a study is, told from the files of its runs: logs, records and locks.

So it is the same for runs of this machine and of a cluster, and whoever may read the folder may
ask.
"""

import fcntl
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from timbang.printable import show
from timbang.running.estimate import Measured, describe_hours, guess_seconds, make_task
from timbang.running.measured import count_images, read_measured
from timbang.study.runs import label_run, label_seed
from timbang.study.study import Study
from timbang.study.variants import OWN, TUNED, list_shares, list_trials, list_varied

DONE, RUNNING, WAITING, FAILED, STOPPED = "done", "running", "waiting", "failed", "stopped"
# So much of a log's end is read.
END_OF_LOG = 20_000


@dataclass(frozen=True)
class Run:
    """One run of a study: its name (``runs/resnet34/3``), how it is, and what it says of itself.

    ``epoch`` is the last that has ended, of ``epochs``.
    """

    name: str
    contender: str
    state: str
    epoch: int
    epochs: int
    says: str
    seconds_left: float


def list_runs(study: Study, folder: Path) -> list[Run]:
    """Return the runs of a study, those of its variants after its own.

    Args:
        study: the study.
        folder: its results.
    """
    measured = read_measured(
        folder / OWN / own.name / label_run(replicate) / "training.json"
        for own in study.contenders
        for replicate in study.replicates
    )
    return list(_iterate_runs(study, folder, measured))


def _iterate_runs(study: Study, folder: Path, measured: Sequence[Measured]) -> Iterator[Run]:
    images = count_images(study, folder)
    device = measured[-1].device if measured else "cpu"
    for variant in (OWN, *([TUNED] if study.tuning else []), *_list_others(study)):
        seeds = study.seeds if variant in (OWN, TUNED) else 1
        for contender in study.contenders:
            task = make_task(study, variant, contender, images, device)
            own = task.contender
            seconds = guess_seconds(task, measured)
            for replicate in study.replicates:
                for seed in range(seeds):
                    run = f"{variant}/{own.name}/{label_run(replicate, seed)}"
                    held = name_of_lock(variant, own.name, replicate, seed)
                    yield _look_at(folder, run, own.name, own.recipe.epochs, held, seconds)


def _list_others(study: Study) -> list[str]:
    return [*list_trials(study), *list_varied(study), *list_shares(study)]


def name_of_lock(variant: str, contender: str, replicate: int, seed: int) -> str:
    """Return the file below ``checkpoints/`` that a run holds while it trains."""
    folder = "" if variant == OWN else f"{variant}/"
    return f"{folder}{contender}-{replicate}{label_seed(seed).replace('-', '.')}.lock"


def _look_at(folder: Path, run: str, contender: str, epochs: int, held: str, seconds: float) -> Run:
    variant = run.partition("/")[0]
    rule = "train_network" if variant in (OWN, TUNED) else "train_variant"
    log = _read_end(folder / "logs" / rule / f"{run}.log")
    lines = [line for line in log.splitlines() if line.strip()]
    epoch, says = _find_epoch(lines)
    if (folder / run / "training.json").is_file():
        return Run(run, contender, DONE, epochs, epochs, "", 0.0)
    left = seconds * (1 - min(epoch, epochs) / epochs)
    if is_held(folder / "checkpoints" / held):
        return Run(run, contender, RUNNING, epoch, epochs, says, left)
    if not lines:
        return Run(run, contender, WAITING, 0, epochs, "", left)
    errors = [found[1] for line in lines if (found := re.match(r"\S+ error: (.*)", line))]
    state = FAILED if errors else STOPPED
    return Run(run, contender, state, epoch, epochs, errors[-1] if errors else says, left)


def _find_epoch(lines: Sequence[str]) -> tuple[int, str]:
    """Return the last epoch that a log speaks of, and the line; 0 and nothing without any."""
    for line in reversed(lines):
        if found := re.match(r"\S+ epoch (\d+): (.*)", line):
            return int(found[1]), found[2]
        if found := re.match(r"\S+ going on after step \d+ of epoch (\d+)", line):
            return int(found[1]) - 1, "going on from its checkpoint"
    return 0, ""


def _read_end(log: Path) -> str:
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - END_OF_LOG))
            return file.read().decode("utf-8", errors="replace")
    except OSError:
        return ""


def is_held(lock: Path) -> bool:
    """Return whether a process holds a lock, on whichever machine; False without the file."""
    try:
        with lock.open("rb") as file:
            # Shared, so that two who look do not take each other for a run.
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def describe_runs(study: str, runs: Sequence[Run], is_at_work: bool) -> list[str]:
    """Return the lines of the view: one of the whole, then those runs that have something to say.

    Args:
        study: its name.
        runs: its runs.
        is_at_work: whether a call of Snakemake is at work on it.
    """
    counts = {
        state: sum(run.state == state for run in runs)
        for state in (DONE, RUNNING, WAITING, STOPPED, FAILED)
    }
    left = sum(run.seconds_left for run in runs)
    parts = [f"{counts[DONE]:,} of {len(runs):,} runs done"]
    parts += [f"{count:,} {state}" for state, count in counts.items() if count and state != DONE]
    head = f"{study}: {', '.join(parts)}"
    if left and is_at_work:
        head += f"; about {describe_hours(left / max(1, counts[RUNNING]))} left"
    elif left:
        head += "; no call is at work on it"
    lines = [head]
    for state in (RUNNING, STOPPED, FAILED):
        for run in runs:
            if run.state == state:
                where = f", epoch {run.epoch} of {run.epochs}" if state != FAILED else ""
                says = f": {run.says}" if run.says else ""
                lines.append(f"  {state:8}{run.name}{where}{says}")
    return [show(line) for line in lines]
