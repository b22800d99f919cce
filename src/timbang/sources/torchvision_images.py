"""Writing a data set of torchvision out, once, as image files and a table of labels.

From there on it is treated like any user's images. Only this module imports torchvision for its
data sets, and only where it is needed: that takes seconds.
"""

import logging
import os
import shutil
import socket
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from timbang.errors import TimbangError
from timbang.logs import progress
from timbang.records.writing import write_table
from timbang.sources.folders import clear_away, remove_folder
from timbang.sources.torchvision_catalogue import CATALOGUE, Dataset

# torchvision itself would wait for ever on a connection that is silent.
SECONDS_OF_SILENCE = 60.0

log = logging.getLogger("timbang")


@dataclass(frozen=True)
class _Row:
    """An image that was written, its part and the number of its class."""

    filename: str
    part: str
    number: int


def write_torchvision_images(name: str, root: Path, folder: Path) -> int:
    """Write a data set of torchvision as ``images/`` and ``labels.csv``.

    The table has the columns ``filename``, ``label`` and, where the data set is divided,
    ``part`` (``train``, ``validation`` or ``test``). Image files are linked or copied as they
    are; images that have no file become PNG, which loses nothing.

    Args:
        name: a name of ``timbang.sources.torchvision_catalogue.CATALOGUE``.
        root: where the data set lies, or is fetched to, as torchvision lays it out.
        folder: the folder to make; it appears only when everything is in it.

    Returns:
        The number of images.

    Raises:
        TimbangError: the data set can neither be read nor fetched.
    """
    entry, root = CATALOGUE[name], root.expanduser()
    parts = _open_or_fetch(name, entry, root)
    temporary = folder.with_name(f".{folder.name}.part")
    try:
        remove_folder(temporary)
        rows = _write_images(name, entry, parts, root, temporary / "images")
        write_table(temporary / "labels.csv", _make_table(name, rows, parts, entry))
        remove_folder(folder)
        temporary.rename(folder)
    except OSError as error:
        raise TimbangError(f"{folder}: cannot be written ({error})") from None
    finally:
        clear_away(temporary)
    return len(rows)


def _open_or_fetch(name: str, entry: Dataset, root: Path) -> dict[str, Any]:
    """Return torchvision's data set for each part, after fetching it if it is not there."""
    try:
        return _open_parts(name, entry, root, download=False)
    # What torchvision raises where data are missing or damaged is as varied as its data sets.
    except Exception as error:
        if not entry.downloads:
            raise TimbangError(
                f"data.dataset: torchvision cannot read {name} in {root} ({_reason(error)}), and "
                "does not fetch it; put it there as torchvision's documentation says"
            ) from None
        log.info("%s is not in %s (%s): fetching it", name, root, _reason(error))
    try:
        _fetch(name, entry, root)
        return _open_parts(name, entry, root, download=False)
    except Exception as error:
        raise TimbangError(
            f"data.dataset: torchvision cannot fetch {name} ({_reason(error)}); try again later, "
            f"or put it into {root} as torchvision's documentation says"
        ) from None


def _open_parts(name: str, entry: Dataset, root: Path, download: bool) -> dict[str, Any]:
    from torchvision import datasets

    more: dict[str, Any] = {}
    if entry.loader:
        more["loader"] = _keep_path
    if entry.downloads:
        more["download"] = download
    make = getattr(datasets, name)
    return {part: make(root=str(root), **own, **more) for part, own in entry.parts.items()}


def _keep_path(path: str | Path) -> Path:
    """Stand in for the loader of an image: the file itself is what is wanted."""
    return Path(path)


def _fetch(name: str, entry: Dataset, root: Path) -> None:
    """Let torchvision fetch a data set, and put it into its place only when that is done.

    It takes a folder that is there for a whole one, even one that was cut off in unpacking.
    """
    temporary = root / f".{name}.part"
    remove_folder(temporary)
    temporary.mkdir(parents=True)
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(SECONDS_OF_SILENCE)
    try:
        _open_parts(name, entry, temporary, download=True)
        _move_content(temporary, root, root.resolve())
    finally:
        socket.setdefaulttimeout(before)
        clear_away(temporary)


def _move_content(source: Path, target: Path, root: Path) -> None:
    """Move all that is in a folder into another one, in as few steps as there can be.

    Raises:
        OSError: a link in the target leads out of the root.
    """
    if not target.resolve().is_relative_to(root):
        raise OSError(f"{target} leads out of {root}")
    for entry in sorted(source.iterdir()):
        place = target / entry.name
        if entry.is_dir() and place.is_dir():
            _move_content(entry, place, root)
        else:
            entry.replace(place)


