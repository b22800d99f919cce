"""How one picture lies in another: found by their spots, proven by their details.

Places are in units of the sides of an image, (0, 0) to (1, 1); a matrix [3, 3] takes homogeneous
places of the first picture to those of the second.
"""

import cv2
import numpy as np
from scipy.ndimage import uniform_filter

from timbang.images.spots import MIRRORED

# Spots may be the same whose hashes differ in so many bits; where it is known where they must
# lie, in so many.
ALIKE, ALIKE_IN_PLACE = 14, 20
# Spots lie where they must within so many pixels of 256; their sizes may be this many times as
# large, and the cosine of the angle between their directions is at least the last.
NEAR, NEARER, SIZE_RATIO, SAME_DIRECTION = 9.0, 6.0, 1.65, 0.85
# So many spots must say the same of where a picture lies, and as many as this determine its shear.
FEWEST_SPOTS, SPOTS_FOR_SHEAR = 4, 8
# No copy is scaled by more than this, or stretched by more than this along one direction.
MOST_SCALED, MOST_STRETCHED = 6.0, 4.0
# Both pictures are sampled on a square of so many pixels over what they share, and once more on
# one of half as many.
SAMPLED_SIDE, COARSE_SIDE = 64, 32
# What is shared must be this much of either picture, and nowhere thinner than this.
SHARED, THINNEST = 0.3, 0.1
# Details agree where they do with this correlation, in a box of such a side. Evidence counts in
# full where they agree on such a share of the area that is shared; of whole pictures, they must on
# such a share of where there are any. They count where there are not much fewer than on average.
AGREEMENT, AGREEMENT_SIDE, AGREEING, AGREEING_WHOLE, COUNTED = 0.5, 5, 0.55, 0.9, 0.1
# And they must agree on such a share of where either has any, but for where the details of one
# are so many times as strong: there something was written over it.
AGREEING_CLOSELY, WRITTEN_OVER = 0.84, 4.0
# Edges are weighed by what lies around them, in a box of such a side, so that a strong line of
# text outweighs nothing; and by this share of what all have.
LEVELLED_SIDE, LEVELLED_SHARE = {COARSE_SIDE: 7, SAMPLED_SIDE: 9}, 0.1
REFINEMENTS, REFINED_BY = 15, 1e-4
# Below this much of a turn, a stretch or a cut nothing is said of it.
NOTICED_ANGLE, NOTICED_STRETCH, NOTICED_CUT = 0.5, 0.04, 0.015

_PIXELS = np.stack(
    [*np.meshgrid(*[np.arange(SAMPLED_SIDE, dtype=float)] * 2), np.ones((SAMPLED_SIDE,) * 2)]
).reshape(3, -1)
_CORNERS = np.array([(0, 0, 1), (1, 0, 1), (1, 1, 1), (0, 1, 1)], dtype=float).T


