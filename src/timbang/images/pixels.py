"""The pixels that the networks see, read from their file as they are needed."""

import math
import os
from pathlib import Path

import numpy as np

from timbang.errors import TimbangError


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
