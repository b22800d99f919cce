"""Which networks there are, as facts that can be read without importing torch."""

import importlib.util
from dataclasses import dataclass
from pathlib import Path

from timbang.networks.torchvision_names import TORCHVISION_NETWORKS
from timbang.study.messages import suggest

TORCHVISION, TIMM = "torchvision:", "timm:"
# Narrower networks are not known to fail, but no study has tried them. It is no bound of oneDNN's
# fault, which convolutions.py keeps off at any width.
FEWEST_CHANNELS = 8

# The blocks of each stage by depth: He et al. 2015 (arXiv 1512.03385), table 1.
BASIC_STAGES: dict[int, tuple[int, ...]] = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3)}
BOTTLENECK_STAGES: dict[int, tuple[int, ...]] = {
    50: (3, 4, 6, 3),
    101: (3, 4, 23, 3),
    152: (3, 8, 36, 3),
}
# Depths 6n + 2 for small images: section 4.2.
SMALL_DEPTHS = (8, 14, 20, 26, 32, 44, 56, 110)
FAMILIES = ("plain", "resnet", "preact", "multipath", "twinpath")
BOTTLENECK_FAMILIES = ("plain", "resnet", "preact")


@dataclass(frozen=True)
class Architecture:
    """A network: its kind of block, the blocks of each stage, and its stem.

    A block is two 3x3 convolutions deep, or three convolutions with a ``bottleneck``. The stem is
    a 7x7 convolution of stride 2 with max pooling, or one 3x3 convolution for ``small`` images.
    """

    family: str
    stages: tuple[int, ...]
    bottleneck: bool = False
    small: bool = False

    @property
    def depth(self) -> int:
        """The number of layers with weights from images to logits, shortcuts left out."""
        return 2 + sum(self.stages) * (3 if self.bottleneck else 2)

    @property
    def channels(self) -> int:
        """The channels of the stem and the first stage at width 1."""
        return 16 if self.small else 64


def _list_architectures() -> dict[str, Architecture]:
    known = {}
    for family in FAMILIES:
        for depth, stages in BASIC_STAGES.items():
            known[f"{family}{depth}"] = Architecture(family, stages)
        if family in BOTTLENECK_FAMILIES:
            for depth, stages in BOTTLENECK_STAGES.items():
                known[f"{family}{depth}"] = Architecture(family, stages, bottleneck=True)
        for depth in SMALL_DEPTHS:
            blocks = (depth - 2) // 6
            known[f"{family}{depth}-cifar"] = Architecture(family, (blocks,) * 3, small=True)
    return known


CATALOGUE = _list_architectures()


def network_names() -> tuple[str, ...]:
    """Return the names of Timbang's own networks."""
    return tuple(CATALOGUE)


def network_file(network: str) -> str | None:
    """Return the file of a network of the user's own (``FILE.py:NAME``), else None."""
    file, colon, _ = network.rpartition(":")
    return file if colon and file.endswith(".py") else None


def find_fault(network: str, width: float) -> str | None:
    """Return what is wrong with a network's name or width, with what to do; None if nothing.

    Args:
        network: a name of ``network_names``, ``torchvision:NAME``, ``timm:NAME`` or
            ``FILE.py:NAME``.
        width: multiplies every number of channels.
    """
    if network in CATALOGUE:
        least = FEWEST_CHANNELS / CATALOGUE[network].channels
        fault = f"width {width:g} leaves {network} fewer than {FEWEST_CHANNELS} channels"
        return f"{fault}; take {least:g} or more" if width < least else None
    foreign_fault = _find_foreign_fault(network)
    if foreign_fault is None and width != 1:
        return f"{network} has one width only; set the contender's width to 1"
    return foreign_fault


def _find_foreign_fault(network: str) -> str | None:
    if network.startswith(TORCHVISION):
        name = network.removeprefix(TORCHVISION)
        if name not in TORCHVISION_NETWORKS:
            hint = suggest(name, TORCHVISION_NETWORKS)
            return f"torchvision has no network {name!r} that classifies images{hint}"
        return None
    if network.startswith(TIMM):
        if importlib.util.find_spec("timm") is None:
            return f"{network} needs timm, which is not installed; pip install timm"
        return None
    file = network_file(network)
    if file is not None:
        return None if Path(file).is_file() else f"{file} is not a file; correct the path"
    return (
        f"there is no network {network!r}{suggest(network, network_names())}; allowed: one of "
        f"{', '.join(FAMILIES)} with a depth (resnet34, resnet20-cifar; config/README.md lists "
        "them), torchvision:NAME, timm:NAME, FILE.py:NAME"
    )
