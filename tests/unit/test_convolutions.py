"""Strided 1x1 convolutions of few channels compute what torch's do, and corrupt no memory."""

import copy
import ctypes
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.functional import conv2d
from torch.nn.utils import parametrizations

from timbang.networks import build
from timbang.networks.catalogue import CATALOGUE, FEWEST_CHANNELS
from timbang.networks.convolutions import (
    SAFE_CHANNELS,
    SubsamplingConv2d,
    guard_convolutions,
    is_unsafe,
)
from timbang.networks.cost import count_multiply_adds
from timbang.networks.foreign import build_foreign

SOURCE = Path(__file__).resolve().parents[2] / "src"

OWN = """
from torch import nn

class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.convolution = nn.Conv2d(4, 12, 3, stride=2, padding=1)
        self.shortcut = nn.Conv2d(4, 12, 1, stride=2)
        self.wide = nn.Conv2d(32, 64, 1, stride=2)

    def forward(self, x):
        return self.convolution(x) + self.shortcut(x)

def network(classes):
    return nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), Block(), nn.AdaptiveAvgPool2d(1),
                         nn.Flatten(), nn.Linear(12, classes))
"""


@pytest.fixture
def own_file(tmp_path):
    file = tmp_path / "networks.py"
    file.write_text(OWN)
    return file


def find_unguarded(network):
    """Return the layers of the fault, by what they are and not by who judges them."""
    return [
        name
        for name, layer in network.named_modules()
        if type(layer) is nn.Conv2d
        and layer.kernel_size == (1, 1)
        and max(layer.stride) > 1
        and layer.in_channels // layer.groups < 16
    ]


def find_guarded(network):
    return [name for name, layer in network.named_modules() if isinstance(layer, SubsamplingConv2d)]


def plain_twin(layer):
    """Return torch's own layer with the same weights."""
    twin = copy.deepcopy(layer)
    twin.__class__ = nn.Conv2d
    return twin


# Which layers are guarded


# One of each kind of block and stem; the deeper ones repeat them.
@pytest.mark.parametrize("name", [n for n in CATALOGUE if CATALOGUE[n].depth in (8, 18, 50)])
def test_no_network_of_the_catalogue_has_an_unguarded_layer(name):
    with torch.device("meta"):
        narrowest = build(name, 3, FEWEST_CHANNELS / CATALOGUE[name].channels)
        wide = build(name, 3, SAFE_CHANNELS / CATALOGUE[name].channels)
    assert not find_unguarded(narrowest)
    if CATALOGUE[name].family != "plain" and not CATALOGUE[name].bottleneck:
        assert find_guarded(narrowest)
    assert not find_guarded(wide)


@pytest.mark.parametrize("name", ["torchvision:resnet18", "torchvision:googlenet"])
def test_torchvisions_networks_have_no_such_layer(name):
    network = build_foreign(name, 3, 64)
    assert not find_unguarded(network)
    assert not find_guarded(network)


