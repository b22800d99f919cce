"""The evidence that two images show one picture."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from timbang.images.alignment import (
    COARSE_SIDE,
    agree_closely,
    agree_everywhere,
    align_spots,
    level_edges,
    measure_agreement,
    sample_shared,
    shrink,
)
from timbang.images.looks import ORIENTATIONS, THUMBNAIL_SIDE, turn

# Edges that agree better than this are taken to agree no better.
HIGHEST_CORRELATION = 1.0 - 1e-6
# What is laid upon another as it fits best agrees better than by chance: its evidence counts less.
ALIGNED_WORTH = 0.4
# Nor do they agree better than this; pictures of so few details that it would not be enough, as
# small handwritten digits, are not laid upon each other.
BEST_ALIGNED = 0.999
# A better place is looked for where this share of the evidence that is needed is there without.
PROMISING = 0.2
PAIRS_AT_ONCE = 2048


@dataclass(frozen=True)
class _Edges:
    """The edges of two pictures, [2, H, W] each, the same levelled, and where both are, [H, W]."""

    edges: tuple[np.ndarray, np.ndarray]
    levelled: tuple[np.ndarray, np.ndarray]
    there: np.ndarray


def cut_blocks(values: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the values [N, ...] in blocks, so that what is made of them needs little memory."""
    for start in range(0, len(values), PAIRS_AT_ONCE):
        yield values[start : start + PAIRS_AT_ONCE]


