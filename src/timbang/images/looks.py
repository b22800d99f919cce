"""What copies of an image are found by: its look, a record of a few kilobytes."""

import numpy as np
from PIL import Image
from scipy.fft import dctn

from timbang.images.spots import SPOT, SPOTS, find_spots, scale_for_spots

HASH_SIDE, LOW_FREQUENCIES = 32, 8
THUMBNAIL_SIDE = 96
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
# A large image is shrunk by a whole number first, to no less than so many times its thumbnail: all
# that is seen of it is seen smaller. What is made of that is shrunk by whole numbers first, too, to
# no less than so many times its side.
THUMBNAIL_GAP, GAP = 3.0, 2.0

LOOK = np.dtype(
    [
        # ImageHash's 64-bit pHash of the image in each of the orientations, once it is shrunk.
        ("hashes", np.uint64, len(ORIENTATIONS)),
        ("thumbnail", np.uint8, (THUMBNAIL_SIDE, THUMBNAIL_SIDE)),
        # Width and height in the pixels that its spots are placed by.
        ("size", np.float32, 2),
        # The first so many spots are there.
        ("count", np.uint8),
        ("spots", SPOT, SPOTS),
    ]
)


def look_at(image: Image.Image) -> np.ndarray:
    """Return the look of an upright RGB image: a record of ``LOOK``, []."""
    grey = image.convert("L")
    if (times := int(min(grey.size) / (THUMBNAIL_GAP * THUMBNAIL_SIDE))) > 1:
        grey = grey.reduce(times)
    look = np.zeros((), LOOK)
    small, look["thumbnail"] = (
        np.asarray(grey.resize((side, side), Image.Resampling.LANCZOS, reducing_gap=GAP))
        for side in (HASH_SIDE, THUMBNAIL_SIDE)
    )
    look["hashes"] = _hash_turned(small)
    look["size"] = np.array(grey.size) * scale_for_spots(grey.size)
    spots = find_spots(grey)
    look["count"] = len(spots)
    look["spots"][: len(spots)] = spots
    return look


def write_hash(look: np.ndarray) -> str:
    """Return the hash of an upright image as ImageHash writes it: 16 hexadecimal digits."""
    return f"{int(look['hashes'][0]):016x}"


def turn(images: np.ndarray, orientation: int) -> np.ndarray:
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


def _hash_turned(image: np.ndarray) -> np.ndarray:
    """Return ImageHash's pHash of what it has shrunk an image to, [32, 32], in each orientation.

    A mirror turns the signs of odd frequencies, a transposition the two directions of all.

    Returns:
        uint64 [8].
    """
    waves = dctn(image.astype(float))[:LOW_FREQUENCIES, :LOW_FREQUENCIES]
    odd = (-1.0) ** np.arange(LOW_FREQUENCIES)
    across, down = waves * odd, waves * odd[:, None]
    both = across * odd[:, None]
    turned = np.stack([waves, across.T, both, down.T, across, down, waves.T, both.T])
    turned = turned.reshape(len(ORIENTATIONS), -1)
    return np.packbits(turned > np.median(turned, axis=1, keepdims=True), axis=1).view(">u8")[:, 0]
