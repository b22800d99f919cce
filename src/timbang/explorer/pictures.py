"""The images at the size of a thumbnail: a sheet a class, or single ones for pages by class."""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from timbang.images.pixels import PixelFile

LARGEST_SIDE = 64
# Where images as they are do not fit: smaller and smaller ones, as a camera keeps them.
JPEG_SIDES = (64, 48, 32)
QUALITY = 80


@dataclass(frozen=True)
class Places:
    """Where an image stands: the sheet of its class, and the place in that.

    ``of`` int [N]; images of a class that are equal in every pixel share a place. ``shown`` are, a
    class each, the images to draw in the order of their places.
    """

    of: np.ndarray
    shown: Sequence[Sequence[int]]

    def list_shown(self, labels: np.ndarray) -> list[int]:
        """Return for each image the one that is drawn for it, by the labels, int [N]."""
        return [self.shown[label][place] for label, place in zip(labels, self.of, strict=True)]


@dataclass(frozen=True)
class Sheets:
    """Sheets of square pictures, row by row, one a class, as addresses that hold their content.

    ``side`` is that of a picture in pixels, and ``columns`` how many stand in a row.
    """

    side: int
    columns: int
    addresses: Sequence[str]


def place_images(labels: np.ndarray, pixels_sha256: Sequence[str], classes: int) -> Places:
    """Give each image a place in the sheet of its class."""
    of = np.zeros(len(labels), dtype=np.int64)
    known: list[dict[str, int]] = [{} for _ in range(classes)]
    shown: list[list[int]] = [[] for _ in range(classes)]
    for image, (label, sha256) in enumerate(zip(labels, pixels_sha256, strict=True)):
        if sha256 not in known[label]:
            known[label][sha256] = len(shown[label])
            shown[label].append(image)
        of[image] = known[label][sha256]
    return Places(of, shown)


def draw_sheets(pixels: PixelFile, places: Places, room: int) -> Sheets | None:
    """Return the sheets in the best quality for which there is room.

    Args:
        pixels: of the images.
        places: of the images.
        room: for all addresses together, in characters.

    Returns:
        The sheets; None where even the smallest do not fit.
    """
    own = min(LARGEST_SIDE, pixels.shape[1])
    ways = [(own, "png"), *[(side, "jpeg") for side in JPEG_SIDES if side <= max(own, 32)]]
    columns = max(1, int(np.ceil(np.sqrt(max(map(len, places.shown), default=1)))))
    for side, kind in ways:
        left, addresses = room, []
        for shown in places.shown:
            addresses.append(_draw_sheet(pixels, shown, side, columns, kind))
            left -= len(addresses[-1])
            if left < 0:
                break
        else:
            return Sheets(side, columns, addresses)
    return None


def draw_picture(pixels: np.ndarray) -> str:
    """Return one picture, uint8 [H, W, 3], as an address that holds it."""
    image = Image.fromarray(pixels)
    image.thumbnail((LARGEST_SIDE, LARGEST_SIDE))
    return _encode(image, "jpeg")


def _draw_sheet(pixels: PixelFile, shown: Sequence[int], side: int, columns: int, kind: str) -> str:
    rows = max(1, -(-len(shown) // columns))
    sheet = np.zeros((rows * side, columns * side, 3), dtype=np.uint8)
    for place, image in enumerate(shown):
        picture = pixels[image]
        if len(picture) != side:
            picture = np.asarray(
                Image.fromarray(picture).resize((side, side), Image.Resampling.BOX)
            )
        top, left = side * (place // columns), side * (place % columns)
        sheet[top : top + side, left : left + side] = picture
    is_grey = bool((sheet == sheet[:, :, :1]).all())
    return _encode(Image.fromarray(sheet[:, :, 0] if is_grey else sheet), kind)


def _encode(image: Image.Image, kind: str) -> str:
    buffer = io.BytesIO()
    if kind == "png":
        image.save(buffer, "PNG", optimize=True)
    else:
        image.save(buffer, "JPEG", quality=QUALITY, optimize=True)
    return f"data:image/{kind};base64,{base64.b64encode(buffer.getvalue()).decode()}"
