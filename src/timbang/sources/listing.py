"""Where images come from: a folder per class, a table beside a folder, an archive, the digits.

A source is a table with one row an image: ``filename`` (relative to the image folder, with
``/``), ``label``, ``row`` (the row of the user's table, or empty), ``problem`` (what is wrong
with the row itself, or empty) and ``part`` (the part that the user's table puts the image into,
or empty).
"""

import csv
import io
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd
from PIL import Image

from timbang.errors import TimbangError
from timbang.records.tables import TEST, TRAIN, VALIDATION
from timbang.records.writing import write_table
from timbang.sources.fingerprints import is_hidden, iterate_files

SOURCE_COLUMNS = ("filename", "label", "row", "problem", "part")
# What stands between the cells of a table: spreadsheets set to Indonesian or German write
# semicolons, and what is copied from a spreadsheet has tabs.
DELIMITERS = (",", ";", "\t")
# A table of more bytes is not read, nor one with a longer row: five million images need less, and
# the memory for its cells is many times that.
MOST_TABLE_BYTES, LONGEST_ROW = 250_000_000, 1_000_000
# An error message lists no more columns of a table than these, and no more rows and labels.
LISTED_COLUMNS, LISTED_ROWS = 12, 10
# How tables name the parts.
PART_WORDS = {
    "train": TRAIN,
    "training": TRAIN,
    "validation": VALIDATION,
    "valid": VALIDATION,
    "val": VALIDATION,
    "dev": VALIDATION,
    "test": TEST,
    "testing": TEST,
}
DIGIT_SIZE = 8


def list_images(
    listing: str,
    folder: Path,
    table: Path | None,
    filename_column: str,
    label_column: str,
    part_column: str | None,
) -> pd.DataFrame:
    """List the images of a study.

    Args:
        listing: ``folder`` (a folder per class) or ``archive`` (the same, unpacked); without
            meaning where there is a table.
        folder: where the file names start.
        table: the label table, if there is one.
        filename_column: its column of file names.
        label_column: its column of labels.
        part_column: its column of parts, if the user divides the images.

    Raises:
        TimbangError: as ``list_folder``, ``list_archive`` and ``read_label_table`` do, and where
            the folder of a table's images is missing, as it may be in an archive.
    """
    if table is not None:
        images = read_label_table(table, filename_column, label_column, part_column)
        if not folder.is_dir():
            raise TimbangError(f"data.images: {folder} is not a folder; correct the path")
        return images
    return list_archive(folder) if listing == "archive" else list_folder(folder)


def list_folder(folder: Path) -> pd.DataFrame:
    """List the images of a folder of the user's that has one sub-folder per class, sorted by path.

    Every file below a class folder is taken for an image, whatever its ending; hidden files and
    what file managers leave behind are passed over, as are files outside any class folder. Links
    are followed.

    Raises:
        TimbangError: the folder is missing, holds no class folder with a file in it or one without,
            or holds a folder that cannot be read.
    """
    images = _list_classes(folder, "data.folder")
    for entry in _list_subfolders(folder):
        if not any(iterate_files(entry)):
            raise TimbangError(
                f"data.folder: {entry} holds no image: the class would be missing; put its images "
                "there or remove the folder"
            )
    return images


def list_archive(folder: Path) -> pd.DataFrame:
    """List the images of an unpacked archive that has one folder per class.

    A single folder around the class folders (``animals/cats/1.jpg``) is passed through, and a
    single one in that as well. File names start at the unpacked folder all the same.

    Raises:
        TimbangError: there is no class folder with a file in it, or all of them are called as
            parts of a data set are.
    """
    inner = folder
    while len(around := _list_subfolders(inner)) == 1 and _list_subfolders(around[0]):
        inner = around[0]
    # Not that each folder holds images: an archive is another's.
    images = _list_classes(inner, "data.archive")
    classes = sorted(set(images["label"]))
    # Taken for classes, they would make a network learn which part an image is in.
    if {name.lower() for name in classes} <= PART_WORDS.keys():
        raise TimbangError(
            f"data.archive: the folders {', '.join(classes)} are parts, not classes; set "
            f"data.folder to one of them, as {(inner / classes[0]).relative_to(folder)}"
        )
    around_all = inner.relative_to(folder)
    images["filename"] = [(around_all / name).as_posix() for name in images["filename"]]
    return images


