"""What copies of an image are found by: its look, a record of a few kilobytes."""

import numpy as np
from PIL import Image
from scipy.fft import dct

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
# that is seen of it is seen smaller.
THUMBNAIL_GAP = 3.0

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
    small = np.asarray(grey.resize((HASH_SIDE, HASH_SIDE), Image.Resampling.LANCZOS))
    look["hashes"] = _hash(
        np.concatenate([turn(small[None], way) for way in range(len(ORIENTATIONS))])
    )
    look["thumbnail"] = grey.resize(
        (THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.LANCZOS, reducing_gap=THUMBNAIL_GAP
    )
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


def _hash(images: np.ndarray) -> np.ndarray:
    """Return ImageHash's pHash of what it has shrunk images to, [N, 32, 32]: uint64 [N]."""
    waves = dct(dct(images, axis=1), axis=2)[:, :LOW_FREQUENCIES, :LOW_FREQUENCIES]
    waves = waves.reshape(len(images), -1)
    return np.packbits(waves > np.median(waves, axis=1, keepdims=True), axis=1).view(">u8")[:, 0]
