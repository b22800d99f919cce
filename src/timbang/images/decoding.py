"""Reading one image file, whatever it is named, as upright RGB pixels."""

import io
import re
import stat
import unicodedata
import warnings
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

from timbang.errors import TimbangError

# Only raster formats that Pillow decodes by itself: its EPS reader, for one, starts Ghostscript.
# MPO, the format of cameras with two lenses, is read as JPEG is and has no name of its own here.
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "JPEG2000", "AVIF")
# As many pixels as a camera of 100 megapixels takes; more are refused before they are decoded.
LARGEST_IMAGE = 100_000_000
# A file may have so many bytes for each of those pixels, four channels of 16 bits, and so many
# beside them; more is padding, and is refused before it is read.
FILE_BYTES_PER_PIXEL, OTHER_FILE_BYTES = 8, 64 * 2**20
# So many bytes of memory a pixel takes at most while an image is decoded and looked at (measured:
# 10 for a JPEG, 16 for RGBA, 20 for JPEG 2000).
MEMORY_PER_PIXEL = 20
# Each scan of a progressive JPEG passes over all pixels again. Cameras and programs write ten or
# so; libtiff, too, refuses JPEGs of more than a hundred.
MOST_SCANS = 100
# A JPEG is decoded no smaller than this many times the size that is asked for (docs/data.md).
REDUCED_SCALE = 4
# The markers around the compressed pixels of a JPEG and of a JPEG 2000. None can occur among the
# pixels, so that a file without an end was cut off, whatever its decoder makes of it.
JPEG_SCAN, JPEG2000_DATA, END = b"\xff\xda", b"\xff\x93", b"\xff\xd9"
# What ends the pixels of a JPEG: any marker but a restart, and not a byte of 255 among them.
JPEG_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
# The grey level in which libjpeg leaves what it has no data for.
UNPAINTED = 128
# More pixels for any JPEG, with the markers at which one may start anew.
MORE_PIXELS = b"".join(
    bytes(range(1, 99)) + bytes([0xFF, restart]) for restart in range(0xD0, 0xD8)
)
# How an image is turned upright, by the number of its EXIF orientation.
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# Pillow's own limit would warn at one number and refuse at another; read_image has the user's.
Image.MAX_IMAGE_PIXELS = None
# The C library gives memory back to the system at once only in pieces above 32 MiB. In Pillow's
# own of 16 each thread would keep the memory of the largest image that it has decoded.
Image.core.set_block_size(64 * 2**20)  # type: ignore[attr-defined]
# Odd metadata is no concern of the user's. Set once: threads that set it and put it back around
# each image would undo one another's work.
warnings.filterwarnings("ignore", category=UserWarning, module="PIL")


class ImageError(TimbangError):
    """A file that cannot be read as an image; the message is the reason alone."""


def read_image(
    path: Path, largest: int = LARGEST_IMAGE, at_least: int | None = None
) -> tuple[Image.Image, str]:
    """Decode an image to upright RGB.

    The format is told by the content, never by the file's ending. The first frame of an
    animation counts, EXIF rotation is applied, transparency is laid on white, and more than
    8 bits a channel are scaled to 8.

    Args:
        path: the file.
        largest: the number of pixels above which it is not decoded.
        at_least: the side in pixels that the image will be resized to. A large JPEG is then
            decoded at a half, a quarter or an eighth of its size, never below
            ``REDUCED_SCALE`` times this side; without it, at its full size.

    Returns:
        The image in mode RGB, and the name of its format (``"JPEG"``, ``"PNG"``, ...).

    Raises:
        ImageError: the file is missing, is no image, is damaged or is too large.
    """
    return decode_image(read_file(path, largest), largest, at_least)


def read_file(path: Path, largest: int = LARGEST_IMAGE) -> bytes:
    """Return the content of an image file.

    Args:
        path: the file.
        largest: the number of pixels above which an image is not decoded; a file of many more
            bytes than those need is not read.

    Raises:
        ImageError: it is missing, is no file, cannot be read or is too large.
    """
    allowed = largest * FILE_BYTES_PER_PIXEL + OTHER_FILE_BYTES
    if (size := _measure_file(path)) > allowed:
        raise ImageError(
            f"has {size:,} bytes, more than an image of the pixels that data.largest_image allows "
            f"can need ({allowed:,}); save it anew or raise that limit"
        )
    try:
        with path.open("rb") as file:
            return file.read(allowed)
    except PermissionError:
        raise ImageError("may not be read (permission denied)") from None
    except OSError as error:
        raise ImageError(f"cannot be read ({error.strerror})") from None
    except MemoryError:
        raise ImageError("needs more memory than there is; shrink it") from None


