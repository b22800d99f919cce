"""Probes measure what is known on paper, and leave everything as it was."""

import copy
import random
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torch import nn
from torch.nn.functional import cross_entropy

from timbang.images.pixels import PixelFile
from timbang.images.resizing import resize_image
from timbang.networks.zoo import build, initialise
from timbang.probes.measuring import (
    ZOOM_FACTORS,
    Score,
    choose_rows,
    deal_batches,
    measure_gradient_steps,
    measure_layer_gradients,
    score_paths_off,
    score_rows,
    score_zoomed,
    zoom_images,
)
from timbang.training.batches import IMAGENET_MEAN, IMAGENET_STD, load_images
from timbang.training.loop import Images, score
from timbang.training.optimization import add_dropout

CPU = torch.device("cpu")
pytestmark = pytest.mark.usefixtures("one_thread")


def make_images(count=12, side=8, classes=3, seed=0):
    pixels = np.random.default_rng(seed).integers(0, 256, (count, side, side, 3), dtype=np.uint8)
    rows = np.arange(count)
    return Images(pixels, rows % classes, rows, rows[:0])


def make_network(name="multipath18", seed=0):
    """Return a small network whose BN has statistics and weights of no special kind."""
    generator = torch.Generator().manual_seed(seed)
    network = build(name, 3, 0.125)
    initialise(network, generator)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            for values in (module.weight, module.bias, module.running_mean, module.running_var):
                values.data.uniform_(0.5, 1.5, generator=generator)
    nn.init.normal_(network.fc.weight, generator=generator)
    return network


# Rows


def draw_rows(size, seed):
    return np.sort(np.random.default_rng(seed).choice(501, size, replace=False))


# Sizes and counts are drawn apart, so that as often as not there are more rows than are wanted.
rows_of_a_part = st.builds(draw_rows, st.integers(1, 200), st.integers(0, 99))


@given(rows_of_a_part, st.integers(1, 200))
def test_chosen_rows_are_evenly_spaced(rows, count):
    chosen = choose_rows(rows, count)
    places = np.searchsorted(rows, chosen)
    assert np.array_equal(rows[places], chosen)
    assert len(chosen) == min(count, len(rows))
    # Both ends are half a gap away, so the parts before, between and after are alike.
    gaps = np.diff(places)
    assert (gaps >= 1).all()
    assert len(gaps) == 0 or gaps.max() - gaps.min() <= 1
    assert abs(places[0] - (len(rows) - 1 - places[-1])) <= 1


@given(rows_of_a_part, st.integers(1, 200), st.integers(1, 5))
def test_with_classes_each_has_its_share(rows, count, classes):
    """Classes that take turns would be in step with the spacing without it."""
    of_image = np.arange(501) % classes
    chosen = choose_rows(rows, count, of_image)
    assert len(set(chosen)) == len(chosen) == min(count, len(rows))
    share = len(chosen) / len(rows)
    for label in range(classes):
        assert abs((of_image[chosen] == label).sum() - share * (of_image[rows] == label).sum()) <= 1


@given(st.integers(1, 60), st.integers(1, 60))
def test_batches_hold_every_row_once_in_turn(count, batches):
    rows = np.arange(100, 100 + count)
    if batches > count:
        with pytest.raises(ValueError, match=f"{count} rows cannot be dealt out to {batches}"):
            deal_batches(rows, batches)
        return
    dealt = deal_batches(rows, batches)
    assert len(dealt) == batches
    assert sorted(np.concatenate(dealt)) == rows.tolist()
    assert max(map(len, dealt)) - min(map(len, dealt)) <= 1
    assert [batch[0] for batch in dealt] == rows[:batches].tolist()


# Gradients that are known on paper


class SoftmaxRegression(nn.Module):
    """Logits Wx + b of the flattened image x."""

    def __init__(self, pixels, classes=3):
        super().__init__()
        self.fc = nn.Linear(pixels, classes, dtype=torch.float64)

    def forward(self, x):
        return self.fc(x.flatten(1).double())


