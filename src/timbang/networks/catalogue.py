"""Which networks there are, as facts that can be read without importing torch."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Architecture:
    """A network: its name in print, its kind of block and the blocks of each stage."""

    title: str
    family: str
    stages: tuple[int, ...]


CATALOGUE = {
    "plain34": Architecture("Plain-34", "plain", (3, 4, 6, 3)),
    "resnet34": Architecture("ResNet-34", "resnet", (3, 4, 6, 3)),
    "multipath34": Architecture("Multi-Path ResNet-34", "multipath", (3, 4, 6, 3)),
    "preact34": Architecture("Pre-activation ResNet-34", "preact", (3, 4, 6, 3)),
}


def network_names() -> tuple[str, ...]:
    """Return the names of all networks."""
    return tuple(CATALOGUE)