def decode_image(
    content: bytes, largest: int = LARGEST_IMAGE, at_least: int | None = None
) -> tuple[Image.Image, str]:
    """Decode the content of an image file as ``read_image`` does.

    Raises:
        ImageError: it is no image, is damaged or is too large.
    """
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            kind = image.format or ""
            if image.width * image.height > largest:
                raise ImageError(
                    f"has {image.width}x{image.height} pixels, more than data.largest_image "
                    f"allows ({largest:,}); shrink it or raise that limit"
                )
            if kind in ("JPEG", "MPO"):
                _check_scans(content)
            if at_least is not None:
                _reduce_scale(image, REDUCED_SCALE * at_least)
            image.load()
            _check_content(content, kind, image)
            return _to_rgb(_turn_upright(image)), kind
    except UnidentifiedImageError:
        raise ImageError("is not an image that can be read") from None
    except MemoryError:
        raise ImageError("needs more memory than there is; shrink it") from None
    except ImageError:
        raise
    # Pillow's decoders raise what they like on damaged files: struct.error, RuntimeError, ...
    except Exception as error:
        raise ImageError(f"is damaged ({' '.join(str(error).split()) or 'no reason'})") from None


def estimate_memory(path: Path, at_least: int | None = None) -> int:
    """Return how many bytes of memory ``read_image`` takes at most, by the head of the file.

    What cannot be decoded, whatever the reason, takes what its file has.
    """
    try:
        size = _measure_file(path)
        with Image.open(path, formats=FORMATS) as image:
            if at_least is not None:
                _reduce_scale(image, REDUCED_SCALE * at_least)
            return size + MEMORY_PER_PIXEL * image.width * image.height
    except ImageError:
        return 0
    except Exception:
        return size


def _measure_file(path: Path) -> int:
    """Return the bytes of a file; what is none is refused, for a pipe would be waited for."""
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise ImageError(f"the file is missing{_hint_at_lookalike(path)}") from None
    except PermissionError:
        raise ImageError("may not be read (permission denied)") from None
    except OSError as error:
        raise ImageError(f"cannot be read ({error.strerror})") from None
    if not stat.S_ISREG(status.st_mode):
        raise ImageError("is not a file")
    return status.st_size


def _hint_at_lookalike(path: Path) -> str:
    """Say so where a file is there whose name only looks the same: nobody could see it."""
    if path.name.isascii() or _compose(path.name) not in _list_composed(path.parent):
        return ""
    return " (one is there whose name looks the same, in other Unicode characters; rename it)"


@lru_cache(maxsize=4)
def _list_composed(folder: Path) -> frozenset[str]:
    """Return the composed names of what is in a folder; kept, as all its files may be missing."""
    try:
        return frozenset(_compose(place.name) for place in folder.iterdir())
    except OSError:
        return frozenset()


def _compose(name: str) -> str:
    """Write each accented letter as one character; a Mac takes two for some."""
    return unicodedata.normalize("NFC", name)


def _check_scans(content: bytes) -> None:
    """Refuse a JPEG that would be decoded hundreds of times over."""
    scans, place = 0, _find_scan(content)
    while content[place : place + 2] != END:
        scans += content[place : place + 2] == JPEG_SCAN
        if scans > MOST_SCANS:
            raise ImageError(f"has more than {MOST_SCANS} scans; save it anew")
        found = JPEG_MARKER.search(content, place + 2 + _read_length(content, place))
        if not found:
            return
        place = found.start()