def align_spots(
    first: np.ndarray, second: np.ndarray, first_size: np.ndarray, second_size: np.ndarray
) -> np.ndarray | None:
    """Find how the first of two pictures lies in the second.

    Each two spots with like hashes propose a similarity transform; the one that most others agree
    with is taken, all spots are compared anew where it says that they must lie, and the affine
    transform of least squares is fitted to them.

    Args:
        first: the spots of the first picture, records of ``timbang.images.spots.SPOT`` [S].
        second: those of the second.
        first_size: width and height of the first in the pixels of its spots.
        second_size: those of the second.

    Returns:
        The matrix, or none where too few spots agree.
    """
    places, own = first["place"].astype(float), np.ascontiguousarray(first["hash"])
    best = np.empty(0, int), np.empty(0, int)
    for is_mirrored in (False, True):
        hashes = second["hash"] ^ (MIRRORED if is_mirrored else np.uint64(0))
        others = second["place"].astype(float)
        if is_mirrored:
            others[:, 0] = second_size[0] - others[:, 0]
            others[:, 2] = np.pi - others[:, 2]
        apart = np.bitwise_count(own[:, None] ^ hashes)
        pairs = _find_mutual(apart, ALIKE)
        if len(pairs[0]) < FEWEST_SPOTS:
            continue
        agreeing = _find_agreeing(places[pairs[0]], others[pairs[1]])
        if agreeing.sum() > len(best[0]):
            best = pairs[0][agreeing], pairs[1][agreeing]
            chosen = is_mirrored, apart, others
    if len(best[0]) < FEWEST_SPOTS:
        return None
    is_mirrored, apart, others = chosen
    # Few spots are as alike as that, so that places of few are compared.
    rows, columns = np.divmod(np.flatnonzero(apart <= ALIKE_IN_PLACE), apart.shape[1])
    for near in (NEAR, NEARER):
        moved = _fit(places[best[0], :2], others[best[1], :2])
        scale = abs(np.linalg.det(moved[:, :2])) ** 0.25
        expected = places[:, :2] @ moved[:, :2].T + moved[:, 2]
        is_near = ((expected[rows] - others[columns, :2]) ** 2).sum(axis=1) < (near * scale) ** 2
        in_place = np.full_like(apart, 64)
        in_place[rows[is_near], columns[is_near]] = apart[rows[is_near], columns[is_near]]
        best = _find_mutual(in_place, ALIKE_IN_PLACE)
        if len(best[0]) < FEWEST_SPOTS:
            return None
    moved = _fit(places[best[0], :2], others[best[1], :2])
    if not is_plausible(moved):
        return None
    into = np.diag([*1 / np.asarray(second_size, dtype=float), 1])
    if is_mirrored:
        into = np.array([[-1, 0, 1], [0, 1, 0], [0, 0, 1]]) @ into
    return into @ np.vstack([moved, [0, 0, 1]]) @ np.diag([*first_size, 1])


def describe_change(
    matrix: np.ndarray, first_size: np.ndarray, second_size: np.ndarray
) -> dict[str, int]:
    """Find what makes the second picture of the first.

    Args:
        matrix: how the first lies in the second.
        first_size: its width and height; only their ratio counts.
        second_size: those of the second.

    Returns:
        What was done, in this order, and how much of it: ``mirrored`` (1), ``turned`` by so many
        degrees anticlockwise, ``stretched`` or sheared by so many percent, ``cropped`` by so many
        percent of its area, ``set`` in a picture of which it is so many percent; nothing where its
        outline is the same.
    """
    done = {}
    linear = np.diag(second_size) @ matrix[:2, :2] @ np.diag(1 / np.asarray(first_size, float))
    if np.linalg.det(linear) < 0:
        done["mirrored"] = 1
        linear = linear @ np.diag([-1.0, 1.0])
    left, stretch, right = np.linalg.svd(linear)
    turn = left @ right
    # Anticlockwise as one sees it, for places count downwards.
    angle = -np.degrees(np.arctan2(turn[1, 0], turn[0, 0]))
    if abs(angle) >= NOTICED_ANGLE:
        done["turned"] = round(angle)
    if stretch[0] > (1 + NOTICED_STRETCH) * stretch[1]:
        done["stretched"] = round(100 * (stretch[0] / stretch[1] - 1))
    missing = 1 - _measure_overlap(np.linalg.inv(matrix))
    if missing > NOTICED_CUT:
        done["cropped"] = round(100 * missing)
    filled = _measure_overlap(matrix)
    if filled < 1 - NOTICED_CUT:
        done["set"] = round(100 * filled)
    return done


def is_plausible(matrix: np.ndarray) -> bool:
    """Return whether a transform makes nothing too small, too large or too narrow for a copy."""
    least, most = np.linalg.svd(matrix[:2, :2], compute_uv=False)[::-1]
    return bool(least > 1 / MOST_SCALED and most < min(MOST_SCALED, MOST_STRETCHED * least))