def differentiate_softmax(weight, bias, inputs, classes):
    """The loss is the mean of −log p_y, with p = softmax(Wx + b).

    By hand: ∂L/∂b = mean(p − e_y) and ∂L/∂W = mean((p − e_y)xᵀ).
    """
    logits = inputs @ weight.T + bias
    shares = np.exp(logits - logits.max(1, keepdims=True))
    shares /= shares.sum(1, keepdims=True)
    loss = -np.log(shares[np.arange(len(classes)), classes]).mean()
    excess = (shares - np.eye(weight.shape[0])[classes]) / len(classes)
    return loss, excess.T @ inputs, excess.sum(0)


def flatten_images(images, batch):
    return load_images(images.pixels, batch, CPU).flatten(1).double().numpy()


@settings(max_examples=30)
@given(st.integers(0, 99), st.lists(st.floats(1e-4, 2), min_size=1, max_size=3), st.booleans())
def test_gradient_steps_are_those_of_softmax_regression(seed, step_sizes, frozen):
    images = make_images(side=4, seed=seed)
    torch.manual_seed(seed)
    network = SoftmaxRegression(48)
    network.fc.weight.requires_grad_(not frozen)
    batches = [np.array([0, 4, 5, 7]), np.array([1, 2, 3, 8, 9])]
    steps = measure_gradient_steps(network, images, batches, step_sizes, CPU)

    weight, bias = network.fc.weight.detach().numpy(), network.fc.bias.detach().numpy()

    def join(by_weight, by_bias):
        return by_bias if frozen else np.append(by_weight.ravel(), by_bias)

    for i, batch in enumerate(batches):
        inputs, classes = flatten_images(images, batch), images.classes[batch]
        loss, by_weight, by_bias = differentiate_softmax(weight, bias, inputs, classes)
        here = join(by_weight, by_bias)
        norm = np.linalg.norm(here)
        assert steps.start_losses[i] == pytest.approx(loss, rel=1e-9)
        assert steps.start_norms[i] == pytest.approx(norm, rel=1e-9)
        ratios = []
        for j, step in enumerate(step_sizes):
            moved = weight if frozen else weight - step * by_weight
            loss, *parts = differentiate_softmax(moved, bias - step * by_bias, inputs, classes)
            ahead = join(*parts)
            change = np.linalg.norm(ahead - here)
            cosine = ahead @ here / norm / np.linalg.norm(ahead)
            assert steps.losses[i, j] == pytest.approx(loss, rel=1e-9, abs=1e-12)
            assert steps.cosines[i, j] == pytest.approx(cosine, abs=1e-6)
            assert steps.gradient_changes[i, j] == pytest.approx(change, rel=1e-6)
            assert steps.weight_changes[i, j] == pytest.approx(step * norm, rel=1e-6)
            ratios.append(change / (step * norm))
        assert steps.lipschitz[i] == pytest.approx(max(ratios), rel=1e-6)
    assert steps.step_sizes.tolist() == step_sizes


class TwoLayers(nn.Module):
    """Logits VCx̄ of the mean colour x̄: a 1x1 convolution C, the mean and a linear layer V.

    The layer that comes last is registered first.
    """

    def __init__(self):
        super().__init__()
        self.last = nn.Linear(5, 3, bias=False, dtype=torch.float64)
        self.first = nn.Conv2d(3, 5, 1, bias=False, dtype=torch.float64)

    def forward(self, x):
        return self.last(self.first(x.double()).mean((2, 3)))


def test_layer_gradients_are_those_of_two_linear_layers():
    """By hand, with D the softmax's excess: ∂L/∂V = Dᵀ(X̄Cᵀ) and ∂L/∂C = (DV)ᵀX̄."""
    images = make_images()
    torch.manual_seed(0)
    network = TwoLayers()
    batches = [np.array([0, 1, 2, 4]), np.array([3, 5, 7])]
    last = network.last.weight.detach().numpy()
    first = network.first.weight.detach().numpy()[:, :, 0, 0]
    expected = []
    for batch in batches:
        colours = load_images(images.pixels, batch, CPU).double().mean((2, 3)).numpy()
        classes = images.classes[batch]
        # (DV)ᵀX̄ = Vᵀ(DᵀX̄), and DᵀX̄ is the gradient by the product VC.
        _, by_last, _ = differentiate_softmax(last, 0, colours @ first.T, classes)
        _, by_product, _ = differentiate_softmax(last @ first, 0, colours, classes)
        expected.append([np.linalg.norm(last.T @ by_product), np.linalg.norm(by_last)])
    layers = measure_layer_gradients(network, images, batches, CPU)
    assert [layer.name for layer in layers] == ["first", "last"]
    norms = [layer.norm for layer in layers]
    assert norms == pytest.approx(np.mean(expected, axis=0), rel=1e-9)
    assert min(norms) > 0.01


