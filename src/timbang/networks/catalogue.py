"""Which networks there are, as facts that can be read without importing torch."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Architecture:
    """A network: its kind of block and the blocks of each stage."""

    family: str
    stages: tuple[int, ...]


CATALOGUE = {
    "plain34": Architecture("plain", (3, 4, 6, 3)),
    "resnet34": Architecture("resnet", (3, 4, 6, 3)),
    "multipath34": Architecture("multipath", (3, 4, 6, 3)),
    "preact34": Architecture("preact", (3, 4, 6, 3)),
}


def network_names() -> tuple[str, ...]:
    """Return the names of all networks."""
    return tuple(CATALOGUE)