def sample_shared(
    first: np.ndarray, second: np.ndarray, matrix: np.ndarray, is_refined: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray] | None:
    """Sample two pictures over what they share, as the matrix says.

    Args:
        first: float32 [H, W].
        second: the same.
        matrix: how the first lies in the second.
        is_refined: whether the matrix is refined before, to a homography, by the greatest
            correlation (Evangelidis and Psarakis, 2008, ECC).

    Returns:
        Both as float32 [64, 64], where both are there (float32 [64, 64], 0 or 1), and the matrix;
        none where they share too little.
    """
    low, high = _bound_overlap(matrix)
    if (high - low).min() < THINNEST:
        return None
    # From a pixel of the square to a place of the first, and to a pixel of either picture.
    step = (high - low) / SAMPLED_SIDE
    spread = np.array(
        [[step[0], 0, low[0] + step[0] / 2], [0, step[1], low[1] + step[1] / 2], [0, 0, 1]]
    )
    pixels = np.array([[first.shape[1], 0, -0.5], [0, first.shape[0], -0.5], [0, 0, 1]])
    into_first, into_second = pixels @ spread, pixels @ matrix @ spread
    seen = _warp(first, into_first)
    if is_refined:
        try:
            # Its types ask for a mask that it does without.
            _, into_second = cv2.findTransformECC(  # type: ignore[call-overload]
                seen,
                second,
                (into_second / into_second[2, 2]).astype(np.float32),
                cv2.MOTION_HOMOGRAPHY,
                (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, REFINEMENTS, REFINED_BY),
                None,
                3,
            )
        except cv2.error:
            # It did not converge.
            return None
        into_second = into_second.astype(float)
        matrix = np.linalg.inv(pixels) @ into_second @ np.linalg.inv(spread)
        if not is_plausible(matrix):
            return None
    across, down, depth = into_second @ _PIXELS
    if depth.min() <= 0:
        return None
    columns, rows = across / depth, down / depth
    inside = (columns > -0.5) & (columns < second.shape[1] - 0.5)
    inside &= (rows > -0.5) & (rows < second.shape[0] - 0.5)
    shared = inside.mean() * np.prod(high - low)
    if max(shared, shared * abs(np.linalg.det(matrix[:2, :2]))) < SHARED:
        return None
    there = inside.reshape(SAMPLED_SIDE, SAMPLED_SIDE).astype(np.float32)
    return seen, _warp(second, into_second), there, matrix


