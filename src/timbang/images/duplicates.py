"""Near-duplicates: images that show one picture, whatever was done to it on the way.

A perceptual hash proposes pairs, the *evidence* of their details decides. A hash alone will not
do: small or simple pictures that differ, such as two handwritten digits, can have hashes as near
as two copies of one photograph. The evidence asks how well the edges of two images agree, and
how many independent details there are that could have disagreed.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import imagehash
import numpy as np
import pandas as pd
from PIL import Image
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

HASH_SIDE = 32
THUMBNAIL_SIDE = 64
COMPARED_SIDE = 32
# The eight ways to lay down a picture: turned by quarters, and mirrored or not.
ORIENTATIONS: tuple[Image.Transpose | None, ...] = (
    None,
    Image.Transpose.ROTATE_90,
    Image.Transpose.ROTATE_180,
    Image.Transpose.ROTATE_270,
    Image.Transpose.FLIP_LEFT_RIGHT,
    Image.Transpose.FLIP_TOP_BOTTOM,
    Image.Transpose.TRANSPOSE,
    Image.Transpose.TRANSVERSE,
)
# What is cut off one of two images before they are compared again, as shares of the sides:
# left, top, right, bottom.
CROPS = (
    *((share,) * 4 for share in (0.025, 0.05)),
    *(
        tuple(share if place == side else 0.0 for place in range(4))
        for share in (0.04, 0.08, 0.12)
        for side in range(4)
    ),
)
# Pictures with fewer details look alike anyway, and the more so when they are shifted: they are
# not, and must have nearer hashes, as the correlation that they need brings with it.
MANY_DETAILS = 60
# Pictures that share less than one detail, as those of one colour, say nothing of each other; their
# pairs are not looked at, for any number of such pictures have the same hash.
FEWEST_DETAILS = 1.0
# Edges that agree better than this are taken to agree no better.
HIGHEST_CORRELATION = 1.0 - 1e-6
PAIR_TYPES = {
    "first": int,
    "second": int,
    "orientation": int,
    "distance": int,
    "evidence": float,
}
ROWS_AT_ONCE, PAIRS_AT_ONCE, PAIRS_KEPT = 64, 2048, 200
# A larger group is judged by so many of its members.
MEMBERS_COMPARED = 64


def look_at(image: Image.Image) -> tuple[np.ndarray, np.ndarray]:
    """Return what near-duplicates are found by.

    Args:
        image: an upright RGB image.

    Returns:
        The perceptual hashes (ImageHash's 64-bit pHash) of the image in each of
        ``ORIENTATIONS``, uint64 [8], and its thumbnail, uint8 [64, 64].
    """
    grey = image.convert("L")
    small = grey.resize((HASH_SIDE, HASH_SIDE), Image.Resampling.LANCZOS)
    turned = (small if way is None else small.transpose(way) for way in ORIENTATIONS)
    hashes = [np.packbits(imagehash.phash(view).hash).view(">u8")[0] for view in turned]
    thumbnail = grey.resize((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.LANCZOS)
    return np.array(hashes, dtype=np.uint64), np.asarray(thumbnail)


def write_hash(value: int) -> str:
    """Return a hash as ImageHash writes it: 16 hexadecimal digits."""
    return f"{value:016x}"


@dataclass(frozen=True)
class NearDuplicates:
    """The groups of N images, int [N], and the pairs that lie nearest to the criterion.

    ``closest`` has the columns of ``PAIR_TYPES``: ``first`` < ``second`` are indices of images,
    ``orientation`` is how the second is laid down to match the first, ``distance`` is in bits,
    ``evidence`` in nats. It holds some pairs on either side of the criterion.
    """

    groups: np.ndarray
    closest: pd.DataFrame


def group_near_duplicates(
    hashes: np.ndarray,
    thumbnails: np.ndarray,
    distance: int,
    evidence: float,
    workers: int = 1,
    progress: Callable[[Iterable], Iterable] = iter,
) -> NearDuplicates:
    """Join the images whose hashes are near in any orientation and whose details agree.

    The distances of all hashes are computed in blocks, as counts of bits; only pairs within
    ``distance`` (for pictures of few details, within a share of it) are looked at, and of those
    none that is joined already through others, and none of pictures with hardly any details, which
    could not be joined.

    Args:
        hashes: uint64 [N, 8], of ``look_at``.
        thumbnails: uint8 [N, 64, 64].
        distance: the bits in which the hashes of two near-duplicates may differ.
        evidence: the evidence, in nats, from which two images count as near-duplicates.
        workers: how many threads compute distances.
        progress: wraps the blocks as they come, to show how far the work is.
    """
    small = _shrink(thumbnails)
    details = np.concatenate([np.empty(0), *(count_details(some) for some in _blocks(small))])
    reach = (distance * np.minimum(details / MANY_DETAILS, 1)).astype(np.uint8)
    least = min(FEWEST_DETAILS, evidence / float(weigh_evidence(np.array(1.0), np.array(1.0))))
    groups = np.arange(len(hashes))
    closest = pd.DataFrame({column: np.empty(0, kind) for column, kind in PAIR_TYPES.items()})
    with ThreadPoolExecutor(workers) as pool:
        near = pool.map(
            partial(_find_near, hashes, reach, details, least), list_blocks(len(hashes))
        )
        for pairs in progress(near):
            apart = groups[pairs["first"]] != groups[pairs["second"]]
            pairs = pairs[apart].reset_index(drop=True)
            if len(pairs):
                pairs["evidence"] = _weigh_pairs(thumbnails, small, details, pairs, evidence)
                groups = join_pairs(groups, pairs[pairs["evidence"] >= evidence])
                closest = _keep_closest(closest, pairs, evidence)
    return NearDuplicates(groups, closest.reset_index(drop=True))


def list_blocks(count: int) -> range:
    """Return the first row of each block in which that many images are compared."""
    return range(0, count, ROWS_AT_ONCE)


def join_pairs(groups: np.ndarray, pairs: pd.DataFrame) -> np.ndarray:
    """Join groups that a pair connects.

    Args:
        groups: int [N], below N, equal for images that belong together already.
        pairs: ``first`` and ``second`` as indices of images.

    Returns:
        int [N]: the groups, numbered in the order of their first image.
    """
    count = len(groups)
    first, second = (groups[pairs[side].to_numpy(dtype=int)] for side in ("first", "second"))
    edges = coo_array((np.ones(len(pairs)), (first, second)), shape=(count, count))
    _, component = connected_components(edges, directed=False)
    return pd.factorize(component[groups])[0]


def count_details(images: np.ndarray) -> np.ndarray:
    """Return how many independent details each image has, at most half its pixels.

    It is the participation ratio of the power spectrum of the image's edges,
    (Σ p)² / Σ p², halved since a real image has each frequency twice. An image of one colour has
    none.

    Args:
        images: [N, H, W], of any number type.
    """
    right, down = (np.abs(np.fft.fft2(edges)) ** 2 for edges in _find_edges(images))
    power = right + down
    squares = (power**2).sum(axis=(1, 2))
    return np.divide(
        power.sum(axis=(1, 2)) ** 2, 2 * squares, out=np.zeros(len(images)), where=squares > 0
    )


def weigh_evidence(correlation: np.ndarray, details: np.ndarray) -> np.ndarray:
    """Return the evidence, in nats, that a correlation of edges is no coincidence.

    −½ n ln(1 − ρ²): the mutual information of n pairs of Gaussian variables of correlation ρ
    (Cover and Thomas, *Elements of Information Theory*, 2nd ed., example 8.5.1), which is also
    the logarithm of the likelihood ratio of ρ against 0.
    """
    agreed = np.clip(np.asarray(correlation, dtype=np.float64), 0.0, HIGHEST_CORRELATION)
    return -0.5 * details * np.log1p(-(agreed**2))


def judge_groups(
    groups: np.ndarray, hashes: np.ndarray, thumbnails: np.ndarray, evidence: float
) -> dict[int, bool]:
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
        chosen = members[:: -(-len(members) // MEMBERS_COMPARED)]
        small = _shrink(thumbnails[chosen])
        details = count_details(small)
        first, second = np.triu_indices(len(chosen), 1)
        own = hashes[chosen]
        apart = np.bitwise_count(own[first, :1] ^ own[second])
        pairs = pd.DataFrame(
            {"first": first, "second": second, "orientation": apart.argmin(axis=1)}
        )
        weights = _weigh_pairs(thumbnails[chosen], small, details, pairs, evidence)
        chains[int(group)] = bool((weights < evidence / 2).any())
    return chains


def _find_near(
    hashes: np.ndarray, reach: np.ndarray, details: np.ndarray, least: float, start: int
) -> pd.DataFrame:
    """Return the pairs whose first image is in the block of rows that starts there.

    Two images are near when their distance is within the reach of the first, and the details that
    they share are not less than ``least``.
    """
    rows = hashes[start : start + ROWS_AT_ONCE, 0]
    block = details[start : start + ROWS_AT_ONCE]
    telling = np.flatnonzero(_share_details(block, details[start:].max()) >= least)
    within = reach[start + telling, None]
    parts = []
    for orientation in range(hashes.shape[1]):
        others = hashes[start:, orientation]
        apart = np.bitwise_count(rows[telling, None] ^ others[None, :])
        row, second = np.nonzero(apart <= within)
        first = telling[row]
        chosen = (second > first) & (_share_details(block[first], details[start + second]) >= least)
        row, first, second = row[chosen], first[chosen], second[chosen]
        parts.append(
            pd.DataFrame(
                {
                    "first": start + first,
                    "second": start + second,
                    "orientation": orientation,
                    "distance": apart[row, second].astype(int),
                }
            )
        )
    return pd.concat(parts)


def _share_details(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the number of details that two pictures have in common: their geometric mean."""
    return np.sqrt(first * second)


def _keep_closest(closest: pd.DataFrame, pairs: pd.DataFrame, evidence: float) -> pd.DataFrame:
    """Return the pairs of both tables that lie nearest to the criterion on either side."""
    both = pd.concat([closest, pairs]) if len(closest) else pairs
    both = both.sort_values("evidence", ascending=False, kind="stable")
    both = both.drop_duplicates(["first", "second"])
    joins = both["evidence"] >= evidence
    return pd.concat([both[joins].tail(PAIRS_KEPT), both[~joins].head(PAIRS_KEPT)])


def _weigh_pairs(
    thumbnails: np.ndarray,
    small: np.ndarray,
    details: np.ndarray,
    pairs: pd.DataFrame,
    enough: float,
) -> np.ndarray:
    """Return the evidence of each pair; crops are tried where it is not enough without."""
    firsts, seconds, ways = (
        pairs[column].to_numpy() for column in ("first", "second", "orientation")
    )
    evidence = np.empty(len(pairs))
    for orientation in range(len(ORIENTATIONS)):
        for places in _blocks(np.flatnonzero(ways == orientation)):
            first, second = firsts[places], seconds[places]
            shared = _share_details(details[first], details[second])
            correlation = _correlate(small[first], _turn(small[second], orientation))
            evidence[places] = weigh_evidence(correlation, shared)
            again = (shared >= MANY_DETAILS) & (evidence[places] < enough)
            if again.any():
                aligned = _correlate_crops(
                    thumbnails[first[again]], _turn(thumbnails[second[again]], orientation)
                )
                evidence[places[again]] = np.maximum(
                    evidence[places[again]], weigh_evidence(aligned, shared[again])
                )
    return evidence


def _turn(images: np.ndarray, orientation: int) -> np.ndarray:
    """Lay down images [N, H, W] as Pillow's transpose does."""
    match ORIENTATIONS[orientation]:
        case None:
            return images
        case Image.Transpose.ROTATE_90:
            return np.rot90(images, 1, axes=(1, 2))
        case Image.Transpose.ROTATE_180:
            return np.rot90(images, 2, axes=(1, 2))
        case Image.Transpose.ROTATE_270:
            return np.rot90(images, 3, axes=(1, 2))
        case Image.Transpose.FLIP_LEFT_RIGHT:
            return images[:, :, ::-1]
        case Image.Transpose.FLIP_TOP_BOTTOM:
            return images[:, ::-1]
        case Image.Transpose.TRANSPOSE:
            return images.transpose(0, 2, 1)
        case _:
            return np.rot90(images, 2, axes=(1, 2)).transpose(0, 2, 1)


def _correlate(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return _correlate_edges(_normalise_edges(first), _normalise_edges(second))


def _correlate_crops(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the best correlation when one of two images is cropped by any of ``CROPS``."""
    edges = _normalise_edges(_shrink(first)), _normalise_edges(_shrink(second))
    first, second = first.astype(np.float32), second.astype(np.float32)
    best = np.zeros(len(first))
    for rows, columns in _CROPPINGS:
        for image, other in ((first, edges[1]), (second, edges[0])):
            cropped = _normalise_edges(rows @ image @ columns.T)
            best = np.maximum(best, _correlate_edges(cropped, other))
    return best


def _correlate_edges(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.einsum("nk,nk->n", first, second)


def _normalise_edges(images: np.ndarray) -> np.ndarray:
    """Return the edges of each image as a vector of length 1 (0 for one colour): [N, K]."""
    edges = np.stack(_find_edges(images), axis=1).reshape(len(images), -1)
    length = np.sqrt(np.einsum("nk,nk->n", edges, edges))[:, None]
    return np.divide(edges, length, out=np.zeros_like(edges), where=length > 0)


def _find_edges(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the differences to the right and to the lower neighbour, [N, H-1, W-1] each."""
    images = images.astype(np.float32)
    corner = images[:, :-1, :-1]
    return images[:, :-1, 1:] - corner, images[:, 1:, :-1] - corner


def _shrink(thumbnails: np.ndarray) -> np.ndarray:
    """Average uint8 [N, 64, 64] to uint8 [N, 32, 32]."""
    total = np.full((len(thumbnails), COMPARED_SIDE, COMPARED_SIDE), 2, dtype=np.uint16)
    for row, column in ((0, 0), (0, 1), (1, 0), (1, 1)):
        total += thumbnails[:, row::2, column::2]
    return (total // 4).astype(np.uint8)


def _average_part(start: float, end: float) -> np.ndarray:
    """Return the matrix [32, 64] that averages the part of a side from start to 1 − end."""
    bounds = np.linspace(start, 1 - end, COMPARED_SIDE + 1) * THUMBNAIL_SIDE
    pixels = np.arange(THUMBNAIL_SIDE)
    low, high = bounds[:-1, None], bounds[1:, None]
    covered = np.clip(np.minimum(high, pixels + 1) - np.maximum(low, pixels), 0, None)
    return (covered / (high - low)).astype(np.float32)


_CROPPINGS = [
    (_average_part(top, bottom), _average_part(left, right)) for left, top, right, bottom in CROPS
]


def _blocks(values: np.ndarray) -> Iterator[np.ndarray]:
    for start in range(0, len(values), PAIRS_AT_ONCE):
        yield values[start : start + PAIRS_AT_ONCE]
