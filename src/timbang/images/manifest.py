"""The manifest: one row an image, with what was found out about it."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from timbang.errors import TimbangError
from timbang.images.confirming import Confirmed, list_overruled, overrule
from timbang.images.decoding import (
    LARGEST_IMAGE,
    MEMORY_PER_PIXEL,
    ImageError,
    decode_image,
    estimate_memory,
    read_file,
)
from timbang.images.duplicates import Progress, follow_silently, group_near_duplicates
from timbang.images.looks import LOOK, look_at, write_hash
from timbang.images.memory import MemoryBudget
from timbang.images.processes import CALLS_A_PROCESS, ProcessEndedError, open_processes
from timbang.records.tables import MANIFEST_COLUMNS

# So many images with a problem are listed where a study stops because of them.
PROBLEMS_LISTED = 1000
ROWS_MOVED = 1024
# Processes take a second or two to start, and small images in threads wait for Python's lock.
FEWEST_FOR_PROCESSES = 500
FILES_A_CALL = 8
# What is said of an image with a problem, beside it.
UNKNOWN: dict[str, Any] = {
    "width": None,
    "height": None,
    "format": "",
    "sha256": "",
    "pixels_sha256": "",
    "phash": "",
    "contrast": None,
}


@dataclass(frozen=True)
class Described:
    """A manifest without groups, and what near-duplicates are found by.

    ``looks`` are records of ``timbang.images.looks.LOOK`` [D] of the D pictures of which no two are
    equal in every pixel, in the order in which they first come, and ``pictures``, int [U], has the
    number of the picture that each of the U usable rows shows.
    """

    manifest: pd.DataFrame
    looks: np.ndarray
    pictures: np.ndarray


@dataclass(frozen=True)
class Grouped:
    """A manifest with groups, the pairs nearest to the criterion, and those that hold groups.

    ``closest`` and ``links`` are as in ``timbang.images.duplicates.NearDuplicates``; their indices
    count usable images. No link is told between images of equal pixels. ``confirmed`` is what a
    person said of pairs, as ``timbang.images.confirming.list_overruled`` tells it; those pairs are
    not among the closest.
    """

    manifest: pd.DataFrame
    closest: pd.DataFrame
    links: pd.DataFrame
    confirmed: list[dict[str, Any]]


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
            memory together than the largest that is allowed. Of many images they are processes.
        largest: the number of pixels above which an image is not decoded.
        progress: wraps the results as they come, to show how far the work is.

    Returns:
        The columns of ``MANIFEST_COLUMNS`` in the order of the source; ``group`` is empty.

    Raises:
        TimbangError: a process that read images was ended.
    """
    memory = MemoryBudget(largest * MEMORY_PER_PIXEL)
    looks = np.zeros(len(source), LOOK)
    processes = workers if workers > 1 and len(source) >= FEWEST_FOR_PROCESSES else 0
    calls, files = (CALLS_A_PROCESS * processes, FILES_A_CALL) if processes else (workers, 1)
    with open_processes(processes) as call, ThreadPoolExecutor(calls) as pool:

        def describe(start: int) -> list[dict[str, Any]]:
            rows = source.iloc[start : start + files]
            described = [UNKNOWN | {"problem": problem} for problem in rows["problem"]]
            sound = [place for place, own in enumerate(described) if not own["problem"]]
            paths = [folder / name for name in rows["filename"].iloc[sound]]
            try:
                # They are decoded one after the other.
                with memory.hold(max(map(estimate_memory, paths), default=0)):
                    found = call(_describe_files, paths, largest)
            except ProcessEndedError:
                raise TimbangError(
                    f"a process ended while it read {str(paths[0])!r} or one of the "
                    f"{calls * files} files around it: if memory ran out, give this step "
                    "more (resources: mem_mb) or fewer threads; else one of these files is "
                    "damaged, remove it"
                ) from None
            for place, (own, look) in zip(sound, found, strict=True):
                described[place], looks[start + place] = own, look
            return described

        try:
            starts = range(0, len(source), files)
            each = chain.from_iterable(pool.map(describe, starts))
            found = pd.DataFrame(list(progress(each)))
        except BaseException:
            pool.shutdown(cancel_futures=True)  # or all the others would be read first
            raise
    manifest = pd.concat([source.drop(columns="problem"), found], axis=1)
    for column in ("width", "height", "contrast"):
        manifest[column] = manifest[column].astype("Int64")
    manifest["group"] = pd.array([pd.NA] * len(manifest), dtype="Int64")
    manifest["problem"] = _find_conflicts(manifest)
    usable = manifest[manifest["problem"] == ""]
    first = usable.index[~usable["pixels_sha256"].duplicated()].to_numpy(dtype=int)
    pictures = pd.factorize(usable["pixels_sha256"])[0]
    return Described(manifest[list(MANIFEST_COLUMNS)], _keep_rows(looks, first), pictures)


