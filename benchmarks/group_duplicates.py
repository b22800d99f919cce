"""What it costs to group near-duplicates, at growing numbers of images.

    python benchmarks/group_duplicates.py --images 1000 10000 100000

Two kinds of made pictures: *photographs*, noise with the spectrum of natural images (amplitude
1/frequency), one in twenty of them a copy of another that was mirrored, cropped or recompressed;
and *digits*, scikit-learn's, blended by twos within a class: few details, very many near hashes.
Hashing is measured apart. Each line is a process of its own, so that its memory is its own.
"""

import argparse
import io
import multiprocessing
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

from timbang.images.duplicates import group_near_duplicates
from timbang.images.looks import LOOK, look_at

SIDE = 96
DISTANCE, EVIDENCE = 12, 40
COPIES = 20
GREY, RGB = "L", "RGB"


def make_photographs(count: int) -> Iterator[Image.Image]:
    """Yield pictures with natural spectra; each twentieth is a copy of the one before."""
    random = np.random.default_rng(0)
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(SIDE), np.fft.rfftfreq(SIDE), indexing="ij"))
    amplitude = np.divide(1, frequency, out=np.zeros_like(frequency), where=frequency > 0)
    for place in range(count):
        if place % COPIES == COPIES - 1:
            picture = copy_picture(picture, place // COPIES)  # noqa: F821
        else:
            spectrum = amplitude * np.fft.rfft2(random.normal(size=(SIDE, SIDE)))
            field = np.fft.irfft2(spectrum, s=(SIDE, SIDE))
            grey = np.clip(128 + 45 * field / field.std(), 0, 255).astype(np.uint8)
            picture = Image.fromarray(grey).convert(RGB)
        yield picture


def copy_picture(picture: Image.Image, kind: int) -> Image.Image:
    """Return a mirrored, a cropped or a recompressed copy."""
    match kind % 3:
        case 0:
            return picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        case 1:
            return picture.crop((2, 2, SIDE - 2, SIDE - 2))
        case _:
            file = io.BytesIO()
            picture.save(file, "JPEG", quality=40)
            return Image.open(file).convert(RGB)


def make_digits(count: int) -> Iterator[Image.Image]:
    """Yield blends of two digits of one class."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    random = np.random.default_rng(0)
    members = [np.flatnonzero(digits.target == label) for label in range(10)]
    for place in range(count):
        first, second = random.choice(members[place % 10], 2)
        share = random.uniform(0.3, 0.7)
        blend = share * digits.images[first] + (1 - share) * digits.images[second]
        yield Image.fromarray((255 - blend * (255 / 16)).astype(np.uint8)).convert(RGB)


def measure(kind: str, count: int, workers: int) -> None:
    """Print one row of the table."""
    make = {"photographs": make_photographs, "digits": make_digits}[kind]
    looks = np.zeros(count, LOOK)
    hashing = 0.0
    for place, picture in enumerate(make(count)):
        start = time.perf_counter()
        looks[place] = look_at(picture)
        hashing += time.perf_counter() - start
    start = time.perf_counter()
    found = group_near_duplicates(looks, DISTANCE, EVIDENCE, workers)
    grouping = time.perf_counter() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    groups = int(found.groups.max()) + 1
    print(
        f"| {kind} | {count:,} | {hashing:.1f} | {grouping:.1f} | {memory:,.0f} | {groups:,} |",
        flush=True,
    )


def main() -> None:
    """Measure each kind and number in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, nargs="+", default=[1000, 10000, 100000])
    parser.add_argument("--kinds", nargs="+", default=["photographs", "digits"])
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    print("| pictures | images | hashing, s | grouping, s | peak memory, MiB | groups |")
    print("|---|---|---|---|---|---|")
    for kind in options.kinds:
        for count in options.images:
            process = multiprocessing.get_context("spawn").Process(
                target=measure, args=(kind, count, options.workers)
            )
            process.start()
            process.join()


if __name__ == "__main__":
    main()
