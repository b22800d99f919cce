"""The networks are the published ones, and all that they consist of is used."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torchvision.models import resnet34

from timbang.networks import build
from timbang.networks.catalogue import CATALOGUE, network_names
from timbang.networks.cost import count_multiply_adds, count_parameters
from timbang.networks.zoo import BLOCKS, initialise
from timbang.report.titles import TITLES, title_contender

SOURCE = Path(__file__).resolve().parents[2] / "src"
PARAMETERS = {
    "resnet34": 21_287_237,
    "multipath34": 29_342_021,
    "preact34": 21_285_573,
    "plain34": 21_113_413,
}


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameters_of_the_published_study(name):
    assert count_parameters(build(name, 5)) == PARAMETERS[name]


@pytest.mark.parametrize(("name", "expected"), [("resnet34", 3.66), ("multipath34", 5.05)])
def test_multiply_adds_of_the_published_study(name, expected):
    assert round(count_multiply_adds(build(name, 5), 224) / 1e9, 2) == expected


def test_multiply_adds_by_hand():
    """A 3x3 convolution: 27 products for each of 2 x 4 x 4 outputs; then 2 x 3 in the layer."""
    network = nn.Sequential(
        nn.Conv2d(3, 2, 3, padding=1), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2, 3)
    )
    network.train()
    assert count_multiply_adds(network, 4) == 27 * 2 * 16 + 6
    assert network.training


def test_resnet34_computes_what_torchvisions_does():
    theirs = resnet34(weights=None, num_classes=5)
    ours = build("resnet34", 5)
    initialise(ours, generator())
    theirs.load_state_dict(ours.state_dict())
    images = torch.randn(3, 3, 32, 32, generator=generator())
    targets = torch.tensor([0, 4, 2])
    for network in (ours, theirs):
        nn.functional.cross_entropy(network(images), targets).backward()
    gradients = dict(theirs.named_parameters())
    for name, parameter in ours.named_parameters():
        assert torch.equal(parameter.grad, gradients[name].grad), name
    assert torch.equal(ours.eval()(images), theirs.eval()(images))


@settings(deadline=None, max_examples=12)
@given(st.sampled_from(network_names()), st.integers(2, 30), st.floats(0.01, 0.15))
def test_every_parameter_learns(name, classes, width):
    network = build(name, classes, width)
    initialise(network, generator())
    logits = network(torch.randn(8, 3, 32, 32, generator=generator(1)))
    assert logits.shape == (8, classes)
    nn.functional.cross_entropy(logits, torch.arange(8) % classes).backward()
    for place, parameter in network.named_parameters():
        assert parameter.grad is not None, place
        assert parameter.grad.any(), place


@pytest.mark.parametrize("name", network_names())
@pytest.mark.parametrize("size", [8, 33])
def test_any_image_size_gives_logits(name, size):
    with torch.inference_mode():
        assert build(name, 3, 0.125).eval()(torch.zeros(2, 3, size, size)).shape == (2, 3)


def test_depth_is_34_layers():
    """As He et al. count them: the stem, two convolutions a block, the linear layer."""
    for name in network_names():
        assert 1 + 2 * sum(CATALOGUE[name].stages) + 1 == 34


def test_catalogue_blocks_and_titles_are_in_step():
    assert {architecture.family for architecture in CATALOGUE.values()} == set(BLOCKS)
    assert set(TITLES) == set(CATALOGUE)
    assert len(set(TITLES.values())) == len(TITLES)
    assert title_contender("resnet34", "resnet34") == "ResNet-34"
    assert title_contender("mine", "resnet34") == "mine"


def test_unknown_network_is_refused():
    with pytest.raises(KeyError):
        build("resnet35", 5)


# Initialisation


def drawn(name, seed):
    network = build(name, 3, 0.1)
    initialise(network, generator(seed))
    return torch.cat([parameter.detach().flatten() for parameter in network.parameters()])


@pytest.mark.parametrize("name", network_names())
def test_weights_depend_on_the_generator_alone(name):
    torch.manual_seed(1)
    first = drawn(name, 7)
    torch.manual_seed(2)
    assert torch.equal(first, drawn(name, 7))
    assert not torch.equal(first, drawn(name, 8))


def test_weights_have_the_published_spread():
    network = build("resnet34", 5)
    initialise(network, generator())
    for module in network.modules():
        if isinstance(module, nn.Conv2d) and module.weight.numel() > 50_000:
            fan_out = module.out_channels * module.kernel_size[0] ** 2
            assert module.weight.var().item() == pytest.approx(2 / fan_out, rel=0.03)
        elif isinstance(module, nn.BatchNorm2d):
            assert module.weight.eq(1).all()
            assert module.bias.eq(0).all()
        elif isinstance(module, nn.Linear):
            assert module.weight.std().item() == pytest.approx(0.01, rel=0.1)
            assert module.bias.eq(0).all()


def test_report_and_catalogue_load_without_torch():
    """Importing torch takes seconds, in each of the many jobs that draw and write."""
    modules = ["timbang.networks", "timbang.networks.catalogue"]
    for file in sorted((SOURCE / "timbang" / "report").rglob("*.py")):
        modules.append(".".join(file.relative_to(SOURCE).with_suffix("").parts))
    program = "import sys\n" + "".join(f"import {name}\n" for name in modules)
    program += "assert not any(m.partition('.')[0].startswith('torch') for m in sys.modules)"
    subprocess.run([sys.executable, "-c", program], env={"PYTHONPATH": str(SOURCE)}, check=True)
