"""Spots of an image: corners, each with a hash of the picture around it.

What is left of a picture when it is cropped, framed, put into a collage or written over is some
of its places. Each is hashed as a whole picture is, by the signs of its lowest frequencies, in
the direction and at the size that it shows itself: a copy that was turned or scaled has the same
hashes, and a mirrored one has them with known signs changed.
"""

from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np
from PIL import Image

# What is looked at is so small that OpenCV's own threads take longer than they save.
cv2.setNumThreads(1)

# The longer side of the image that is looked at, unless it would be enlarged by more than the
# second number; and so many sizes from there down, each so many times smaller than the one before.
# None is looked at whose shorter side is below the last number.
SIDE, MOST_ENLARGED, SIZES, STEP, SMALLEST = 256, 8.0, 9, 1.2, 24
# Spots that are kept, spread over the cells of a grid and over the sizes.
SPOTS, CELLS = 192, 6
# A corner is the clearest of a square of so many pixels a side, and this share as clear as the
# clearest of its size; it is seen in a box of the last number.
APART, CLEAR, CORNER_SIDE = 7, 1e-4, 5
# The square around a corner: half its side in pixels of its size, and samples along a side.
REACH, SAMPLES = 18, 16
# The side of the box over which brightness is averaged for the direction in which it grows.
DIRECTION_SIDE = 15
# Words are so many signs, drawn from the lowest frequencies, in so many ways.
TABLES, WORD_BITS, LOWEST = 4, 24, 30

SPOT = np.dtype(
    [
        ("hash", np.uint64),
        # x and y in pixels of the image that is looked at, the direction in radians, and how many
        # of these pixels one pixel of the spot's own size takes.
        ("place", np.float16, 4),
        # Of each word the sign that is most likely to be another in a copy.
        ("weakest", np.uint8, TABLES),
    ]
)

_AROUND, _WIDELY = np.ones((APART, APART), np.uint8), (DIRECTION_SIDE, DIRECTION_SIDE)
_offsets = (np.arange(SAMPLES, dtype=np.float32) + 0.5) / SAMPLES * 2 - 1
_ACROSS, _DOWN = np.meshgrid(_offsets, _offsets)
_WINDOW = np.exp(-0.8 * (_ACROSS**2 + _DOWN**2))
# The lowest eight frequencies of the discrete cosine transform (type II): [8, 16].
_COSINES = np.cos(
    np.pi * np.outer(np.arange(8), 2 * np.arange(SAMPLES) + 1) / (2 * SAMPLES)
).astype(np.float32)
# Seen in a mirror, what has an odd frequency down changes its sign. Of the hash, bit 63 − (8 v + u)
# is the sign of frequency v down and u across.
MIRRORED = np.packbits(np.repeat(np.arange(8) % 2 == 1, 8)).view(">u8").astype(np.uint64)[0]
# The sign that tells a spot from its mirror image, v = u = 1.
_HANDED = np.uint64(1 << (63 - 9))
# Signs that the direction all but fixes say nothing, and the one above is spent.
_TELLING = sorted(
    (v * v + u * u, 8 * v + u)
    for v in range(8)
    for u in range(8)
    if (v, u) not in {(0, 1), (0, 3), (2, 1), (2, 3), (1, 1)}
)[:LOWEST]
_random = np.random.default_rng(0)
# The signs of each word, as numbers 8 v + u: [4, 24].
_SIGNS = np.array(
    [_random.permutation([sign for _, sign in _TELLING])[:WORD_BITS] for _ in range(TABLES)]
)


def scale_for_spots(size: tuple[int, int]) -> float:
    """Return by what the sides of an image are multiplied before its spots are looked for."""
    return min(SIDE / max(size), MOST_ENLARGED)


def find_spots(grey: Image.Image) -> np.ndarray:
    """Return the spots of an image of mode L, as records of ``SPOT`` [S], S at most 192."""
    share = scale_for_spots(grey.size)
    width, height = (max(1, round(share * side)) for side in grey.size)
    way = Image.Resampling.BOX if share < 1 else Image.Resampling.BICUBIC
    shapes = [(round(height / STEP**step), round(width / STEP**step)) for step in range(SIZES)]
    sizes = _Sizes([shape for shape in shapes if min(shape) >= SMALLEST])
    if not sizes.shapes:
        return np.empty(0, SPOT)
    _, images = sizes.lay_out()
    images[0][:] = np.asarray(grey.resize((width, height), way))
    for larger, smaller in pairwise(images):
        cv2.resize(larger, smaller.shape[::-1], dst=smaller)
    x, y, step = _choose_corners(sizes, images)
    if not len(x):
        return np.empty(0, SPOT)
    directions, squares = _sample(sizes, images, x, y, step)
    waves = (_COSINES @ squares @ _COSINES.T).reshape(-1, 64)
    scales = np.array(sizes.shapes[0]) / sizes.shapes
    spots = np.empty(len(x), SPOT)
    spots["place"][:, 0] = (x + 0.5) * scales[step, 1]
    spots["place"][:, 1] = (y + 0.5) * scales[step, 0]
    spots["place"][:, 2] = directions
    spots["place"][:, 3] = STEP**step
    spots["hash"] = np.packbits(waves > 0, axis=1).view(">u8")[:, 0]
    spots["weakest"] = _SIGNS[np.arange(TABLES), np.abs(waves[:, _SIGNS]).argmin(axis=2)]
    return spots


