"""What many images cost before training: processor seconds and memory of each step.

    python benchmarks/read_many_images.py 1000 10000 100000

JPEG files of 96x96 pixels are made, noise with the spectrum of photographs, one in twenty a copy of
the one before it, in ten classes.
"""

import argparse
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from group_duplicates import COPIES, DISTANCE, EVIDENCE, make_photographs

from timbang.images.audit import audit_images
from timbang.images.manifest import describe_images, group_duplicates
from timbang.images.resizing import write_pixels
from timbang.records.tables import usable_images
from timbang.sources.fingerprints import hash_files
from timbang.sources.listing import list_images
from timbang.splits.drawing import split_images
from timbang.study.words import Split

SIZE, CLASSES, WORKERS = 64, 10, 2
SPLIT = Split("grouped", 0.2, 0.1, None, None, True)


def make_images(folder: Path, count: int) -> None:
    """Write so many images into a folder a class; a copy is of the class of its original."""
    for number in range(CLASSES):
        (folder / f"class{number}").mkdir(parents=True)
    for place, image in enumerate(make_photographs(count)):
        image.save(folder / f"class{place // COPIES % CLASSES}" / f"{place:06}.jpg", quality=80)


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
    described = count_cost("manifest", lambda: describe_images(source, images, WORKERS))
    grouped = count_cost(
        "near-duplicates", lambda: group_duplicates(described, DISTANCE, EVIDENCE, WORKERS)
    )
    audit = count_cost("audit", lambda: audit_images(grouped, described.looks, DISTANCE, EVIDENCE))
    usable = usable_images(grouped.manifest)
    count_cost("split of one replicate", lambda: split_images(usable, SPLIT, 0))
    paths = [images / name for name in usable["filename"]]
    count_cost("pixels", lambda: write_pixels(paths, SIZE, folder / "pixels.npy", WORKERS))
    print(f"\n{audit['groups']:,} groups", flush=True)


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
