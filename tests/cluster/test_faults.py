"""Whatever happens to a study on its way, it ends with the same predictions.

One study is made without any fault; each test gives a copy of it, without its runs, to the cluster
or to this machine, harms it, and compares the predictions.
"""

import os
import shutil
import signal
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from slurm_study import Folder

pytestmark = pytest.mark.cluster
# Those that wait for Slurm go beside those that compute.
ON_SLURM = pytest.mark.xdist_group("on-slurm")
ON_THIS_MACHINE = pytest.mark.xdist_group("on-this-machine")

STUDY = {
    "study": "harmed",
    "data": {"source": "folder", "folder": "images", "image_size": 16},
    "replicates": 2,
    "recipe": {"epochs": 15, "batch_size": 8, "ema": 0.9, "schedule": "cosine", "mixup": 0.2},
    "width": 0.5,
    "contenders": ["resnet8-cifar"],
    "reference": "resnet8-cifar",
    "checkpoint_seconds": 0.3,
}
RUN = "resnet8-cifar"
ENDS = ("results/harmed/summary.csv",)
ALONE = ("--group-components", "runs=1")
# On any node, so that a test need not wait for the one GPU.
NO_GPU = ("--set-resources", "train_network:gpu=0", "train_network:one_by_one=1")
LOCAL = {"profile": "profiles/default", "of_the_cluster": ("--cores", "2", "--resources", "gpu=0")}
GOING_ON = "going on after step"


