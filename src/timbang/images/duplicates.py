"""Near-duplicates: images that show one picture, whatever was done to it on the way.

Hashes propose pairs, the *evidence* of their details decides. A hash alone will not do: small or
simple pictures that differ, such as two handwritten digits, can have hashes as near as two copies
of one photograph. The evidence asks how well the edges of two images agree, and how many
independent details there are that could have disagreed.

The hash of the whole proposes what shows the same outline, in any of eight orientations; hashes of
spots propose what is cropped, framed, turned or written over, and say how the one picture lies in
the other, so that details are compared where they belong.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import chain

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import minimum_spanning_tree

from timbang.images.alignment import COARSE_SIDE, shrink
from timbang.images.looks import THUMBNAIL_SIDE
from timbang.images.proposals import ROWS_AT_ONCE, propose_pairs
from timbang.images.weighing import (
    count_details,
    count_needed_details,
    cut_blocks,
    share_details,
    weigh_aligned,
    weigh_evidence,
    weigh_whole,
)

# Pictures with fewer details look alike anyway: they must have nearer hashes, as the correlation
# that they need brings with it.
MANY_DETAILS = 60
# Pictures that share less than one detail, as those of one colour, say nothing of each other; their
# pairs are not looked at, for any number of such pictures have the same hash.
FEWEST_DETAILS = 1.0
# What agrees by so many times the evidence that is asked for has the same outline to a hair.
SURE = 4.0
PAIR_TYPES = {"first": int, "second": int, "distance": int, "evidence": float, "matrix": object}
PAIRS_KEPT = 200
# With so many hashes the 64 of a block are compared at a time: what that takes stays in the cache.
COLUMNS_AT_ONCE = 4096
# A larger group is judged by so many of its members.
MEMBERS_COMPARED = 64


@dataclass(frozen=True)
class NearDuplicates:
    """The groups of N images, int [N], and pairs of images.

    ``closest`` holds pairs that lie nearest to the criterion, on either side, and ``links`` those
    that hold the groups together: of each group of n images the n − 1 of most evidence. Both have
    the columns of ``PAIR_TYPES``: ``first`` < ``second`` are indices of images, ``distance`` is in
    bits, in the orientation in which it is least, ``evidence`` in nats, and ``matrix`` [3, 3] takes
    places of the first to those of the second (``timbang.images.alignment``).
    """

    groups: np.ndarray
    closest: pd.DataFrame
    links: pd.DataFrame


def group_near_duplicates(
    looks: np.ndarray,
    distance: int,
    evidence: float,
    workers: int = 1,
    progress: Callable[[Iterable], Iterable] = iter,
) -> NearDuplicates:
    """Join the images that hashes propose and whose details agree.

    The distances of all hashes are computed in blocks, as counts of bits; only pairs within
    ``distance`` (for pictures of few details, within a share of it) are looked at, and of those
    none that is joined already through others, and none of pictures with hardly any details, which
    could not be joined. What shares spots is looked at after them.

    Args:
        looks: records of ``timbang.images.looks.LOOK`` [N].
        distance: the bits in which the hashes of two near-duplicates may differ.
        evidence: the evidence, in nats, from which two images count as near-duplicates.
        workers: how many threads compare hashes.
        progress: wraps the blocks as they come, to show how far the work is.
    """
    hashes = np.ascontiguousarray(looks["hashes"].T)
    details = np.concatenate(
        [np.empty(0), *(count_details(_shrink_thumbnails(some)) for some in cut_blocks(looks))]
    )
    reach = (distance * np.minimum(details / MANY_DETAILS, 1)).astype(np.uint8)
    least = min(FEWEST_DETAILS, evidence / float(weigh_evidence(np.array(1.0), np.array(1.0))))
    groups = np.arange(len(looks))
    found = [pd.DataFrame({column: np.empty(0, kind) for column, kind in PAIR_TYPES.items()})] * 2
    with ThreadPoolExecutor(workers) as pool:
        near = partial(_find_near, hashes, reach, details, least)
        whole = _weigh_near(
            looks, details, groups, pool.map(near, range(0, len(looks), ROWS_AT_ONCE)), evidence
        )
        weighed: set[tuple[int, int]] = set()
        parts = (
            _weigh_parts(looks, details, groups, proposed, evidence, weighed)
            for proposed in propose_pairs(looks["spots"], looks["count"])
        )
        for pairs in progress(chain(whole, parts)):
            joins = pairs[pairs["evidence"] >= evidence]
            join_pairs(groups, joins["first"], joins["second"])
            found = [
                _keep_closest(found[0], pairs, evidence),
                pd.concat([found[1], _choose_links(joins, len(looks))]),
            ]
    links = _choose_links(found[1], len(looks))
    seen = [_see_change(looks, link, evidence) for _, link in links.iterrows()]
    links["matrix"] = pd.Series(seen, index=links.index, dtype=object)
    return NearDuplicates(pd.factorize(groups)[0], found[0].reset_index(drop=True), links)


def count_blocks(count: int) -> int:
    """Return in how many blocks that many images are compared."""
    return 2 * len(range(0, count, ROWS_AT_ONCE))


def join_pairs(groups: np.ndarray, first: Iterable[int], second: Iterable[int]) -> None:
    """Make the groups one, in place, that each pair of images connects.

    Args:
        groups: int [N], equal for images that belong together already.
        first: indices of images.
        second: as many.
    """
    for one, other in zip(first, second, strict=True):
        if groups[one] != groups[other]:
            groups[groups == groups[other]] = groups[one]


def judge_groups(groups: np.ndarray, looks: np.ndarray, evidence: float) -> dict[int, bool]:
    """Say of each group of three or more whether it looks like a chain.

    A chain is a group of which some two members do not resemble each other even half as much as
    near-duplicates must: its ends are only joined through what lies between. Of a large group
    64 members are compared.

    Returns:
        By the number of the group, whether it is a chain.
    """
    chains = {}
    order = np.argsort(groups, kind="stable")
    numbers, starts, counts = np.unique(groups[order], return_index=True, return_counts=True)
    for group, start, count in zip(numbers, starts, counts, strict=True):
        if count < 3:
            continue
        members = order[start : start + count]
        chosen = looks[members[:: -(-len(members) // MEMBERS_COMPARED)]]
        small = _shrink_thumbnails(chosen)
        first, second = np.triu_indices(len(chosen), 1)
        apart = np.bitwise_count(chosen["hashes"][first, :1] ^ chosen["hashes"][second])
        pairs = pd.DataFrame({"first": first, "second": second, "way": apart.argmin(axis=1)})
        weights = weigh_whole(small, count_details(small), pairs, evidence / 2)["evidence"]
        unlike = pairs[weights < evidence / 2]
        chains[int(group)] = any(
            weigh_aligned(chosen[one], chosen[other], evidence / 2)[0] < evidence / 2
            for one, other in zip(unlike["first"], unlike["second"], strict=True)
        )
    return chains


def _find_near(
    hashes: np.ndarray, reach: np.ndarray, details: np.ndarray, least: float, start: int
) -> pd.DataFrame:
    """Return the pairs whose first image is in the block of rows that starts there.

    Two images are near when their distance is within the reach of both, and the details that they
    share are not less than ``least``. ``hashes`` are [8, N]: one row an orientation.
    """
    block = details[start : start + ROWS_AT_ONCE]
    telling = start + np.flatnonzero(share_details(block, details[start:].max()) >= least)
    rows, within = hashes[0, telling, None], reach[telling, None]
    # Room for the differences: asking for it anew each time would take as long as filling it.
    unlike = np.empty((len(telling), COLUMNS_AT_ONCE), np.uint64)
    parts = [(np.empty(0, int),) * 4]
    for low in range(start, hashes.shape[1], COLUMNS_AT_ONCE) if len(telling) else ():
        for way, others in enumerate(hashes[:, low : low + COLUMNS_AT_ONCE]):
            differing = np.bitwise_xor(rows, others, out=unlike[:, : len(others)])
            apart = np.bitwise_count(differing)
            near = apart <= within
            if near.any():
                row, column = np.nonzero(near)
                first, second = telling[row], low + column
                chosen = (second > first) & (apart[row, column] <= reach[second])
                chosen &= share_details(details[first], details[second]) >= least
                ways = np.full(chosen.sum(), way)
                found = first[chosen], second[chosen], ways, apart[row, column][chosen].astype(int)
                parts.append(found)
    columns = map(np.concatenate, zip(*parts, strict=True))
    return pd.DataFrame(dict(zip(("first", "second", "way", "distance"), columns, strict=True)))


def _weigh_near(
    looks: np.ndarray,
    details: np.ndarray,
    groups: np.ndarray,
    near: Iterable[pd.DataFrame],
    enough: float,
) -> Iterator[pd.DataFrame]:
    """Yield tables of pairs with the evidence of their whole outlines, but for joined ones."""
    small = np.concatenate(
        [np.empty((0, COARSE_SIDE, COARSE_SIDE), np.uint8)]
        + [_shrink_thumbnails(some) for some in cut_blocks(looks)]
    )
    for pairs in near:
        yield weigh_whole(small, details, _choose_apart(groups, pairs), enough)


def _keep_closest(closest: pd.DataFrame, pairs: pd.DataFrame, evidence: float) -> pd.DataFrame:
    """Return the pairs of both tables that lie nearest to the criterion on either side."""
    both = pd.concat([closest, pairs]) if len(closest) else pairs
    both = both.sort_values("evidence", ascending=False, kind="stable")
    both = both.drop_duplicates(["first", "second"])
    joins = both["evidence"] >= evidence
    return pd.concat([both[joins].tail(PAIRS_KEPT), both[~joins].head(PAIRS_KEPT)])


def _choose_apart(groups: np.ndarray, pairs: pd.DataFrame) -> pd.DataFrame:
    """Return the pairs that are not of one group yet."""
    return pairs[groups[pairs["first"]] != groups[pairs["second"]]].reset_index(drop=True)


def _weigh_parts(
    looks: np.ndarray,
    details: np.ndarray,
    groups: np.ndarray,
    proposed: Iterable[np.ndarray],
    enough: float,
    weighed: set[tuple[int, int]],
) -> pd.DataFrame:
    """Weigh pairs laid upon each other, join the groups of those that agree, and return all.

    Args:
        looks: of all images.
        details: how many each has, [N].
        groups: int [N], joined in place.
        proposed: pairs [P, 2] of one image after the other, the likeliest first.
        enough: the evidence that joins.
        weighed: pairs that were weighed before, to which these are added.
    """
    found = []
    least = count_needed_details(enough)
    for own in proposed:
        own = own[share_details(*details[own.T]) >= least]
        pairs = {
            (first, second)
            for first, second in own.tolist()
            if groups[first] != groups[second] and (first, second) not in weighed
        }
        weighed |= pairs
        for first, second in sorted(pairs):
            # Not in threads: so many small steps of Python would wait for each other.
            evidence, matrix = weigh_aligned(looks[first], looks[second], enough)
            if matrix is not None:
                distance = int(
                    np.bitwise_count(looks["hashes"][first, :1] ^ looks["hashes"][second]).min()
                )
                found.append((first, second, distance, evidence, matrix))
                if evidence >= enough:
                    join_pairs(groups, [first], [second])
    return pd.DataFrame(found, columns=list(PAIR_TYPES)).astype(PAIR_TYPES)


def _choose_links(joins: pd.DataFrame, count: int) -> pd.DataFrame:
    """Return the pairs of most evidence that hold the groups of so many images together."""
    joins = joins.sort_values("evidence", ascending=False, kind="stable")
    joins = joins.drop_duplicates(["first", "second"]).reset_index(drop=True)
    # The tree of least cost; a cost of 0 would be no pair.
    cost = coo_array(
        (np.arange(len(joins)) + 1.0, (joins["first"], joins["second"])), (count, count)
    )
    chosen = np.sort(minimum_spanning_tree(cost.tocsr()).data.astype(int)) - 1
    return joins.iloc[chosen].reset_index(drop=True)


def _see_change(looks: np.ndarray, link: pd.Series, evidence: float) -> np.ndarray:
    """Return how the first image of a link lies in the second, by their spots if these prove it."""
    if link["evidence"] < SURE * evidence:
        found, matrix = weigh_aligned(looks[link["first"]], looks[link["second"]], evidence)
        if matrix is not None and found >= evidence:
            return matrix
    return link["matrix"]


def _shrink_thumbnails(looks: np.ndarray) -> np.ndarray:
    """Return the thumbnails of looks at the size at which whole outlines are compared."""
    return shrink(looks["thumbnail"], THUMBNAIL_SIDE // COARSE_SIDE)
