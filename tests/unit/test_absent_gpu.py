"""What can be known of a GPU without one: where tensors lie, and when a run waits for it."""

import warnings
from collections import Counter
from itertools import cycle
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from absent_gpu import GPU, absent_gpu
from made import make_recipe
from safetensors.torch import save_file
from torch._subclasses.fake_tensor import FakeTensorMode

from timbang.images.pixels import PixelFile
from timbang.networks import build
from timbang.networks.catalogue import FAMILIES
from timbang.probes.probing import probe_run
from timbang.study.words import Contender
from timbang.training import loop
from timbang.training.augmentation import drawing_from
from timbang.training.batches import load_images, make_resident
from timbang.training.checkpoint import Checkpoint, pack_state, unpack_state
from timbang.training.loop import Images, begin_training, predict, train
from timbang.training.precision import computing_in

CPU = torch.device("cpu")
SCHEMA = Path(__file__).parents[2] / "workflow/schemas/config.schema.yaml"
STEP = "step"
# What an epoch ends with, and a run.
EPOCH = [
    "train_loss = state.loss_sum.item() / len(images.train)",
    "train_accuracy = state.correct.item() / len(images.train)",
    "if self.diverged is None and not torch.isfinite(self.loss_sum):",
    "return torch.cat(parts).cpu()",
]
RUN = [
    "step_losses = state.step_losses.cpu().numpy()[: len(state.history)]",
]
RECIPES = {
    "plain": {"learning_rate": 1e-3, "weight_decay": 1e-4, "horizontal_flip": 0.5, "tf32": True},
    "sgd and float16": {
        "optimizer": "sgd",
        "momentum": 0.5,
        "schedule": "step",
        "step_epochs": 1,
        "step_factor": 0.5,
        "precision": "float16",
    },
    "adam and float16": {"optimizer": "adam", "precision": "float16", "gradient_clip": 0.1},
    "adamw and crops": {
        "optimizer": "adamw",
        "schedule": "cosine",
        "warmup_epochs": 0.5,
        "dropout": 0.5,
        "random_resized_crop": 0.3,
        "precision": "float32",
    },
    "mixup and average": {
        "mixup": 0.2,
        "label_smoothing": 0.1,
        "schedule": "constant",
        "gradient_clip": 0.1,
        "ema": 0.9,
    },
    "cutmix and bfloat16": {"cutmix": 1.0, "auto_augment": "none", "precision": "bfloat16"},
}
WAITING_RECIPES = {
    "randaugment": {"auto_augment": "randaugment"},
    "trivialaugment": {"auto_augment": "trivialaugment"},
}
# ``weights`` has a test of its own; torch.compile would take apart what stands in for the GPU.
ELSEWHERE = {"epochs", "batch_size", "weights", "compile"}


def make_images(pixels=None):
    if pixels is None:
        pixels = np.random.default_rng(0).integers(0, 256, (28, 16, 16, 3), dtype=np.uint8)
    return Images(pixels, np.arange(28) % 3, np.arange(20), np.arange(20, 28))


def make_contender(network="resnet8-cifar", **settings):
    return Contender(
        "mine", network, 0.125, make_recipe(**{"epochs": 1, "batch_size": 8} | settings), None
    )


def list_events(waits, contender, images=None, **arguments):
    """Train on the GPU that is not there; return its steps and the lines that waited, in order.

    Without the waits before the first step, when all that a run begins with is sent.
    """
    events = []

    def step_done(state):
        events.extend(wait.line for wait in waits)
        waits.clear()
        events.append(STEP)

    original = loop.draw_batches

    def draw_batches(*arguments):
        if not events:
            waits.clear()
        return original(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "draw_batches", draw_batches)
        arguments = {"on_step": step_done} | arguments
        train(contender, 0, images or make_images(), 3, GPU, **arguments)
    return events + [wait.line for wait in waits]


def test_every_setting_of_a_recipe_is_tried():
    schema = yaml.safe_load(SCHEMA.read_text())["$defs"]["recipe"]["properties"]
    tried = [
        setting for recipe in (RECIPES | WAITING_RECIPES).values() for setting in recipe.items()
    ]
    assert {key for key, _ in tried} | ELSEWHERE == set(schema)
    for key, rule in schema.items():
        assert set(rule.get("enum", [])) <= {value for name, value in tried if name == key}


