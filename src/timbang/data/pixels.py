"""The pixels that the networks see: decoded and resized once, then memory-mapped."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from timbang.data.images import LARGEST_IMAGE, ImageError, read_image


def resize_image(image: Image.Image, size: int) -> np.ndarray:
    """Squash an RGB image to a square, bilinear with antialiasing.

    The same as torchvision's ``Resize((size, size))`` on a PIL image.

    Returns:
        uint8 [size, size, 3].
    """
    return np.asarray(image.resize((size, size), Image.Resampling.BILINEAR))


def write_pixels(
    paths: list[Path],
    size: int,
    output: Path,
    workers: int,
    largest: int = LARGEST_IMAGE,
    progress: Callable[[Iterable], Iterable] = iter,
) -> None:
    """Decode and resize images into one ``.npy`` file, uint8 [N, size, size, 3].

    Args:
        paths: the N image files, in the order of the rows to write.
        size: the side of the square in pixels.
        output: the file to write; it appears only when it is whole.
        workers: how many images are decoded at the same time.
        largest: the number of pixels above which an image is not decoded.
        progress: wraps the results as they come, to show how far the work is.

    Raises:
        ImageError: a file cannot be read.
    """
    temporary = output.with_name(f".{output.name}.part")
    _fill_file(temporary, paths, size, workers, largest, progress)
    temporary.replace(output)


def _fill_file(
    file: Path,
    paths: list[Path],
    size: int,
    workers: int,
    largest: int,
    progress: Callable[[Iterable], Iterable],
) -> None:
    """Write the file that ``write_pixels`` describes; it is closed at the end."""
    pixels = np.lib.format.open_memmap(
        file, mode="w+", dtype=np.uint8, shape=(len(paths), size, size, 3)
    )

    def decode(index: int) -> None:
        try:
            image, _ = read_image(paths[index], largest, size)
        except ImageError as error:
            raise ImageError(f"{str(paths[index])!r}: {error}") from None
        pixels[index] = resize_image(image, size)

    with ThreadPoolExecutor(workers) as pool:
        for _ in progress(pool.map(decode, range(len(paths)))):
            pass
    pixels.flush()


def open_pixels(path: Path) -> np.ndarray:
    """Memory-map the pixels, uint8 [N, H, W, 3], read-only: what is not used is not read."""
    return np.load(path, mmap_mode="r", allow_pickle=False)
