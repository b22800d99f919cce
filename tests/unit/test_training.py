"""The training loop does what the recipe says, the same each time."""

import io
import re
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from made import make_recipe
from torch.nn.functional import cross_entropy
from torchvision.transforms import Normalize

from timbang.errors import TimbangError
from timbang.networks import build
from timbang.networks.zoo import initialise
from timbang.streams import stream_seed
from timbang.study.words import Contender
from timbang.training import device as devices
from timbang.training import loop, start
from timbang.training.batches import draw_batches, flip_images, load_images
from timbang.training.device import (
    choose_device,
    describe_run,
    explaining_full_memory,
)
from timbang.training.loop import Images, predict, train
from timbang.training.precision import allow_tf32, compile_network, make_scaler
from timbang.training.progress import TrainingBar
from timbang.training.steps import tabulate_steps

CPU = torch.device("cpu")
pytestmark = pytest.mark.usefixtures("one_thread")
RECIPE = make_recipe(epochs=2, batch_size=8, horizontal_flip=0.5)
# A step so small that no weight changes.
STILL = replace(RECIPE, learning_rate=1e-30, weight_decay=0.0, epochs=1)


def make_images(seed=0, symmetric=False):
    pixels = np.random.default_rng(seed).integers(0, 256, (28, 16, 16, 3), dtype=np.uint8)
    if symmetric:
        pixels[:20, :, 8:] = pixels[:20, :, 7::-1]
    return Images(pixels, np.arange(28) % 3, np.arange(20), np.arange(20, 28))


def run(recipe=RECIPE, replicate=0, images=None, network="resnet8-cifar", seed=0):
    contender = Contender("mine", network, 0.5, recipe, None)
    return train(contender, replicate, images or make_images(), 3, CPU, seed=seed)


def history(finished):
    return [
        {key: value for key, value in asdict(epoch).items() if "seconds" not in key}
        for epoch in finished.history
    ]


def weights(finished):
    return torch.cat([value.flatten().double() for value in finished.network.state_dict().values()])


# Batches


@given(st.integers(1, 200), st.integers(2, 50), st.integers(0, 99))
def test_batches_hold_every_image_once_and_none_is_alone(count, size, seed):
    indices = np.arange(1000, 1000 + count)
    batches = draw_batches(indices, size, torch.Generator().manual_seed(seed))
    assert sorted(np.concatenate(batches)) == list(indices)
    lengths = [len(batch) for batch in batches]
    assert all(length == size for length in lengths[:-1])
    assert lengths[-1] <= size + 1
    assert min(lengths) > 1 or count == 1


def test_every_epoch_has_another_order():
    order = torch.Generator().manual_seed(0)
    first, second = (np.concatenate(draw_batches(np.arange(50), 8, order)) for _ in range(2))
    assert not np.array_equal(first, second)


# Images as the networks see them


def test_normalisation_is_torchvisions():
    pixels = make_images().pixels
    expected = Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))(
        torch.from_numpy(pixels[[3, 1]]).permute(0, 3, 1, 2) / 255
    )
    loaded = load_images(pixels, np.array([3, 1]), CPU)
    torch.testing.assert_close(loaded, expected, rtol=1e-5, atol=1e-6)
    assert loaded.is_contiguous(memory_format=torch.channels_last)


@given(st.floats(0, 1), st.integers(0, 99))
def test_image_is_itself_or_its_mirror(probability, seed):
    images = torch.arange(40 * 12.0).reshape(40, 1, 3, 4)
    flipped = flip_images(images, probability, torch.Generator().manual_seed(seed))
    for before, after in zip(images, flipped, strict=True):
        assert torch.equal(after, before) or torch.equal(after, before.flip(2))


