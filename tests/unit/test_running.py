"""What a call costs, whether the machine is fit for it, and how far it has come."""

import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from timbang.errors import TimbangError
from timbang.networks.cost import count_multiply_adds
from timbang.networks.zoo import build
from timbang.running.estimate import (
    Measured,
    Task,
    ask_megabytes,
    ask_minutes,
    count_for_a_job,
    guess_multiply_adds,
    guess_seconds,
    make_task,
)
from timbang.running.guard import describe_disk, describe_gpu, describe_tex, describe_work
from timbang.running.held import hold_study, remove_dead_locks
from timbang.running.measured import count_images, read_measured
from timbang.running.progress import describe_runs, list_runs
from timbang.running.slurm import (
    describe_attempts,
    find_too_long,
    name_jobs,
    read_jobs,
    read_limits,
)
from timbang.sources.choice import find_source
from timbang.sources.fingerprints import known_hashes
from timbang.study.reading import read_study

ROOT = Path(__file__).resolve().parents[2]
SRC = ROOT / "src"


def study_of(**parts):
    schema = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text())
    config = {"study": "s", "data": {"source": "digits", "image_size": 32}, **parts}
    return read_study(config, schema, find_source, lambda network, width: None)


def task(network="resnet34", width=0.25, size=32, images=1437, device="cpu", **recipe):
    study = study_of(
        contenders=[network], reference=network, width=width, recipe={"epochs": 4, **recipe}
    )
    return Task(study.contenders[0], size, images, device)


# Time and memory


@pytest.mark.parametrize(
    "network", ["plain18", "resnet34", "multipath34", "twinpath34", "resnet50"]
)
@pytest.mark.parametrize(("width", "size"), [(0.25, 32), (0.25, 96)])
def test_multiply_adds_are_guessed_within_a_fifth(network, width, size):
    counted = count_multiply_adds(build(network, 10, width), size)
    assert guess_multiply_adds(network, width, size) == pytest.approx(counted, rel=0.2)


# Images a second, from docs/running.md.
@pytest.mark.parametrize(
    ("width", "size", "speed"), [(0.25, 32, 1200), (0.25, 64, 500), (1, 224, 4.5)]
)
def test_time_is_that_which_was_measured_within_a_quarter(width, size, speed):
    own = task(width=width, size=size, images=1000, epochs=1)
    assert guess_seconds(own) == pytest.approx(1000 / speed, rel=0.25)


def test_runs_that_are_done_say_how_fast_the_machine_is():
    own = task()
    guessed = guess_seconds(own)
    of_gpu = Measured("resnet34", "gpu", 5e6, 1e-5)
    assert guess_seconds(own, [of_gpu]) == guessed
    same = Measured("resnet34", "cpu", 5e6, 0.01)
    assert guess_seconds(own, [of_gpu, same]) == pytest.approx(0.01 * 1437 * 4)
    # Another network took twice what was guessed for it.
    cost = guess_multiply_adds("plain18", 0.25, 32)
    of_other = guess_seconds(task("plain18")) / (1437 * 4)
    other = Measured("plain18", "cpu", cost, 2 * of_other)
    assert guess_seconds(own, [other]) == pytest.approx(2 * guessed)


def test_each_attempt_doubles_time_and_memory_up_to_what_is_allowed():
    own = task(images=100_000)
    first = ask_minutes(own, (), 1)
    assert first > guess_seconds(own) / 60
    assert [ask_minutes(own, (), attempt) for attempt in (2, 3)] == [2 * first, 4 * first]
    assert ask_minutes(own, (), 3, most=90) == 90
    assert ask_megabytes(own, 2) == 2 * ask_megabytes(own, 1)


def test_memory_is_above_what_was_measured():
    """0.8 GB at 64 pixels, 2.6 GB at 224 (docs/running.md)."""
    assert 800 < ask_megabytes(task(size=64), 1) < 4000
    assert 2600 < ask_megabytes(task(width=1, size=224), 1) < 8000


def test_short_runs_share_a_job_and_long_ones_do_not():
    assert count_for_a_job([5.0] * 28) == 30
    assert count_for_a_job([0.01]) == 50
    assert count_for_a_job([3600.0, 10.0]) == 1
    assert count_for_a_job([]) == 1


def test_records_of_runs_are_read_and_damaged_ones_left_out(tmp_path):
    texts = {
        "good": {"contender": "a", "device": "cuda", "images_per_second": 50, "multiply_adds": 9},
        "diverged": {"contender": "a", "device": "cpu", "images_per_second": 0, "multiply_adds": 9},
        "list": [1],
    }
    for name, content in texts.items():
        (tmp_path / name).write_text(json.dumps(content))
    (tmp_path / "cut").write_text('{"contender": ')
    files = [tmp_path / name for name in (*texts, "cut", "missing")]
    assert read_measured(files) == [Measured("a", "gpu", 9, 0.02)]


