"""A whole small study: it runs, repeats itself, and a change reruns what depends on it."""

import copy
import json
import os
import shutil

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import load_file
from small_study import CONFIG, RESULTS, TARGETS, edited

AFTER_TRAINING = {"evaluate_contender": 2, "summarise_runs": 1, "draw_accuracies": 1}
ALL_RUNS = {"train_network": 4, **AFTER_TRAINING}
AFTER_MANIFEST = {"build_manifest": 1, "write_pixels": 1, "split_images": 2, **ALL_RUNS}


def changed(**parts):
    return copy.deepcopy(CONFIG) | parts


def comment(content):
    """Change a Python file but not what it does."""
    return b"# changed\n" + content


def work_otherwise(content):
    """Change what a Python file does."""
    return content + b"\nCHANGED = True\n"


# What is made


def test_study_has_a_summary_of_its_runs(study):
    summary = pd.read_csv(study.work / RESULTS / "summary.csv")
    assert list(summary["contender"]) == ["resnet34", "plain34"]
    assert summary["replicates"].tolist() == [2, 2]
    assert summary["accuracy_mean"].between(0, 1).all()
    classes = pd.read_csv(study.work / RESULTS / "per_class.csv", keep_default_na=False)
    assert set(classes["label"]) == {"NA", "cat", "dog"}
    assert (study.work / RESULTS / "figures/accuracies-en.pdf").read_bytes()[:4] == b"%PDF"


def test_every_run_has_its_files(study):
    for contender in ("resnet34", "plain34"):
        for replicate in ("0", "1"):
            run = study.work / RESULTS / "runs" / contender / replicate
            history = pd.read_csv(run / "history.csv")
            predictions = pd.read_csv(run / "predictions.csv")
            metrics = json.loads((run / "metrics.json").read_text())
            assert history["epoch"].tolist() == [1]
            assert len(predictions) == 6
            assert metrics["accuracy"] == pytest.approx(history["validation_accuracy"].iloc[-1])
            assert metrics["loss"] == pytest.approx(history["validation_loss"].iloc[-1], rel=1e-5)
            assert metrics["device"] == "cpu"
            assert metrics["test_accuracy"] is None
            weights = load_file(run / "weights.safetensors")
            assert all(np.isfinite(value).all() for value in weights.values())


def test_snakemake_looks_for_work_when_a_job_has_ended_and_not_in_between(study):
    looks = study.output.count("Ready jobs: ")
    assert 0 < looks <= study.output.count("Finished jobid") + 2


def test_same_study_again_is_the_same(study, tmp_path):
    """From scratch in another folder, this time with a GPU allowed where there is one."""
    again = study.make_elsewhere(tmp_path)
    run = f"{RESULTS}/runs/plain34/1"
    status, output = study.snakemake(f"{run}/history.csv", "--resources", "gpu=1", work=again)
    assert status == 0, output
    first, second = study.work / run, again / run
    if json.loads((second / "training.json").read_text())["device"] != "cpu":
        pytest.skip("the second run was on a GPU")
    for name in ("data/manifest.csv", "data/pixels.npy", "splits/1.csv"):
        assert (study.work / RESULTS / name).read_bytes() == (again / RESULTS / name).read_bytes()
    for name in ("predictions.csv", "weights.safetensors"):
        assert (first / name).read_bytes() == (second / name).read_bytes()
    one, other = (
        pd.read_csv(folder / "history.csv").drop(columns=["seconds", "validation_seconds"])
        for folder in (first, second)
    )
    assert one.equals(other)


