"""How much memory a run takes that trains on 100,000 images at 224 pixels.

    python benchmarks/measure_memory.py

The 15 GB of pixels are a sparse file, which takes no room on the disk. First the batches of a whole
epoch are loaded and normalised, 100,000 images in a random order; then a network trains and
validates on images from all over the file. What is printed is the most memory that was resident,
beside that of the same on 200 images, which is the network's and torch's own.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from timbang.images.pixels import PixelFile
from timbang.study.schema import defaults_of
from timbang.study.words import Contender, Recipe
from timbang.training.batches import draw_batches, load_images
from timbang.training.loop import Images, train

SIZE, CLASSES = 224, 10


def write_sparse(path: Path, count: int) -> None:
    """Write a file of pixels that are all zero and take no room."""
    header = {"descr": "|u1", "fortran_order": False, "shape": (count, SIZE, SIZE, 3)}
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        file.truncate(file.tell() + count * SIZE * SIZE * 3)


def train_on(path: Path, network: str, width: float, used: int) -> None:
    """Train one epoch on ``used`` of the images, from all over the file; print the memory."""
    torch.set_num_threads(torch.get_num_threads())
    pixels = PixelFile(path)
    rows = np.linspace(0, len(pixels) - 1, used).astype(np.int64)
    cut = used * 4 // 5
    classes = np.arange(len(pixels)) % CLASSES
    images = Images(pixels, classes, rows[:cut], rows[cut:])
    start = time.perf_counter()
    train(
        Contender(
            "memory",
            network,
            width,
            Recipe(**defaults_of("recipe") | {"epochs": 1, "batch_size": 32}),
            None,
        ),
        0,
        images,
        CLASSES,
        torch.device("cpu"),
    )
    report(used, start)


def load_all(path: Path) -> None:
    """Load an epoch's batches; print the memory."""
    pixels = PixelFile(path)
    start = time.perf_counter()
    for batch in draw_batches(np.arange(len(pixels)), 32, torch.Generator().manual_seed(0)):
        load_images(pixels, batch, torch.device("cpu"))
    report(len(pixels), start)


def report(used: int, start: float) -> None:
    """Print the most MiB that were resident, the GB that were read, and the seconds."""
    # KiB on Linux.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    read = used * SIZE * SIZE * 3 / 1e9
    print(f"{peak:.0f} {read:.2f} {time.perf_counter() - start:.0f}")


def measure(path: Path, network: str, width: float, used: int) -> list[str]:
    """Train in a process of its own; return MiB, GB of pixels read, seconds."""
    command = [sys.executable, __file__, "--one", str(path), network, str(width), str(used)]
    return subprocess.check_output(command, text=True).split()


def main() -> None:
    """Compare a run on the large file with one on a small one, for two networks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--one", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        path, network, width, used = options.one
        if network == "none":
            load_all(Path(path))
        else:
            train_on(Path(path), network, float(width), int(used))
        return
    with tempfile.TemporaryDirectory() as folder:
        large, small = Path(folder, "large.npy"), Path(folder, "small.npy")
        write_sparse(large, options.count)
        write_sparse(small, 200)
        print(f"{options.count:,} images, {large.stat().st_size / 1e9:.1f} GB")
        print(f"{'network':22}{'used':>8}{'GB read':>9}{'MiB':>7}{'small':>7}{'more':>6}{'s':>6}")
        for network, width, used in (
            ("none", 1.0, options.count),
            ("resnet18", 0.125, options.count // 20),
            ("resnet34", 1.0, 160),
        ):
            of_small = measure(small, network, width, 200)
            peak, read, seconds = measure(large, network, width, used)
            more = int(peak) - int(of_small[0])
            print(
                f"{network:22}{used:8}{read:>9}{peak:>7}{of_small[0]:>7}{more:>6}{seconds:>6}",
                flush=True,
            )


if __name__ == "__main__":
    main()
