"""Groups that may be chains: different pictures, joined through what lies between them."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from scipy.sparse.csgraph import connected_components

from timbang.images.weighing import (
    count_details,
    shrink_thumbnails,
    weigh_aligned,
    weigh_whole,
)

# A larger group is judged by so many of its members.
MEMBERS_JUDGED = 64
# Two members lie beside each other where less than this share of either is in the other.
BESIDE = 0.1
# Places all over a picture.
_GRID = np.stack([*np.meshgrid(*[(np.arange(10) + 0.5) / 10] * 2), np.ones((10, 10))]).reshape(
    3, -1
)


def judge_groups(
    groups: np.ndarray, looks: np.ndarray, links: pd.DataFrame, evidence: float
) -> dict[int, bool]:
    """Say of each group of three or more whether it may be a chain.

    Either two of its members show nothing of each other, by how one lies in the next along the
    links: the ends of a window that slides. Or the group falls apart when one image is taken away,
    as the collage of two pictures, for nothing else in one part resembles anything in the other
    even half as much as near-duplicates must. Of a large group 64 members are judged.

    Args:
        groups: int [N].
        looks: records of ``timbang.images.looks.LOOK`` [N].
        links: pairs that belong together, as in ``timbang.images.duplicates.NearDuplicates``.
        evidence: that of near-duplicates, in nats.

    Returns:
        By the number of the group, whether it may be a chain.
    """
    chains = {}
    order = np.argsort(groups, kind="stable")
    numbers, starts, counts = np.unique(groups[order], return_index=True, return_counts=True)
    of_groups = dict(list(links.groupby(groups[links["first"]])))
    for group, start, count in zip(numbers, starts, counts, strict=True):
        if count < 3:
            continue
        members = order[start : start + count]
        own = of_groups.get(group, links[:0])
        first, second = (np.searchsorted(members, own[side]) for side in ("first", "second"))
        places = _find_places(count, first, second, own["matrix"])
        step = -(-count // MEMBERS_JUDGED)
        linked = np.column_stack([first, second])
        linked = linked[(linked % step == 0).all(axis=1)] // step
        chains[int(group)] = _lie_beside(places[::step]) or _falls_apart(
            looks[members[::step]], linked, evidence / 2
        )
    return chains


def _find_places(
    count: int, first: np.ndarray, second: np.ndarray, matrices: Iterable[np.ndarray]
) -> list[np.ndarray | None]:
    """Return how each of so many images lies in the first of them, by matrices of pairs.

    Those that no pairs lead to lie nowhere.
    """
    steps: list[list[tuple[int, np.ndarray]]] = [[] for _ in range(count)]
    for one, other, matrix in zip(first.tolist(), second.tolist(), matrices, strict=True):
        steps[one].append((other, np.linalg.inv(matrix)))
        steps[other].append((one, matrix))
    places: list[np.ndarray | None] = [np.eye(3), *[None] * (count - 1)]
    reached = [0]
    for here in reached:
        for there, back in steps[here]:
            if places[there] is None:
                places[there] = places[here] @ back
                reached.append(there)
    return places


def _lie_beside(places: Sequence[np.ndarray | None]) -> bool:
    """Return whether some two images that lie so in a third have next to nothing in common."""
    there = np.stack([place for place in places if place is not None])
    # Of each image, down, in each other, across.
    across, down, depth = np.moveaxis(np.linalg.inv(there)[None] @ there[:, None] @ _GRID, 2, 0)
    inside = (across > 0) & (across < depth) & (down > 0) & (down < depth)
    shown = inside.mean(axis=2)
    return bool((np.maximum(shown, shown.T) < BESIDE).any())


def _falls_apart(looks: np.ndarray, linked: np.ndarray, enough: float) -> bool:
    """Return whether images without one of them are not all connected by those that are alike.

    Pairs are laid upon each other, those of the nearest hashes first, as long as it is open.

    Args:
        looks: records of ``timbang.images.looks.LOOK`` [M].
        linked: pairs that are known to be alike, int [P, 2].
        enough: the evidence of what is alike.
    """
    first, second = np.triu_indices(len(looks), 1)
    apart = np.bitwise_count(looks["hashes"][first, :1] ^ looks["hashes"][second])
    pairs = pd.DataFrame({"first": first, "second": second, "way": apart.argmin(axis=1)})
    small = shrink_thumbnails(looks)
    whole = weigh_whole(small, count_details(small), pairs, enough)["evidence"] >= enough
    alike = np.zeros((len(looks),) * 2, bool)
    alike[first[whole], second[whole]] = True
    alike[tuple(linked.T)] = True
    untried = np.column_stack([first, second])[np.argsort(apart.min(axis=1), kind="stable")]
    for taken_away in range(len(looks)):
        while (parts := _split_without(alike, taken_away)).max() > 0:
            one, other = parts[untried].T
            across = np.flatnonzero((one >= 0) & (other >= 0) & (one != other))
            if not len(across):
                return True
            pair = tuple(untried[across[0]])
            untried = np.delete(untried, across[0], axis=0)
            alike[pair] = weigh_aligned(looks[pair[0]], looks[pair[1]], enough)[0] >= enough
    return False


def _split_without(alike: np.ndarray, taken_away: int) -> np.ndarray:
    """Return of which part each image is when one is taken away, int [M]; that one is of -1."""
    others = np.delete(np.arange(len(alike)), taken_away)
    parts = np.full(len(alike), -1)
    parts[others] = connected_components(alike[np.ix_(others, others)], directed=False)[1]
    return parts
