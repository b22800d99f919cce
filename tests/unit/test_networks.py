"""The networks are the published ones, and all that they consist of is used."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
import torchvision.models
from made import make_recipe
from torch import nn
from torchvision.models import get_model, list_models

from timbang.errors import TimbangError
from timbang.networks import build
from timbang.networks.catalogue import CATALOGUE, find_fault, network_names
from timbang.networks.cost import count_multiply_adds, count_parameters
from timbang.networks.titles import FAMILY_TITLES, title_contender, title_network
from timbang.networks.torchvision_names import TORCHVISION_NETWORKS
from timbang.networks.zoo import (
    BLOCKS,
    TOLERANCE,
    build_with_parameters,
    initialise,
    switch_path_off,
)
from timbang.study.words import Contender
from timbang.training.start import build_network

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


@pytest.mark.parametrize("depth", [18, 34, 50, 101, 152])
def test_resnets_have_as_many_parameters_as_torchvisions(depth):
    with torch.device("meta"):
        ours, theirs = build(f"resnet{depth}", 5), get_model(f"resnet{depth}", num_classes=5)
    assert count_parameters(ours) == count_parameters(theirs)
    assert list(ours.state_dict()) == list(theirs.state_dict())


# He et al. 2015, table 6, in millions.
@pytest.mark.parametrize(("depth", "millions"), [(20, 0.27), (32, 0.46), (44, 0.66), (56, 0.85)])
def test_resnets_for_small_images_have_the_parameters_of_their_paper(depth, millions):
    """But for the two projections, where the paper's shortcuts take every second pixel."""
    projections = 16 * 32 + 2 * 32 + 32 * 64 + 2 * 64
    parameters = count_parameters(build(f"resnet{depth}-cifar", 10)) - projections
    assert round(parameters / 1e6, 2) == millions


def test_bottlenecks_without_shortcuts_lack_the_projections_alone():
    with torch.device("meta"):
        plain, residual = build("plain50", 5), build("resnet50", 5)
    projections = sum(
        parameter.numel()
        for place, parameter in residual.named_parameters()
        if "downsample" in place
    )
    assert count_parameters(plain) == count_parameters(residual) - projections


@pytest.mark.parametrize("name", ["resnet34", "resnet50"])
def test_resnets_compute_what_torchvisions_do(name):
    theirs = get_model(name, weights=None, num_classes=5)
    ours = build(name, 5)
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


# Those of more layers are made of the same blocks and cost minutes.
SHALLOW = [name for name in network_names() if CATALOGUE[name].depth in (8, 18)]
BOTTLENECKS = [name for name in network_names() if CATALOGUE[name].depth == 50]


@pytest.mark.parametrize("name", SHALLOW + BOTTLENECKS)
def test_every_parameter_learns(name):
    classes = 5
    network = build(name, classes, 0.1)
    initialise(network, generator())
    logits = network(torch.randn(8, 3, 32, 32, generator=generator(1)))
    assert logits.shape == (8, classes)
    nn.functional.cross_entropy(logits, torch.arange(8) % classes).backward()
    for place, parameter in network.named_parameters():
        assert parameter.grad is not None, place
        assert parameter.grad.any(), place


@pytest.mark.parametrize("name", SHALLOW + BOTTLENECKS)
@pytest.mark.parametrize("size", [8, 33])
def test_any_image_size_gives_logits(name, size):
    with torch.inference_mode():
        assert build(name, 3, 0.125).eval()(torch.zeros(2, 3, size, size)).shape == (2, 3)


def test_depth_is_that_of_the_name():
    """As He et al. count it: the layers with weights, shortcuts left out."""
    for name in [name for name in network_names() if name.startswith("resnet")] + SHALLOW:
        with torch.device("meta"):
            network = build(name, 3, 0.5)
        layers = sum(
            isinstance(module, nn.Conv2d | nn.Linear)
            for place, module in network.named_modules()
            if "downsample" not in place and "paths.1" not in place
        )
        assert name.removesuffix("-cifar").endswith(str(layers))
        assert CATALOGUE[name].depth == layers


def test_catalogue_blocks_and_titles_are_in_step():
    families = {architecture.family for architecture in CATALOGUE.values()}
    assert families == set(BLOCKS) == set(FAMILY_TITLES)
    titles = {title_network(name) for name in CATALOGUE}
    assert len(titles) == len(CATALOGUE)
    assert title_contender("resnet34", "resnet34") == "ResNet-34"
    assert title_contender("mine", "resnet34") == "mine"


# Controls


@pytest.mark.parametrize(
    ("other", "width"), [("multipath34", 1.0), ("twinpath34", 0.5), ("plain18", 0.25)]
)
def test_width_is_solved_for_a_number_of_parameters(other, width):
    with torch.device("meta"):
        wanted = count_parameters(build(other, 7, width))
        network = build_with_parameters("resnet34", 7, wanted)
    assert count_parameters(network) == pytest.approx(wanted, rel=TOLERANCE)


def test_number_of_parameters_that_no_width_gives_is_refused():
    with pytest.raises(TimbangError, match="no width gives it 1,000 parameters; the nearest has"):
        build_with_parameters("resnet34", 7, 1000)


def test_paths_of_twin_path_are_equal_and_of_multi_path_are_not():
    def sizes(name):
        block = build(name, 3, 0.25).layer2[0]
        return [[tuple(path[place].weight.shape) for place in (0, 3)] for path in block.paths]

    assert sizes("twinpath34")[0] == sizes("twinpath34")[1]
    first, second = sizes("multipath34")
    assert [shape[:2] for shape in first] == [shape[:2] for shape in second]
    assert [shape[2:] for shape in first + second] == [(3, 3)] * 2 + [(5, 5)] * 2


