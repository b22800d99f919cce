"""A whole small study: it runs, repeats itself, and a change reruns what depends on it."""

import copy
import json
import os

import numpy as np
import pandas as pd
import pytest
from PIL import Image
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
    status, output = study.snakemake(*TARGETS)
    assert status == 0
    assert "Nothing to be done" in output


def test_figure_style_draws_again_and_trains_nothing(study):
    with edited(study.root / "src/timbang/report/figures/style.py", work_otherwise):
        assert study.would_run() == {"draw_accuracies": 1}


@pytest.mark.parametrize("module", ["networks/blocks.py", "training/loop.py"])
def test_changed_training_code_trains_all(study, module):
    with edited(study.root / "src/timbang" / module, work_otherwise):
        assert study.would_run() == ALL_RUNS
    with edited(study.root / "src/timbang" / module, comment):
        assert study.would_run() == {}


def test_learning_rate_trains_all(study):
    config = changed(recipe={"epochs": 1, "batch_size": 8, "learning_rate": 0.002})
    assert study.would_run(config) == ALL_RUNS


def test_share_of_validation_splits_again(study):
    config = changed(split={"validation": 0.5})
    assert study.would_run(config) == {"split_images": 2, **ALL_RUNS}


def test_test_part_splits_again_and_the_user_s_own_split_is_refused_without_a_table(study):
    config = changed(split={"validation": 0.25, "test": 0.25})
    assert study.would_run(config) == {"split_images": 2, **ALL_RUNS}
    status, output = study.snakemake("-n", *TARGETS, config=changed(split={"from": "set"}))
    assert status != 0
    assert "split.from: needs a table of labels" in output


def test_recipe_of_one_contender_trains_that_one(study):
    own = {"resnet34": {}, "plain34": {"recipe": {"learning_rate": 0.002}}}
    assert study.would_run(changed(contenders=own)) == {
        "train_network": 2,
        "evaluate_contender": 1,
        "summarise_runs": 1,
        "draw_accuracies": 1,
    }


def test_language_and_authors_train_nothing(study):
    report = {"languages": ["id", "en"], "authors": ["B", "C"], "title": "T"}
    assert study.would_run(changed(report=report)) == {}


def test_another_contender_trains_only_itself(study):
    config = changed(contenders=["resnet34", "plain34", "preact34"])
    assert study.would_run(config) == {
        "train_network": 2,
        "evaluate_contender": 1,
        "summarise_runs": 1,
        "draw_accuracies": 1,
    }


def test_changed_image_makes_all_again(study):
    image = study.work / "images/cat/3.png"
    with edited(image, lambda content: (study.work / "images/dog/3.png").read_bytes()):
        assert study.would_run() == AFTER_MANIFEST


def test_touched_image_runs_nothing(study):
    os.utime(study.work / "images/cat/3.png", (10**9, 10**9))
    assert study.would_run() == {}


# What goes wrong


def test_wrong_key_is_one_line(project, tmp_path):
    config = changed(replicate=3)
    status, output = project.snakemake("-n", config=config, work=project.make_elsewhere(tmp_path))
    assert status != 0
    assert "Traceback" not in output
    (line,) = [line for line in output.splitlines() if "replicate:" in line]
    assert "did you mean replicates?" in line


@pytest.fixture
def damaged(project, tmp_path):
    """The images with two that cannot be read and one in a mode of its own."""
    work = project.make_elsewhere(tmp_path)
    (work / "images/cat/text.png").write_text("no image")
    (work / "images/dog/empty.jpg").write_bytes(b"")
    Image.new("CMYK", (9, 9)).save(work / "images/dog/ink.jpg")
    return work


def test_problem_images_are_all_listed_as_the_last_words_on_the_screen(project, damaged):
    status, output = project.snakemake(f"{RESULTS}/data/manifest.csv", work=damaged)
    assert status != 0
    assert "Traceback" not in output
    what, reason, *names, remedy = output.splitlines()[-5:]
    assert what == (
        f"Reading the images of study tiny: failed (log: {RESULTS}/logs/build_manifest.log)"
    )
    assert "2 of 27 images" in reason
    for name, line in zip(("cat/text.png", "dog/empty.jpg"), names, strict=True):
        assert line.startswith(f"'{name}': is not an image that can be read")
    assert "data.on_problem" in remedy
    # Our code is told by a hash: no list of its modules stands above.
    assert "src/timbang/images" not in output


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


def test_problem_images_may_be_left_out(project, damaged):
    config = changed(data=CONFIG["data"] | {"on_problem": "skip"})
    targets = [f"{RESULTS}/splits/0.csv", f"{RESULTS}/data/pixels.npy"]
    status, output = project.snakemake(*targets, config=config, work=damaged)
    assert status == 0, output
    audit = json.loads((damaged / RESULTS / "data/audit.json").read_text())
    assert (audit["images"], audit["usable"], len(audit["problems"])) == (27, 25, 2)
    assert len(pd.read_csv(damaged / RESULTS / "splits/0.csv")) == 25
    assert np.load(damaged / RESULTS / "data/pixels.npy").shape == (25, 16, 16, 3)
