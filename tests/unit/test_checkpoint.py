"""A run that is stopped at any step and started again ends as one that was not, bit for bit."""

import logging
import os
import signal
import threading
import time
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch
from made import make_recipe

from timbang.errors import TimbangError
from timbang.study.words import Contender
from timbang.training.checkpoint import (
    Checkpoint,
    hold_run,
    name_run,
    remove_checkpoints,
)
from timbang.training.loop import Images, train

CPU = torch.device("cpu")
pytestmark = pytest.mark.usefixtures("one_thread")
RECIPE = make_recipe(epochs=2, batch_size=8)
RECIPES = {
    "published": RECIPE,
    "everything": replace(
        RECIPE,
        optimizer="sgd",
        schedule="cosine",
        warmup_epochs=0.5,
        label_smoothing=0.1,
        mixup=0.2,
        dropout=0.3,
        gradient_clip=1.0,
        ema=0.9,
    ),
}
STEPS = 6


def run(recipe, checkpoint=None, network="resnet8-cifar"):
    pixels = np.random.default_rng(0).integers(0, 256, (28, 16, 16, 3), dtype=np.uint8)
    images = Images(pixels, np.arange(28) % 3, np.arange(20), np.arange(20, 28))
    contender = Contender("mine", network, 0.5, recipe, None)
    return train(contender, 0, images, 3, CPU, checkpoint=checkpoint)


def result(finished):
    """All that a run leaves but the seconds."""
    history = [
        {key: value for key, value in asdict(epoch).items() if "seconds" not in key}
        for epoch in finished.history
    ]
    weights = {
        name: value.numpy().tobytes() for name, value in finished.network.state_dict().items()
    }
    return history, weights, finished.logits.numpy().tobytes()


class StopAfter(Checkpoint):
    """Asks for a stop after so many steps, as SIGTERM would."""

    def __init__(self, path, steps):
        super().__init__(path, seconds=1e9)
        self.left = steps

    def step_done(self, state):
        self.left -= 1
        self.stop_asked = self.left == 0
        super().step_done(state)


class KillAfter(Checkpoint):
    """Saves after each step and dies at one, with nothing more written."""

    def __init__(self, path, steps):
        super().__init__(path, seconds=0)
        self.left = steps

    def step_done(self, state):
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt
        super().step_done(state)


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_stop_after_any_step_changes_nothing(tmp_path, recipe):
    whole = result(run(recipe))
    for steps in range(1, STEPS + 1):
        path = tmp_path / f"{steps}.safetensors"
        with pytest.raises(TimbangError, match="the same call goes on from there"):
            run(recipe, StopAfter(path, steps))
        assert result(run(recipe, Checkpoint(path, 1e9))) == whole
    path = tmp_path / "each in turn.safetensors"
    for _ in range(STEPS):
        with pytest.raises(TimbangError):
            run(recipe, StopAfter(path, 1))
    assert result(run(recipe, Checkpoint(path, 1e9))) == whole


@pytest.mark.parametrize("network", ["plain8-cifar", "multipath8-cifar", "preact8-cifar"])
def test_kill_at_any_step_changes_nothing(tmp_path, network):
    whole = result(run(RECIPE, network=network))
    for steps in (2, 4, STEPS):
        path = tmp_path / f"{steps}.safetensors"
        with pytest.raises(KeyboardInterrupt):
            run(RECIPE, KillAfter(path, steps), network)
        assert path.is_file()
        assert result(run(RECIPE, Checkpoint(path, 1e9), network)) == whole


def test_finished_run_only_predicts_again(tmp_path):
    checkpoint = Checkpoint(tmp_path / "c.safetensors", 1e9)
    whole = result(run(RECIPE, checkpoint))
    again = run(RECIPE, StopAfter(checkpoint.path, 1))
    assert result(again) == whole


def test_saved_at_each_epoch_and_when_it_is_time(tmp_path):
    moments = iter(range(0, 1000, 10))
    checkpoint = Checkpoint(tmp_path / "c.safetensors", 25, clock=lambda: next(moments))
    saved = []
    save = checkpoint.save
    checkpoint.save = lambda state: (saved.append((state.epoch, state.step)), save(state))
    run(RECIPE, checkpoint)
    assert (2, 0) in saved
    assert (3, 0) in saved
    assert any(step for _, step in saved)


