"""The names of contenders in print."""

TITLES = {
    "plain34": "Plain-34",
    "resnet34": "ResNet-34",
    "multipath34": "Multi-Path ResNet-34",
    "preact34": "Pre-activation ResNet-34",
}


def title_contender(name: str, network: str) -> str:
    """Return a contender's name in print: its network's, or its own where it has one."""
    return TITLES.get(network, network) if name == network else name
