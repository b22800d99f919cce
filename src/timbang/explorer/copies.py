"""Groups of copies as a person checks them: what makes one image of another, and how sure it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from timbang.languages.messages import message

# What may have been done to a copy, as timbang.images.alignment finds it.
CHANGES = {
    "mirrored": message("mirrored"),
    "turned": message("turned by %(number)s°"),
    "stretched": message("stretched or sheared by %(number)s %%"),
    "cropped": message("cropped by %(number)s %%"),
    "set": message("set in a picture of which it is %(number)s %%"),
}


@dataclass(frozen=True)
class Link:
    """Two images that were joined, by their places, and why.

    ``changes`` are what makes the second of the first: messages, each with its number. ``evidence``
    is in nats, ``source`` the place in ``data/audit.json``.
    """

    first: int
    second: int
    changes: Sequence[tuple[str, int]]
    evidence: float
    source: str


@dataclass(frozen=True)
class Copies:
    """A group of copies: its images by their places, and the links that hold it together."""

    images: Sequence[int]
    is_chain: bool
    links: Sequence[Link]


def list_copies(audit: Mapping[str, Any], filenames: Sequence[str]) -> list[Copies]:
    """Return the groups of an audit, the largest first.

    Args:
        audit: the content of ``audit.json``.
        filenames: of the usable images, as in the manifest; where each stands is its place.
    """
    places = {name: place for place, name in enumerate(filenames)}
    return [
        Copies(
            [places[name] for name in group["images"]],
            group["chain"],
            [
                Link(
                    places[link["images"][0]],
                    places[link["images"][1]],
                    [(CHANGES[kind], amount) for kind, amount in link["change"].items()],
                    link["evidence"],
                    f"data/audit.json · /duplicates/{at}/links/{number}",
                )
                for number, link in enumerate(group["links"])
            ],
        )
        for at, group in enumerate(audit["duplicates"])
    ]