def test_layers_stand_in_the_order_of_the_forward_pass():
    network = make_network()
    layers = measure_layer_gradients(network, make_images(), [np.arange(6)], CPU)
    names = [layer.name for layer in layers]
    weighty = [name for name, m in network.named_modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    assert sorted(names) == sorted(weighty)
    assert names[0] == "conv1"
    assert names[-1] == "fc"
    stages = [name.split(".")[0] for name in names[1:-1]]
    assert stages == sorted(stages)
    assert names.index("layer2.0.paths.0.0") < names.index("layer2.0.paths.0.3")
    assert all(layer.norm > 0 for layer in layers)


# The function that is differentiated


def test_bn_normalises_by_the_batch():
    network, images, batch = make_network("resnet18"), make_images(), np.arange(6)
    network.eval()
    steps = measure_gradient_steps(network, images, [batch], [0.1], CPU)

    trained = copy.deepcopy(network).train()
    inputs, targets = (
        load_images(images.pixels, batch, CPU),
        torch.from_numpy(images.classes[batch]),
    )
    loss = cross_entropy(trained(inputs), targets)
    assert steps.start_losses.tolist() == [loss.item()]
    assert steps.start_losses[0] != cross_entropy(network(inputs), targets).item()
    loss.backward()
    norm = torch.cat([weight.grad.flatten() for weight in trained.parameters()]).norm().item()
    assert steps.start_norms == pytest.approx([norm], rel=1e-5)
    with torch.no_grad():
        for weight in trained.parameters():
            weight -= 0.1 * weight.grad
        assert steps.losses[0, 0] == pytest.approx(
            cross_entropy(trained(inputs), targets).item(), rel=1e-5
        )

    network.layer1[0].bn1.running_mean += 100
    again = measure_gradient_steps(network, images, [batch], [0.1], CPU)
    assert np.array_equal(again.losses, steps.losses)
    assert np.array_equal(again.cosines, steps.cosines)


def test_dropout_drops_and_is_the_same_for_each_gradient():
    network, images, batches = make_network(), make_images(), [np.arange(6), np.arange(6, 12)]

    def measure():
        return measure_gradient_steps(network, images, batches, [0.0, 0.1], CPU)

    without = measure()
    add_dropout(network, 0.5)
    steps = measure()
    assert (steps.start_losses != without.start_losses).all()
    assert np.array_equal(steps.losses[:, 0], steps.start_losses)
    assert (steps.gradient_changes[:, 0] == 0).all()
    assert steps.cosines[:, 0] == pytest.approx([1, 1])
    torch.manual_seed(5)
    assert np.array_equal(measure().losses, steps.losses)


# Everything is as it was


def take_state(network):
    """Return all that a probe could have changed, in a form that can be compared."""

    def hold(value):
        return None if value is None else (value.dtype, value.detach().numpy().tobytes())

    return {
        "state": {name: hold(value) for name, value in network.state_dict().items()},
        "gradients": {name: hold(weight.grad) for name, weight in network.named_parameters()},
        "trained": {name: weight.requires_grad for name, weight in network.named_parameters()},
        "places": {name: value.data_ptr() for name, value in network.state_dict().items()},
        "modes": {name: module.training for name, module in network.named_modules()},
        "hooks": {
            name: (len(module._forward_hooks), len(module._forward_pre_hooks))
            for name, module in network.named_modules()
        },
        "torch": torch.get_rng_state().numpy().tobytes(),
        "numpy": str(np.random.get_state()),
        "python": random.getstate(),
        "gradients are taken": torch.is_grad_enabled(),
    }


PROBES = {
    "steps": lambda n, i, b: measure_gradient_steps(n, i, [b, b], [0.1, 0.2], CPU),
    "layers": lambda n, i, b: measure_layer_gradients(n, i, [b, b], CPU),
    "rows": lambda n, i, b: score_rows(n, i, b, CPU),
    "zoomed": lambda n, i, b: score_zoomed(n, i, b, CPU),
    "paths": lambda n, i, b: score_paths_off(n, i, b, CPU),
}


def make_odd_network():
    """Return a network with everything that a careless probe would put right."""
    network = make_network()
    add_dropout(network, 0.5)
    network.train()
    network.layer2.eval()
    network.layer1[0].paths[0][1].eval()
    network.layer3[0].paths[0][0].weight.requires_grad_(False)
    network.conv1.weight.grad = torch.ones_like(network.conv1.weight)
    network.bn1.momentum = None
    return network


class StopError(Exception):
    pass


@pytest.mark.parametrize("fails_at", [None, 1, 2])
@pytest.mark.parametrize("probe", PROBES)
@pytest.mark.parametrize("gradients", [True, False])
def test_probe_leaves_everything_as_it_was(probe, fails_at, gradients):
    network = make_odd_network()
    calls = []

    def stop(*_):
        calls.append(None)
        torch.rand(3)
        if len(calls) == fails_at:
            raise StopError

    # The last module that is called: by then BN has met the batch, and dropout has drawn. The hook
    # draws as well, like networks of others that do so in evaluation mode.
    network.fc.register_forward_hook(stop)
    with torch.set_grad_enabled(gradients):
        before = take_state(network)
        if fails_at is None or (probe == "rows" and fails_at > 1):
            PROBES[probe](network, make_images(), np.arange(6))
        else:
            with pytest.raises(StopError):
                PROBES[probe](network, make_images(), np.arange(6))
        after = take_state(network)
    assert calls
    for name in before:
        assert before[name] == after[name], name


def test_state_tells_what_training_changes():
    """Or the test above would look at the wrong things."""
    network = make_odd_network()
    before = take_state(network)
    cross_entropy(network(torch.randn(6, 3, 8, 8)), torch.zeros(6, dtype=torch.int64)).backward()
    network.eval()
    after = take_state(network)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"state", "gradients", "modes", "torch"}