# Every recipe, and every family with one of them.
@pytest.mark.parametrize(
    ("settings", "family"), list(zip(RECIPES.values(), cycle(FAMILIES))), ids=RECIPES
)
def test_nothing_waits_for_the_gpu_until_all_steps_of_an_epoch_are_taken(settings, family):
    with absent_gpu() as waits:
        events = list_events(waits, make_contender(f"{family}8-cifar", **settings))
    # Where images are mixed the training images are scored as well.
    mixed = [EPOCH[-1]] * ("mixup" in settings or "cutmix" in settings)
    assert events == [STEP] * 3 + EPOCH + mixed + RUN


@pytest.mark.parametrize("settings", WAITING_RECIPES.values(), ids=WAITING_RECIPES)
def test_torchvisions_automatic_augmentations_are_all_that_waits_within_an_epoch(settings):
    with absent_gpu() as waits:
        events = list_events(waits, make_contender(**settings))
    within = [event for event in events[: events.index(EPOCH[0])] if event != STEP]
    assert within
    assert all("torch.tensor(" in line and "device=" in line for line in within)
    assert [event for event in events if event not in within] == [STEP] * 3 + EPOCH + RUN


def test_every_epoch_is_like_the_first():
    with absent_gpu() as waits:
        events = list_events(waits, make_contender("resnet18", epochs=2))
    assert events == ([STEP] * 3 + EPOCH) * 2 + RUN


def test_pixels_on_the_gpu_are_sent_once(tmp_path):
    np.save(tmp_path / "pixels.npy", make_images().pixels)
    pixels = PixelFile(tmp_path / "pixels.npy")
    with absent_gpu() as waits:
        resident = make_resident(pixels, GPU)
        assert resident.device == GPU and resident.shape == pixels.shape
        waits.clear()
        batch = load_images(resident, np.array([3, 1]), GPU)
        assert batch.device == GPU and not waits
        settings = {"random_resized_crop": 0.3, "mixup": 0.2, "horizontal_flip": 0.5}
        events = list_events(waits, make_contender(**settings), make_images(resident))
    assert events == [STEP] * 3 + EPOCH + EPOCH[-1:] + RUN
    with absent_gpu(free=2 * pixels.nbytes - 1):
        assert make_resident(pixels, GPU) is pixels


def test_transferred_weights_are_sent_before_the_first_step(tmp_path):
    save_file(build("resnet8-cifar", 5, 0.125).state_dict(), tmp_path / "weights.safetensors")
    with absent_gpu() as waits:
        contender = make_contender(weights=str(tmp_path / "weights.safetensors"))
        assert list_events(waits, contender) == [STEP] * 3 + EPOCH + RUN


def test_evaluation_waits_once_however_many_batches_it_has():
    with absent_gpu() as waits:
        network = build("resnet8-cifar", 3, 0.125).to(GPU)
        waits.clear()
        logits = predict(network, make_images().pixels, np.arange(300) % 28, GPU)
    assert logits.device == CPU and logits.shape == (300, 3)
    assert [wait.operation for wait in waits] == ["fetch"]


def list_tensors(state):
    parts = [state.network.state_dict(), state.average.module.state_dict()]
    parts += state.optimizer.state.values()
    return [value for part in parts for value in part.values()] + [
        state.loss_sum,
        state.correct,
        state.step_losses,
    ]


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_run_of_the_cpu_goes_on_with_everything_on_the_gpu(optimizer, tmp_path):
    contender = make_contender(optimizer=optimizer, ema=0.9, precision="float16")
    begin = (contender, 0, make_images(), 3)
    state = begin_training(*begin, CPU)
    state.begin_epoch()
    for value in state.network.parameters():
        value.grad = torch.zeros_like(value)
    state.optimizer.step()
    with absent_gpu() as waits:
        restored = begin_training(*begin, GPU)
        unpack_state(restored, *pack_state(state))
        assert len(list_tensors(restored)) == len(list_tensors(state))
        assert all(value.device == GPU for value in list_tensors(restored))
        waits.clear()
        tensors, _ = pack_state(restored)
        assert all(value.device == CPU for value in tensors.values())
        assert {wait.operation for wait in waits} == {"fetch"}


