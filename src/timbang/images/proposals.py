"""Pairs of images that have spots in common, found without comparing all with all.

A spot has a few words (``timbang.images.spots.make_words``), and the spots of a copy have many of
those of its original. How many spots of one image have a word of another is a product of sparse
matrices, in which the fewer images have a word, the more it counts.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from timbang.images.spots import TABLES, WORD_BITS, make_words

ROWS_AT_ONCE = 64
# A word that so many spots have says nothing of whose copy an image is.
MOST_SPOTS = 64
WORDS_AT_ONCE = 1 << 20
# What a word counts, by how many images have it: one of two counts 7, one of twice as many 1 less.
WORTH = np.array([*[7] * 2, *(8 - np.round(np.log2(np.arange(2, MOST_SPOTS + 1))))], np.int8)
# Two images are looked at whose words in common count so much, unless those of one and so many
# others count more.
LEAST_SHARED, MOST_PROPOSED = 12, 10


def propose_pairs(spots: np.ndarray, counts: np.ndarray, workers: int) -> Iterator[pd.DataFrame]:
    """Yield pairs of images with spots in common, in blocks of 64 images.

    Args:
        spots: records of ``timbang.images.spots.SPOT`` [N, S].
        counts: int [N], how many of them are there.
        workers: how many threads look for them.

    Yields:
        ``first`` and ``second``, the lower number first, and ``shared``: what the words count that
        spots of the one whose block it is have in common with the other. A pair may come twice,
        once of each image.
    """
    there = np.arange(spots.shape[1]) < counts[:, None]
    known, having = _index_words(spots, there)

    def propose(start: int) -> pd.DataFrame:
        rows = slice(start, start + ROWS_AT_ONCE)
        shared = _look_up(spots[rows], there[rows], known, having.indptr) @ having
        shared = _sum_spots(there[rows]) @ shared
        ends = zip(shared.indptr[:-1], shared.indptr[1:], strict=True)
        chosen = [
            _choose_likeliest(start + row, shared.indices[low:high], shared.data[low:high])
            for row, (low, high) in enumerate(ends)
        ]
        return pd.DataFrame(np.concatenate(chosen), columns=["first", "second", "shared"])

    with ThreadPoolExecutor(workers) as pool:
        yield from pool.map(propose, range(0, len(spots), ROWS_AT_ONCE))


def _choose_likeliest(image: int, others: np.ndarray, shared: np.ndarray) -> np.ndarray:
    """Return the pairs of an image with those that share the most spots with it, and how many.

    Where one is too many, all that share as few go with it: which of them came first would depend
    on the order of the images.
    """
    chosen = (shared >= LEAST_SHARED) & (others != image)
    others, shared = others[chosen].astype(int), shared[chosen].astype(int)
    if len(shared) > MOST_PROPOSED:
        limit = np.partition(shared, -MOST_PROPOSED - 1)[-MOST_PROPOSED - 1]
        others, shared = others[shared > limit], shared[shared > limit]
    return np.column_stack([np.minimum(others, image), np.maximum(others, image), shared])


def _index_words(spots: np.ndarray, there: np.ndarray) -> tuple[list[np.ndarray], csr_array]:
    """Return the words of each table that are worth looking up, sorted, and who has them.

    The matrix has a row a word, those of all tables one after the other, and a column an image.
    """
    # Room for all; what stays empty takes no memory. Places as int32, in half of it: up to 2.8
    # million images, whose looks would take 36 GB.
    columns, filled = np.empty(TABLES * there.sum(), np.int32), 0
    ends, rows = np.empty(len(columns) + 1, np.int32), 0
    ends[0] = 0
    known = []
    for table in range(TABLES):
        telling = []
        for found, occurs, images in _index_table(spots, there, table):
            columns[filled : filled + len(images)] = images
            ends[rows + 1 : rows + 1 + len(found)] = filled + occurs.cumsum()
            filled, rows = filled + len(images), rows + len(found)
            telling.append(found)
        known.append(np.concatenate(telling))
    matrix = csr_array(
        (np.ones(filled, np.int8), columns[:filled], ends[: rows + 1]), (rows, len(spots))
    )
    return known, matrix


def _index_table(
    spots: np.ndarray, there: np.ndarray, table: int
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield what ``_choose_telling`` does of the words of a table, some of them at a time.

    What sorting so many takes is a small part of what is kept.
    """
    ends = there.sum(axis=1).cumsum()
    words, filled = np.empty(there.sum(), np.uint32), 0
    for own in _list_words(spots, there, table, False):
        words[filled : filled + len(own)] = own
        filled += len(own)
    is_sought = np.zeros(1 << WORD_BITS, bool)
    for varied in _list_words(spots, there, table, True):
        is_sought[varied] = True
    for first in range(0, 1 << WORD_BITS, WORDS_AT_ONCE):
        own = np.flatnonzero((words >= first) & (words < first + WORDS_AT_ONCE))
        images = np.searchsorted(ends, own, "right").astype(np.int32)
        yield _choose_telling(words[own], images, is_sought)