@pytest.mark.parametrize("probability", [0.0, 0.3, 1.0])
def test_share_of_mirrors_is_the_probability(probability):
    images = torch.arange(3.0).expand(10_000, 1, 1, 3)
    flipped = flip_images(images, probability, torch.Generator().manual_seed(0))
    assert (flipped[:, 0, 0, 0] == 2).double().mean().item() == pytest.approx(probability, abs=0.02)


def test_flips_are_for_training_only():
    """Training images that are their own mirrors: only a flip in validation could be seen."""
    never, always = (
        run(replace(RECIPE, horizontal_flip=p), images=make_images(symmetric=True)) for p in (0, 1)
    )
    assert torch.equal(never.logits, always.logits)
    never, always = (run(replace(RECIPE, horizontal_flip=p)) for p in (0, 1))
    assert history(never) != history(always)


# The loop


def test_losses_are_averaged_over_images():
    """20 images in batches of 8, 8 and 4: the mean of the batches' means would be another."""
    images = make_images(symmetric=True)
    finished = run(STILL, images=images)
    network = build("resnet8-cifar", 3, 0.5)
    initialise(network, torch.Generator().manual_seed(stream_seed(0, "initialisation")))
    network.to(memory_format=torch.channels_last)
    batches = draw_batches(images.train, 8, torch.Generator().manual_seed(stream_seed(0, "order")))
    targets = torch.from_numpy(images.classes)
    losses, right = [], 0
    with torch.no_grad():
        for batch in batches:
            logits = network(load_images(images.pixels, batch, CPU))
            losses.append(cross_entropy(logits, targets[batch]).item())
            right += (logits.argmax(1) == targets[batch]).sum().item()
        logits = network.eval()(load_images(images.pixels, images.validation, CPU))
    by_images = np.average(losses, weights=[8, 8, 4])
    assert finished.history[0].train_loss == pytest.approx(by_images, rel=1e-6)
    assert finished.history[0].train_loss != pytest.approx(np.mean(losses), rel=1e-6)
    assert finished.history[0].train_accuracy == right / 20
    assert torch.equal(finished.logits, logits)


def test_history_ends_with_the_logits():
    finished = run()
    targets = torch.from_numpy(make_images().classes[20:])
    last = finished.history[-1]
    assert [epoch.epoch for epoch in finished.history] == [1, 2]
    assert last.validation_loss == cross_entropy(finished.logits, targets).item()
    assert last.validation_accuracy == (finished.logits.argmax(1) == targets).double().mean().item()
    images = make_images()
    assert torch.equal(
        finished.logits, predict(finished.network, images.pixels, images.validation, CPU)
    )


def test_a_separable_task_is_learnt():
    images = make_images()
    images.pixels[:] = (images.classes * 100)[:, None, None, None]
    recipe = replace(RECIPE, epochs=15, learning_rate=0.01)
    finished = run(recipe, images=images, network="preact8-cifar")
    assert finished.history[-1].train_loss < finished.history[0].train_loss / 2


@pytest.mark.parametrize(
    "network", ["resnet8-cifar", "multipath8-cifar", "preact8-cifar", "plain8-cifar"]
)
def test_same_run_twice_is_the_same_bit_for_bit(network):
    first, second = run(network=network), run(network=network)
    assert history(first) == history(second)
    assert torch.equal(weights(first), weights(second))
    assert torch.equal(first.logits, second.logits)


def test_replicates_differ():
    first, second = run(replicate=0), run(replicate=1)
    assert history(first) != history(second)
    assert not torch.equal(weights(first), weights(second))


def test_seeds_of_a_replicate_differ_and_the_first_is_the_replicate_itself():
    runs = {seed: run(replicate=1, seed=seed) for seed in (0, 1)}
    assert history(runs[0]) == history(run(replicate=1))
    assert history(runs[0]) != history(runs[1])
    assert not torch.equal(weights(runs[0]), weights(runs[1]))


