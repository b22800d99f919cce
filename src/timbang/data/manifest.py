"""The manifest: one row an image, with what was found out about it."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd

from timbang.data.images import ImageError, read_image
from timbang.data.records import MANIFEST_COLUMNS


def build_manifest(
    source: pd.DataFrame,
    folder: Path,
    workers: int,
    progress: Callable[[Iterable], Iterable] = iter,
) -> pd.DataFrame:
    """Decode every image of a source once and describe it.

    Args:
        source: the table that ``timbang.data.sources`` returns.
        folder: the image folder that its file names are relative to.
        workers: how many images are decoded at the same time.
        progress: wraps the results as they come, to show how far the work is.

    Returns:
        The columns of ``MANIFEST_COLUMNS`` and ``row``, in the order of the source. Images with
        equal decoded pixels share a ``group``; a row with a ``problem`` has none.
    """
    with ThreadPoolExecutor(workers) as pool:
        places = [folder / name for name in source["filename"]]
        described = list(progress(pool.map(_describe_file, places, source["problem"])))
    manifest = pd.concat([source[["filename", "label", "row"]], pd.DataFrame(described)], axis=1)
    usable = manifest["problem"] == ""
    groups = pd.Series(pd.NA, index=manifest.index, dtype="Int64")
    groups[usable] = pd.factorize(manifest.loc[usable, "pixels_sha256"])[0]
    manifest["group"] = groups
    for column in ("width", "height"):
        manifest[column] = manifest[column].astype("Int64")
    return manifest[[*MANIFEST_COLUMNS, "row"]]


def list_problems(manifest: pd.DataFrame) -> list[str]:
    """Return one line for each image with a problem: file, row of the table, reason."""
    return [
        f"{filename!r}{f' (row {row})' if row else ''}: {problem}"
        for filename, row, problem in _problems(manifest)
    ]


def summarise_manifest(manifest: pd.DataFrame) -> dict:
    """Count what the manifest holds, for ``audit.json`` and the report.

    Returns:
        ``images`` and ``usable`` images, ``classes`` (usable images of each, in sorted order),
        ``formats`` (by content), ``groups`` of equal pixels, ``duplicate_groups`` (of two or
        more) over ``duplicate_images``, and ``problems`` (file, row, reason).
    """
    usable = manifest[manifest["problem"] == ""]
    sizes = usable["group"].value_counts()
    return {
        "images": len(manifest),
        "usable": len(usable),
        "classes": _count(usable["label"]),
        "formats": _count(usable["format"]),
        "groups": len(sizes),
        "duplicate_groups": int((sizes > 1).sum()),
        "duplicate_images": int(sizes[sizes > 1].sum()),
        "problems": [
            {"filename": filename, "row": row, "reason": problem}
            for filename, row, problem in _problems(manifest)
        ],
    }


def _count(values: pd.Series) -> dict[str, int]:
    """Return how often each value occurs, in sorted order."""
    return {str(value): int(n) for value, n in values.value_counts().sort_index().items()}


def _problems(manifest: pd.DataFrame) -> Iterator[tuple[str, str, str]]:
    """Yield file name, row and reason of each image with a problem."""
    faulty = manifest[manifest["problem"] != ""]
    yield from zip(faulty["filename"], faulty["row"], faulty["problem"], strict=True)


def _describe_file(path: Path, problem: str) -> dict:
    """Describe one image; a file that already has a problem is not opened."""
    described = {
        "width": None,
        "height": None,
        "format": "",
        "sha256": "",
        "pixels_sha256": "",
        "problem": problem,
    }
    if problem:
        return described
    try:
        image, kind = read_image(path)
    except ImageError as error:
        return described | {"problem": str(error)}
    pixels = hashlib.sha256(f"{image.mode} {image.width} {image.height} ".encode())
    pixels.update(image.tobytes())
    return described | {
        "width": image.width,
        "height": image.height,
        "format": kind,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "pixels_sha256": pixels.hexdigest(),
    }