# Scores


def keep_in_file(pixels, folder):
    np.save(folder / "pixels.npy", pixels)
    return PixelFile(folder / "pixels.npy")


@pytest.mark.parametrize("kept", ["array", "tensor", "file"])
def test_scores_are_the_loops_and_do_not_depend_on_where_pixels_are(kept, tmp_path):
    images = make_images(count=300)
    if kept != "array":
        keep = torch.from_numpy if kept == "tensor" else lambda p: keep_in_file(p, tmp_path)
        images = replace(images, pixels=keep(images.pixels))
    network, rows = make_network("resnet18").train(), np.arange(0, 300, 2)
    scored = score_rows(network, images, rows, CPU)
    assert network.training
    zoomed = score_zoomed(network, images, rows, CPU, (1.0,))
    loss, accuracy = score(network, images, rows, CPU)
    assert scored == Score(accuracy, loss)
    assert zoomed == {1.0: scored}
    assert 0 < accuracy < 1


def test_scores_are_of_the_rows_that_are_asked_for():
    """A network that knows the class from the colour, and images of which some lie."""
    images = make_images(count=20, classes=2)
    images.pixels[:] = np.where(images.classes == 1, 255, 0)[:, None, None, None]
    images.classes[15:] = 1 - images.classes[15:]

    class Bright(nn.Module):
        def forward(self, x):
            return torch.stack([-x.mean((1, 2, 3)), x.mean((1, 2, 3))], 1)

    assert score_rows(Bright(), images, np.arange(15), CPU).accuracy == 1
    assert score_rows(Bright(), images, np.arange(15, 20), CPU).accuracy == 0
    assert score_rows(Bright(), images, np.arange(10, 20), CPU).accuracy == 0.5
    zoomed = score_zoomed(Bright(), images, np.arange(10, 20), CPU)
    assert {factor: s.accuracy for factor, s in zoomed.items()} == dict.fromkeys(ZOOM_FACTORS, 0.5)


# Zoom


def as_batch(pixels):
    return torch.from_numpy(pixels).permute(0, 3, 1, 2)