def test_every_stream_is_its_own(monkeypatch):
    """Drawing more from one never shifts another, since each has its seed of the replicate."""
    seeds = {}

    def spy_on(module, function, stream):
        original = getattr(module, function)

        def spy(*arguments):
            seeds.setdefault(stream, set()).add(arguments[-1].initial_seed())
            return original(*arguments)

        monkeypatch.setattr(module, function, spy)

    spy_on(start, "initialise", "initialisation")
    spy_on(loop, "draw_batches", "order")
    spy_on(loop, "flip_images", "augmentation")
    for seed in (0, 2):
        seeds.clear()
        run(replicate=5, seed=seed)
        assert seeds == {stream: {stream_seed(5, stream, seed)} for stream in seeds}
        assert len(seeds) == 3


def test_contenders_of_a_replicate_see_the_same_order(monkeypatch):
    seen = []
    drawing = loop.draw_batches
    monkeypatch.setattr(loop, "draw_batches", lambda *a: seen.append(drawing(*a)) or seen[-1])
    run(network="resnet8-cifar")
    run(network="plain8-cifar")
    first, second = seen[:2], seen[2:]
    assert [[b.tolist() for b in e] for e in first] == [[b.tolist() for b in e] for e in second]


DIVERGING = replace(RECIPE, learning_rate=1e30, epochs=4)


def test_divergence_ends_the_run_with_the_step_that_shows_it():
    finished = run(DIVERGING, replicate=3)
    epoch, step = finished.diverged
    losses = finished.step_losses
    assert len(finished.history) == epoch == len(losses) < 4
    before = np.append(losses[: epoch - 1].ravel(), losses[epoch - 1, : step - 1])
    assert np.isfinite(before).all()
    assert len(before) >= 1, "the first loss is of weights that have not changed"
    assert not np.isfinite(losses[epoch - 1, step - 1])
    last = finished.history[-1]
    assert np.isnan(last.validation_loss)
    assert np.isnan(last.validation_accuracy)
    assert finished.logits.isnan().all()
    assert finished.logits.shape == (8, 3)


def test_weights_that_the_last_step_spoils_are_divergence_too():
    """A loss is that of the weights before its step; only the evaluation meets the last ones."""
    recipe = replace(DIVERGING, epochs=1, batch_size=20, optimizer="sgd")
    finished = run(recipe)
    assert np.isfinite(finished.step_losses).all()
    assert finished.diverged == (1, 1)


def test_step_losses_are_those_of_the_batches():
    images = make_images()
    finished = run(images=images)
    losses = finished.step_losses
    assert losses.shape == (2, 3)
    weighted = losses @ np.array([8, 8, 4]) / 20
    assert weighted == pytest.approx([epoch.train_loss for epoch in finished.history])
    table = tabulate_steps(losses)
    assert table["epoch"].tolist() == [1, 1, 1, 2, 2, 2]
    assert table["step"].tolist() == [1, 2, 3] * 2
    assert table["loss"].to_numpy().reshape(2, 3) == pytest.approx(losses)


# Precision


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_half_precision_trains_nearly_the_same(precision):
    exact = history(run())
    half = history(run(replace(RECIPE, precision=precision)))
    assert half != exact
    assert half[0]["train_loss"] == pytest.approx(exact[0]["train_loss"], rel=0.02)


def test_weights_stay_float32_in_half_precision():
    finished = run(replace(RECIPE, precision="bfloat16"))
    assert {value.dtype for value in finished.network.parameters()} == {torch.float32}
    assert finished.logits.dtype == torch.float32


def test_scaler_scales_only_where_it_is_needed():
    assert make_scaler(replace(RECIPE, precision="float16"), CPU).is_enabled()
    for precision in ("float32", "bfloat16"):
        assert not make_scaler(replace(RECIPE, precision=precision), CPU).is_enabled()


def test_compiled_network_is_the_network():
    network = build("resnet18", 3, 0.125)
    assert compile_network(network, RECIPE) is network
    compiled = compile_network(network, replace(RECIPE, compile=True))
    assert compiled is not network
    assert next(compiled.parameters()) is next(network.parameters())


