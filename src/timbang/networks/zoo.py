"""The networks by name: one stem, four stages of blocks, one linear layer."""

from collections.abc import Callable

from torch import Generator, Tensor, nn

from timbang.networks.blocks import (
    MultiPathBlock,
    PlainBlock,
    PreActivationBlock,
    ResidualBlock,
)
from timbang.networks.catalogue import CATALOGUE

Block = Callable[[int, int, int], nn.Module]
STEM_CHANNELS = 64
# With fewer, oneDNN's 1x1 convolution of stride 2 in channels_last writes past its memory
# (torch 2.14.1 on an AMD EPYC; benchmarks/find_broken_convolutions.py shows it).
FEWEST_CHANNELS = 8


class StagedNetwork(nn.Module):
    """A 7x7 stem, four stages of blocks, global average pooling and a linear layer.

    Maps float [B, 3, H, W] to logits [B, classes]. He et al. 2015 (arXiv 1512.03385), table 1.

    Args:
        block: makes a block from its input channels, output channels and stride.
        stages: the number of blocks of each stage.
        classes: the number of classes.
        width: multiplies every number of channels (64, 128, 256, 512 at 1).
        last_activation: whether a BN and a ReLU stand before the pooling, as pre-activation
            blocks need (He et al. 2016, arXiv 1603.05027, appendix).
    """

    def __init__(
        self,
        block: Block,
        stages: tuple[int, ...],
        classes: int,
        width: float,
        last_activation: bool = False,
    ) -> None:
        super().__init__()
        # Even, since the Multi-Path block halves it.
        channels = max(FEWEST_CHANNELS, 2 * round(STEM_CHANNELS * width / 2))
        self.conv1 = nn.Conv2d(3, channels, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        in_channels = channels
        for number, blocks in enumerate(stages):
            out_channels = channels * 2**number
            strides = [1 if number == 0 else 2] + [1] * (blocks - 1)
            stage = nn.Sequential()
            for stride in strides:
                stage.append(block(in_channels, out_channels, stride))
                in_channels = out_channels
            self.add_module(f"layer{number + 1}", stage)
        self.stages = len(stages)
        self.last_bn = nn.BatchNorm2d(in_channels) if last_activation else None
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


BLOCKS: dict[str, Block] = {
    "plain": PlainBlock,
    "resnet": ResidualBlock,
    "multipath": MultiPathBlock,
    "preact": PreActivationBlock,
}


def build(name: str, classes: int, width: float = 1.0) -> nn.Module:
    """Build a network by name.

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
    return StagedNetwork(
        BLOCKS[architecture.family],
        architecture.stages,
        classes,
        width,
        last_activation=architecture.family == "preact",
    )


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