def test_checkpoint_waits_when_it_is_written_and_not_between(tmp_path):
    with absent_gpu() as waits:
        checkpoint = Checkpoint(tmp_path / "run.safetensors", seconds=1e9)
        events = list_events(waits, make_contender(), checkpoint=checkpoint)
    assert events[:4] == [STEP, STEP, STEP, EPOCH[0]]
    with absent_gpu() as waits:
        checkpoint = Checkpoint(tmp_path / "other.safetensors", seconds=0)
        events = list_events(waits, make_contender(), checkpoint=checkpoint)
    assert "value.detach().cpu()" in events[events.index(STEP) + 1]


def test_probes_wait_only_for_numbers_that_they_need():
    with absent_gpu() as waits, warnings.catch_warnings():
        # All that is fetched is zero, and so are the norms that are divided by.
        warnings.simplefilter("ignore")
        network = build("multipath8-cifar", 3, 0.125)
        snapshots = {1: {name: value.clone() for name, value in network.state_dict().items()}}
        network.to(GPU)
        waits.clear()
        probes = ["train_loss", "gradients", "scales", "paths"]
        found = probe_run(network, snapshots, make_images(), probes, 1e-3, GPU)
    assert set(found) == {"measures", "scales", "paths", "gradients", "layers"}
    sent = Counter(wait.line for wait in waits if wait.operation == "send")
    assert sent == {"network.load_state_dict(state)": len(snapshots[1])}
    assert {wait.line for wait in waits if wait.operation != "send"} == {
        "return torch.cat(parts).cpu()",
        "return loss.item(), gradient",
        "return values.detach().cpu().double().flatten()",
    }


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_network_computes_in_half_precision_on_cuda(precision, monkeypatch):
    monkeypatch.setattr("torch.cuda.amp.common.amp_definitely_not_available", lambda: False)
    monkeypatch.setattr("torch.cuda.is_bf16_supported", lambda: True)
    network = build("resnet8-cifar", 3, 0.125)
    with FakeTensorMode(allow_non_fake_inputs=True), torch.no_grad():
        network.to(GPU)
        with computing_in(precision, GPU):
            logits = network(torch.zeros(2, 3, 16, 16, device=GPU))
    assert logits.device == GPU and logits.dtype == getattr(torch, precision)
    assert {value.dtype for value in network.parameters()} == {torch.float32}


# Streams


@pytest.fixture
def two_gpus(monkeypatch):
    """Let two GPUs seem to be there; return what is done to their generators."""
    done = []
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    monkeypatch.setattr("torch.cuda.manual_seed_all", lambda seed: done.append("seed"))
    monkeypatch.setattr("torch.cuda.get_rng_state", lambda device: done.append(f"get {device}"))
    monkeypatch.setattr(
        "torch.cuda.set_rng_state", lambda state, device: done.append(f"set {device}")
    )
    return done


def test_streams_are_lent_to_every_gpu_and_given_back(two_gpus, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_initialized", lambda: True)
    with warnings.catch_warnings(), drawing_from(torch.Generator()):
        warnings.simplefilter("error")
    assert two_gpus == ["get 0", "get 1", "seed", "set 0", "set 1"]


def test_run_on_the_cpu_leaves_the_gpus_alone(two_gpus):
    with warnings.catch_warnings(), drawing_from(torch.Generator()):
        warnings.simplefilter("error")
    assert [act for act in two_gpus if act != "seed"] == []


# What stands in for the GPU finds what is wrong


@pytest.fixture
def images():
    """A batch on the GPU that is not there."""
    with absent_gpu() as waits:
        batch = torch.zeros(8, 3, 16, 16, device=GPU)
        waits.clear()
        yield batch, waits


@pytest.mark.parametrize(
    ("fault", "line"),
    [
        (lambda images: images * images.max().item(), "images.max().item()"),
        (lambda images: images if images.max() > 0 else -images, "images if images.max()"),
        (lambda images: images + images.cpu().to(images.device), "images.cpu()"),
        (lambda images: images + torch.ones(16).to(images.device), "torch.ones(16).to("),
        (lambda images: images + torch.tensor(1.0, device=GPU), "torch.tensor(1.0, device"),
    ],
    ids=["item", "truth", "fetch", "send", "constant"],
)
def test_hidden_wait_is_seen(fault, line, images):
    batch, waits = images
    fault(batch)
    assert line in waits[0].line
