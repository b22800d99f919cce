"""The names of networks and contenders in print."""

from timbang.networks.catalogue import CATALOGUE

FAMILY_TITLES = {
    "plain": "Plain",
    "resnet": "ResNet",
    "multipath": "Multi-Path ResNet",
    "twinpath": "Twin-Path ResNet",
    "preact": "Pre-activation ResNet",
}


def title_network(network: str) -> str:
    """Return a network's name in print.

    >>> title_network("preact34"), title_network("resnet20-cifar")
    ('Pre-activation ResNet-34', 'ResNet-20 (CIFAR)')
    >>> title_network("torchvision:resnet18"), title_network("networks/small.py:Small")
    ('resnet18 (torchvision)', 'Small')
    """
    if network in CATALOGUE:
        architecture = CATALOGUE[network]
        title = f"{FAMILY_TITLES[architecture.family]}-{architecture.depth}"
        return f"{title} (CIFAR)" if architecture.small else title
    source, _, name = network.rpartition(":")
    return name if source.endswith(".py") else f"{name} ({source})"


def title_contender(name: str, network: str) -> str:
    """Return a contender's name in print: its network's, or its own where it has one."""
    return title_network(network) if name == network else name