def _write_images(
    name: str, entry: Dataset, parts: Mapping[str, Any], root: Path, folder: Path
) -> list[_Row]:
    """Write all labelled images of all parts and return their rows, in the order of the files."""
    folder.mkdir(parents=True)
    total = sum(len(dataset) for dataset in parts.values())
    rows = []
    with_progress = progress(total, "writing images")
    for part, index, dataset in with_progress(_list_places(parts)):
        # torchvision opens a file that is listed, which must not be one of elsewhere or a pipe.
        file = _listed_file(dataset, entry, index)
        if file is not None:
            _check_place(file, root)
        image, number = _read_item(name, dataset, index)
        if number is None:
            continue
        file = file or _file_of(image)
        if file is None:
            filename = Path(part, f"{index:0{len(str(total))}d}.png").as_posix()
            (folder / filename).parent.mkdir(parents=True, exist_ok=True)
            image.save(folder / filename)
        else:
            filename = _check_place(file, root)
            _link(file, folder / filename)
        rows.append(_Row(filename, part, number))
    if not rows:
        raise TimbangError(f"data.dataset: {name} in {root} has no labelled images; fetch it again")
    if len(rows) < total:
        log.warning("%d images have no label and are left out", total - len(rows))
    # Some data sets list their files as the file system does, in no order.
    return sorted(rows, key=lambda row: (list(parts).index(row.part), row.filename))


def _list_places(parts: Mapping[str, Any]) -> Iterator[tuple[str, int, Any]]:
    for part, dataset in parts.items():
        for index in range(len(dataset)):
            yield part, index, dataset


def _read_item(name: str, dataset: Any, index: int) -> tuple[Any, int | None]:
    """Return an image, or the path of its file, and the number of its class."""
    with _blaming(name, f"image {index}"):
        image, number = dataset[index]
        return image, None if number is None else int(number)


@contextmanager
def _blaming(name: str, what: str) -> Iterator[None]:
    """Tell which part of a data set cannot be read, whatever torchvision's code does not catch."""
    try:
        yield
    except Exception as error:
        raise TimbangError(
            f"data.dataset: {what} of {name} cannot be read ({_reason(error)}); "
            "fetch the data set again"
        ) from None


def _listed_file(dataset: Any, entry: Dataset, index: int) -> Path | None:
    """Return the file of an image, where the data set lists its files."""
    if entry.files is None:
        return None
    file = getattr(dataset, entry.files)[index]
    return Path(file[0] if isinstance(file, tuple) else file)


def _file_of(image: Any) -> Path | None:
    """Return the file that an image comes from, where it has one of its own."""
    if isinstance(image, Path):
        return image
    opened = getattr(image, "filename", "")  # Pillow's, of an image that was just opened
    return Path(opened) if opened else None


def _check_place(file: Path, root: Path) -> str:
    """Return a file's path below the root, for data sets list what they like.

    Raises:
        TimbangError: the path, or the file that links lead it to, is not below the root, or there
            is no file.
    """
    name = Path(os.path.abspath(file))  # noqa: PTH100 (resolve would follow links)
    below = Path(os.path.abspath(root))  # noqa: PTH100
    if not (name.is_relative_to(below) and file.resolve().is_relative_to(root.resolve())):
        raise TimbangError(
            f"data.dataset: {file} lies outside {root}; "
            "if you trust the data set, copy the file to where it is looked for"
        )
    if not file.is_file():
        raise TimbangError(f"data.dataset: {file} is missing or no file; fetch the data set again")
    return name.relative_to(below).as_posix()


def _link(source: Path, target: Path) -> None:
    """Give a file a second place that takes no room, or copy it where that cannot be."""
    if target.exists():  # the data set lists the file twice
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source.resolve(), target)
    except OSError:
        shutil.copyfile(source, target)


def _make_table(
    name: str, rows: list[_Row], parts: Mapping[str, Any], entry: Dataset
) -> pd.DataFrame:
    """Return the table of labels: names where the data set has them, else numbers."""
    with _blaming(name, "the list of the names of the classes"):
        names = {part: _class_names(dataset, entry) for part, dataset in parts.items()}
    for row in rows:
        if row.number < 0 or (names[row.part] and row.number >= len(names[row.part])):
            raise TimbangError(
                f"data.dataset: {row.filename} of {name} is of class {row.number}, which the data "
                "set does not have; fetch it again"
            )
    digits = len(str(max(row.number for row in rows)))
    table = pd.DataFrame(
        {
            "filename": [row.filename for row in rows],
            "label": [
                own[row.number] if (own := names[row.part]) else f"{row.number:0{digits}d}"
                for row in rows
            ],
            "part": [row.part for row in rows],
        }
    )
    return table if any(parts) else table.drop(columns="part")


def _class_names(dataset: Any, entry: Dataset) -> list[str]:
    """Return the name of each class by its number, or nothing where there are no names."""
    names = [
        # The first of several names for one thing.
        str(name[0] if isinstance(name, tuple) else name).strip()
        for name in getattr(dataset, entry.names, ())
    ]
    times = Counter(names)
    return [name if times[name] == 1 else f"{name} ({number})" for number, name in enumerate(names)]


def _reason(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