def test_test_part_of_the_user_s_own_split_is_scored_apart(project, tmp_path):
    work = project.make_elsewhere(tmp_path)
    parts = {"0": "Test", "1": "val", "2": ""}
    rows = [
        f"{name}/{place}.png,{name},{parts.get(str(place), 'train')}"
        for name in ("cat", "dog", "NA")
        for place in range(8)
    ]
    (work / "labels.csv").write_text("\n".join(["filename,label,set", *rows]) + "\n")
    data = {"source": "table", "table": "labels.csv", "images": "images", "image_size": 16}
    config = changed(
        data=data | {"on_problem": "skip"},
        split={"from": "set"},
        contenders=["resnet34"],
        replicates=1,
    )
    status, output = project.snakemake(TARGETS[0], config=config, work=work)
    assert status == 0, output
    folder = work / RESULTS
    split = pd.read_csv(folder / "splits/0.csv", keep_default_na=False)
    assert split["part"].value_counts().to_dict() == {"train": 15, "validation": 3, "test": 3}
    predictions = pd.read_csv(folder / "runs/resnet34/0/predictions.csv", keep_default_na=False)
    assert predictions["part"].tolist() == ["validation"] * 3 + ["test"] * 3
    of_test = predictions[predictions["part"] == "test"]
    assert sorted(of_test["filename"]) == ["NA/0.png", "cat/0.png", "dog/0.png"]
    accuracy = (of_test["label"] == of_test["predicted"]).mean()
    metrics = json.loads((folder / "runs/resnet34/0/metrics.json").read_text())
    assert (metrics["validation_images"], metrics["test_images"]) == (3, 3)
    assert metrics["test_accuracy"] == pytest.approx(accuracy)
    summary = pd.read_csv(folder / "summary.csv")
    assert summary["test_accuracy_mean"].tolist() == pytest.approx([accuracy])
    assert np.isfinite(summary["test_loss_mean"]).all()


# What a change reruns


def test_second_call_runs_nothing(study):
    """Nor where scripts and an image are only newer, as after an update or a copy."""
    for script in (study.root / "workflow/scripts").glob("*.py"):
        script.touch()
    os.utime(study.work / "images/cat/3.png", (10**9, 10**9))
    status, output = study.snakemake(*TARGETS)
    assert status == 0
    assert "Nothing to be done" in output


def test_figure_style_draws_again_and_trains_nothing(study):
    with edited(study.root / "src/timbang/report/figures/style.py", work_otherwise):
        assert study.would_run() == {"draw_accuracies": 1}


def test_changed_training_code_trains_all_and_a_comment_nothing(study):
    with edited(study.root / "src/timbang/training/loop.py", work_otherwise):
        assert study.would_run() == ALL_RUNS
    with edited(study.root / "src/timbang/training/loop.py", comment):
        assert study.would_run() == {}


ONE_CONTENDER = {**ALL_RUNS, "train_network": 2, "evaluate_contender": 1}
SETTINGS = {
    "learning rate": (
        {"recipe": {"epochs": 1, "batch_size": 8, "learning_rate": 0.002}},
        ALL_RUNS,
    ),
    "another seed": ({"seeds": 2}, {**ALL_RUNS, "train_network": 4}),
    "another contender": ({"contenders": ["resnet34", "plain34", "preact34"]}, ONE_CONTENDER),
    "language and authors": (
        {"report": {"languages": ["id", "en"], "authors": ["B", "C"], "title": "T"}},
        {},
    ),
}


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_setting_reruns_what_it_changes(study, setting):
    parts, expected = SETTINGS[setting]
    assert study.would_run(changed(**parts)) == expected


@pytest.mark.parametrize(
    "parts",
    [
        {"vary": {"learning_rate": [0.001, 0.01]}},
        {"learning_curve": {"shares": [0.5]}},
        {"tuning": {"trials": 2, "over": {"learning_rate": [0.001, 0.01]}}},
    ],
)
def test_each_kind_of_variant_can_be_planned_to_the_report(study, parts):
    """By itself, without the tables that the other kinds have."""
    jobs = study.would_run(changed(**parts), [f"{RESULTS}/report/report-en.pdf"])
    assert jobs["collect_facts"] == jobs["weigh_recipes"] == 1


def test_changed_image_makes_all_again(study):
    image = study.work / "images/cat/3.png"
    with edited(image, lambda content: (study.work / "images/dog/3.png").read_bytes()):
        assert study.would_run() == AFTER_MANIFEST


# Results that were copied without what Snakemake remembers are never taken for another study's


@pytest.fixture
def moved(study, tmp_path):
    """The images and the results in another folder, new there as `cp -r` leaves them."""
    shutil.copytree(study.work / "images", tmp_path / "images")
    shutil.copytree(study.work / "results", tmp_path / "results", copy_function=shutil.copyfile)
    return tmp_path