def _list_classes(folder: Path, key: str) -> pd.DataFrame:
    """Return the images of the folders of a folder, which a key of the configuration names."""
    if not folder.is_dir():
        raise TimbangError(f"{key}: {folder} is not a folder; correct the path")
    try:
        _refuse_broken_links(folder, key)
        rows = [
            _describe_place(file.relative_to(folder), entry.name)
            for entry in _list_subfolders(folder)
            for file in sorted(iterate_files(entry))
        ]
    except OSError as error:
        raise TimbangError(
            f"{key}: {error.filename} cannot be read ({error.strerror}); mend or remove it"
        ) from None
    if not rows:
        raise TimbangError(
            f"{key}: {folder} holds no images; put each class into a folder of its own, "
            "as in cats/1.jpg and dogs/1.jpg"
        )
    return pd.DataFrame(rows, columns=list(SOURCE_COLUMNS), dtype=str)


def _list_subfolders(folder: Path) -> list[Path]:
    return [
        entry
        for entry in sorted(folder.iterdir())
        if entry.is_dir() and not entry.name.startswith(".")
    ]


def _refuse_broken_links(folder: Path, key: str) -> None:
    """Refuse a link to a class folder on a disk that is not there: the class would be lost."""
    for entry in sorted(folder.iterdir()):
        if entry.is_symlink() and not entry.exists() and not is_hidden(entry.name):
            raise TimbangError(f"{key}: {entry} is a link that leads nowhere; mend or remove it")


def _describe_place(place: Path, class_folder: str) -> tuple[str, str, str, str, str]:
    """Return the row of a file in a class folder."""
    filename, label = _as_text(place.as_posix(), class_folder)
    label = _tidy_label(label)
    problem = "" if label else "the name of its class folder is blank; rename the folder"
    return filename, label, "", _name_problem(place) or problem, ""


def _tidy_label(label: str) -> str:
    """Return a label without white space around it, and each accented letter as one character.

    A Mac writes some letters as two characters; the labels would look the same and differ.
    """
    return unicodedata.normalize("NFC", label.strip())


def read_label_table(
    table: Path, filename_column: str, label_column: str, part_column: str | None = None
) -> pd.DataFrame:
    """Read a table that names one image a row, in its order.

    Its cells are divided by commas, semicolons or tabs. Labels lose the white space around them.
    A row without a file name, label or part, with more cells than there are columns, with a path
    that leaves the image folder, or that names a file again has a ``problem``.

    Args:
        table: the CSV file.
        filename_column: the column of file names.
        label_column: the column of labels.
        part_column: the column that says in which part an image is, if any does.

    Raises:
        TimbangError: the table is missing, is no UTF-8 CSV, lacks a column, has no row or a
            part that is none of ``PART_WORDS``.
    """
    advice = {filename_column: "set data.filename_column", label_column: "set data.label_column"}
    if part_column is not None:
        advice[part_column] = "set split.from"
    header, rows = read_rows(table, "data.table", advice)
    images = pd.DataFrame(
        [
            _describe_row(number, cells, header, filename_column, label_column, part_column)
            for number, cells in enumerate(rows, start=2)
            if any(cells)
        ],
        columns=list(SOURCE_COLUMNS),
        dtype=str,
    )
    if images.empty:
        raise TimbangError(f"{table}: has no rows; list one image a row")
    if part_column is not None:
        _read_parts(images, table, part_column)
    return _mark_repeated(images)


