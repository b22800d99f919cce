"""Spots of an image: corners, each with a hash of the picture around it.

What is left of a picture when it is cropped, framed, put into a collage or written over is some
of its places. Each is hashed as a whole picture is, by the signs of its lowest frequencies, in
the direction and at the size that it shows itself: a copy that was turned or scaled has the same
hashes, and a mirrored one has them with known signs changed.
"""

import cv2
import numpy as np
from PIL import Image

# The longer side of the image that is looked at, unless it would be enlarged by more than the
# second number; and so many sizes from there down, each so many times smaller than the one before.
# None is looked at whose shorter side is below the last number.
SIDE, MOST_ENLARGED, SIZES, STEP, SMALLEST = 256, 8.0, 9, 1.2, 24
# Spots that are kept, spread over the cells of a grid and over the sizes.
SPOTS, CELLS = 192, 6
# At the first size so many corners are looked for, at the others as many fewer as they are
# smaller; they lie so many pixels apart, and are this share as clear as the clearest.
CORNERS, APART, CLEAR, CORNER_SIDE = 300, 4, 1e-4, 5
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
    small = np.asarray(grey.resize((width, height), way))
    sizes, corners = [], []
    for step in range(SIZES):
        shape = round(width / STEP**step), round(height / STEP**step)
        if min(shape) < SMALLEST:
            break
        small = cv2.resize(small, shape) if step else small
        sizes.append(small)
        found = cv2.goodFeaturesToTrack(
            small, round(CORNERS / STEP**step), CLEAR, APART, blockSize=CORNER_SIDE
        )
        points = np.empty((0, 2)) if found is None else found[:, 0]
        # The clearest corner of each size is the first.
        corners.append(np.insert(points, 2, [[step], [0]], axis=1))
        corners[-1][:, 3] = np.arange(len(points))
    if not any(map(len, corners)):
        return np.empty(0, SPOT)
    chosen = _spread(np.concatenate(corners), width, height)
    steps = chosen[:, 2].astype(int)
    scales = np.array([(width / size.shape[1], height / size.shape[0]) for size in sizes])
    spots = np.empty(len(chosen), SPOT)
    spots["place"][:, :2] = (chosen[:, :2] + 0.5) * scales[steps]
    spots["place"][:, 3] = STEP**steps
    waves = np.empty((len(chosen), 64), np.float32)
    for step, size in enumerate(sizes):
        own = steps == step
        if own.any():
            directions, squares = _sample(size, chosen[own, :2].astype(np.float32))
            spots["place"][own, 2] = directions
            waves[own] = (_COSINES @ squares @ _COSINES.T).reshape(-1, 64)
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


def _spread(corners: np.ndarray, width: int, height: int) -> np.ndarray:
    """Choose corners from all cells and sizes: the clearest of each, then the second, ...

    Args:
        corners: [C, 4]: x and y at its size, the number of the size, and its rank there.
        width: of the first size.
        height: the same.

    Returns:
        Up to 192 of them, [S, 4].
    """
    x, y, step, rank = corners.T
    scale = STEP**step
    column, row = (
        np.clip(place * scale / side * CELLS, 0, CELLS - 1).astype(int)
        for place, side in ((x, width), (y, height))
    )
    kind = (column * CELLS + row) * SIZES + step.astype(int)
    order = np.lexsort((rank, kind))
    starts = np.flatnonzero(np.diff(kind[order], prepend=-1))
    turn = np.arange(len(kind)) - np.repeat(starts, np.diff(starts, append=len(kind)))
    return corners[order[np.lexsort((rank[order], turn))[:SPOTS]]]


def _sample(image: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the direction at each point, [P], and the square around it, [P, 16, 16].

    The direction is the one in which the surroundings grow lighter.
    """
    wide = cv2.blur(cv2.blur(image, (DIRECTION_SIDE,) * 2), (DIRECTION_SIDE,) * 2).astype(float)
    height, width = image.shape
    x, y = np.rint(points).astype(int).T
    left, right = np.maximum(x - 2, 0), np.minimum(x + 2, width - 1)
    above, below = np.maximum(y - 2, 0), np.minimum(y + 2, height - 1)
    directions = np.arctan2(wide[below, x] - wide[above, x], wide[y, right] - wide[y, left])
    cosine, sine = (
        REACH * part(directions.astype(np.float32))[:, None, None] for part in (np.cos, np.sin)
    )
    squares = cv2.remap(
        cv2.GaussianBlur(image, (5, 5), 1),
        (points[:, 0, None, None] + cosine * _ACROSS - sine * _DOWN).reshape(-1, SAMPLES),
        (points[:, 1, None, None] + sine * _ACROSS + cosine * _DOWN).reshape(-1, SAMPLES),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT_101,
    ).reshape(-1, SAMPLES, SAMPLES)
    squares = squares - squares.mean(axis=(1, 2), keepdims=True, dtype=np.float32)
    return directions, squares * _WINDOW
