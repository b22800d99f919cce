"""Networks that train in a fraction of a second, for benchmarks that train thousands of them."""

from torch import nn


def narrow(classes: int) -> nn.Module:
    """Return two convolutions of 8 and 16 channels and a linear layer."""
    return _stack(classes, 8, 16)


def wide(classes: int) -> nn.Module:
    """Return the same of 16 and 32 channels."""
    return _stack(classes, 16, 32)


def _stack(classes: int, first: int, second: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, first, 3, padding=1, bias=False),
        nn.BatchNorm2d(first),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(first, second, 3, padding=1, bias=False),
        nn.BatchNorm2d(second),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(2),
        nn.Flatten(),
        nn.Linear(4 * second, classes),
    )