def shrink_thumbnails(looks: np.ndarray) -> np.ndarray:
    """Return the thumbnails of looks at the size at which whole outlines are compared."""
    return shrink(looks["thumbnail"], THUMBNAIL_SIDE // COARSE_SIDE)


def count_details(images: np.ndarray) -> np.ndarray:
    """Return how many independent details each image has, at most half its pixels.

    It is the participation ratio of the power spectrum of the image's edges,
    (Σ p)² / Σ p², halved since a real image has each frequency twice. An image of one colour has
    none.

    Args:
        images: [N, H, W], of any number type.
    """
    return _count_details(_find_edges(images))


def share_details(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the number of details that two pictures have in common: their geometric mean."""
    return np.sqrt(first * second)


def weigh_evidence(correlation: np.ndarray, details: np.ndarray) -> np.ndarray:
    """Return the evidence, in nats, that a correlation of edges is no coincidence.

    −½ n ln(1 − ρ²): the mutual information of n pairs of Gaussian variables of correlation ρ
    (Cover and Thomas, *Elements of Information Theory*, 2nd ed., example 8.5.1), which is also
    the logarithm of the likelihood ratio of ρ against 0.
    """
    agreed = np.clip(np.asarray(correlation, dtype=np.float64), 0.0, HIGHEST_CORRELATION)
    return -0.5 * details * np.log1p(-(agreed**2))


def count_needed_details(enough: float) -> float:
    """Return how many details two pictures must share for one laid upon the other to join it."""
    return enough / float(ALIGNED_WORTH * weigh_evidence(np.array(BEST_ALIGNED), np.array(1.0)))


def weigh_whole(
    small: np.ndarray, details: np.ndarray, pairs: pd.DataFrame, enough: float
) -> pd.DataFrame:
    """Return pairs with the evidence that their whole outlines agree, laid down as ``way`` says.

    Args:
        small: uint8 [N, 32, 32].
        details: [N].
        pairs: ``first``, ``second``, ``way`` (a number of an orientation), and what else there is.
        enough: the evidence from which it is weighed whether they agree everywhere.
    """
    firsts, seconds, ways = (pairs[column].to_numpy() for column in ("first", "second", "way"))
    evidence = np.empty(len(pairs))
    for way in range(len(ORIENTATIONS)):
        for places in cut_blocks(np.flatnonzero(ways == way)):
            first, second = firsts[places], seconds[places]
            edges, others = _find_edges(small[first]), _find_edges(turn(small[second], way))
            shared = share_details(details[first], details[second])
            evidence[places] = weigh_evidence(_correlate(edges, others), shared)
            near = np.flatnonzero(evidence[places] >= enough)
            apart = near[~agree_everywhere(edges[near], others[near])]
            evidence[places[apart]] = 0.0
    matrices = pd.Series([_MATRICES[way] for way in ways], index=pairs.index, dtype=object)
    return pairs.drop(columns="way").assign(evidence=evidence, matrix=matrices)


def weigh_pairs(
    firsts: np.ndarray, seconds: np.ndarray, enough: float
) -> list[tuple[float, np.ndarray | None]]:
    """Return what ``weigh_aligned`` does of each two looks, records of ``LOOK`` [P] each."""
    return [weigh_aligned(*pair, enough) for pair in zip(firsts, seconds, strict=True)]


def weigh_aligned(
    first: np.ndarray, second: np.ndarray, enough: float
) -> tuple[float, np.ndarray | None]:
    """Lay one image upon the other by their spots, and weigh how well their details agree.

    The order of the two changes nothing but the matrix, which is of the first in the second.

    Args:
        first: a record of ``timbang.images.looks.LOOK``.
        second: another.
        enough: the evidence from which no better place is looked for.

    Returns:
        The evidence in nats, and the matrix; 0 and none where they cannot be laid upon each other.
    """
    if _name_look(second) < _name_look(first):
        found, matrix = weigh_aligned(second, first, enough)
        return found, None if matrix is None else np.linalg.inv(matrix)
    matrix = align_spots(
        first["spots"][: first["count"]],
        second["spots"][: second["count"]],
        first["size"],
        second["size"],
    )
    if matrix is None:
        return 0.0, None
    one, other = (look["thumbnail"].astype(np.float32) for look in (first, second))
    best = 0.0, matrix
    for is_refined in (False, True):
        sampled = sample_shared(one, other, matrix, is_refined)
        if sampled is None:
            break
        seen, seen_in_other, there, place = sampled
        found, is_agreed = _weigh_sampled(seen, seen_in_other, there, enough)
        if is_agreed and found > best[0]:
            best = found, place
        if best[0] >= enough or found < PROMISING * enough:
            break
    return best


def _weigh_sampled(
    first: np.ndarray, second: np.ndarray, there: np.ndarray, enough: float
) -> tuple[float, bool]:
    """Return the evidence of two pictures [64, 64] over what they share, and whether it counts.

    It is that of their edges as they are or levelled, whichever is less, at the first of two sizes
    at which it is enough, or the better one; the less of the area agrees, the less it is worth. If
    it is enough, it counts only where edges agree closely.
    """
    fine = _level_both(first, second, there)
    shrunk = [shrink(part[None])[0] for part in (first, second, there)]
    coarse = _level_both(shrunk[0], shrunk[1], shrunk[2])
    if fine is None or coarse is None:
        return 0.0, False
    worth = ALIGNED_WORTH * measure_agreement(*coarse.edges, coarse.there)
    found = worth * _weigh_levelled(coarse)
    if found < enough:
        found = max(found, worth * _weigh_levelled(fine))
    return found, found < enough or agree_closely(*fine.edges, fine.there)


def _level_both(first: np.ndarray, second: np.ndarray, there: np.ndarray) -> _Edges | None:
    """Return the edges of both pictures and the same levelled; none where they share nothing."""
    full = there == 1
    full = full[:-1] & full[1:]
    full = full[:, :-1] & full[:, 1:]
    if not full.any():
        return None
    valid = full.astype(np.float32)
    one, other = level_edges(first, valid), level_edges(second, valid)
    return _Edges((one[0], other[0]), (one[1], other[1]), valid)


def _weigh_levelled(both: _Edges) -> float:
    """Return the evidence of edges as they are or levelled, whichever is less."""
    return min(_weigh_edges(*both.edges), _weigh_edges(*both.levelled))


def _weigh_edges(first: np.ndarray, second: np.ndarray) -> float:
    """Return the evidence of two pictures' edges, [2, H, W] each."""
    lengths = np.sqrt((first**2).sum() * (second**2).sum())
    if not lengths:
        return 0.0
    details = _count_details(np.stack([first, second]))
    return float(
        weigh_evidence(np.array((first * second).sum() / lengths), share_details(*details))
    )


def _name_look(look: np.ndarray) -> bytes:
    """Return what orders the looks of images, whatever the order of their files."""
    return look["hashes"].tobytes() + look["thumbnail"].tobytes()


def _correlate(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the correlation of the edges of each two images, [N]; 0 where one has none."""
    first, second = (edges.reshape(len(edges), -1) for edges in (first, second))
    product, one, other = (
        np.einsum("nk,nk->n", *both) for both in ((first, second), (first, first), (second, second))
    )
    lengths = np.sqrt(one * other)
    return np.divide(product, lengths, out=np.zeros_like(product), where=lengths > 0)


def _find_edges(images: np.ndarray) -> np.ndarray:
    """Return the differences to the right and to the lower neighbour, [N, 2, H-1, W-1]."""
    images = images.astype(np.float32)
    corner = images[:, :-1, :-1]
    return np.stack([images[:, :-1, 1:] - corner, images[:, 1:, :-1] - corner], axis=1)


def _count_details(edges: np.ndarray) -> np.ndarray:
    """Return the participation ratio of the power spectrum of edges [N, 2, H, W], halved."""
    waves = np.fft.rfft2(edges)
    power = (waves.real**2 + waves.imag**2).sum(axis=1)
    # All but the first column, and the last of an even number, stand for two frequencies.
    times = np.full(power.shape[-1], 2.0)
    times[[0, *[-1][: edges.shape[-1] % 2 == 0]]] = 1.0
    squares = (power**2 @ times).sum(axis=1)
    return np.divide(
        (power @ times).sum(axis=1) ** 2, 2 * squares, out=np.zeros(len(edges)), where=squares > 0
    )


def _make_matrix(way: int) -> np.ndarray:
    """Return the matrix of an image in another that matches it when laid down in that way."""
    places = np.stack([*np.meshgrid([0.0, 1.0], [0.0, 1.0]), np.ones((2, 2))])
    return np.linalg.lstsq(places.reshape(3, -1).T, turn(places, way).reshape(3, -1).T)[0].T


_MATRICES = [_make_matrix(way) for way in range(len(ORIENTATIONS))]
