"""The networks by name: a stem, stages of blocks, one linear layer."""

from collections.abc import Callable

import torch
from torch import Generator, Tensor, nn

from timbang.errors import TimbangError
from timbang.networks.blocks import (
    EXPANSION,
    MultiPathBlock,
    PathsBlock,
    PlainBlock,
    PlainBottleneck,
    PreActivationBlock,
    PreActivationBottleneck,
    ResidualBlock,
    ResidualBottleneck,
    TwinPathBlock,
)
from timbang.networks.catalogue import CATALOGUE, FEWEST_CHANNELS, Architecture
from timbang.networks.cost import count_parameters

Block = Callable[[int, int, int], nn.Module]
BLOCKS: dict[str, Block] = {
    "plain": PlainBlock,
    "resnet": ResidualBlock,
    "multipath": MultiPathBlock,
    "twinpath": TwinPathBlock,
    "preact": PreActivationBlock,
}
BOTTLENECKS: dict[str, Block] = {
    "plain": PlainBottleneck,
    "resnet": ResidualBottleneck,
    "preact": PreActivationBottleneck,
}
# How far the parameters of a network of solved width may be from those asked for.
TOLERANCE = 0.02


class StagedNetwork(nn.Module):
    """A stem, stages of blocks, global average pooling and a linear layer.

    Maps float [B, 3, H, W] to logits [B, classes]. He et al. 2015 (arXiv 1512.03385), table 1
    and, for small images, section 4.2.

    Args:
        architecture: the kind of block, the blocks of each stage and the stem.
        channels: of each stage, before the expansion of a bottleneck; those of the first stage
            are the stem's too.
        classes: the number of classes.
    """

    def __init__(self, architecture: Architecture, channels: tuple[int, ...], classes: int) -> None:
        super().__init__()
        self.conv1: nn.Module
        self.maxpool: nn.Module
        in_channels = channels[0]
        if architecture.small:
            self.conv1 = nn.Conv2d(3, in_channels, 3, padding=1, bias=False)
            self.maxpool = nn.Identity()
        else:
            self.conv1 = nn.Conv2d(3, in_channels, 7, stride=2, padding=3, bias=False)
            self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        self.bn1 = nn.BatchNorm2d(in_channels)
        self.relu = nn.ReLU(inplace=True)
        blocks = BOTTLENECKS if architecture.bottleneck else BLOCKS
        block = blocks[architecture.family]
        for number, count in enumerate(architecture.stages):
            out_channels = channels[number] * (EXPANSION if architecture.bottleneck else 1)
            strides = [1 if number == 0 else 2] + [1] * (count - 1)
            stage = nn.Sequential()
            for stride in strides:
                stage.append(block(in_channels, out_channels, stride))
                in_channels = out_channels
            self.add_module(f"layer{number + 1}", stage)
        self.stages = len(architecture.stages)
        # Pre-activation blocks end without an activation (He et al. 2016, arXiv 1603.05027,
        # appendix).
        needs_last = architecture.family == "preact"
        self.last_bn = nn.BatchNorm2d(in_channels) if needs_last else None
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(in_channels, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Map images, float [B, 3, H, W], to logits [B, classes]."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        for number in range(self.stages):
            x = self.get_submodule(f"layer{number + 1}")(x)
        if self.last_bn is not None:
            x = self.relu(self.last_bn(x))
        return self.fc(self.avgpool(x).flatten(1))


def build(name: str, classes: int, width: float = 1.0) -> nn.Module:
    """Build a network of the catalogue by name.

    Args:
        name: one of ``timbang.networks.catalogue.network_names()``.
        classes: the number of classes.
        width: multiplies every number of channels.

    Returns:
        A module that maps float [B, 3, H, W] to logits [B, classes].

    Raises:
        KeyError: there is no network of that name.
    """
    architecture = CATALOGUE[name]
    # Even, since a block of two paths halves it.
    first = max(FEWEST_CHANNELS, 2 * round(architecture.channels * width / 2))
    channels = tuple(first * 2**number for number in range(len(architecture.stages)))
    return StagedNetwork(architecture, channels, classes)


def build_with_parameters(name: str, classes: int, parameters: int) -> nn.Module:
    """Build a network of the catalogue whose width is solved for a number of parameters.

    Each stage's channels are rounded by themselves, so that the number is met more closely than
    a width factor could.

    Args:
        name: one of ``timbang.networks.catalogue.network_names()``.
        classes: the number of classes.
        parameters: how many trainable parameters it shall have.

    Raises:
        TimbangError: no width comes within ``TOLERANCE``.
    """
    architecture = CATALOGUE[name]

    def channels_at(width: float) -> tuple[int, ...]:
        return tuple(
            max(FEWEST_CHANNELS, 2 * round(architecture.channels * 2**number * width / 2))
            for number in range(len(architecture.stages))
        )

    def count_at(width: float) -> int:
        with torch.device("meta"):
            return count_parameters(StagedNetwork(architecture, channels_at(width), classes))

    low, high = 0.0, 1.0
    while count_at(high) < parameters:
        low, high = high, 2 * high
    while high - low > 1 / (8 * architecture.channels * 2 ** len(architecture.stages)):
        middle = (low + high) / 2
        low, high = (middle, high) if count_at(middle) < parameters else (low, middle)
    width = min(low, high, key=lambda width: abs(count_at(width) - parameters))
    if abs(count_at(width) - parameters) > TOLERANCE * parameters:
        raise TimbangError(
            f"{name}: no width gives it {parameters:,} parameters; the nearest has "
            f"{count_at(width):,}"
        )
    return StagedNetwork(architecture, channels_at(width), classes)


def switch_path_off(network: nn.Module, path: int) -> None:
    """Make one path of every block of two paths give nothing, in place.

    What is left is the other path and the shortcut, as after a dropped path in training
    (Larsson et al. 2017, arXiv 1605.07648).

    Args:
        network: a ``multipath`` or ``twinpath`` network.
        path: 0 for the first, 1 for the second (the 5x5 path of Multi-Path).

    Raises:
        ValueError: the network has no such blocks.
    """
    blocks = [block for block in network.modules() if isinstance(block, PathsBlock)]
    if not blocks:
        raise ValueError("the network has no block of two paths")
    for block in blocks:
        # The path ends with a BN, whose weight and bias scale and shift what it gives.
        last = list(block.paths[path].children())[-1]
        assert isinstance(last, nn.BatchNorm2d)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)


def initialise(network: nn.Module, generator: Generator) -> None:
    """Draw all weights anew from one random stream, as the published study does.

    Convolutions Kaiming normal with fan-out for ReLU (He et al. 2015, arXiv 1502.01852), BN
    weight 1 and bias 0, linear layers N(0, 0.01) with bias 0.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(
                module.weight, mode="fan_out", nonlinearity="relu", generator=generator
            )
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.ones_(module.weight)
            nn.init.zeros_(module.bias)
        elif isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, 0.0, 0.01, generator=generator)
            nn.init.zeros_(module.bias)
