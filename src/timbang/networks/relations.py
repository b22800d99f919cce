"""How the networks of a study are related: families, depths, and twins but for the shortcuts."""

from collections.abc import Sequence

from timbang.networks.catalogue import CATALOGUE, Architecture
from timbang.study.words import Contender

FOREIGN = "foreign"


def family_of(network: str) -> str:
    """Return a network's kind of block, or ``foreign`` for one that is not of the catalogue."""
    return CATALOGUE[network].family if network in CATALOGUE else FOREIGN


def depth_of(network: str) -> int | None:
    """Return the layers with weights of a network of the catalogue, None for another one."""
    return CATALOGUE[network].depth if network in CATALOGUE else None


def find_plain(contenders: Sequence[Contender], reference: str) -> str | None:
    """Return the plain contender to set against the reference: its twin, else the first.

    None where there is no plain contender.
    """
    plain = [contender for contender in contenders if family_of(contender.network) == "plain"]
    other = next(contender for contender in contenders if contender.name == reference)
    twins = [contender for contender in plain if differ_in_shortcuts_alone(contender, other)]
    return next((contender.name for contender in [*twins, *plain]), None)


def differ_in_shortcuts_alone(plain: Contender, residual: Contender) -> bool:
    """Say whether two contenders are equal but for the shortcuts of their blocks."""
    return (
        (family_of(plain.network), family_of(residual.network)) == ("plain", "resnet")
        and layout_of(CATALOGUE[plain.network]) == layout_of(CATALOGUE[residual.network])
        and (plain.width, plain.recipe) == (residual.width, residual.recipe)
        and plain.parameters_of == residual.parameters_of is None
    )


def layout_of(architecture: Architecture) -> tuple[tuple[int, ...], bool, bool]:
    """Return what the stem and the stages of a network are told by."""
    return architecture.stages, architecture.bottleneck, architecture.small