def _describe_row(
    number: int,
    cells: list[str],
    header: list[str],
    filename_column: str,
    label_column: str,
    part_column: str | None,
) -> tuple[str, str, str, str, str]:
    """Return what a row of the user's table says, with the columns of a source."""
    named = dict(zip(header, cells, strict=False))
    filename, label = named.get(filename_column, ""), _tidy_label(named.get(label_column, ""))
    part = "" if part_column is None else named.get(part_column, "").strip()
    problem = _find_row_problem(filename, label)
    if any(cells[len(header) :]):
        problem = "has more cells than there are columns; quote the cell that holds a comma"
    return filename, label, str(number), problem, part


def _read_parts(images: pd.DataFrame, table: Path, column: str) -> None:
    """Put the proper word for each part into the images; no word at all is a problem."""
    words = images["part"].str.lower()
    unknown = images[~words.isin(["", *PART_WORDS])]
    if len(unknown):
        row, word = unknown.iloc[0][["row", "part"]]
        more = f" ({len(unknown)} rows have such words)" if len(unknown) > 1 else ""
        raise TimbangError(
            f"{table}: row {row}: {word!r} in the column {column!r} is no part{more}; allowed: "
            f"{', '.join(PART_WORDS)}"
        )
    images.loc[(words == "") & (images["problem"] == ""), "problem"] = (
        f"no part in the column {column!r}"
    )
    images["part"] = words.map(PART_WORDS).fillna("")


def read_rows(
    table: Path, key: str, advice: Mapping[str, str]
) -> tuple[list[str], list[list[str]]]:
    """Read the header and the rows of a CSV file, empty ones included, as text.

    Args:
        table: the file; its cells are divided by commas, semicolons or tabs.
        key: the key of the configuration that names it.
        advice: the columns that must be there, each with what to do where it is not.

    Raises:
        TimbangError: the file is missing, is no UTF-8 CSV or lacks a column.
    """
    text = _read_text(table, key)
    delimiter = _find_delimiter(text, list(advice))
    rows: list[list[str]] = []
    try:
        for cells in _iterate_rows(text, delimiter):
            rows.append(cells)
    except csv.Error as error:
        raise TimbangError(
            f"{table}: row {len(rows) + 1}: is not a CSV table with commas ({error})"
        ) from None
    header = rows.pop(0)
    for column, what_to_do in advice.items():
        if header.count(column) > 1:
            raise TimbangError(f"{table}: has several columns {column!r}; rename all but one")
        if column not in header:
            columns = _list_columns(header) or "none"
            raise TimbangError(
                f"{table}: has no column {column!r}; its columns are {columns}: {what_to_do}"
            )
    return header, rows


def _read_text(table: Path, key: str) -> str:
    """Return the text of the user's table, which must be in UTF-8."""
    try:
        if not table.is_file():
            raise TimbangError(f"{key}: {table} is not a file; correct the path")
        if (size := table.stat().st_size) > MOST_TABLE_BYTES:
            raise TimbangError(
                f"{key}: {table} has {size:,} bytes, more than the {MOST_TABLE_BYTES:,} that "
                "are read; keep the columns and rows that are needed"
            )
        content = table.read_bytes()
    except OSError as error:
        raise TimbangError(f"{key}: {table} cannot be read ({error.strerror})") from None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise TimbangError(
            f"{table}: line {line}: is not UTF-8 text; save it as CSV UTF-8"
        ) from None
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise TimbangError(
            f"{table}: line {line}: holds a NUL character, which no text has; save it as CSV UTF-8"
        )
    if not text.strip():
        raise TimbangError(f"{table}: is not a CSV table with commas (it is empty)")
    return text


def _find_delimiter(text: str, columns: list[str]) -> str:
    """Return the delimiter by which the header has the columns, or else the most cells."""
    headers = {delimiter: _read_header(text, delimiter) for delimiter in DELIMITERS}
    for delimiter, header in headers.items():
        if set(columns) <= set(header):
            return delimiter
    return max(DELIMITERS, key=lambda delimiter: len(headers[delimiter]))