def group_duplicates(
    described: Described,
    distance: int,
    evidence: float,
    workers: int,
    progress: Progress = follow_silently,
    confirmed: Sequence[Confirmed] = (),
) -> Grouped:
    """Give the images that are equal or near-duplicates the same group.

    Args:
        described: the images.
        distance: the bits in which the hashes of near-duplicates may differ.
        evidence: the evidence in nats from which images count as near-duplicates.
        workers: how many threads and processes compare images.
        progress: as of ``timbang.images.duplicates.group_near_duplicates``.
        confirmed: pairs of which a person says whether they are one picture.

    Raises:
        TimbangError: what the person says cannot hold.
    """
    manifest = described.manifest.copy()
    usable = manifest["problem"] == ""
    equal = described.pictures
    _, first = np.unique(equal, return_index=True)
    near = group_near_duplicates(described.looks, distance, evidence, workers, progress)
    groups, holds, closest = near.groups, np.ones(len(near.links), bool), near.closest
    told: list[dict[str, Any]] = []
    if confirmed:
        names = manifest.loc[usable, "filename"]
        places = dict(zip(names, equal.tolist(), strict=True))
        groups, holds = overrule(len(first), near.links, confirmed, places)
        alone = dict(zip(names, near.groups[equal].tolist(), strict=True))
        told = list(list_overruled(confirmed, alone))
        settled = {frozenset((places[row.first], places[row.second])) for row in confirmed}
        pairs = zip(closest["first"], closest["second"], strict=True)
        closest = closest[[frozenset(pair) not in settled for pair in pairs]]
    manifest.loc[usable, "group"] = groups[equal]
    closest, links = (
        pairs.assign(first=first[pairs["first"]], second=first[pairs["second"]])
        for pairs in (closest, near.links[holds])
    )
    return Grouped(manifest, closest, links, told)


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


def _measure_contrast(pixels: np.ndarray) -> int:
    """Return the grey levels between the darkest and the lightest value of any channel.

    Args:
        pixels: uint8 [H, W, 3].
    """
    # Of whole rows at first: numpy is ten times as fast along the longer axis.
    rows = pixels.reshape(len(pixels), -1)
    high, low = (part.reshape(-1, 3) for part in (rows.max(axis=0), rows.min(axis=0)))
    return int((high.max(axis=0) - low.min(axis=0)).max())


def _keep_rows(looks: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return some looks, by ascending number, moved to the front of their array.

    Their copy would be a gigabyte of a hundred thousand images.
    """
    for start in range(0, len(rows), ROWS_MOVED):
        moved = rows[start : start + ROWS_MOVED]
        looks[start : start + len(moved)] = looks[moved]
    return looks[: len(rows)]


def _describe_files(paths: Sequence[Path], largest: int) -> list[tuple[dict[str, Any], np.ndarray]]:
    return [_describe_file(path, largest) for path in paths]


def _describe_file(path: Path, largest: int) -> tuple[dict[str, Any], np.ndarray]:
    """Return the description of one image and its look, which is empty where it has a problem."""
    try:
        content = read_file(path, largest)
        image, kind = decode_image(content, largest)
    except ImageError as error:
        return UNKNOWN | {"problem": str(error)}, np.zeros((), LOOK)
    pixels = np.asarray(image)
    digest = hashlib.sha256(f"{image.mode} {image.width} {image.height} ".encode())
    digest.update(pixels.data)
    look = look_at(image)
    described = {
        "width": image.width,
        "height": image.height,
        "format": kind,
        "sha256": hashlib.sha256(content).hexdigest(),
        "pixels_sha256": digest.hexdigest(),
        "phash": write_hash(look),
        "contrast": _measure_contrast(pixels),
        "problem": "",
    }
    return described, look