def test_images_are_as_many_as_were_counted_or_else_as_their_source_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    digits, folder = study_of(), study_of(data={"source": "folder", "folder": "photos"})
    assert (count_images(digits, tmp_path), count_images(folder, tmp_path)) == (1797, 20_000)
    (tmp_path / "data").mkdir()
    known = known_hashes(Path("photos"))
    known.parent.mkdir()
    known.write_text(json.dumps({name: [1] for name in "abc"}))
    assert (count_images(digits, tmp_path), count_images(folder, tmp_path)) == (1797, 3)
    (tmp_path / "data/audit.json").write_text('{"usable": 2}')
    assert count_images(digits, tmp_path) == count_images(folder, tmp_path) == 2


def test_a_run_trains_on_what_its_variant_leaves_of_the_images():
    study = study_of(
        split={"validation": 0.2, "test": 0.1},
        tuning={"trials": 2, "share": 0.5, "over": {"learning_rate": [0.001, 0.1]}},
        learning_curve={"shares": [0.25], "by": "steps"},
        recipe={"epochs": 4},
    )
    own = study.contenders[0]
    tasks = {
        variant: make_task(study, variant, own, 1000, "cpu")
        for variant in ("runs", "tuned", "trials/1", "shares/0.25")
    }
    assert [task.images for task in tasks.values()] == [700, 700, 350, 175]
    assert [task.contender.recipe.epochs for task in tasks.values()] == [4, 4, 4, 16]
    assert make_task(study, "runs", own, 1, "cpu").images == 1


def test_what_the_workflow_parses_needs_the_standard_library_and_yaml_alone():
    """As Snakemake's own environment has it, where no numpy is."""
    code = (
        "import sys, timbang.running.guard, timbang.running.held, timbang.running.slurm,"
        "timbang.running.measured, timbang.running.estimate;"
        "print(sorted({'numpy', 'pandas', 'torch', 'scipy', 'PIL', 'tqdm'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(SRC)},
        capture_output=True,
        text=True,
    )
    assert done.stdout == "[]\n", done.stderr


# Slurm


def test_limits_of_partitions_are_read():
    answer = "main*|1:30:00\ngpu|2-00:00:00\nlong|infinite\nshort|30:00\n\nnonsense\n"
    assert read_limits(answer) == {"main": 90, "": 90, "gpu": 2880, "long": None, "short": 30}


def test_a_time_above_the_partitions_limit_is_one_line():
    minutes = {"train_network": 240, "probe_run": 15, "write_pixels": 95}
    (training, pixels) = find_too_long(
        minutes, {"train_network": "gpu"}, {"gpu": 60, "": 90, "long": None}
    )
    assert "train_network asks for 240 minutes, and partition gpu allows 60" in training
    assert "write_pixels asks for 95 minutes, and the default partition allows 90" in pixels
    assert find_too_long(minutes, {}, {}) == []


def test_a_run_that_no_number_of_attempts_would_finish_is_one_line():
    (line,) = describe_attempts(10 * 3600, 60, 2)
    assert "10.0 hours" in line and "60 minutes" in line and "retries: 9 or more" in line
    assert describe_attempts(3 * 3600, 60, 2) == describe_attempts(1e9, None, 0) == []


def test_jobs_of_a_study_are_told_from_others():
    name = name_jobs("digits")
    answer = f"1|{name}_ab-12|/here\n2|{name}_cd|/there\n3|{name}-two_ef|/here\n4|x\n"
    assert read_jobs(answer, name, Path("/here")) == ["1"]
    names = {name_jobs(study) for study in ("a.b", "a_b", "a" * 60, "a" * 61)}
    assert len(names) == 4
    assert all(len(name) <= 50 for name in names)


# One call at a time


def test_a_study_is_held_by_one_call_and_let_go_with_it(tmp_path):
    place = tmp_path / "results" / ".held"
    with hold_study(place, "s"), pytest.raises(TimbangError, match=rf"process {os.getpid()} on "):
        hold_study(place, "s")
    hold_study(place, "s").close()


def test_a_folder_that_cannot_be_written_to_is_one_line(tmp_path):
    (tmp_path / "results").write_text("no folder")
    with pytest.raises(TimbangError, match=r"\.held: cannot be written \(.+\); let the folder"):
        hold_study(tmp_path / "results" / ".held", "s")


def test_a_damaged_note_of_the_holder_is_left_unsaid(tmp_path):
    place = tmp_path / ".held"
    with hold_study(place, "s") as file:
        file.truncate(0)
        with pytest.raises(TimbangError, match="another call is at work on study s; wait"):
            hold_study(place, "s")


