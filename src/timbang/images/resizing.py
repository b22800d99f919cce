"""Every image decoded and resized once, into one file of pixels."""

import errno
import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import numpy as np
from PIL import Image

from timbang.errors import TimbangError
from timbang.images.decoding import (
    LARGEST_IMAGE,
    MEMORY_PER_PIXEL,
    ImageError,
    decode_image,
    estimate_memory,
    read_file,
)
from timbang.images.memory import MemoryBudget


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
