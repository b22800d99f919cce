"""The audit: what is odd about the images, before anything is trained on them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from timbang.images.alignment import describe_change
from timbang.images.chains import judge_groups
from timbang.images.manifest import Grouped, iterate_problems
from timbang.records.tables import usable_images

# Grey levels between the darkest and the lightest pixel of a channel: JPEG dithers a little.
ONE_COLOUR = 4
# The longer side against the shorter one, and the shorter side against the median one.
ELONGATED, TINY = 4, 0.1
FEWEST_GROUPS = 2
CLOSEST_PAIRS = 20


def audit_images(
    grouped: Grouped, looks: np.ndarray, distance: int, evidence: float
) -> dict[str, Any]:
    """Return all that was found, for ``audit.json`` and the report.

    Args:
        grouped: the manifest with groups, and the pairs that were compared.
        looks: records of ``timbang.images.looks.LOOK`` [D] of the D pictures of which no two are
            equal in every pixel, in the order in which they first come.
        distance: the bits in which the hashes of near-duplicates may differ.
        evidence: the evidence in nats from which images count as near-duplicates.

    Returns:
        ``images`` and ``usable`` images; ``problems`` (file, row, reason); ``classes``: by name
        in sorted order the ``images`` and ``groups`` of each; ``formats`` (by content);
        ``sides`` in pixels, the ``shortest`` and the ``longest``; ``groups`` in all;
        ``duplicate_groups`` (of two or more) over ``duplicate_images``;
        ``equal_bytes`` and ``equal_pixels`` with ``distinct``, ``groups`` and ``images``;
        ``criterion``; ``duplicates``: one entry a group of two or more, the largest first, with
        the ``links`` that hold it together: what makes the second image of the first, as
        ``describe_change`` has it, and the evidence (images of equal pixels need none);
        ``mixed_groups`` (near-duplicates under several labels) and ``chains``; ``closest``: the
        pairs nearest to the criterion on either side; ``one_coloured``, ``tiny``, ``elongated``
        files; ``small_classes``; ``confirmed``: the pairs of which a person said whether they are
        one picture, and where that overrules the criterion.
    """
    manifest = grouped.manifest
    usable = usable_images(manifest)
    groups = usable["group"].to_numpy(dtype=int)
    pictures = pd.factorize(usable["pixels_sha256"])[0]
    links = grouped.links.assign(
        **{side: pictures[grouped.links[side]] for side in ("first", "second")}
    )
    distinct = ~usable["pixels_sha256"].duplicated()
    chains = judge_groups(groups[distinct], looks, links, evidence)
    duplicates = _list_duplicates(usable, chains, _list_pairs(usable, grouped.links))
    classes = _count_classes(usable)
    return {
        "images": len(manifest),
        "usable": len(usable),
        "classes": classes,
        "formats": _count(usable["format"]),
        "sides": {
            "shortest": int(_shorter_side(usable).min()) if len(usable) else 0,
            "longest": int(_longer_side(usable).max()) if len(usable) else 0,
        },
        "groups": len(np.unique(groups)),
        "duplicate_groups": len(duplicates),
        "duplicate_images": sum(len(entry["images"]) for entry in duplicates),
        "equal_bytes": _count_equal(usable["sha256"]),
        "equal_pixels": _count_equal(usable["pixels_sha256"]),
        "criterion": {"distance": distance, "evidence": evidence},
        "mixed_groups": sum(len(entry["labels"]) > 1 for entry in duplicates),
        "chains": sum(entry["chain"] for entry in duplicates),
        "one_coloured": list(usable.loc[usable["contrast"] <= ONE_COLOUR, "filename"]),
        "tiny": list(usable.loc[_shorter_side(usable) < TINY * _median_side(usable), "filename"]),
        "elongated": list(
            usable.loc[_longer_side(usable) > ELONGATED * _shorter_side(usable), "filename"]
        ),
        "small_classes": [
            name for name, count in classes.items() if count["groups"] < FEWEST_GROUPS
        ],
        "closest": _list_closest(usable, grouped.closest, evidence),
        "duplicates": duplicates,
        "confirmed": grouped.confirmed,
        "problems": [
            {"filename": filename, "row": row, "reason": problem}
            for filename, row, problem in iterate_problems(manifest)
        ],
    }


def write_summary(audit: Mapping[str, Any]) -> list[str]:
    """Return the audit in lines for a person, the alarming ones marked with ``!``."""
    images, classes = audit["images"], audit["classes"]
    bytes_, pixels = audit["equal_bytes"], audit["equal_pixels"]
    sizes = [count["images"] for count in classes.values()]
    distinct = [count["groups"] for count in classes.values()]
    lines = [
        f"  {_number(audit['usable'], 'usable image')} of {images:,} in "
        f"{_number(len(classes), 'class', 'classes')}: "
        f"{_span(sizes)} images a class, {_span(distinct)} distinct ones",
        f"  {_number(bytes_['groups'], 'group')} of identical files over {bytes_['images']:,} "
        f"images; {_number(pixels['groups'], 'group')} of equal pixels over "
        f"{pixels['images']:,}",
        f"{_mark(audit['duplicate_groups'])} {_number(audit['duplicate_groups'], 'group')} of "
        f"equal or nearly equal images over {audit['duplicate_images']:,}: "
        f"{audit['groups']:,} distinct images remain",
    ]
    if audit["confirmed"]:
        overruled = sum(entry["overrules"] for entry in audit["confirmed"])
        lines.append(
            f"  {_number(len(audit['confirmed']), 'pair')} confirmed by hand, "
            f"{overruled:,} against the criterion"
        )
    alarms = (
        (audit["mixed_groups"], "group", "of near-duplicates under several labels"),
        (audit["chains"], "group", "that may be a chain of images that only resemble each other"),
        (len(audit["one_coloured"]), "image", "of one colour"),
        (len(audit["tiny"]), "image", "much smaller than the others"),
        (len(audit["elongated"]), "image", f"more than {ELONGATED} times as long as wide"),
        (len(audit["small_classes"]), "class", "with too few distinct images to be divided"),
        (len(audit["problems"]), "file", "left out because of a problem"),
    )
    plurals = {"class": "classes"}
    lines += [
        f"! {_number(count, word, plurals.get(word))} {what}"
        for count, word, what in alarms
        if count
    ]
    return lines


def _list_duplicates(
    usable: pd.DataFrame, chains: Mapping[int, bool], links: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    groups = usable.set_index("filename")["group"].astype(int).to_dict()
    own: dict[int, list[Mapping[str, Any]]] = {}
    for link in links:
        own.setdefault(groups[link["images"][0]], []).append(link)
    sizes = usable.groupby("group", sort=False)["group"].transform("size")
    return sorted(
        (
            {
                "group": number,
                "images": list(rows["filename"]),
                "labels": sorted(set(rows["label"])),
                "distinct_pixels": int(rows["pixels_sha256"].nunique()),
                "chain": chains.get(number, False),
                "links": own.get(number, []),
            }
            for number, rows in usable[sizes > 1].groupby(usable["group"].astype(int))
        ),
        key=lambda entry: -len(entry["images"]),
    )


def _list_closest(
    usable: pd.DataFrame, pairs: pd.DataFrame, evidence: float
) -> dict[str, list[dict[str, Any]]]:
    """Return the joined pairs of least and the other pairs of most evidence."""
    groups = usable["group"].to_numpy(dtype=int)
    first, second = (pairs[side].to_numpy(dtype=int) for side in ("first", "second"))
    apart = pairs[groups[first] != groups[second]]
    joined = pairs[(groups[first] == groups[second]) & (pairs["evidence"] >= evidence)]
    chosen = {
        "joined": joined.nsmallest(CLOSEST_PAIRS, "evidence"),
        "apart": apart.nlargest(CLOSEST_PAIRS, "evidence"),
    }
    return {side: _list_pairs(usable, rows) for side, rows in chosen.items()}


def _list_pairs(usable: pd.DataFrame, pairs: pd.DataFrame) -> list[dict[str, Any]]:
    names, sizes = usable["filename"], usable[["width", "height"]].to_numpy(dtype=float)
    return [
        {
            "images": [names[row["first"]], names[row["second"]]],
            "change": describe_change(row["matrix"], sizes[row["first"]], sizes[row["second"]]),
            "distance": row["distance"],
            "evidence": round(row["evidence"], 1),
        }
        for row in pairs.to_dict("records")
    ]


def _count_classes(usable: pd.DataFrame) -> dict[str, dict[str, int]]:
    counts = usable.groupby("label").agg(images=("group", "size"), groups=("group", "nunique"))
    return {
        str(name): {"images": int(images), "groups": int(groups)}
        for name, images, groups in counts.sort_index().itertuples()
    }


def _count_equal(digests: pd.Series) -> dict[str, int]:
    sizes = digests.value_counts()
    return {
        "distinct": len(sizes),
        "groups": int((sizes > 1).sum()),
        "images": int(sizes[sizes > 1].sum()),
    }


def _count(values: pd.Series) -> dict[str, int]:
    """Return how often each value occurs, in sorted order."""
    return {str(value): int(n) for value, n in values.value_counts().sort_index().items()}


def _shorter_side(usable: pd.DataFrame) -> pd.Series:
    return usable[["width", "height"]].min(axis=1)


def _longer_side(usable: pd.DataFrame) -> pd.Series:
    return usable[["width", "height"]].max(axis=1)


def _median_side(usable: pd.DataFrame) -> float:
    return float(_shorter_side(usable).median()) if len(usable) else 0.0


def _mark(count: int) -> str:
    return "!" if count else " "


def _number(count: int, word: str, plural: str | None = None) -> str:
    return f"{count:,} {word if count == 1 else plural or f'{word}s'}"


def _span(counts: Sequence[int]) -> str:
    if not counts:
        return "0"
    low, high = min(counts), max(counts)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"