def test_own_network_is_guarded_and_else_as_its_file_says(own_file):
    def build_seeded():
        torch.manual_seed(0)
        return build_foreign(f"{own_file}:network", 5, 32)

    network = build_seeded()
    assert not find_unguarded(network)
    assert find_guarded(network) == ["1.shortcut"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("timbang.networks.foreign.guard_convolutions", lambda network: None)
        raw = build_seeded()
    assert find_unguarded(raw) == ["1.shortcut"]
    ours, theirs = network.state_dict(), raw.state_dict()
    assert list(ours) == list(theirs)
    assert all(torch.equal(ours[key], theirs[key]) for key in ours)
    images = torch.randn(2, 3, 32, 32)
    torch.testing.assert_close(network(images), raw(images))
    assert count_multiply_adds(network, 32) == count_multiply_adds(raw, 32)


class OwnForward(nn.Conv2d):
    def forward(self, x):
        return 2 * super().forward(x)


class OwnProduct(nn.Conv2d):
    def _conv_forward(self, x, weight, bias):
        return super()._conv_forward(x, 2 * weight, bias)


class OwnName(nn.Conv2d):
    pass


@pytest.mark.parametrize(
    ("layer", "guarded"),
    [
        (nn.Conv2d(15, 4, 1, stride=2), True),
        (nn.Conv2d(16, 4, 1, stride=2), False),
        (nn.Conv2d(16, 4, 1, stride=2, groups=2), True),
        (nn.Conv2d(4, 4, 1, stride=(1, 2)), True),
        (nn.Conv2d(4, 4, 1, stride=2, padding="valid", dilation=3), True),
        (nn.Conv2d(4, 4, 1, stride=2, padding=1), False),
        (nn.Conv2d(4, 4, 1), False),
        (nn.Conv2d(4, 4, 3, stride=2), False),
        (nn.Conv2d(4, 4, (1, 3), stride=2), False),
        (nn.ConvTranspose2d(4, 4, 1, stride=2), False),
        (OwnForward(4, 4, 1, stride=2), False),
        (OwnProduct(4, 4, 1, stride=2), False),
        (OwnName(4, 4, 1, stride=2), True),
        (parametrizations.weight_norm(nn.Conv2d(4, 4, 1, stride=2)), True),
    ],
    ids=str,
)
def test_layer_is_guarded_where_the_fault_may_be(layer, guarded):
    images = torch.randn(2, layer.in_channels, 6, 6)
    expected = layer(images)
    guard_convolutions(layer)
    assert isinstance(layer, SubsamplingConv2d) == guarded
    assert not is_unsafe(layer)
    torch.testing.assert_close(layer(images), expected)
    assert torch.equal(copy.deepcopy(layer)(images), layer(images))


# What they compute


def images_of(channels, batch, height, width, layout=torch.channels_last):
    return torch.randn(batch, channels, height, width).to(memory_format=layout)


@settings(max_examples=15)
@given(
    channels=st.integers(1, 15),
    outputs=st.integers(1, 33),
    batch=st.sampled_from([17, 19, 32]),
    height=st.integers(2, 23),
    width=st.integers(2, 23),
    stride=st.sampled_from([2, 3]),
    seed=st.integers(0, 99),
)
def test_forward_of_a_batch_is_torchs_bit_for_bit(
    channels, outputs, batch, height, width, stride, seed
):
    """Where torch leaves both to oneDNN, as for any batch above 16 in channels_last."""
    torch.manual_seed(seed)
    layer = SubsamplingConv2d(channels, outputs, 1, stride=stride, bias=False)
    layer.to(memory_format=torch.channels_last)
    images = images_of(channels, batch, height, width)
    # Torch's own backward pass is left out: it is the one that corrupts memory.
    with torch.inference_mode():
        assert torch.equal(layer(images), plain_twin(layer)(images))


@settings(max_examples=30)
@given(
    channels=st.integers(1, 15),
    outputs=st.integers(1, 33),
    batch=st.sampled_from([1, 2, 3, 5, 17]),
    height=st.integers(1, 23),
    width=st.integers(1, 23),
    stride=st.sampled_from([(2, 2), (3, 3), (2, 1), (1, 3)]),
    bias=st.booleans(),
    layout=st.sampled_from([torch.channels_last, torch.contiguous_format]),
    seed=st.integers(0, 99),
)
def test_outputs_and_gradients_are_those_of_float64(
    channels, outputs, batch, height, width, stride, bias, layout, seed
):
    torch.manual_seed(seed)
    layer = SubsamplingConv2d(channels, outputs, 1, stride=stride, bias=bias)
    layer.to(memory_format=layout)
    images = images_of(channels, batch, height, width, layout).requires_grad_()
    out = layer(images)
    wanted = torch.randn_like(out)
    ours = [out, *torch.autograd.grad(out, [images, *layer.parameters()], wanted)]

    # Torch's own layer, but in NCHW and float64, which is computed without the faulty code.
    exact = [
        value.detach().double().contiguous().requires_grad_()
        for value in (images, *layer.parameters())
    ]
    true = conv2d(*exact, stride=stride)
    theirs = [true, *torch.autograd.grad(true, exact, wanted.double())]
    # The same sums without cancellation: rounding is relative to these.
    sizes = [value.detach().abs().requires_grad_() for value in exact]
    total = conv2d(*sizes, stride=stride)
    totals = [total, *torch.autograd.grad(total, sizes, wanted.double().abs())]
    for value, reference, size in zip(ours, theirs, totals, strict=True):
        scale = size.abs().max().item()
        torch.testing.assert_close(value.double(), reference, rtol=0, atol=1e-5 * scale)


def test_compiler_takes_the_layer_whole():
    torch.manual_seed(0)
    layer = SubsamplingConv2d(5, 6, 1, stride=2)
    images = torch.randn(3, 5, 9, 9)
    compiled = torch.compile(layer, backend="eager", fullgraph=True)
    assert torch.equal(compiled(images), layer(images))


# The memory

TRAIN_OWN = """
import sys
import numpy as np
import torch
from timbang.study.schema import defaults_of
from timbang.study.words import Contender, Recipe
from timbang.training.loop import Images, train

torch.set_num_threads(1)
pixels = np.random.default_rng(0).integers(0, 256, (10, 56, 56, 3), dtype=np.uint8)
rows = np.arange(10)
recipe = Recipe(**defaults_of("recipe") | {"epochs": 1, "batch_size": 5})
train(Contender("own", sys.argv[1], 1.0, recipe, None), 0, Images(pixels, rows % 5, rows, rows), 5,
      torch.device("cpu"))
"""
TRAIN_RAW = """
import torch

torch.set_num_threads(1)
layer = torch.nn.Conv2d(4, 12, 1, stride=2).to(memory_format=torch.channels_last)
for _ in range(4):
    images = torch.randn(5, 4, 56, 56).to(memory_format=torch.channels_last)
    layer(images).sum().backward()
"""


def find_checker():
    """Return glibc's library that checks the heap, or None where there is none."""
    name = "libc_malloc_debug.so.0"
    try:
        ctypes.CDLL(name)
    except OSError:
        return None
    return name


def run_checked(program, *arguments):
    """Run a program whose process dies when it has written past its memory."""
    checker = find_checker()
    if checker is None:
        pytest.skip("no libc_malloc_debug.so.0: this system's C library has no checker of the heap")
    environment = os.environ | {
        "LD_PRELOAD": checker,
        "GLIBC_TUNABLES": "glibc.malloc.check=3",
        "PYTHONPATH": str(SOURCE),
    }
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_training_an_own_network_corrupts_no_memory(own_file):
    done = run_checked(TRAIN_OWN, f"{own_file}:network")
    assert done.returncode == 0, done.stderr


def test_checker_sees_the_fault_that_is_guarded_against():
    """Without this the test above could not fail."""
    done = run_checked(TRAIN_RAW)
    if done.returncode == 0:
        pytest.skip("torch's own layer is sound on this processor, so the guard proves nothing")
    assert done.returncode < 0, done.stderr