def _read_header(text: str, delimiter: str) -> list[str]:
    try:
        return next(_iterate_rows(text, delimiter))
    except csv.Error:
        return []


def _iterate_rows(text: str, delimiter: str) -> Iterator[list[str]]:
    """Yield the cells of each row; a row that is too long is a ``csv.Error``."""
    length = 0

    def measure_lines() -> Iterator[str]:
        nonlocal length
        for line in io.StringIO(text, newline=""):
            length += len(line)
            if length > LONGEST_ROW:
                raise csv.Error(f"row larger than {LONGEST_ROW:,} characters")
            yield line

    for cells in csv.reader(measure_lines(), delimiter=delimiter, strict=True):
        length = 0
        yield cells


def _list_columns(header: list[str]) -> str:
    """Return the names of columns for a message, which a broken table must not make endless."""
    names = [repr(name[:50]) for name in header[:LISTED_COLUMNS]]
    more = len(header) - LISTED_COLUMNS
    return ", ".join(names) + (f" and {more:,} more" if more > 0 else "")


def write_digits(folder: Path) -> None:
    """Write scikit-learn's 1,797 handwritten digits as ``images/*.png`` and ``labels.csv``.

    The digits are 8x8 pixels of 17 grey levels, black ink on white as on paper.
    """
    from sklearn.datasets import load_digits

    digits = load_digits()
    (folder / "images").mkdir(parents=True, exist_ok=True)
    names = [f"{index:04d}.png" for index in range(len(digits.target))]
    for name, values in zip(names, digits.images, strict=True):
        ink = np.rint(255 - values * (255 / 16)).astype(np.uint8)
        Image.fromarray(ink).save(folder / "images" / name)
    labels = pd.DataFrame({"filename": names, "label": digits.target.astype(str)})
    write_table(folder / "labels.csv", labels)


def _as_text(*names: str) -> list[str]:
    """Return names with a ? for each byte that is no UTF-8, which no table could hold."""
    return [name.encode("utf-8", "replace").decode() for name in names]


def _name_problem(file: Path) -> str:
    try:
        str(file).encode()
    except UnicodeEncodeError:
        return "the file name is not UTF-8 text; rename the file"
    return ""


def _find_row_problem(filename: str, label: str) -> str:
    name = PurePosixPath(filename)
    if not filename.strip():
        return "no file name"
    if name.is_absolute() or ".." in name.parts or "\0" in filename:
        return "the file name leaves the image folder"
    if not label:
        return "no label"
    return ""


def _mark_repeated(images: pd.DataFrame) -> pd.DataFrame:
    """Mark the rows that name a file again; where the labels differ, the first one as well."""
    named = images[images["problem"] == ""]
    paths = named["filename"].map(lambda name: PurePosixPath(name).as_posix())
    repeated = paths.duplicated(keep=False)
    problems = images["problem"].to_dict()
    for _, rows in named[repeated].groupby(paths[repeated], sort=False):
        labels = [repr(label[:50]) for label in rows["label"].unique()]
        conflict = f" with the labels {_list_some(labels)}" if len(labels) > 1 else ""
        numbers = list(rows["row"])
        for place, index in enumerate(rows.index):
            if place or conflict:
                near = numbers[: LISTED_ROWS + 1]
                others = [number for number in near if number != numbers[place]][:LISTED_ROWS]
                listed = _list_some(others, len(numbers) - 1)
                problems[index] = f"the file is also named in row {listed}{conflict}"
    images["problem"] = pd.Series(problems, dtype=str)
    return images


def _list_some(words: list[str], count: int | None = None) -> str:
    """Return the first words for a message, and how many more of ``count`` there are."""
    shown = words[:LISTED_ROWS]
    more = (len(words) if count is None else count) - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more > 0 else "")
