"""The pixels that the networks see: decoded and resized once, then read as they are needed."""

import errno
import hashlib
import math
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import numpy as np
from PIL import Image

from timbang.data.images import (
    LARGEST_IMAGE,
    MEMORY_PER_PIXEL,
    ImageError,
    decode_image,
    estimate_memory,
    read_file,
)
from timbang.data.memory import MemoryBudget
from timbang.errors import TimbangError


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
    sha256: Sequence[str] | None = None,
    progress: Callable[[Iterable], Iterable] = iter,
) -> None:
    """Decode and resize images into one ``.npy`` file, uint8 [N, size, size, 3].

    Args:
        paths: the N image files, in the order of the rows to write.
        size: the side of the square in pixels.
        output: the file to write; it appears only when it is whole.
        workers: how many images are decoded at the same time, as long as they do not need more
            memory together than the largest that is allowed.
        largest: the number of pixels above which an image is not decoded.
        sha256: the SHA-256 that each file has in the manifest.
        progress: wraps the results as they come, to show how far the work is.

    Raises:
        ImageError: a file cannot be read, or is not the one that the manifest describes.
        TimbangError: the pixels cannot be written, as on a full disk. Nothing is left behind.
    """
    temporary = output.with_name(f".{output.name}.part")
    try:
        _fill_file(temporary, paths, size, workers, largest, sha256, progress)
        temporary.replace(output)
    except OSError as error:
        needed = len(paths) * size * size * 3
        raise TimbangError(
            f"{output}: cannot be written ({error.strerror or error}); the pixels need "
            f"{needed:,} bytes there"
        ) from None
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _fill_file(
    file: Path,
    paths: list[Path],
    size: int,
    workers: int,
    largest: int,
    sha256: Sequence[str] | None,
    progress: Callable[[Iterable], Iterable],
) -> None:
    """Write the file that ``write_pixels`` describes; it is closed and on the disk at the end."""
    header = {"descr": "|u1", "fortran_order": False, "shape": (len(paths), size, size, 3)}
    with file.open("wb") as empty:
        np.lib.format.write_array_header_1_0(empty, header)
        start = empty.tell()
    end = start + len(paths) * size * size * 3

    memory = MemoryBudget(largest * MEMORY_PER_PIXEL)

    def decode(index: int) -> None:
        path = paths[index]
        with memory.hold(estimate_memory(path, size)):
            try:
                content = read_file(path, largest)
                if sha256 and hashlib.sha256(content).hexdigest() != sha256[index]:
                    raise ImageError(
                        "was changed after the manifest was made; call again (where Timbang wrote "
                        "or unpacked the images, delete their folder before)"
                    )
                image, _ = decode_image(content, largest, size)
            except ImageError as error:
                raise ImageError(f"{str(path)!r}: {error}") from None
            pixels = resize_image(image, size)
        _write_whole(descriptor, pixels.tobytes(), start + index * pixels.nbytes)

    with file.open("r+b") as stream, ThreadPoolExecutor(workers) as pool:
        descriptor = stream.fileno()
        _reserve(descriptor, end)
        for _ in progress(pool.map(decode, range(len(paths)))):
            pass
        os.fsync(descriptor)
        if os.fstat(descriptor).st_size != end:
            raise OSError(errno.EIO, "another program changed its length")


def _reserve(descriptor: int, size: int) -> None:
    """Take the room for a file on the disk, so that a disk that is too full is told at once."""
    if not hasattr(os, "posix_fallocate"):
        return
    try:
        os.posix_fallocate(descriptor, 0, size)
    except OSError as error:
        # Some file systems cannot reserve; there a full disk shows while the pixels are written.
        if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS):
            raise


def _write_whole(descriptor: int, content: bytes, place: int) -> None:
    """Write all of the content: the system may write less, as where the disk becomes full."""
    rest = memoryview(content)
    while rest:
        written = os.pwrite(descriptor, rest, place)
        if not written:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        rest, place = rest[written:], place + written


class PixelFile:
    """Pixels on disk, uint8 [N, H, W, 3], of which only what is asked for is read.

    It is indexed like an array, with one row or an array of rows. The rows are read rather than
    memory-mapped: what a mapping has touched counts as the memory of a process, which would be
    all of it after one epoch.

    Args:
        path: a file that ``write_pixels`` wrote.

    Raises:
        TimbangError: it is no such file, or not whole.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = path.open("rb", buffering=0)
        try:
            np.lib.format.read_magic(self.file)
            shape, fortran, dtype = np.lib.format.read_array_header_1_0(self.file)
        except ValueError:
            shape, fortran, dtype = (), False, np.dtype(np.uint8)
        self.shape = shape
        self.nbytes = math.prod(shape)
        self.start = self.file.tell()
        is_known = len(shape) == 4 and dtype == np.uint8 and not fortran
        if not is_known or path.stat().st_size != self.start + self.nbytes:
            raise TimbangError(f"{path}: is not the file of pixels it should be; delete it")

    def __len__(self) -> int:
        """Return the number of images."""
        return self.shape[0]

    def __getitem__(self, rows: int | np.ndarray) -> np.ndarray:
        """Return one image, uint8 [H, W, 3], or those of int64 [B] as uint8 [B, H, W, 3]."""
        wanted = np.atleast_1d(np.asarray(rows))
        if len(wanted) and (wanted.min() < 0 or wanted.max() >= len(self)):
            raise IndexError(f"rows from {wanted.min()} to {wanted.max()} of {len(self)} images")
        images = np.empty((len(wanted), *self.shape[1:]), dtype=np.uint8)
        size = images[:1].nbytes
        for image, row in zip(images, wanted, strict=True):
            place = self.start + int(row) * size
            if os.preadv(self.file.fileno(), [image.data.cast("B")], place) != size:
                raise TimbangError(f"{self.path}: ends before image {row}; delete it")
        return images if np.ndim(rows) else images[0]
