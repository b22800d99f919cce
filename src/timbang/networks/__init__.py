"""The networks that are weighed against each other."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn


def build(name: str, classes: int, width: float = 1.0) -> "nn.Module":
    """Build a network by name: see ``timbang.networks.zoo.build``."""
    # Importing torch takes seconds, and the report needs the catalogue beside this file alone.
    from timbang.networks import zoo

    return zoo.build(name, classes, width)
