"""What the report says of how the networks are built."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from timbang.networks.catalogue import CATALOGUE
from timbang.networks.relations import layout_of
from timbang.networks.titles import title_contender
from timbang.study.words import Contender


@dataclass(frozen=True)
class Layout:
    """The contenders that have the same stem and stages. ``channels`` are those at width 1."""

    titles: tuple[str, ...]
    stages: tuple[int, ...]
    channels: tuple[int, ...]
    bottleneck: bool
    small: bool


def describe_networks(contenders: Sequence[Contender]) -> dict[str, Any]:
    """Return what the template may name of the networks' make.

    Returns:
        ``layouts``, a list of ``Layout``; ``families`` of blocks; ``bottleneck``, whether any has
        one; ``foreign``, for each network of others its ``title``, ``source`` (``torchvision``,
        ``timm`` or ``file``) and ``name``; ``matched``, for each contender of solved width its
        ``title`` and the title of the ``other``.
    """
    own = [contender for contender in contenders if contender.network in CATALOGUE]
    layouts: dict[tuple, list[str]] = {}
    for contender in own:
        titles = layouts.setdefault(layout_of(CATALOGUE[contender.network]), [])
        titles.append(_title(contender))
    return {
        "layouts": [
            Layout(
                titles=tuple(titles),
                stages=stages,
                channels=tuple((16 if small else 64) * 2**place for place in range(len(stages))),
                bottleneck=bottleneck,
                small=small,
            )
            for (stages, bottleneck, small), titles in layouts.items()
        ],
        "families": sorted({CATALOGUE[contender.network].family for contender in own}),
        "bottleneck": any(CATALOGUE[contender.network].bottleneck for contender in own),
        "foreign": [
            _describe_foreign(contender)
            for contender in contenders
            if contender.network not in CATALOGUE
        ],
        "matched": [
            {"title": _title(contender), "other": _title_of_measure(contender, contenders)}
            for contender in own
            if contender.parameters_of is not None
        ],
    }


def _describe_foreign(contender: Contender) -> dict[str, str]:
    source, _, name = contender.network.rpartition(":")
    is_file = source.endswith(".py")
    return {
        "title": _title(contender),
        "source": "file" if is_file else source,
        "name": contender.network if is_file else name,
    }


def _title(contender: Contender) -> str:
    return title_contender(contender.name, contender.network)


def _title_of_measure(contender: Contender, contenders: Sequence[Contender]) -> str:
    """Return the title of the contender whose parameters are the measure."""
    return next(
        _title(other)
        for other in contenders
        if (other.network, other.width) == contender.parameters_of and other != contender
    )
