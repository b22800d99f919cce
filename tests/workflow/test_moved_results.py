"""Results that were copied without what Snakemake remembers are never taken for another study's."""

import copy
import json
import shutil

import pytest
from small_study import CONFIG, RESULTS, TARGETS

SCORES = {"evaluate_contender": 2, "summarise_runs": 1, "draw_accuracies": 1}
RUNS = {"train_network": 4, **SCORES}


@pytest.fixture
def moved(study, tmp_path):
    """The images and the results in another folder, new there as `cp -r` leaves them."""
    shutil.copytree(study.work / "images", tmp_path / "images")
    shutil.copytree(study.work / "results", tmp_path / "results", copy_function=shutil.copyfile)
    return tmp_path


def changed(**parts):
    return copy.deepcopy(CONFIG) | parts


def test_what_takes_seconds_is_made_again_and_nothing_else(study, moved):
    assert study.would_run(work=moved) == SCORES
    # A dry run settles nothing.
    assert study.would_run(work=moved) == SCORES
    runs = moved / RESULTS / "runs"
    before = {file: file.read_bytes() for file in runs.rglob("*") if file.is_file()}
    status, output = study.snakemake(*TARGETS, work=moved)
    assert status == 0, output
    assert "made again: " in output and "(made elsewhere)" in output
    assert {file: file.read_bytes() for file in before} == before
    assert study.would_run(work=moved) == {}


def test_a_replaced_image_makes_all_again(study, moved):
    shutil.copyfile(moved / "images/dog/3.png", moved / "images/cat/3.png")
    assert study.would_run(work=moved) == {
        "build_manifest": 1,
        "write_pixels": 1,
        "split_images": 2,
        **RUNS,
    }


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"recipe": {"epochs": 2, "batch_size": 8}}, RUNS),
        ({"data": CONFIG["data"] | {"image_size": 12}}, {"write_pixels": 1, **RUNS}),
        ({"split": {"validation": 0.5}}, {"split_images": 2, **RUNS}),
        (
            {"contenders": {"resnet34": {}, "plain34": {"recipe": {"learning_rate": 0.002}}}},
            {"train_network": 2, **SCORES},
        ),
    ],
)
def test_another_study_trains_anew_what_it_changes(study, moved, parts, expected):
    assert study.would_run(changed(**parts), work=moved) == expected


def test_what_was_made_otherwise_is_told_by_its_difference(study, moved):
    config = changed(recipe={"epochs": 2, "batch_size": 8})
    status, output = study.snakemake(f"{RESULTS}/splits/0.csv", config=config, work=moved)
    assert status == 0, output
    assert "train_network" not in output
    status, output = study.snakemake(
        f"{RESULTS}/runs/plain34/0/training.json", config=config, work=moved
    )
    assert status == 0, output
    (line,) = [line for line in output.splitlines() if "recipe.epochs" in line]
    assert line.startswith(f"made again: {RESULTS}/runs/plain34/0/training.json")
    assert "contender.recipe.epochs 1, now 2" in line


def test_a_result_without_a_record_is_not_trusted(study, moved):
    training = moved / RESULTS / "runs/plain34/1/training.json"
    content = json.loads(training.read_text())
    del content["made_with"]
    training.write_text(json.dumps(content))
    assert study.would_run(work=moved)["train_network"] == 1


def test_results_put_back_from_a_backup_are_looked_at_too(study, tmp_path):
    """Snakemake remembers the study as it is; the files are those of another one."""
    work = study.make_elsewhere(tmp_path / "work")
    target = f"{RESULTS}/runs/plain34/0/training.json"
    for epochs, kept in ((1, "old"), (2, "new")):
        config = changed(recipe={"epochs": epochs, "batch_size": 8})
        status, output = study.snakemake(target, config=config, work=work)
        assert status == 0, output
        shutil.copytree(work / "results", tmp_path / kept)
    assert study.would_run(config, [target], work=work) == {}
    shutil.rmtree(work / "results")
    shutil.copytree(tmp_path / "old", work / "results")
    assert study.would_run(config, [target], work=work) == {"train_network": 1}