@given(st.integers(8, 40), st.floats(0.5, 2), st.integers(0, 99))
def test_zoom_is_pillows_resizing_cut_out_or_reflected(side, factor, seed):
    pixels = make_images(count=2, side=side, seed=seed).pixels
    zoomed = zoom_images(as_batch(pixels), factor).permute(0, 2, 3, 1).numpy()
    assert zoomed.shape == pixels.shape
    assert zoomed.dtype == np.uint8
    other = round(side * factor)
    for before, after in zip(pixels, zoomed, strict=True):
        resized = resize_image(Image.fromarray(before), other).astype(int)
        if other >= side:
            start = (other - side) // 2
            expected = resized[start : start + side, start : start + side]
        else:
            start = (side - other) // 2
            margin = (start, side - other - start)
            expected = np.pad(resized, (margin, margin, (0, 0)), mode="reflect")
        # Pillow rounds after each of both axes.
        assert np.abs(after - expected).max() <= 1


def make_squares():
    """Squares of 8 and 12 pixels, white or red, in the middle of 32 x 32 black ones."""
    pixels = np.zeros((8, 32, 32, 3), dtype=np.uint8)
    sides, reds = np.tile([8, 12], 4), np.repeat([False, True], 4)
    for image, side, red in zip(pixels, sides, reds, strict=True):
        part = slice(16 - side // 2, 16 + side // 2)
        image[part, part, : 1 if red else 3] = 255
    return pixels, (sides == 12).astype(int), reds.astype(int)


class SquareReader(nn.Module):
    """Tells large squares from small ones by their area, or white from red by the colour."""

    def __init__(self, reads):
        super().__init__()
        self.reads = reads

    def forward(self, x):
        mean, std = (v[:, None, None] for v in (IMAGENET_MEAN, IMAGENET_STD))
        red, green, _ = ((x * std + mean) / 255).sum((2, 3)).unbind(1)
        value = red - 100 if self.reads == "size" else red / 2 - green
        return torch.stack([-value, value], 1)


def test_network_that_reads_the_size_is_fooled_by_zoom_and_one_that_reads_the_colour_is_not():
    """The sides become 6 and 9, 7 and 10.5, 9.1 and 13.7, 10.6 and 16; the border is at 10.

    So at 0.75 large squares seem small, and at 1.33 small ones large.
    """
    pixels, large, red = make_squares()
    rows = np.arange(8)
    by_size, by_colour = (
        score_zoomed(
            SquareReader(reads), Images(pixels, classes, rows, rows[:0]), rows, CPU, ZOOM_FACTORS
        )
        for reads, classes in (("size", large), ("colour", red))
    )
    assert list(by_size) == list(by_colour) == list(ZOOM_FACTORS)
    assert [s.accuracy for s in by_size.values()] == [0.5, 1, 1, 1, 0.5]
    assert [s.accuracy for s in by_colour.values()] == [1] * 5
    assert min(by_size[0.75].loss, by_size[1.33].loss) > 1 > by_size[1.0].loss


# Paths


class OnePath(nn.Module):
    """A block of two paths from which one has been taken out: zeros are in its place."""

    def __init__(self, block, path):
        super().__init__()
        self.path, self.downsample = block.paths[1 - path], block.downsample
        self.is_first = path == 1

    def forward(self, x):
        given = self.path(x)
        nothing = torch.zeros_like(given)
        both = [given, nothing] if self.is_first else [nothing, given]
        shortcut = x if self.downsample is None else self.downsample(x)
        return torch.relu(torch.cat(both, 1) + shortcut)


@pytest.mark.parametrize("name", ["multipath18", "twinpath18"])
def test_paths_off_are_networks_built_without_them(name):
    network, images, rows = make_network(name), make_images(count=40, side=16), np.arange(5, 40)
    expected = []
    for path in (0, 1):
        without = copy.deepcopy(network)
        for number in range(1, 5):
            stage = getattr(without, f"layer{number}")
            setattr(without, f"layer{number}", nn.Sequential(*(OnePath(b, path) for b in stage)))
        loss, accuracy = score(without, images, rows, CPU)
        expected.append(Score(accuracy, loss))
    first, second = score_paths_off(network, images, rows, CPU)
    assert [first, second] == expected
    assert len({first.loss, second.loss, score_rows(network, images, rows, CPU).loss}) == 3
