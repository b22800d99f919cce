"""Where a network looks: maps by hand, and what deleting a part does."""

import numpy as np
import pytest
import torch
from torch import nn

from timbang.networks import build
from timbang.networks.zoo import initialise
from timbang.probes.attention import (
    DELETED_SHARE,
    FEWEST_CELLS,
    PER_CLASS,
    delete_cells,
    map_attention,
    mark_cells,
    probe_attention,
)
from timbang.training.loop import Images

CPU = torch.device("cpu")


class Pooled(nn.Module):
    """Convolution, ReLU, mean over the image, linear layer: its Grad-CAM is known."""

    def __init__(self, seed):
        super().__init__()
        torch.manual_seed(seed)
        self.features = nn.Sequential(nn.Conv2d(3, 5, 3, padding=1), nn.ReLU(inplace=True))
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(5, 3)

    def forward(self, x):
        return self.fc(self.pool(self.features(x)).flatten(1))


def test_the_map_is_that_of_hand_calculation():
    """The gradient of a logit by a channel is its weight over the cells: CAM (Zhou et al. 2016)."""
    network, inputs = Pooled(0), torch.randn(4, 3, 6, 6)
    with torch.no_grad():
        channels, logits = network.features(inputs), network(inputs)
    for classes in (None, torch.tensor([0, 1, 2, 0])):
        look = map_attention(network, inputs, classes)
        chosen = logits.argmax(1) if classes is None else classes
        weights = network.fc.weight[chosen].detach() / 36
        expected = torch.einsum("bc,bchw->bhw", weights, channels).relu()
        assert torch.allclose(look.maps, expected, atol=1e-6)
        assert torch.allclose(look.logits, logits, atol=1e-6)
    assert (look.maps == 0).any() and (look.maps > 0).any()


@pytest.mark.parametrize("name", ["plain18", "resnet18", "preact18", "multipath18"])
@pytest.mark.parametrize(("size", "cells"), [(32, 4), (64, 4), (128, 4), (224, 7)])
def test_maps_are_of_the_last_layer_that_is_fine_enough(name, size, cells):
    network = build(name, 3, 0.125)
    initialise(network, torch.Generator().manual_seed(0))
    before = {key: value.clone() for key, value in network.state_dict().items()}
    look = map_attention(network, torch.randn(1, 3, size, size))
    assert look.maps.shape == (1, cells, cells) and cells >= FEWEST_CELLS
    assert torch.isfinite(look.maps).all() and (look.maps >= 0).all()
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())


def test_frozen_weights_have_maps_and_a_network_without_places_has_none():
    network = Pooled(0).requires_grad_(False)
    assert map_attention(network, torch.randn(1, 3, 6, 6)) is not None
    flat = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 2))
    assert map_attention(flat, torch.randn(1, 3, 6, 6)) is None


def test_a_fifth_of_the_cells_is_marked_and_deleted():
    values = torch.tensor([[[0.0, 3.0, 1.0], [2.0, 2.0, 0.0]]])
    assert mark_cells(values).tolist() == [[[False, True, False], [False, False, False]]]
    assert mark_cells(torch.zeros(1, 5, 4)).sum() == round(DELETED_SHARE * 20)
    inputs = torch.arange(2 * 3 * 4 * 6, dtype=torch.float32).view(2, 3, 4, 6)
    marks = torch.zeros(2, 2, 3, dtype=torch.bool)
    marks[0, 1, 2] = True
    deleted = delete_cells(inputs, marks)
    assert torch.equal(deleted[1], inputs[1])
    expected = inputs[0].clone()
    expected[:, 2:, 4:] = inputs[0].mean((1, 2))[:, None, None]
    assert torch.equal(deleted[0], expected)


def test_a_map_that_marks_nothing_has_no_fall():
    pixels = np.full((4, 8, 8, 3), 60, dtype=np.uint8)
    images = Images(pixels, np.array([0, 1, 0, 1]), np.arange(0), np.arange(4))
    dark = Bright()
    with torch.no_grad():
        dark.fc.weight.mul_(-1)
    found = probe_attention(Bright(), dark, images, CPU)
    assert [own["fall_marked"] for own in found] == [None] * 4
    assert all(own["fall_random"] is not None for own in found)


class Bright(nn.Module):
    """Says "bright" by the mean of the positive part of the image, so its brightest cells count."""

    def __init__(self):
        super().__init__()
        self.see = nn.ReLU()
        self.fc = nn.Linear(1, 2)
        with torch.no_grad():
            self.fc.weight.copy_(torch.tensor([[-4.0], [4.0]]))
            self.fc.bias.zero_()

    def forward(self, x):
        return self.fc(self.see(x).mean((1, 2, 3))[:, None])


def test_what_a_network_looks_at_counts_and_what_another_looks_at_does_not():
    pixels = np.full((6, 8, 8, 3), 60, dtype=np.uint8)
    for place in range(6):
        pixels[place, place : place + 2, 2:5] = 255
    classes = np.array([0, 1, 0, 1, 0, 1])
    images = Images(pixels, classes, np.arange(0), np.arange(6))
    dark = Bright()
    dark.see = nn.Sequential(nn.AvgPool2d(2), nn.ReLU())
    found = probe_attention(Bright(), dark, images, CPU)
    assert [own["row"] for own in found] == sorted(
        [own["row"] for own in found], key=lambda row: (classes[row], row)
    )
    assert len(found) == 2 * PER_CLASS
    for own in found:
        assert own["predicted"] == 1 and own["probability"] > 0.5
        assert own["label"] == classes[own["row"]]
        assert np.shape(own["map"]) == (8, 8) and np.shape(own["control"]) == (4, 4)
        assert np.max(own["map"]) == 1
        marked = np.array(own["map"]) > 0.9
        assert (marked == (pixels[own["row"], :, :, 0] == 255)).all()
        assert own["fall_marked"] > 2 * abs(own["fall_random"])
    again = probe_attention(Bright(), dark, images, CPU)
    assert again == found
