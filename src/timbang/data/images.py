"""Reading one image file, whatever it is named, as upright RGB pixels."""

import stat
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from timbang.errors import TimbangError

# Only raster formats that Pillow decodes by itself: its EPS reader, for one, starts Ghostscript.
# MPO, the format of cameras with two lenses, is read as JPEG is and has no name of its own here.
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "JPEG2000", "AVIF")
# As many pixels as a camera of 100 megapixels takes; more are refused before they are decoded.
LARGEST_IMAGE = 100_000_000
# A JPEG is decoded no smaller than this many times the size that is asked for (docs/data.md).
REDUCED_SCALE = 2
# The markers around the compressed pixels of a JPEG and of a JPEG 2000. None can occur among the
# pixels, so that a file without an end was cut off, whatever its decoder makes of it.
JPEG_SCAN, JPEG2000_DATA, END = b"\xff\xda", b"\xff\x93", b"\xff\xd9"

# Pillow's own limit would warn at one number and refuse at another; read_image has the user's.
Image.MAX_IMAGE_PIXELS = None


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
    _check_file(path)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=UserWarning, module="PIL")
            with Image.open(path, formats=FORMATS) as image:
                kind = image.format or ""
                if image.width * image.height > largest:
                    raise ImageError(
                        f"has {image.width}x{image.height} pixels, more than data.largest_image "
                        f"allows ({largest:,}); shrink it or raise that limit"
                    )
                if at_least is not None:
                    _reduce_scale(image, REDUCED_SCALE * at_least)
                image.load()
                _check_content(path, kind)
                if image.mode == "P" and image.palette is None:
                    raise ImageError("is damaged (its palette is missing)")
                return _to_rgb(ImageOps.exif_transpose(image)), kind
    except UnidentifiedImageError:
        raise ImageError("is not an image that can be read") from None
    except PermissionError:
        raise ImageError("may not be read (permission denied)") from None
    except MemoryError:
        raise ImageError("needs more memory than there is; shrink it") from None
    except ImageError:
        raise
    # Pillow's decoders raise what they like on damaged files: struct.error, RuntimeError, ...
    except Exception as error:
        raise ImageError(f"is damaged ({' '.join(str(error).split()) or 'no reason'})") from None


def _check_file(path: Path) -> None:
    """Refuse what is no file before it is opened: opening a pipe would wait for ever."""
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        raise ImageError("the file is missing") from None
    except PermissionError:
        raise ImageError("may not be read (permission denied)") from None
    except OSError as error:
        raise ImageError(f"cannot be read ({error.strerror})") from None
    if not stat.S_ISREG(mode):
        raise ImageError("is not a file")


def _check_content(path: Path, kind: str) -> None:
    """Refuse files that Pillow decodes although their content shows that they are damaged."""
    if kind == "PNG":
        # Decoding does not look at the checksums of the pixels.
        with Image.open(path, formats=("PNG",)) as image:
            image.verify()
    elif kind in ("JPEG", "MPO", "JPEG2000"):
        content = path.read_bytes()
        start = content.find(JPEG2000_DATA) if kind == "JPEG2000" else _find_scan(content)
        if content.rfind(END) < start:
            raise ImageError("is damaged (its end is missing)")


def _find_scan(content: bytes) -> int:
    """Return where the pixels of a JPEG start: its header may hold a whole JPEG, a thumbnail."""
    place = 2
    while (marker := content[place : place + 2]) != JPEG_SCAN:
        if len(marker) < 2:
            return 0
        is_segment = marker[0] == 0xFF and marker[1] not in (0x00, 0xFF)
        length = int.from_bytes(content[place + 2 : place + 4], "big")
        place += 2 + length if is_segment else 1
    return place


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


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        return _scale_deep_grey(image).convert("RGB")
    if image.has_transparency_data:
        on_white = Image.new("RGBA", image.size, "white")
        on_white.alpha_composite(image.convert("RGBA"))
        return on_white.convert("RGB")
    return image.convert("RGB")


def _scale_deep_grey(image: Image.Image) -> Image.Image:
    """Scale grey of more than 8 bits to 8.

    16-bit integers use their own range (0 to 65,535). Floating point has no range that everyone
    keeps to: values of 0 to 1 are stretched to 0 to 255, others are taken as 0 to 255.
    """
    values = np.asarray(image, dtype=np.float64)
    if image.mode == "F":
        values = np.nan_to_num(values)
        scale = 255.0 if values.max(initial=0.0) <= 1.0 else 1.0
    else:
        scale = 255.0 / 65535.0
    return Image.fromarray(np.clip(np.rint(values * scale), 0, 255).astype(np.uint8))