@pytest.mark.parametrize("path", [0, 1])
def test_path_that_is_off_changes_nothing_more(path):
    network = build("multipath18", 3, 0.125).eval()
    initialise(network, generator())
    images = torch.randn(2, 3, 32, 32, generator=generator(1))
    with torch.inference_mode():
        before = network(images)
        switch_path_off(network, path)
        after = network(images)
        # Other weights in the path that is off are of no account, in the other one they are.
        nn.init.ones_(network.layer1[0].paths[path][0].weight)
        assert torch.equal(after, network(images))
        nn.init.ones_(network.layer1[0].paths[1 - path][0].weight)
        assert not torch.equal(after, network(images))
    assert not torch.equal(before, after)


def test_network_without_paths_has_none_to_switch_off():
    with pytest.raises(ValueError, match="no block of two paths"):
        switch_path_off(build("resnet18", 3, 0.125), 0)


# Networks that others define


def contender(network, **settings):
    return Contender("mine", network, 1.0, make_recipe(**settings), None)


def test_names_of_torchvisions_networks_are_those_it_has():
    assert list(TORCHVISION_NETWORKS) == list_models(module=torchvision.models)


# One of each kind that asks for something of its own.
@pytest.mark.parametrize(
    "name",
    ["resnet18", "squeezenet1_1", "googlenet", "vit_b_32"],
)
def test_torchvisions_networks_are_built_by_name(name):
    first, second = (
        build_network(contender(f"torchvision:{name}"), 7, 64, generator(0)) for _ in range(2)
    )
    own = dict(first.state_dict())
    assert all(torch.equal(value, own[key]) for key, value in second.state_dict().items())


OWN = """
from torch import nn

def small(classes):
    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
                         nn.Linear(8, classes))

def wrong(classes):
    return nn.Conv2d(3, classes, 3)

def nothing(classes):
    return classes

def broken(classes):
    return classes / 0
"""


@pytest.fixture
def own_file(tmp_path):
    file = tmp_path / "networks.py"
    file.write_text(OWN)
    return file


def test_own_network_is_a_file_and_a_line(own_file):
    name = f"{own_file}:small"
    assert find_fault(name, 1.0) is None
    first, second = (build_network(contender(name), 5, 16, generator()) for _ in range(2))
    assert count_parameters(first) == 3 * 8 * 9 + 8 + 8 * 5 + 5
    assert all(
        torch.equal(*pair) for pair in zip(first.parameters(), second.parameters(), strict=True)
    )
    assert title_contender("mine", name) == "mine"


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("absent", "does not define absent; correct the network's name"),
        ("wrong", r"gives \(1, 5, 14, 14\), not logits of shape \(1, 5\)"),
        ("nothing", "returned int, not a torch.nn.Module"),
        ("broken", r"could not be built \(ZeroDivisionError: division by zero\)"),
    ],
)
def test_faults_of_own_networks_are_named(own_file, name, fault):
    with pytest.raises(TimbangError, match=fault):
        build_network(contender(f"{own_file}:{name}"), 5, 16, generator())


def test_syntax_error_of_an_own_network_is_named(tmp_path):
    file = tmp_path / "bad.py"
    file.write_text("def small(:\n")
    with pytest.raises(TimbangError, match=r"bad.py: could not be built \(SyntaxError"):
        build_network(contender(f"{file}:small"), 5, 16, generator())


def test_network_that_cannot_take_such_images_is_named():
    with pytest.raises(TimbangError, match="torchvision:alexnet: cannot take images of 16 x 16"):
        build_network(contender("torchvision:alexnet"), 5, 16, generator())


def test_dropout_without_a_linear_layer_is_refused():
    with pytest.raises(TimbangError, match=r"recipe\.dropout: .* no linear layer"):
        build_network(contender("torchvision:squeezenet1_1", dropout=0.5), 5, 64, generator())


@pytest.mark.parametrize(
    ("network", "width", "fault"),
    [
        ("resnett34", 1, "did you mean resnet34"),
        ("torchvision:resnet19", 1, "did you mean resnet18"),
        ("torchvision:resnet18", 0.5, "has one width only"),
        ("absent.py:Small", 1, "absent.py is not a file"),
        ("resnet20-cifar", 0.25, "fewer than 8 channels; take 0.5 or more"),
        ("", 1, "there is no network ''"),
    ],
)
def test_faults_of_names_and_widths(network, width, fault):
    assert fault in find_fault(network, width)


def test_timm_that_is_not_installed_is_named(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "pip install timm" in find_fault("timm:resnet10t", 1)


# Initialisation


def drawn(name, seed):
    network = build(name, 3, 0.1)
    initialise(network, generator(seed))
    return torch.cat([parameter.detach().flatten() for parameter in network.parameters()])


@pytest.mark.parametrize("name", SHALLOW)
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
    for room in ("explorer", "report"):
        for file in sorted((SOURCE / "timbang" / room).rglob("*.py")):
            modules.append(".".join(file.relative_to(SOURCE).with_suffix("").parts))
    program = "import sys\n" + "".join(f"import {name}\n" for name in modules)
    program += "assert not any(m.partition('.')[0].startswith('torch') for m in sys.modules)"
    subprocess.run([sys.executable, "-c", program], env={"PYTHONPATH": str(SOURCE)}, check=True)
