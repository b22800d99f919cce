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
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import minimum_spanning_tree

from timbang.images.alignment import COARSE_SIDE
from timbang.images.processes import CALLS_A_PROCESS, open_processes
from timbang.images.proposals import ROWS_AT_ONCE, propose_pairs
from timbang.images.weighing import (
    count_details,
    count_needed_details,
    cut_blocks,
    share_details,
    shrink_thumbnails,
    weigh_evidence,
    weigh_pairs,
    weigh_whole,
)

# Called with the number of steps and what is done, it returns what wraps the steps.
Progress = Callable[[int, str], Callable[[Iterable], Iterable]]
# Of pairs, ``first`` and ``second``, each one's evidence and matrix.
Weigh = Callable[[pd.DataFrame], Iterable[tuple[float, np.ndarray | None]]]

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
# Processes take longer to start than so few pairs to be weighed; they are given so many at a time.
FEWEST_FOR_PROCESSES, PAIRS_A_CALL = 1000, 16
# With so many hashes the 64 of a block are compared at a time: what that takes stays in the cache.
COLUMNS_AT_ONCE = 4096


@dataclass(frozen=True)
class NearDuplicates:
    """The groups of N images, int [N], and pairs of images.

    ``closest`` holds pairs that lie nearest to the criterion, on either side, and ``links`` those
    that hold the groups together: n − 1 of each group of n images. Both have the columns of
    ``PAIR_TYPES``: ``first`` < ``second`` are indices of images, ``distance`` is in bits, in the
    orientation in which it is least, ``evidence`` in nats, and ``matrix`` [3, 3] takes places of
    the first to those of the second (``timbang.images.alignment``).
    """

    groups: np.ndarray
    closest: pd.DataFrame
    links: pd.DataFrame


def follow_silently(total: int, what: str) -> Callable[[Iterable], Iterable]:
    """Return what wraps a long loop where nobody is shown how far it is."""
    return iter


def group_near_duplicates(
    looks: np.ndarray,
    distance: int,
    evidence: float,
    workers: int = 1,
    progress: Progress = follow_silently,
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
        workers: how many threads compare hashes, and how many processes weigh many pairs.
        progress: called with the number of steps and what is done, returns what wraps the steps to
            show how far the work is.
    """
    details = np.concatenate(
        [np.empty(0), *(count_details(shrink_thumbnails(some)) for some in cut_blocks(looks))]
    )
    joined = _Joined(len(looks), evidence)
    blocks = len(range(0, len(looks), ROWS_AT_ONCE))
    whole = _weigh_near(looks, details, joined.groups, distance, evidence, workers)
    for pairs in progress(blocks, "comparing hashes")(whole):
        joined.add(pairs)
    proposed = _choose_pairs(
        joined.groups,
        details,
        count_needed_details(evidence),
        progress(blocks, "comparing spots")(propose_pairs(looks["spots"], looks["count"], workers)),
    )
    alike = joined.list_links()
    alike = alike[alike["evidence"] < SURE * evidence]
    count = len(alike) + len(proposed)
    with _open_weighing(looks, evidence, count, workers, progress) as weigh:
        for pairs in _weigh_parts(looks["hashes"], joined.groups, proposed, weigh):
            joined.add(pairs)
        links = joined.list_links()
        matrices = links["matrix"].tolist()
        for link, (found, matrix) in zip(alike.index, weigh(alike), strict=True):
            if matrix is not None and found >= evidence:
                matrices[link] = matrix
    links["matrix"] = pd.Series(matrices, dtype=object)
    closest = joined.closest.reset_index(drop=True)
    return NearDuplicates(pd.factorize(joined.groups)[0], closest, links)


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


def choose_tree(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return which pairs hold together all that all of them do, the fewest and the earliest.

    Args:
        first: what each connects with something else, int [P].
        second: that other, int [P].

    Returns:
        int, ascending.
    """
    pairs = pd.DataFrame({"low": np.minimum(first, second), "high": np.maximum(first, second)})
    pairs = pairs.drop_duplicates()
    codes, names = pd.factorize(pairs.to_numpy().T.ravel())
    # The tree of least cost; a cost of 0 would be no pair.
    cost = coo_array((pairs.index + 1.0, np.split(codes, 2)), (len(names),) * 2)
    return np.sort(minimum_spanning_tree(cost.tocsr()).data.astype(int)) - 1


class _Joined:
    """What was found so far: the groups of so many images, and pairs as in ``NearDuplicates``."""

    def __init__(self, count: int, evidence: float) -> None:
        self.groups = np.arange(count)
        self.evidence = evidence
        self.closest = pd.DataFrame(
            {column: np.empty(0, kind) for column, kind in PAIR_TYPES.items()}
        )
        self._links = [self.closest]

    def add(self, pairs: pd.DataFrame) -> None:
        """Join the groups of the pairs that have the evidence.

        Args:
            pairs: the columns of ``PAIR_TYPES``; none was of one group before.
        """
        if not len(pairs):
            return
        joins = pairs[pairs["evidence"] >= self.evidence]
        joins = joins.sort_values("evidence", ascending=False, kind="stable")
        chosen = choose_tree(self.groups[joins["first"]], self.groups[joins["second"]])
        self._links.append(joins.iloc[chosen])
        join_pairs(self.groups, joins["first"], joins["second"])
        self.closest = _keep_closest(self.closest, pairs, self.evidence)

    def list_links(self) -> pd.DataFrame:
        """Return the pairs that hold the groups together, in the order in which they came."""
        return pd.concat(self._links, ignore_index=True).astype(PAIR_TYPES)


@contextmanager
def _open_weighing(
    looks: np.ndarray, enough: float, count: int, workers: int, progress: Progress
) -> Iterator[Weigh]:
    """Give what weighs pairs, in so many processes if there are many pairs in all.

    It yields the evidence and the matrix of each pair, one laid upon the other.
    """
    processes = workers if workers > 1 and count >= FEWEST_FOR_PROCESSES else 0
    threads = CALLS_A_PROCESS * processes or 1
    with open_processes(processes) as call, ThreadPoolExecutor(threads) as pool:

        def weigh_some(pairs: pd.DataFrame) -> list[tuple[float, np.ndarray | None]]:
            return call(weigh_pairs, looks[pairs["first"]], looks[pairs["second"]], enough)

        def weigh(pairs: pd.DataFrame) -> Iterator[tuple[float, np.ndarray | None]]:
            starts = range(0, len(pairs), PAIRS_A_CALL)
            parts = [pairs.iloc[start : start + PAIRS_A_CALL] for start in starts]
            follow = progress(len(parts), "laying pairs upon each other")
            return chain.from_iterable(follow(pool.map(weigh_some, parts)))

        yield weigh


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
    distance: int,
    enough: float,
    workers: int,
) -> Iterator[pd.DataFrame]:
    """Yield pairs of like hashes with the evidence of their whole outlines, but for joined ones."""
    hashes = np.ascontiguousarray(looks["hashes"].T)
    reach = (distance * np.minimum(details / MANY_DETAILS, 1)).astype(np.uint8)
    least = min(FEWEST_DETAILS, enough / float(weigh_evidence(np.array(1.0), np.array(1.0))))
    small = np.concatenate(
        [np.empty((0, COARSE_SIDE, COARSE_SIDE), np.uint8)]
        + [shrink_thumbnails(some) for some in cut_blocks(looks)]
    )
    find = partial(_find_near, hashes, reach, details, least)
    with ThreadPoolExecutor(workers) as pool:
        for pairs in pool.map(find, range(0, len(looks), ROWS_AT_ONCE)):
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


