"""What many images cost before training: processor seconds and memory of each step.

    python benchmarks/read_many_images.py 1000 10000 100000

JPEG files of 96x96 pixels are made, each another one, in ten classes. The search for
near-duplicates is left out (benchmarks/group_duplicates.py): every image is a group of its own.
"""

import argparse
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from timbang.images.audit import audit_images
from timbang.images.duplicates import PAIR_TYPES
from timbang.images.manifest import Grouped, describe_images
from timbang.images.resizing import write_pixels
from timbang.records.tables import usable_images
from timbang.sources.fingerprints import hash_files
from timbang.sources.listing import list_images
from timbang.splits.drawing import split_images
from timbang.study.words import Split

SIDE, SIZE, CLASSES = 96, 64, 10
SPLIT = Split("grouped", 0.2, 0.1, None, None, True)


def make_images(folder: Path, count: int) -> None:
    """Write so many images, blurred noise of different seeds, into a folder a class."""
    random = np.random.default_rng(0)
    for number in range(CLASSES):
        (folder / f"class{number}").mkdir(parents=True)
    for place in range(count):
        small = random.integers(0, 256, (12, 12, 3), dtype=np.uint8)
        image = Image.fromarray(small).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
        image.save(folder / f"class{place % CLASSES}" / f"{place:06}.jpg", quality=80)


def count_cost(what: str, work: Callable):
    """Do a step, print what it cost, and return what it returned."""
    begun, before = time.perf_counter(), sum(os.times()[:2])
    result = work()
    processor = sum(os.times()[:2]) - before
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    passed = time.perf_counter() - begun
    print(f"| {what} | {processor:.1f} s | {passed:.1f} s | {megabytes:,} MiB |", flush=True)
    return result


def read_images(folder: Path, count: int) -> None:
    """Take so many images through all steps."""
    print(f"\n{count:,} images\n\n| step | processor | by the clock | most memory so far |")
    print("|---|---|---|---|")
    images = folder / "images"
    make_images(images, count)
    known = folder / "known.json"
    count_cost("hashes, first start", lambda: hash_files(images, known))
    # Files that were written a moment ago are read again.
    time.sleep(2)
    hash_files(images, known)
    count_cost("hashes, every further start", lambda: hash_files(images, known))
    source = count_cost(
        "listing", lambda: list_images("folder", images, None, "filename", "label", None)
    )
    described = count_cost("manifest", lambda: describe_images(source, images, 2))
    manifest = described.manifest.assign(group=pd.array(np.arange(count), dtype="Int64"))
    closest = pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in PAIR_TYPES.items()})
    grouped = Grouped(manifest, closest, closest, [])
    count_cost("audit", lambda: audit_images(grouped, described.looks, 4, 10.0))
    usable = usable_images(manifest)
    count_cost("split of one replicate", lambda: split_images(usable, SPLIT, 0))
    paths = [images / name for name in usable["filename"]]
    count_cost("pixels", lambda: write_pixels(paths, SIZE, folder / "pixels.npy", 2))


def main() -> None:
    """Print a table for each number of images, each from a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("counts", type=int, nargs="*", default=[1000, 10_000])
    for count in parser.parse_args().counts:
        sys.stdout.flush()
        if os.fork() == 0:
            with tempfile.TemporaryDirectory() as name:
                read_images(Path(name), count)
            sys.stdout.flush()
            os._exit(0)
        os.wait()


if __name__ == "__main__":
    main()
