"""What Slurm says of itself and of this study's jobs; nothing where it does not answer."""

import hashlib
import math
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from timbang.running.estimate import describe_hours

# What Slurm may take to answer on a busy cluster.
SECONDS_TO_ANSWER = 20
# The executor plugin allows 50 characters of letters, digits, hyphens and underscores.
LONGEST_NAME = 28


def ask_slurm(*command: str) -> str:
    """Return what one of Slurm's commands prints; nothing where it fails or is not there."""
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=SECONDS_TO_ANSWER,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""


def list_limits() -> dict[str, int | None]:
    """Return the longest time of each partition, as ``read_limits`` does."""
    return read_limits(ask_slurm("sinfo", "--noheader", "--format=%P|%l"))


def read_limits(answer: str) -> dict[str, int | None]:
    r"""Return the minutes that a job may take in each partition; None without a limit.

    The partition of those who name none is there a second time, as the empty name.

    Args:
        answer: lines of ``sinfo --format=%P|%l``.

    >>> read_limits("main*|1-02:30:00\nlong|infinite\n")
    {'main': 1590, '': 1590, 'long': None}
    """
    limits: dict[str, int | None] = {}
    for line in answer.splitlines():
        name, bar, time = line.strip().partition("|")
        if not bar:
            continue
        limits[name.removesuffix("*")] = read_minutes(time)
        if name.endswith("*"):
            limits[""] = read_minutes(time)
    return limits


def read_minutes(time: str) -> int | None:
    """Return the minutes of a time as Slurm writes it: ``[days-]hours:minutes:seconds``.

    >>> read_minutes("30:00"), read_minutes("infinite")
    (30, None)
    """
    found = re.fullmatch(r"(?:(\d+)-)?(?:(\d+):)?(\d+):(\d+)", time)
    if found is None:
        return None
    days, hours, minutes, _ = (int(part or 0) for part in found.groups())
    return 60 * (24 * days + hours) + minutes


def name_jobs(study: str) -> str:
    """Return what the names of a study's jobs begin with, for ``squeue``.

    >>> name_jobs("digits"), name_jobs("my.study")
    ('timbang-digits', 'timbang-my_study-8d2d87')
    """
    plain = re.sub("[^A-Za-z0-9_-]", "_", study)[:LONGEST_NAME]
    if plain == study:
        return f"timbang-{study}"
    return f"timbang-{plain}-{hashlib.sha256(study.encode()).hexdigest()[:6]}"


def list_jobs(study: str, folder: Path) -> list[str]:
    """Return the numbers of a study's jobs that Slurm has, in a folder where Snakemake works."""
    answer = ask_slurm("squeue", "--me", "--noheader", "--format=%i|%j|%Z")
    return read_jobs(answer, name_jobs(study), folder)


def read_jobs(answer: str, name: str, folder: Path) -> list[str]:
    """Return the numbers of the jobs of a name in a folder.

    Args:
        answer: lines of ``squeue --format=%i|%j|%Z``.
        name: what ``name_jobs`` returns.
        folder: where the jobs work.
    """
    lines = (line.strip().split("|", 2) for line in answer.splitlines())
    return [
        parts[0]
        for parts in lines
        if len(parts) == 3 and parts[1].rpartition("_")[0] == name and parts[2] == str(folder)
    ]


def find_too_long(
    minutes: Mapping[str, int], partitions: Mapping[str, str], limits: Mapping[str, int | None]
) -> list[str]:
    """Return a line for each rule whose jobs Slurm would take and never start.

    Args:
        minutes: the longest time that a job of each rule asks for.
        partitions: the partition of each rule; the empty name is Slurm's own.
        limits: what ``list_limits`` returns.
    """
    lines = []
    for rule, asked in minutes.items():
        partition = partitions.get(rule, "")
        limit = limits.get(partition)
        if limit is not None and asked > limit:
            where = f"partition {partition}" if partition else "the default partition"
            lines.append(
                f"{rule} asks for {asked:,} minutes, and {where} allows {limit:,}: Slurm would "
                f"never start it; set a shorter runtime or another slurm_partition for {rule} "
                "(set-resources), or fewer runs a job (group-components), in the profile"
            )
    return lines


def describe_attempts(seconds: float, limit: int | None, retries: int) -> list[str]:
    """Say that a run is expected to take more time than all its attempts are allowed together.

    Args:
        seconds: about how long the longest run trains.
        limit: the minutes that a job may take in its partition; None without a limit.
        retries: how often a job that failed comes again.
    """
    if limit is None or seconds <= 60 * limit * (retries + 1):
        return []
    needed = math.ceil(seconds / (60 * limit)) - 1
    return [
        f"a run is expected to train {describe_hours(seconds)}, its partition lets a job take "
        f"{limit:,} minutes, and after {retries + 1} of these Snakemake gives up: take another "
        f"slurm_partition, or retries: {needed} or more, in the profile; each goes on from the "
        "checkpoint of the one before"
    ]


def describe_cancelled(jobs: Sequence[str]) -> str:
    """Say that jobs were cancelled which an earlier call had left."""
    named = ", ".join(jobs[:5]) + (", ..." if len(jobs) > 5 else "")
    return (
        f"cancelled {len(jobs)} Slurm job{'s' * (len(jobs) != 1)} that a killed call had left "
        f"({named}): what they trained goes on from its checkpoints"
    )