def _choose_pairs(
    groups: np.ndarray, details: np.ndarray, least: float, proposed: Iterable[pd.DataFrame]
) -> pd.DataFrame:
    """Return the pairs that are not of one group and share enough details, the likeliest first."""
    chosen = [pd.DataFrame({"first": [], "second": [], "shared": []}, dtype=int)]
    for pairs in proposed:
        apart = _choose_apart(groups, pairs)
        enough = share_details(details[apart["first"]], details[apart["second"]]) >= least
        chosen.append(apart[enough])
    pairs = pd.concat(chosen).sort_values(
        ["shared", "first", "second"], ascending=[False, True, True]
    )
    return pairs.drop_duplicates(["first", "second"])


def _weigh_parts(
    hashes: np.ndarray,
    groups: np.ndarray,
    proposed: pd.DataFrame,
    weigh: Weigh,
) -> Iterator[pd.DataFrame]:
    """Yield pairs with the evidence of one laid upon the other, until no two groups have any left.

    In each round the likeliest are weighed that could join all that have some: none of them can be
    made needless by another.

    Args:
        hashes: of all images, [N, 8].
        groups: int [N]; whoever takes what is yielded joins them in place.
        proposed: the likeliest first.
        weigh: returns the evidence and the matrix of each pair.
    """
    while len(proposed := _choose_apart(groups, proposed)):
        chosen = choose_tree(groups[proposed["first"]], groups[proposed["second"]])
        pairs = proposed.iloc[chosen].drop(columns="shared")
        apart = np.bitwise_count(hashes[pairs["first"], :1] ^ hashes[pairs["second"]]).min(axis=1)
        evidence, matrices = zip(*weigh(pairs), strict=True)
        matrix = pd.Series(matrices, index=pairs.index, dtype=object)
        pairs = pairs.assign(distance=apart.astype(int), evidence=evidence, matrix=matrix)
        yield pairs[[place is not None for place in matrices]]
        proposed = proposed.drop(index=pairs.index)
