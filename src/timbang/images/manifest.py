"""The manifest: one row an image, with what was found out about it."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from timbang.images.decoding import (
    LARGEST_IMAGE,
    MEMORY_PER_PIXEL,
    ImageError,
    decode_image,
    estimate_memory,
    read_file,
)
from timbang.images.duplicates import group_near_duplicates, look_at, write_hash
from timbang.images.memory import MemoryBudget
from timbang.records.tables import MANIFEST_COLUMNS

# So many images with a problem are listed where a study stops because of them.
PROBLEMS_LISTED = 1000


@dataclass(frozen=True)
class Described:
    """A manifest without groups, and what near-duplicates are found by.

    ``hashes`` (uint64 [U, 8]) and ``thumbnails`` (uint8 [U, 64, 64]) are of the U rows that are
    usable, in their order.
    """

    manifest: pd.DataFrame
    hashes: np.ndarray
    thumbnails: np.ndarray


@dataclass(frozen=True)
class Grouped:
    """A manifest with groups, and the pairs of images that lie nearest to the criterion.

    ``closest`` has the columns of ``timbang.images.duplicates.PAIR_TYPES``; its indices count
    usable images.
    """

    manifest: pd.DataFrame
    closest: pd.DataFrame


def describe_images(
    source: pd.DataFrame,
    folder: Path,
    workers: int,
    largest: int = LARGEST_IMAGE,
    progress: Callable[[Iterable], Iterable] = iter,
) -> Described:
    """Decode every image of a source once and describe it.

    An image that shows pixel for pixel the same as another, under another label, is a problem.

    Args:
        source: the table that ``timbang.sources.listing`` returns.
        folder: the image folder that its file names are relative to.
        workers: how many images are decoded at the same time, as long as they do not need more
            memory together than the largest that is allowed.
        largest: the number of pixels above which an image is not decoded.
        progress: wraps the results as they come, to show how far the work is.

    Returns:
        The columns of ``MANIFEST_COLUMNS`` in the order of the source; ``group`` is empty.
    """
    memory = MemoryBudget(largest * MEMORY_PER_PIXEL)
    describe = partial(_describe_file, largest, memory)
    with ThreadPoolExecutor(workers) as pool:
        places = [folder / name for name in source["filename"]]
        results = list(progress(pool.map(describe, places, source["problem"])))
    found = pd.DataFrame([described for described, _ in results])
    manifest = pd.concat([source.drop(columns="problem"), found], axis=1)
    for column in ("width", "height", "contrast"):
        manifest[column] = manifest[column].astype("Int64")
    manifest["group"] = pd.array([pd.NA] * len(manifest), dtype="Int64")
    manifest["problem"] = _find_conflicts(manifest)
    usable = (manifest["problem"] == "").to_numpy()
    looks = [look for (_, look), use in zip(results, usable, strict=True) if use and look]
    hashes, thumbnails = zip(*looks, strict=True) if looks else ((), ())
    return Described(
        manifest=manifest[list(MANIFEST_COLUMNS)],
        hashes=np.array(hashes, dtype=np.uint64).reshape(-1, 8),
        thumbnails=np.array(thumbnails, dtype=np.uint8).reshape(-1, 64, 64),
    )


def group_duplicates(
    described: Described,
    distance: int,
    evidence: float,
    workers: int,
    progress: Callable[[Iterable], Iterable] = iter,
) -> Grouped:
    """Give the images that are equal or near-duplicates the same group.

    Args:
        described: the images.
        distance: the bits in which the hashes of near-duplicates may differ.
        evidence: the evidence in nats from which images count as near-duplicates.
        workers: how many threads compare hashes.
        progress: wraps the blocks of comparisons, to show how far the work is.
    """
    manifest = described.manifest.copy()
    usable = manifest["problem"] == ""
    equal = pd.factorize(manifest.loc[usable, "pixels_sha256"])[0]
    _, first = np.unique(equal, return_index=True)
    near = group_near_duplicates(
        described.hashes[first], described.thumbnails[first], distance, evidence, workers, progress
    )
    manifest.loc[usable, "group"] = near.groups[equal]
    closest = near.closest.copy()
    for side in ("first", "second"):
        closest[side] = first[closest[side].to_numpy(dtype=int)]
    return Grouped(manifest, closest)


def list_problems(manifest: pd.DataFrame) -> list[str]:
    """Return one line for each image with a problem: file, row of the table, reason."""
    return [describe_problem(*problem) for problem in iterate_problems(manifest)]


def describe_problem(filename: str, row: str, problem: str) -> str:
    """Return the line for an image with a problem."""
    return f"{filename!r}{f' (row {row})' if row else ''}: {problem}"


def shorten_problems(lines: list[str]) -> list[str]:
    """Return the first lines of problems, and how many more there are: a person reads so many."""
    more = len(lines) - PROBLEMS_LISTED
    return [*lines[:PROBLEMS_LISTED], *([f"... and {more:,} more like these"] if more > 0 else [])]


def iterate_problems(manifest: pd.DataFrame) -> Iterator[tuple[str, str, str]]:
    """Yield file name, row and reason of each image with a problem."""
    faulty = manifest[manifest["problem"] != ""]
    yield from zip(faulty["filename"], faulty["row"], faulty["problem"], strict=True)


def _find_conflicts(manifest: pd.DataFrame) -> pd.Series:
    """Return the problems, with one for each image that is equal to one of another label."""
    problems = manifest["problem"]
    usable = manifest[problems == ""]
    found = problems.to_dict()
    labels = usable.groupby("pixels_sha256")["label"].transform("nunique")
    for _, rows in usable[labels > 1].groupby("pixels_sha256", sort=False):
        first = rows.iloc[0]
        unlike_first = rows[rows["label"] != first["label"]].iloc[0]
        for index, label in rows["label"].items():
            other = unlike_first if label == first["label"] else first
            place = f" (row {other['row']})" if other["row"] else ""
            found[index] = (
                f"shows the same as {other['filename']!r}{place}, which has the label "
                f"{other['label']!r} and not {label!r}; correct or remove one of them"
            )
    return pd.Series(found, dtype=problems.dtype)


def _measure_contrast(image: Image.Image) -> int:
    """Return the grey levels between the darkest and the lightest value of any channel."""
    values = np.asarray(image)
    return int((values.max(axis=(0, 1)) - values.min(axis=(0, 1))).max())


def _describe_file(
    largest: int, memory: MemoryBudget, path: Path, problem: str
) -> tuple[dict, tuple | None]:
    """Describe one image; a file that already has a problem is not opened."""
    described = {
        "width": None,
        "height": None,
        "format": "",
        "sha256": "",
        "pixels_sha256": "",
        "phash": "",
        "contrast": None,
        "problem": problem,
    }
    if problem:
        return described, None
    with memory.hold(estimate_memory(path)):
        try:
            content = read_file(path, largest)
            image, kind = decode_image(content, largest)
        except ImageError as error:
            return described | {"problem": str(error)}, None
        pixels = hashlib.sha256(f"{image.mode} {image.width} {image.height} ".encode())
        pixels.update(image.tobytes())
        hashes, thumbnail = look_at(image)
        return described | {
            "width": image.width,
            "height": image.height,
            "format": kind,
            "sha256": hashlib.sha256(content).hexdigest(),
            "pixels_sha256": pixels.hexdigest(),
            "phash": write_hash(int(hashes[0])),
            "contrast": _measure_contrast(image),
        }, (hashes, thumbnail)