def test_tf32_is_off_unless_it_is_asked_for():
    allow_tf32(True)
    assert torch.backends.cudnn.allow_tf32
    allow_tf32(False)
    assert not torch.backends.cudnn.allow_tf32
    assert not torch.backends.cuda.matmul.allow_tf32


def test_pixels_on_the_device_give_the_same_run():
    """As on a GPU that has room for them; here the device is the CPU."""
    images = make_images()
    resident = replace(images, pixels=torch.from_numpy(images.pixels))
    assert history(run(images=resident)) == history(run(images=images))


def test_memory_that_is_full_is_one_line():
    full = r"the memory is full; lower recipe\.batch_size"
    with pytest.raises(TimbangError, match=full) as e, explaining_full_memory():
        torch.empty(1 << 50)
    assert len(str(e.value).splitlines()) == 1
    with pytest.raises(TimbangError, match="the memory is full"), explaining_full_memory():
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB.")
    with pytest.raises(RuntimeError, match="shapes"), explaining_full_memory():
        raise RuntimeError("shapes do not fit")


# The device


@pytest.fixture
def machine(monkeypatch):
    def has(cuda=False, mps=False):
        monkeypatch.setattr(devices.torch.cuda, "is_available", lambda: cuda)
        monkeypatch.setattr(devices.torch.backends.mps, "is_available", lambda: mps)

    return has


@pytest.mark.parametrize(
    ("cuda", "mps", "gpus", "expected"),
    [
        (False, False, 1, "cpu"),
        (True, False, 1, "cuda"),
        (True, True, 1, "cuda"),
        (False, True, 1, "mps"),
        (True, True, 0, "cpu"),
    ],
)
def test_auto_takes_the_best_that_the_job_may_use(machine, cuda, mps, gpus, expected):
    machine(cuda, mps)
    assert choose_device("auto", gpus).type == expected


def test_cpu_may_be_asked_for_anywhere(machine):
    machine(cuda=True)
    assert choose_device("cpu", 1).type == "cpu"


def test_absent_device_is_one_line(machine):
    machine()
    with pytest.raises(TimbangError, match="no cuda device; use auto or cpu"):
        choose_device("cuda", 1)
    machine(cuda=True)
    with pytest.raises(TimbangError, match="gpu=0 allows none"):
        choose_device("cuda", 0)


def test_run_says_where_it_ran():
    run_on = describe_run(CPU)
    assert run_on["device"] == "cpu"
    assert run_on["device_name"]
    assert run_on["threads"] == 1
    assert run_on["versions"]["torch"] == torch.__version__


# Progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_bar_shows_loss_accuracy_and_time_left(monkeypatch):
    monkeypatch.setattr("sys.stderr", terminal := Terminal())
    monkeypatch.setattr("timbang.training.progress.SECONDS_BETWEEN_LOOKS", 0)
    contender = Contender("mine", "resnet8-cifar", 0.5, RECIPE, None)
    with TrainingBar("mine 0", 6, RECIPE.batch_size) as bar:
        bar.bar.mininterval = 0
        train(contender, 0, make_images(), 3, CPU, on_step=bar.step_done)
    shown = terminal.getvalue()
    assert re.search(r"mine 0: +83%.*5/6 .*<\d\d:\d\d.*epoch 2, loss \d\.\d+, accuracy \d", shown)


def test_bar_is_for_terminals_only(monkeypatch):
    monkeypatch.setattr("sys.stderr", file := io.StringIO())
    contender = Contender("mine", "resnet8-cifar", 0.5, RECIPE, None)
    with TrainingBar("mine 0", 6, RECIPE.batch_size) as bar:
        train(contender, 0, make_images(), 3, CPU, on_step=bar.step_done)
    assert file.getvalue() == ""
