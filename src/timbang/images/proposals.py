"""Pairs of images that have spots in common, found without comparing all with all.

A spot has a few words (``timbang.images.spots.make_words``), and the spots of a copy have many of
those of its original. How many words each two images share is a product of sparse matrices.
"""

from collections.abc import Iterator

import numpy as np
from scipy.sparse import csr_array

from timbang.images.spots import TABLES, WORD_BITS, make_words

ROWS_AT_ONCE = 64
# A word that so many spots have says nothing of whose copy an image is.
MOST_SPOTS = 64
# Two images that share so many words are looked at, unless one shares more with so many others.
FEWEST_WORDS, MOST_PROPOSED = 3, 10


def propose_pairs(spots: np.ndarray, counts: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield pairs of images with words in common, in blocks of 64 images.

    Args:
        spots: records of ``timbang.images.spots.SPOT`` [N, S].
        counts: int [N], how many of them are there.

    Yields:
        The first and the second images of pairs, int [P] each, ``first`` < ``second``; a pair may
        come twice.
    """
    there = np.arange(spots.shape[1]) < counts[:, None]
    known, images_of = _index_words(spots, there)
    for start in range(0, len(spots), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        shared = _look_up(spots[rows], there[rows], known, images_of.shape[0]) @ images_of
        row = np.repeat(np.arange(shared.shape[0]), np.diff(shared.indptr))
        chosen = (shared.data >= FEWEST_WORDS) & (shared.indices != start + row)
        row, other, words = row[chosen], shared.indices[chosen], shared.data[chosen]
        order = np.lexsort((-words, row))
        row, other, words = row[order], other[order].astype(int), words[order]
        # Those that tie with the first that is one too many are left out as well: which of them
        # came first would depend on the order of the images.
        beyond = np.searchsorted(row, np.arange(shared.shape[0])) + MOST_PROPOSED
        is_beyond = beyond < np.searchsorted(row, np.arange(shared.shape[0]), side="right")
        limit = (
            np.where(is_beyond, words[np.minimum(beyond, len(words) - 1)], 0) if len(words) else []
        )
        chosen = words > np.asarray(limit)[row] if len(words) else np.empty(0, bool)
        first, second = start + row[chosen], other[chosen]
        yield np.minimum(first, second), np.maximum(first, second)


def _index_words(spots: np.ndarray, there: np.ndarray) -> tuple[list[np.ndarray], csr_array]:
    """Return the words of each table that are worth looking up, sorted, and who has them.

    The matrix has a row a word, those of all tables one after the other, and a column an image.
    """
    known, rows, columns, above = [], [], [], 0
    image = np.nonzero(there)[0].astype(np.int32)
    for table in range(TABLES):
        words = make_words(spots, table)[there]
        occurs = np.bincount(words, minlength=2**WORD_BITS)
        varied = np.bincount(make_words(spots, table, True)[there], minlength=2**WORD_BITS)
        telling = (occurs > 0) & (occurs <= MOST_SPOTS) & (occurs + varied > 1)
        chosen = telling[words]
        known.append(np.flatnonzero(telling).astype(np.uint32))
        rows.append((above + np.searchsorted(known[-1], words[chosen])).astype(np.int32))
        columns.append(image[chosen])
        above += len(known[-1])
    row, column = np.concatenate(rows), np.concatenate(columns)
    matrix = csr_array(
        (np.ones(len(row), np.int16), (row, column)), shape=(above, len(spots)), dtype=np.int16
    )
    matrix.sum_duplicates()
    matrix.data[:] = 1
    return known, matrix


def _look_up(
    spots: np.ndarray, there: np.ndarray, known: list[np.ndarray], count: int
) -> csr_array:
    """Return which of the known words images have, by either sign of what is weakest: [N, W]."""
    image, rows, columns, above = np.nonzero(there)[0], [], [], 0
    for table, sought in enumerate(known):
        for is_varied in (False, True):
            words = make_words(spots, table, is_varied)[there]
            place = np.minimum(np.searchsorted(sought, words), max(len(sought) - 1, 0))
            found = sought[place] == words if len(sought) else np.zeros(len(words), bool)
            rows.append(image[found])
            columns.append(above + place[found])
        above += len(sought)
    row, column = np.concatenate(rows), np.concatenate(columns)
    matrix = csr_array((np.ones(len(row), np.int16), (row, column)), shape=(len(spots), count))
    matrix.sum_duplicates()
    matrix.data[:] = 1
    return matrix
