"""Groups of copies as a person checks them: what makes one image of another, and how sure it is."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from timbang.languages.messages import message

# The phrases of the audit (timbang.images.alignment), with a number where they have one.
CHANGES = {
    r"mirrored": message("mirrored"),
    r"turned by (-?\d+)°": message("turned by %(number)s°"),
    r"stretched or sheared by (\d+) %": message("stretched or sheared by %(number)s %%"),
    r"cropped by (\d+) %": message("cropped by %(number)s %%"),
    r"set in a picture of which it is (\d+) %": message(
        "set in a picture of which it is %(number)s %%"
    ),
}


@dataclass(frozen=True)
class Link:
    """Two images that were joined, by their places, and why.

    ``changes`` are what makes the second of the first: messages, each with its number or an empty
    text. ``evidence`` is in nats, ``source`` the place in ``data/audit.json``.
    """

    first: int
    second: int
    changes: Sequence[tuple[str, str]]
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
                    [_find_change(phrase) for phrase in link["change"]],
                    link["evidence"],
                    f"data/audit.json · /duplicates/{at}/links/{number}",
                )
                for number, link in enumerate(group["links"])
            ],
        )
        for at, group in enumerate(audit["duplicates"])
    ]


def _find_change(phrase: str) -> tuple[str, str]:
    """Return the message of a phrase of the audit, and its number; one that is not known itself."""
    for pattern, text in CHANGES.items():
        if found := re.fullmatch(pattern, phrase):
            return text, "".join(found.groups())
    return phrase.replace("%", "%%"), ""
