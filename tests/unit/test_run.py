"""A run from its images to what is kept, and the probes of what is kept."""

import json
import logging
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from made import make_recipe
from safetensors.torch import save_file

from timbang.errors import TimbangError
from timbang.images.pixels import PixelFile
from timbang.probes.measures import list_looks
from timbang.probes.probing import probe_run
from timbang.probes.run import probe_saved_run, read_snapshots
from timbang.study.words import Contender
from timbang.training.checkpoint import Checkpoint, copy_state, remove_checkpoints
from timbang.training.loop import Images, predict
from timbang.training.run import describe_training, train_run

CPU = torch.device("cpu")
pytestmark = pytest.mark.usefixtures("one_thread")
CONTENDER = Contender("mine", "resnet18", 0.125, make_recipe(epochs=3, batch_size=8), None)
WILD = replace(CONTENDER, recipe=replace(CONTENDER.recipe, learning_rate=1e30))
PARTS = ["test", "validation", "train", "train", "train"]


@pytest.fixture
def folder(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (30, 16, 16, 3), dtype=np.uint8)
    np.save(tmp_path / "pixels.npy", pixels)
    (tmp_path / "split.csv").write_text("split")
    return tmp_path


def make_split(parts=PARTS):
    names = [f"{place}.png" for place in range(30)]
    return pd.DataFrame(
        {"filename": names, "label": ["b", "a", "c"] * 10, "part": parts * 6, "leaked": False}
    )


def run(folder, contender=CONTENDER, split=None, looks=(1, 3), seed=0):
    return train_run(
        contender=contender,
        replicate=0,
        split=make_split() if split is None else split,
        pixels=PixelFile(folder / "pixels.npy"),
        device=CPU,
        threads=1,
        looks=looks,
        checkpoint=folder / "checkpoints" / "mine-0",
        checkpoint_seconds=0,
        made_with={"a": 1},
        inputs={"split": folder / "split.csv"},
        seed=seed,
    )


def same(first, second):
    return first.keys() == second.keys() and all(
        torch.equal(value, second[name]) for name, value in first.items()
    )


def test_the_parts_are_predicted_in_the_order_of_the_split(folder):
    trained = run(folder)
    pixels = PixelFile(folder / "pixels.npy")
    assert list(trained.logits) == ["validation", "test"]
    for first, part in enumerate(("test", "validation")):
        rows = np.arange(first, 30, 5)
        expected = predict(trained.run.network, pixels, rows, CPU)
        assert np.array_equal(trained.logits[part], expected.numpy())


def test_without_a_test_part_there_is_no_prediction_of_it(folder):
    trained = run(folder, split=make_split(["train", "validation", "train", "train", "train"]))
    assert list(trained.logits) == ["validation"]


def test_states_are_kept_after_the_epochs_to_look_at(folder):
    trained = run(folder)
    assert {name.partition("/")[0] for name in trained.snapshots} == {"1", "3"}
    last = {
        name.removeprefix("3/"): value
        for name, value in trained.snapshots.items()
        if name.startswith("3/")
    }
    assert same(last, copy_state(trained.run.network))
    assert run(folder, looks=()).snapshots == {}


def test_a_killed_run_goes_on_and_ends_the_same(folder, monkeypatch):
    expected = run(folder)
    remove_checkpoints(folder / "checkpoints" / "mine-0")
    steps = []

    def stop(self, state):
        steps.append(state.step)
        self.stop_asked = len(steps) == 4
        return done(self, state)

    done = Checkpoint.step_done
    monkeypatch.setattr(Checkpoint, "step_done", stop)
    with pytest.raises(TimbangError, match="after step 1 of epoch 2"):
        run(folder)
    # Three steps an epoch, of which those that were saved are not done again.
    trained = run(folder)
    assert len(steps) == 9
    assert same(copy_state(trained.run.network), copy_state(expected.run.network))
    assert same(dict(trained.snapshots), dict(expected.snapshots))
    # And once more where nothing was left to train.
    again = run(folder)
    assert len(steps) == 9
    for part, logits in expected.logits.items():
        assert np.array_equal(trained.logits[part], logits)
        assert np.array_equal(again.logits[part], logits)


def test_a_run_that_diverged_predicts_nothing_and_says_so(folder, caplog):
    with caplog.at_level(logging.INFO, "timbang"):
        trained = run(folder, WILD)
    epoch, step = trained.run.diverged
    assert f"diverged in epoch {epoch} at step {step}" in caplog.text
    assert all(np.isnan(logits).all() for logits in trained.logits.values())
    described = describe_training(trained, {"a": 1}, {"split": folder / "split.csv"})
    assert described["diverged"] == {"epoch": epoch, "step": step}


def test_a_description_can_be_written_and_says_what_the_run_was_made_from(folder):
    made_with, inputs = {"a": 1}, {"split": folder / "split.csv"}
    trained = run(folder)
    described = json.loads(json.dumps(describe_training(trained, made_with, inputs)))
    assert (described["contender"], described["replicate"]) == ("mine", 0)
    assert (described["train_images"], described["diverged"]) == (18, None)
    assert described["made_with"] == made_with
    assert "seed" not in described
    assert describe_training(run(folder, seed=2), made_with, inputs)["seed"] == 2
    assert list(described["inputs"]) == ["split"]
    seconds = sum(epoch.seconds for epoch in trained.run.history)
    assert described["images_per_second"] == pytest.approx(18 * 3 / seconds)


def test_probes_of_the_files_are_those_of_the_run(folder):
    looks = list_looks(CONTENDER.recipe.epochs)
    trained = run(folder, looks=looks)
    save_file(copy_state(trained.run.network), folder / "weights.safetensors")
    save_file(dict(trained.snapshots), folder / "snapshots.safetensors")
    snapshots = read_snapshots([folder / "snapshots.safetensors"])
    assert sorted(snapshots) == looks
    pixels = PixelFile(folder / "pixels.npy")
    probes = ("train_loss", "gradients", "scales", "paths")
    found = probe_saved_run(
        contender=CONTENDER,
        weights=folder / "weights.safetensors",
        snapshots=[folder / "snapshots.safetensors"],
        split=make_split(),
        pixels=pixels,
        probes=probes,
        device=CPU,
        threads=1,
        replicate=0,
    )
    images = Images.of_split(make_split(), pixels)
    network = trained.run.network
    expected = probe_run(network, snapshots, images, probes, CONTENDER.recipe.learning_rate, CPU)
    assert found["measures"].keys() == expected["measures"].keys()
    for name, value in expected["measures"].items():
        assert found["measures"][name] == pytest.approx(value, rel=1e-4), name