def _check_content(content: bytes, kind: str, image: Image.Image) -> None:
    """Refuse files that Pillow decodes although their content shows that they are damaged."""
    if kind == "PNG":
        # Decoding does not look at the checksums of the pixels.
        with Image.open(io.BytesIO(content), formats=("PNG",)) as again:
            again.verify()
    elif kind in ("JPEG", "MPO", "JPEG2000"):
        start = content.find(JPEG2000_DATA) if kind == "JPEG2000" else _find_scan(content)
        if content.rfind(END) < start:
            raise ImageError("is damaged (its end is missing)")
        if kind != "JPEG2000" and _lacks_pixels(content, start, image):
            raise ImageError("is damaged (its pixels end early)")
    if image.mode == "P" and image.palette is None:
        raise ImageError("is damaged (its palette is missing)")


def _find_scan(content: bytes) -> int:
    """Return where the pixels of a JPEG start: its header may hold a whole JPEG, a thumbnail."""
    place = 2
    while (marker := content[place : place + 2]) != JPEG_SCAN:
        if len(marker) < 2:
            return 0
        is_segment = marker[0] == 0xFF and marker[1] not in (0x00, 0xFF)
        place += 2 + _read_length(content, place) if is_segment else 1
    return place


def _lacks_pixels(content: bytes, start: int, image: Image.Image) -> bool:
    """Return whether a JPEG was cut off within its pixels and closed again.

    libjpeg warns of that, but Pillow passes no warnings on. Nothing that stands behind the last
    pixel is looked at. So if it is, the last pixel was not there.
    """
    corner = np.array(image.getpixel((image.width - 1, image.height - 1)))
    if np.abs(corner - UNPAINTED).max() > 1:
        return False
    found = JPEG_MARKER.search(content, start + 2 + _read_length(content, start))
    end = found.start() if found else len(content)
    longer = content[:end] + MORE_PIXELS + content[end:]
    with Image.open(io.BytesIO(longer), formats=("JPEG",)) as again:
        again.draft(None, image.size)
        again.load()
        return again.tobytes() != image.tobytes()


def _read_length(content: bytes, segment: int) -> int:
    """Return the length that a segment of a JPEG says it has behind its marker."""
    return int.from_bytes(content[segment + 2 : segment + 4], "big")


def _reduce_scale(image: Image.Image, side: int) -> None:
    """Have a JPEG decoded at a fraction of its size, with no side below ``side``.

    Only where the fraction is whole: the last row and column would else stand for more of the
    image than they show, and shift it. Formats other than JPEG ignore this.
    """
    for scale in (8, 4, 2):
        width, height = image.width // scale, image.height // scale
        if image.size == (width * scale, height * scale) and min(width, height) >= side:
            image.draft(None, (width, height))
            return


def _turn_upright(image: Image.Image) -> Image.Image:
    """Apply the EXIF orientation.

    ``ImageOps.exif_transpose`` also writes all EXIF data anew, which fails where a camera has put
    text into a tag for numbers.
    """
    turn = TURNS.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    return image if turn is None else image.transpose(turn)


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16") or image.mode == "I":
        return _scale_integers(np.asarray(image)).convert("RGB")
    if image.mode == "F":
        return _scale_floats(np.asarray(image)).convert("RGB")
    if image.has_transparency_data:
        on_white = Image.new("RGBA", image.size, "white")
        on_white.alpha_composite(image.convert("RGBA"))
        return on_white.convert("RGB")
    # Converting what is RGB would copy it.
    return image if image.mode == "RGB" else image.convert("RGB")


def _scale_integers(values: np.ndarray) -> Image.Image:
    """Scale grey of 16 bits, whose range is 0 to 65,535, to 8."""
    low, high = int(values.min()), int(values.max())
    if low < 0 or high > 65535:
        raise ImageError(
            f"has grey levels from {low} to {high}, which 16 bits do not hold; "
            "save it with 8 or 16 bits"
        )
    return Image.fromarray(((values.astype(np.uint32) * 255 + 32895) >> 16).astype(np.uint8))


def _scale_floats(values: np.ndarray) -> Image.Image:
    """Scale floating-point grey, which has no range that everyone keeps to, to 8 bits.

    Values of 0 to 1 are stretched to 0 to 255, others are taken as 0 to 255.
    """
    low, high = float(values.min()), float(values.max())
    if not (low >= 0 and high <= 255):
        raise ImageError(
            f"has grey levels from {low:g} to {high:g}, neither 0 to 1 nor 0 to 255; "
            "save it with 8 or 16 bits"
        )
    return Image.fromarray(np.rint(values * (255 if high <= 1 else 1)).astype(np.uint8))