def _choose_telling(
    words: np.ndarray, images: np.ndarray, is_sought: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the words that are worth looking up, sorted, and which images have them.

    Args:
        words: of spots.
        images: whose spots they are, int32.
        is_sought: of every word whether it will be looked up for a sign of its spot being another.

    Returns:
        The words, how many images have each, and these images, word by word.
    """
    # One number a word and its image, since sorting these takes the least time and memory.
    both = words.astype(np.uint64) << np.uint64(32)
    both |= images.astype(np.uint64)
    both.sort()
    # An image that has a word twice has it once.
    is_other = _begin_runs(both)
    words = (both >> np.uint64(32)).astype(np.uint32)
    starts = np.flatnonzero(_begin_runs(words))
    found, occurs = words[starts], np.diff(starts, append=len(words))
    telling = (occurs <= MOST_SPOTS) & ((occurs > 1) | is_sought[found])
    counts = np.add.reduceat(is_other, starts, dtype=np.int32) if len(starts) else starts
    chosen = is_other & np.repeat(telling, occurs)
    return found[telling], counts[telling], both[chosen].astype(np.int32)


def _begin_runs(values: np.ndarray) -> np.ndarray:
    """Return which of sorted values are not the one before, bool."""
    begins = np.ones(len(values), bool)
    np.not_equal(values[1:], values[:-1], out=begins[1:])
    return begins


def _list_words(
    spots: np.ndarray, there: np.ndarray, table: int, is_varied: bool
) -> Iterator[np.ndarray]:
    """Yield the words of all spots that are there, uint32, those of a thousand images at a time."""
    for start in range(0, len(spots), 1024):
        rows = slice(start, start + 1024)
        yield make_words(spots[rows], table, is_varied)[there[rows]]


def _look_up(
    spots: np.ndarray, there: np.ndarray, known: list[np.ndarray], occurs: np.ndarray
) -> csr_array:
    """Return what the known words count that spots have, by either sign of what is weakest: [S, W].

    ``occurs`` is how many images have each word and those before it, int [W + 1].
    """
    spot, rows, columns, above = np.arange(there.sum()), [], [], 0
    for table, sought in enumerate(known):
        for is_varied in (False, True):
            words = make_words(spots, table, is_varied)[there]
            place = np.minimum(np.searchsorted(sought, words), max(len(sought) - 1, 0))
            found = sought[place] == words if len(sought) else np.zeros(len(words), bool)
            rows.append(spot[found])
            columns.append(above + place[found])
        above += len(sought)
    # Of 64 bits, scipy would turn all that is known into as many, for each block anew.
    row, column = (np.concatenate(part).astype(np.int32) for part in (rows, columns))
    matrix = csr_array(
        (np.ones(len(row), np.int8), (row, column)), shape=(len(spot), len(occurs) - 1)
    )
    matrix.sum_duplicates()
    matrix.data = WORTH[occurs[matrix.indices + 1] - occurs[matrix.indices]]
    return matrix


def _sum_spots(there: np.ndarray) -> csr_array:
    """Return what sums the rows of spots up to those of their images: [N, S]."""
    ends = np.concatenate([[0], there.sum(axis=1).cumsum()]).astype(np.int32)
    places = np.arange(ends[-1], dtype=np.int32)
    return csr_array((np.ones(len(places), np.int16), places, ends), (len(there), len(places)))