def test_what_takes_seconds_is_made_again_and_nothing_else(study, moved):
    assert study.would_run(work=moved) == AFTER_TRAINING
    # A dry run settles nothing.
    assert study.would_run(work=moved) == AFTER_TRAINING
    runs = moved / RESULTS / "runs"
    before = {file: file.read_bytes() for file in runs.rglob("*") if file.is_file()}
    status, output = study.snakemake(*TARGETS, work=moved)
    assert status == 0, output
    assert "made again: " in output and "(made elsewhere)" in output
    assert {file: file.read_bytes() for file in before} == before
    assert study.would_run(work=moved) == {}


def test_replicates_that_are_added_after_a_look_are_recorded(study, moved):
    for count in (2, 3):
        settings = changed(replicates=count)
        status, output = study.snakemake(f"{RESULTS}/contrasts.csv", config=settings, work=moved)
        assert status == 0, output
    looks = json.loads((moved / RESULTS / "looks.json").read_text())
    assert [look["replicates"] for look in looks] == [[0, 1], [0, 1, 2]]
    assert [look["findings"] for look in looks] == 2 * [{"plain34": "few"}]


def test_a_replaced_image_makes_all_again(study, moved):
    shutil.copyfile(moved / "images/dog/3.png", moved / "images/cat/3.png")
    assert study.would_run(work=moved) == AFTER_MANIFEST


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"data": CONFIG["data"] | {"image_size": 12}}, {"write_pixels": 1, **ALL_RUNS}),
        ({"split": {"validation": 0.5}}, {"split_images": 2, **ALL_RUNS}),
        (
            {"contenders": {"resnet34": {}, "plain34": {"recipe": {"learning_rate": 0.002}}}},
            {"train_network": 2, **AFTER_TRAINING},
        ),
    ],
)
def test_another_study_trains_anew_what_it_changes(study, moved, parts, expected):
    assert study.would_run(changed(**parts), work=moved) == expected


def test_what_was_made_otherwise_is_told_by_its_difference_now_and_after_a_backup(study, moved):
    config = changed(recipe={"epochs": 2, "batch_size": 8})
    run = f"{RESULTS}/runs/plain34/0"
    target = f"{run}/training.json"
    status, output = study.snakemake(f"{RESULTS}/splits/0.csv", config=config, work=moved)
    assert status == 0, output
    assert "train_network" not in output
    status, output = study.snakemake(target, config=config, work=moved)
    assert status == 0, output
    (line,) = [line for line in output.splitlines() if "recipe.epochs" in line]
    assert line.startswith(f"made again: {target}")
    assert "contender.recipe.epochs 1, now 2" in line
    # Snakemake remembers the study as it is now; the files put back are those of another one.
    assert study.would_run(config, [target], work=moved) == {}
    shutil.rmtree(moved / run)
    shutil.copytree(study.work / run, moved / run)
    assert study.would_run(config, [target], work=moved) == {"train_network": 1}


def test_a_result_without_a_record_is_not_trusted(study, moved):
    training = moved / RESULTS / "runs/plain34/1/training.json"
    content = json.loads(training.read_text())
    del content["made_with"]
    training.write_text(json.dumps(content))
    assert study.would_run(work=moved)["train_network"] == 1


# What goes wrong


def test_wrong_key_is_one_line(project, tmp_path):
    config = changed(replicate=3)
    status, output = project.snakemake("-n", config=config, work=project.make_elsewhere(tmp_path))
    assert status != 0
    assert "Traceback" not in output
    (line,) = [line for line in output.splitlines() if "replicate:" in line]
    assert "did you mean replicates?" in line


def test_broken_image_costs_a_finished_study_nothing(study):
    """It is refused before anything of the study is deleted, and once mended nothing runs."""
    broken, changed_file = study.work / "images/cat/new.png", study.work / "images/dog/0.png"
    manifest = study.work / RESULTS / "data/manifest.csv"
    before = manifest.read_bytes()
    broken.write_text("no image")
    with edited(changed_file, lambda content: content[: len(content) // 2]):
        for _ in range(2):
            status, output = study.snakemake("-n", *TARGETS)
            assert status != 0
            assert "Traceback" not in output
            assert "2 of the new or changed images below images have a problem:" in output
            assert "'cat/new.png': is not an image that can be read" in output
            assert "'dog/0.png': is damaged" in output
    broken.unlink()
    assert manifest.read_bytes() == before
    assert study.would_run() == {}