def test_only_dead_locks_of_the_study_itself_are_removed(tmp_path):
    """A lock of another study names its own results, though it may read this one's."""
    locks = {
        "0.input": "images/1.png\nresults/s/data/manifest.csv\nresults/twin/summary.csv\n",
        "0.output": "results/s/summary.csv\n",
        "1.input": "results/s/summary.csv\nresults/other/runs.csv\n",
        "1.output": "results/other/runs.csv\n",
        "2.output": "results/s-two/runs.csv\n",
        "3.output": "data/archives/ab\n",
    }
    for name, text in locks.items():
        (tmp_path / f"{name}.lock").write_text(text)
    remove_dead_locks(tmp_path, "results/s", ["results/twin"])
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == ["1.input.lock", "1.output.lock", "2.output.lock", "3.output.lock"]


# What is said before training


def test_what_is_wrong_with_the_machine_is_a_line_each(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert len(describe_tex(True)) == 1 and describe_tex(False) == []
    assert len(describe_gpu(True, False, True)) == 1
    assert describe_gpu(True, True, True) == describe_gpu(False, False, True) == []
    (line,) = describe_disk(10**12, 224, tmp_path / "not" / "there")
    assert "the pixels of 1,000,000,000,000 images need 150528000.0 GB" in line
    assert describe_disk(10, 32, tmp_path) == []


def test_what_is_trained_is_said_and_what_of_it_was_trained_before():
    first, again = describe_work(28 * 3600.0, 28, 7, 4, True)
    assert first.startswith("28 runs to train, 4 at a time: about 7.0 hours (from the runs")
    assert "7 of these are finished and would be trained anew" in again
    assert "about 7.0 hours of training" in again
    assert describe_work(0.0, 0, 0, 4, False) == []
    (line,) = describe_work(3600.0, 1, 0, 4, False)
    assert line.startswith("1 run to train") and "60 minutes (a guess" in line


# How far it is


@pytest.fixture
def results(tmp_path):
    """A study of four runs: one done, one training, one failed, one not begun."""
    runs, logs = tmp_path / "runs", tmp_path / "logs/train_network/runs"
    for contender in ("resnet34", "plain34"):
        (logs / contender).mkdir(parents=True)
    done = runs / "resnet34/0/training.json"
    done.parent.mkdir(parents=True)
    done.write_text(
        json.dumps(
            {
                "contender": "resnet34",
                "device": "cpu",
                "images_per_second": 10,
                "multiply_adds": 5e6,
            }
        )
    )
    (logs / "resnet34/1.log").write_text(
        "18:00:00 resnet34 on cpu\n"
        "18:00:09 epoch 1: training loss 2.1, accuracy 0.2; validation loss 2.2\n"
    )
    (logs / "plain34/0.log").write_text("18:00:00 plain34 on cpu\n18:00:01 error: no \x1b[31m\n")
    (tmp_path / "data").mkdir()
    (tmp_path / "data/audit.json").write_text('{"usable": 1000}')
    (tmp_path / "checkpoints").mkdir()
    return tmp_path


def test_the_view_tells_what_is_done_running_waiting_and_failed(results):
    study = study_of(
        contenders=["resnet34", "plain34"],
        reference="resnet34",
        replicates=2,
        recipe={"epochs": 4},
        split={"validation": 0.2},
    )
    with (results / "checkpoints/resnet34-1.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        head, running, failed = describe_runs("s", list_runs(study, results), True)
    # 800 images in 4 epochs at 10 a second are 320 s: three quarters of that and twice plain34.
    assert head.startswith("s: 1 of 4 runs done, 1 running, 1 waiting, 1 failed; about ")
    assert "runs/resnet34/1, epoch 1 of 4: training loss 2.1, accuracy 0.2; validation" in running
    assert failed.endswith("runs/plain34/0: no \\x1b[31m")
    head, stopped, _ = describe_runs("s", list_runs(study, results), False)
    assert "1 stopped" in head and head.endswith("no call is at work on it")
    assert stopped.startswith("  stopped runs/resnet34/1, epoch 1 of 4")


def test_the_view_is_printed_from_a_configuration(tmp_path):
    (tmp_path / "c.yaml").write_text("study: s\ndata: {source: digits}\nreplicates: 2\n")
    command = [sys.executable, "-m", "timbang.running"]
    settings = {"cwd": tmp_path, "capture_output": True, "text": True}
    environment = os.environ | {"PYTHONPATH": str(SRC)}
    done = subprocess.run([*command, "c.yaml"], env=environment, **settings)
    assert done.stdout == "s: 0 of 8 runs done, 8 waiting; no call is at work on it\n", done.stderr
    wrong = subprocess.run([*command, "none.yaml"], env=environment, **settings)
    assert wrong.returncode == 2 and "Traceback" not in wrong.stderr