@pytest.fixture(scope="module")
def unharmed(tmp_path_factory):
    """The study as it ends where nothing happens."""
    place = tmp_path_factory.mktemp("unharmed") / "work"
    noise = np.random.default_rng(0)
    for name in ("cat", "dog"):
        (place / "images" / name).mkdir(parents=True)
        for number in range(100):
            pixels = noise.integers(0, 256, (16, 16, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(place / "images" / name / f"{number}.png")
    folder = Folder(place, STUDY)
    folder.make(*targets(), **LOCAL)
    return folder


def targets(*arguments):
    """What to make, and further arguments; a target must not follow a configuration file."""
    return ("--", *ENDS) if not arguments else (*arguments, "--", *ENDS)


@pytest.fixture
def harmed(unharmed, tmp_path):
    """A copy of the study to which nothing has happened yet, without its runs."""
    return copy_without_runs(unharmed, tmp_path / "work")


def copy_without_runs(unharmed, place):
    shutil.copytree(unharmed.place, place)
    for name in ("runs", "checkpoints", "logs"):
        shutil.rmtree(place / "results/harmed" / name, ignore_errors=True)
    (place / "results/harmed/summary.csv").unlink()
    (place / "harmed.txt").unlink()
    return Folder(place, STUDY)


def has_saved(folder, replicate):
    return any((folder.results / "checkpoints").glob(f"{RUN}-{replicate}-*.safetensors"))


def job_of(cluster, folder):
    """The job that trains in a folder, the one of the node with the GPU where there are two."""
    lines = (line.split("|") for line in cluster.squeue("%i|%Z", "RUNNING"))
    return next((number for number, place in lines if place == str(folder.place)), None)


@ON_SLURM
def test_a_job_cancelled_a_controller_restarted_and_a_node_lost(
    cluster, unharmed, harmed, await_that
):
    call = harmed.start(*targets(*ALONE))
    await_that(lambda: has_saved(harmed, 0) or has_saved(harmed, 1), "a checkpoint")
    struck = 0 if has_saved(harmed, 0) else 1
    subprocess.run(["scancel", job_of(cluster, harmed)], check=True)
    await_that(lambda: cluster.records(harmed.place), "a cancelled job")
    cluster.down("slurmctld")
    time.sleep(2)
    cluster.up("slurmctld")
    # It has the GPU next.
    await_that(lambda: has_saved(harmed, 1 - struck), "a checkpoint of the other run")
    cluster.lose("withgpu")
    time.sleep(1)
    cluster.up("withgpu")
    assert call.wait() == 0, harmed.said()[-6000:] + cluster.log()
    for replicate in (0, 1):
        assert GOING_ON in harmed.log_of(f"{RUN}/{replicate}"), replicate
    assert harmed.fingerprint() == unharmed.fingerprint()
    states = [job["JobState"] for job in cluster.records(harmed.place)]
    assert states.count("CANCELLED") == 1 and "NODE_FAIL" in states, states


def processes_in(folder):
    """The processes that train in a folder."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            command = (place / "cmdline").read_text()
            if (place / "cwd").samefile(folder) and "train_network.py" in command:
                found.append(int(place.name))
        except OSError:
            continue
    return found


@ON_SLURM
def test_jobs_over_their_time_and_one_over_its_memory_get_more(
    cluster, unharmed, tmp_path, await_that
):
    """While the first wait for their end, a second call of the same study is sent away."""
    late = copy_without_runs(unharmed, tmp_path / "late")
    big = copy_without_runs(unharmed, tmp_path / "big")
    resources = [*NO_GPU, "train_network:runtime=attempt", *ALONE]
    calls = [late.start(*targets(*resources))]
    await_that(lambda: has_saved(late, 0) or has_saved(late, 1), "a checkpoint")
    for process in processes_in(late.place):
        os.kill(process, signal.SIGSTOP)

    second = late.start(*targets(*resources))
    assert second.wait() != 0
    assert "another call is at work on study harmed (process" in late.said()
    assert "Traceback" not in late.said()

    calls.append(big.start(*targets(*NO_GPU, "train_network:mem_mb=100*4**attempt")))
    for call, folder in zip(calls, (late, big), strict=True):
        assert call.wait() == 0, folder.said()[-6000:] + cluster.log()
        assert folder.fingerprint() == unharmed.fingerprint()
    jobs = [(job["JobState"], job["TimeLimit"]) for job in cluster.records(late.place)]
    assert ("TIMEOUT", "1") in jobs and ("COMPLETED", "2") in jobs, jobs
    assert any(GOING_ON in late.log_of(f"{RUN}/{replicate}") for replicate in (0, 1))
    assert "exceeded memory limit" in big.said()
    states = [job["JobState"] for job in cluster.records(big.place)]
    # The node that the test before had lost may lose a job once more, which Slurm queues again.
    states = [state for state in states if state != "NODE_FAIL"]
    assert len(states) == 2 and states[0] != "COMPLETED" == states[1], states


@ON_SLURM
def test_snakemake_killed_and_called_again_while_its_job_still_runs(
    cluster, unharmed, harmed, await_that
):
    call = harmed.start(*targets())
    await_that(lambda: has_saved(harmed, 0) or has_saved(harmed, 1), "a checkpoint")
    os.killpg(call.pid, signal.SIGKILL)
    call.wait()
    left = job_of(cluster, harmed)
    said = harmed.make(*targets())
    assert f"cancelled 1 Slurm job that a killed call had left ({left})" in said
    assert GOING_ON in harmed.log_of(f"{RUN}/0") + harmed.log_of(f"{RUN}/1")
    assert harmed.fingerprint() == unharmed.fingerprint()


@contextmanager
def small_disk(folder, megabytes):
    """Let a folder, with what is in it, be a small file system of its own."""
    aside = folder.with_name("aside")
    folder.rename(aside)
    folder.mkdir()
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", folder], check=True
    )
    try:
        shutil.copytree(aside, folder, dirs_exist_ok=True)
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


@ON_THIS_MACHINE
def test_a_full_disk_and_one_that_may_only_be_read(unharmed, harmed, await_that):
    with small_disk(harmed.place / "results", 40):
        call = harmed.start(*targets(), **LOCAL)
        await_that(lambda: has_saved(harmed, 0), "a checkpoint")
        filler = harmed.place / "results/filler"
        with filler.open("wb") as file, pytest.raises(OSError):
            while True:
                file.write(bytes(1 << 16))
                file.flush()
        assert call.wait() != 0
        assert "No space left on device; make room and give the same command again" in harmed.said()
        filler.unlink()

        disk = harmed.place / "results"
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        assert harmed.start(*targets(), **LOCAL).wait() != 0
        subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
        assert "cannot be written (Read-only file system); let the folder" in harmed.said()
        assert "Traceback" not in harmed.said()
        harmed.make(*targets(), **LOCAL)
        assert harmed.fingerprint() == unharmed.fingerprint()


@ON_THIS_MACHINE
def test_a_clock_that_went_back_by_a_day_costs_nothing(unharmed, harmed):
    tomorrow = time.time() + 86400
    for file in (harmed.place / "results").rglob("*"):
        os.utime(file, (tomorrow, tomorrow))
    said = harmed.make(*targets(), **LOCAL)
    assert "splits/0.csv: was dated later than now, and is dated now" in said
    assert harmed.fingerprint() == unharmed.fingerprint()
    before = {file: file.stat().st_mtime for file in harmed.results.rglob("training.json")}
    harmed.make(*targets(), **LOCAL)
    assert {file: file.stat().st_mtime for file in before} == before


# Python reads it as it starts: a run's last file gets another name than the one it was meant for.
WRITES_LATE = """
import os

replace = os.replace
os.replace = lambda old, new: replace(
    old, f"{new}.late" if os.path.basename(new) == "training.json" else new
)
"""


@ON_THIS_MACHINE
def test_files_that_are_seen_late_are_waited_for(unharmed, harmed, await_that, monkeypatch):
    """Each run's last file is seen once Snakemake has said that it waits for it."""
    hook = harmed.place / "hook"
    hook.mkdir()
    (hook / "sitecustomize.py").write_text(WRITES_LATE)
    paths = [str(hook), *filter(None, [os.getenv("PYTHONPATH")])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))
    call = harmed.start(*targets("--latency-wait", "60"), **LOCAL)
    late = [harmed.results / f"runs/{RUN}/{replicate}/training.json" for replicate in (0, 1)]

    def all_are_seen():
        for file in late:
            waited_for = f"{file.relative_to(harmed.place)} (missing locally)"
            if not file.exists() and waited_for in harmed.said():
                file.with_name("training.json.late").rename(file)
        return all(file.exists() for file in late)

    await_that(all_are_seen, "that both files are waited for")
    assert call.wait() == 0, harmed.said()[-6000:]
    assert harmed.fingerprint() == unharmed.fingerprint()


@ON_THIS_MACHINE
def test_two_studies_at_once_share_a_folder(unharmed, harmed):
    other = Folder(harmed.place, STUDY | {"study": "other"})
    calls = [
        (harmed, harmed.start(*targets(), **LOCAL)),
        (other, other.start("--", "results/other/summary.csv", **LOCAL)),
    ]
    for folder, call in calls:
        assert call.wait() == 0, folder.said()[-3000:]
        assert folder.fingerprint() == unharmed.fingerprint()