def level_edges(image: np.ndarray, there: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the edges of a picture where it is there, and the same levelled: float32 [2, H, W].

    Levelled edges are divided by the root mean square of those around them.
    """
    side = len(image)
    corner = image[:-1, :-1]
    edges = np.stack([image[:-1, 1:] - corner, image[1:, :-1] - corner]) * there
    power = (edges**2).sum(axis=0)
    box = (LEVELLED_SIDE[side],) * 2
    around = cv2.blur(power, box) / np.maximum(cv2.blur(there, box), 1e-3)
    around += LEVELLED_SHARE * power.sum() / there.sum() + 1e-6
    return edges, edges / np.sqrt(around)


def agree_everywhere(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return of which whole pictures the edges agree nearly wherever one has details.

    Args:
        first: edges of N pictures, float32 [N, 2, H, W].
        second: those of as many others.

    Returns:
        bool [N].
    """
    product, one, other = (
        uniform_filter(part.sum(axis=1), (1, AGREEMENT_SIDE, AGREEMENT_SIDE), mode="mirror")
        for part in (first * second, first**2, second**2)
    )
    agreeing = product > AGREEMENT * np.sqrt(np.maximum(one * other, 0))
    for strength in (one, other):
        strength /= np.maximum(strength.mean(axis=(1, 2), keepdims=True), 1e-6)
    counted = np.maximum(one, other) > COUNTED
    found, enough = (agreeing & counted).sum(axis=(1, 2)), counted.sum(axis=(1, 2))
    return found >= AGREEING_WHOLE * enough


def measure_agreement(first: np.ndarray, second: np.ndarray, there: np.ndarray) -> float:
    """Return on what share of the area that pictures share they have details that agree.

    A sign, a letter or a logo may well be the same where the pictures are not.

    Returns:
        The share of what must agree for evidence to count in full, at most 1.
    """
    one, other, agreeing = _agree_around(first, second, there)
    agreeing &= np.minimum(one, other) > COUNTED
    return min(1.0, float(agreeing[there > 0].mean()) / AGREEING)


def agree_closely(first: np.ndarray, second: np.ndarray, there: np.ndarray) -> bool:
    """Return whether edges [2, H, W] agree nearly wherever both could.

    Two pictures of one sign agree on the sign, and not on what lies behind it.
    """
    one, other, agreeing = _agree_around(first, second, there)
    counted = (there > 0) & (np.maximum(one, other) > COUNTED)
    counted &= (one < WRITTEN_OVER * other) & (other < WRITTEN_OVER * one)
    return bool(counted.any() and agreeing[counted].mean() >= AGREEING_CLOSELY)


def shrink(images: np.ndarray, times: int = 2) -> np.ndarray:
    """Average [N, H, W] over squares of so many pixels a side, whole numbers to whole numbers."""
    count, height, width = images.shape
    squares = images.reshape(count, height // times, times, width // times, times)
    if images.dtype != np.uint8:
        return squares.mean(axis=(2, 4))
    total = squares.sum(axis=(2, 4), dtype=np.uint16)
    return ((total + times**2 // 2) // times**2).astype(np.uint8)


def _agree_around(
    first: np.ndarray, second: np.ndarray, there: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return how strong the edges of either are in a box around each pixel, and where they agree.

    Strength is in units of the mean of what is there; where there is none, all is 0.
    """
    box = (AGREEMENT_SIDE,) * 2
    product, one, other = (
        cv2.blur(part.sum(axis=0), box) for part in (first * second, first**2, second**2)
    )
    agreeing = product > AGREEMENT * np.sqrt(np.maximum(one * other, 0))
    means = [max(float(part[there > 0].mean()), 1e-6) for part in (one, other)]
    return one / means[0], other / means[1], agreeing


def _find_mutual(apart: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows and columns that are each other's nearest, at most so many bits apart."""
    if not apart.size:
        return np.empty(0, int), np.empty(0, int)
    rows = np.flatnonzero(apart.min(axis=1) <= most)
    nearest = apart[rows].argmin(axis=1)
    # The first of the nearest, as argmin has it: of few columns alone.
    chosen = apart[:, nearest].argmin(axis=0) == rows
    return rows[chosen], nearest[chosen]


def _find_agreeing(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return which of P pairs of spots, [P, 4] each, agree with the pair that most agree with."""
    ratio, turn = second[:, 3] / first[:, 3], second[:, 2] - first[:, 2]
    way = ratio * np.exp(1j * turn)
    one, other = (spots[:, 0] + 1j * spots[:, 1] for spots in (first, second))
    error = np.abs(way[:, None] * (one - one[:, None]) + other[:, None] - other)
    agreeing = error < NEAR * np.sqrt(ratio)[:, None]
    agreeing &= np.abs(np.log(ratio[:, None] / ratio)) < np.log(SIZE_RATIO)
    agreeing &= np.cos(turn[:, None] - turn) > SAME_DIRECTION
    return agreeing[agreeing.sum(axis=1).argmax()]


def _fit(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the transform [2, 3] of least squares from places [P, 2] to others.

    Of a few spots it is a similarity: their errors would pass for shear.
    """
    if len(first) >= SPOTS_FOR_SHEAR:
        padded = np.column_stack([first, np.ones(len(first))])
        return np.linalg.lstsq(padded, second, rcond=None)[0].T
    middle, other_middle = first.mean(axis=0), second.mean(axis=0)
    one, other = (part @ [1, 1j] for part in (first - middle, second - other_middle))
    way = np.vdot(one, other) / max(np.vdot(one, one).real, 1e-9)
    linear = np.array([[way.real, -way.imag], [way.imag, way.real]])
    return np.column_stack([linear, other_middle - linear @ middle])


def _bound_overlap(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the least and the greatest place of the first picture that the second may share."""
    if abs(np.linalg.det(matrix)) < 1e-6:
        return np.zeros(2), np.zeros(2)
    corners = np.linalg.inv(matrix) @ _CORNERS
    corners = corners[:2] / np.where(corners[2] > 1e-6, corners[2], np.inf)
    return np.clip(corners.min(axis=1), 0, 1), np.clip(corners.max(axis=1), 0, 1)


def _measure_overlap(matrix: np.ndarray) -> float:
    """Return the share of the second picture's area on which the first lies."""
    middles = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, SAMPLED_SIDE]]) @ _PIXELS
    places = np.linalg.inv(matrix) @ middles
    places = places[:2] / places[2]
    return float(((places > 0) & (places < 1)).all(axis=0).mean())


def _warp(image: np.ndarray, into: np.ndarray) -> np.ndarray:
    return cv2.warpPerspective(
        image,
        into,
        (SAMPLED_SIDE, SAMPLED_SIDE),
        flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