def make_words(spots: np.ndarray, table: int, is_varied: bool = False) -> np.ndarray:
    """Return a word of each spot: the same for a spot and its mirror image.

    Args:
        spots: records of ``SPOT``, any shape.
        table: the number of the way in which signs are drawn.
        is_varied: whether the sign that is most likely to be another is the other one.

    Returns:
        uint32 of the same shape.
    """
    hashes = spots["hash"]
    if is_varied:
        hashes = hashes ^ (np.uint64(1) << (63 - spots["weakest"][..., table]).astype(np.uint64))
    hashes = np.where(hashes & _HANDED, hashes, hashes ^ MIRRORED)
    words = np.zeros(hashes.shape, np.uint32)
    for sign in _SIGNS[table]:
        words = (words << np.uint32(1)) | ((hashes >> np.uint64(63 - sign)) & np.uint64(1)).astype(
            np.uint32
        )
    return words


class _Sizes:
    """One image at several sizes, laid out below each other in one array.

    What takes numpy many small steps is done for all sizes at once.

    Args:
        shapes: height and width of each, the largest first.
    """

    def __init__(self, shapes: Sequence[tuple[int, int]]) -> None:
        self.shapes = shapes
        heights = [height for height, _ in shapes]
        self.tops = np.cumsum([0, *heights])

    def lay_out(self) -> tuple[np.ndarray, list[np.ndarray]]:
        """Return room for all sizes, uint8, and a view of each in it."""
        whole = np.zeros((self.tops[-1], self.shapes[0][1]), np.uint8)
        return whole, [
            whole[top : top + height, :width]
            for top, (height, width) in zip(self.tops, self.shapes, strict=False)
        ]


def _choose_corners(
    sizes: _Sizes, images: Sequence[np.ndarray]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Choose corners from all cells and sizes: the clearest of each, then the second, ...

    Returns:
        x and y of each at its size, and the number of the size: int [S] each, S at most 192.
    """
    found = []
    for number, image in enumerate(images):
        clear = cv2.cornerMinEigenVal(image, CORNER_SIDE)
        highest = cv2.dilate(clear, _AROUND)
        places = np.flatnonzero(clear == highest)
        values = clear.ravel()[places]
        kept = values > CLEAR * values.max()
        places = places[kept][np.argsort(-values[kept], kind="stable")]
        row, column = np.divmod(places, image.shape[1])
        found.append((column, row, np.full(len(places), number)))
    x, y, step = (np.concatenate(part) for part in zip(*found, strict=True))
    heights, widths = np.array(sizes.shapes).T
    cell = step + SIZES * (x * CELLS // widths[step] + CELLS * (y * CELLS // heights[step]))
    # A corner's rank is its place among those of its size, its turn that among those of its cell.
    chosen = np.lexsort((_count_up(step), _count_up(cell)))[:SPOTS]
    return x[chosen], y[chosen], step[chosen]


def _count_up(kinds: np.ndarray) -> np.ndarray:
    """Return how many of the same kind come before each: int [K]."""
    order = np.argsort(kinds, kind="stable")
    starts = np.flatnonzero(np.diff(kinds[order], prepend=-1))
    counted = np.empty(len(kinds), int)
    counted[order] = np.arange(len(kinds)) - np.repeat(starts, np.diff(starts, append=len(kinds)))
    return counted


def _sample(
    sizes: _Sizes, images: Sequence[np.ndarray], x: np.ndarray, y: np.ndarray, step: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the direction at each corner, [S], and the square around it, [S, 16, 16].

    The direction is the one in which the surroundings grow lighter.
    """
    (smooth, narrow), (wide, broad) = sizes.lay_out(), sizes.lay_out()
    for image, narrowly, widely in zip(images, narrow, broad, strict=True):
        cv2.GaussianBlur(image, (5, 5), 1, dst=narrowly)
        cv2.blur(image, _WIDELY, dst=widely)
        cv2.blur(widely, _WIDELY, dst=widely)
    top = sizes.tops[step]
    bottom, right = (np.array(sizes.shapes)[step] - 1).T
    above, below = np.maximum(y - 2, 0), np.minimum(y + 2, bottom)
    ahead = np.minimum(x + 2, right)
    down, up, forth, back = (
        wide[top + row, column].astype(np.float32)
        for row, column in ((below, x), (above, x), (y, ahead), (y, np.maximum(x - 2, 0)))
    )
    directions = np.arctan2(down - up, forth - back)
    cosine, sine = (REACH * part(directions)[:, None, None] for part in (np.cos, np.sin))
    x, y, top = (part.astype(np.float32)[:, None, None] for part in (x, y, top))
    squares = cv2.remap(
        smooth,
        _reflect(x + cosine * _ACROSS - sine * _DOWN, right).reshape(-1, SAMPLES),
        (top + _reflect(y + sine * _ACROSS + cosine * _DOWN, bottom)).reshape(-1, SAMPLES),
        cv2.INTER_LINEAR,
    ).reshape(-1, SAMPLES, SAMPLES)
    squares = squares - squares.mean(axis=(1, 2), keepdims=True, dtype=np.float32)
    return directions, squares * _WINDOW


def _reflect(places: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Return the places in an image of what lies outside, as if seen in mirrors at its edges.

    Args:
        places: float32 [S, 16, 16], in one direction.
        last: the last place there is for each spot, [S].
    """
    last = last.astype(np.float32)[:, None, None]
    return last - np.abs(last - np.abs(places))