def damage(content, kind):
    match kind:
        case "empty":
            return b""
        case "cut":
            return content[: len(content) // 2]
        case "bit":
            place = len(content) * 3 // 4
            return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
        case "header":
            return content[:40] + b"x" + content[41:]
        case _:
            return b"nonsense" * 100


@pytest.mark.parametrize("kind", ["empty", "cut", "bit", "header", "nonsense"])
def test_damaged_file_is_told_and_not_used(tmp_path, caplog, kind):
    path = tmp_path / "c.safetensors"
    with pytest.raises(TimbangError):
        run(RECIPE, StopAfter(path, 4))
    path.write_bytes(damage(path.read_bytes(), kind))
    assert result(run(RECIPE, Checkpoint(path, 1e9))) == result(run(RECIPE))
    assert "is damaged and not used" in caplog.text


def test_sigterm_saves_and_stops(tmp_path):
    checkpoint = Checkpoint(tmp_path / "c.safetensors", 1e9)
    before = signal.getsignal(signal.SIGTERM)
    with checkpoint.stopping_on_request():
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(TimbangError, match="stopped on request after step 1 of epoch 1"):
            run(RECIPE, checkpoint)
    assert signal.getsignal(signal.SIGTERM) == before
    assert checkpoint.path.is_file()


def test_removing_takes_all_of_a_run_and_nothing_of_another(tmp_path):
    """Also of a run whose name begins like it, and what a kill left of writing."""
    digits = "0123456789abcdef"
    for name in ("resnet34-0", "resnet34-01", "resnet34-0-x"):
        (tmp_path / f"{name}-{digits}.safetensors").write_text("saved")
        (tmp_path / f".{name}-{digits}.safetensors.7.part").write_text("half")
    remove_checkpoints(tmp_path / "resnet34-0")
    assert {path.name.lstrip(".").split(f"-{digits}")[0] for path in tmp_path.iterdir()} == {
        "resnet34-01",
        "resnet34-0-x",
    }


def test_name_depends_on_all_settings_and_files(tmp_path):
    (tmp_path / "a").write_text("a")
    (tmp_path / "b").write_text("b")
    files = [tmp_path / "a", tmp_path / "b"]
    name = name_run({"x": 1, "y": {"z": 2}}, files)
    assert name == name_run({"y": {"z": 2}, "x": 1}, files)
    others = {
        name_run({"x": 1, "y": {"z": 3}}, files),
        name_run({"x": 1, "y": {"z": 2}}, files[::-1]),
        name_run({"x": 1, "y": {"z": 2}}, files[:1]),
    }
    (tmp_path / "a").write_text("A")
    others.add(name_run({"x": 1, "y": {"z": 2}}, files))
    assert len(others | {name}) == 5


def train_in_turn(run, name, order, inside):
    """Train a made-up run, alone, as a process of its own would."""
    with hold_run(run):
        order.append(f"{name} begins")
        inside.wait(5)
        order.append(f"{name} ends")


def test_no_two_processes_train_one_run(tmp_path, caplog):
    caplog.set_level(logging.INFO, logger="timbang")
    order, gates = [], {name: threading.Event() for name in ("orphan", "next", "third", "other")}
    gates["other"].set()
    threads = {
        name: threading.Thread(target=train_in_turn, args=(tmp_path / run, name, order, gate))
        for (name, gate), run in zip(
            gates.items(), ("net-0", "net-0", "net-0", "net-1"), strict=True
        )
    }
    for name, thread in threads.items():
        thread.start()
        while name == "orphan" and not order:
            time.sleep(0.01)
    threads["other"].join(5)
    assert order == ["orphan begins", "other begins", "other ends"]
    while caplog.text.count("waiting for a process") < 2:
        time.sleep(0.01)
    for gate in gates.values():
        gate.set()
    for thread in threads.values():
        thread.join(5)
    assert sorted(order[3:]) == sorted(
        ["orphan ends", "next begins", "next ends", "third begins", "third ends"]
    )
    assert all(
        first.split()[0] == last.split()[0]
        for first, last in zip(order[4::2], order[5::2], strict=True)
    )
    assert list(tmp_path.iterdir()) == []
