"""Reading one image file, whatever it is named, as upright RGB pixels."""

import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from timbang.errors import TimbangError

# Only raster formats that Pillow decodes by itself: its EPS reader, for one, starts Ghostscript.
# MPO, the format of cameras with two lenses, is read as JPEG is and has no name of its own here.
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "JPEG2000", "AVIF")


class ImageError(TimbangError):
    """A file that cannot be read as an image; the message is the reason alone."""


def read_image(path: Path) -> tuple[Image.Image, str]:
    """Decode an image to upright RGB.

    The format is told by the content, never by the file's ending. The first frame of an
    animation counts, EXIF rotation is applied, transparency is laid on white, and more than
    8 bits a channel are scaled to 8.

    Returns:
        The image in mode RGB, and the name of its format (``"JPEG"``, ``"PNG"``, ...).

    Raises:
        ImageError: the file is missing, is no image, is damaged or is absurdly large.
    """
    if not path.is_file():
        raise ImageError("is not a file" if path.exists() else "the file is missing")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            warnings.filterwarnings("ignore", category=UserWarning, module="PIL")
            with Image.open(path, formats=FORMATS) as image:
                kind = image.format or ""
                image.load()
                return _to_rgb(ImageOps.exif_transpose(image)), kind
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise ImageError("has too many pixels to be decoded safely") from None
    except UnidentifiedImageError:
        raise ImageError("is not an image that can be read") from None
    except PermissionError:
        raise ImageError("may not be read (permission denied)") from None
    # Pillow's decoders raise what they like on damaged files; each of these was seen.
    except (OSError, SyntaxError, ValueError, TypeError, IndexError, EOFError, KeyError) as error:
        raise ImageError(f"is damaged ({' '.join(str(error).split()) or 'no reason'})") from None


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
