"""Whatever a user hands over either works or ends in one line that names the file.

Never a traceback, never a wait without end, never a wrong picture, and nothing lost. The inputs
are in ``broken_inputs.py``.
"""

import csv
import faulthandler
import hashlib
import os
import re
import sys
import time
import unicodedata
from pathlib import Path

import broken_inputs
import numpy as np
import pytest
from broken_inputs import FILE_NAMES, LABELS, PLACES, TABLES, bad_images, encode, picture
from PIL import Image

from timbang.errors import TimbangError
from timbang.images.decoding import ImageError, read_image
from timbang.images.manifest import (
    PROBLEMS_LISTED,
    describe_images,
    list_problems,
    shorten_problems,
)
from timbang.images.pixels import PixelFile
from timbang.images.resizing import resize_image, write_pixels
from timbang.records.tables import read_manifest, usable_images
from timbang.records.writing import write_table
from timbang.sources.fingerprints import fingerprint_files, hash_files
from timbang.sources.listing import MOST_TABLE_BYTES, list_folder, read_label_table

SECONDS = 60
SIZE = 16
# pytest puts aside the filter that images.py sets.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL.TiffImagePlugin")


@pytest.fixture(autouse=True)
def no_endless_wait():
    """End the tests where one hangs; a thread that waits for a pipe cannot be ended alone."""
    faulthandler.dump_traceback_later(SECONDS, exit=True, file=sys.__stderr__)
    yield
    faulthandler.cancel_dump_traceback_later()


def describe(source, folder):
    """Return the manifest of a source, as it comes back from its file."""
    manifest = describe_images(source, folder, workers=1).manifest
    write_table(folder / "manifest.csv", manifest)
    read = read_manifest(folder / "manifest.csv")
    for column in ("filename", "label", "problem", "row"):
        assert list(read[column]) == list(manifest[column])
    (folder / "manifest.csv").unlink()
    return read


def hash_pixels(pixels):
    height, width, _ = pixels.shape
    return hashlib.sha256(f"RGB {width} {height} ".encode() + pixels.tobytes()).hexdigest()


def save(path, content=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content or encode(Image.fromarray(picture()), "PNG"))


def in_one_line(error, *words):
    (line,) = str(error).splitlines()
    assert len(line) < 1000
    for word in words:
        assert word in line
    return line


# Files


@pytest.mark.parametrize("bad", bad_images(), ids=lambda bad: bad.name)
def test_file_becomes_its_picture_or_a_problem(tmp_path, bad):
    path = tmp_path / "a" / bad.file
    path.parent.mkdir()
    path.write_bytes(bad.content)
    manifest = describe_images(list_folder(tmp_path), tmp_path, workers=1).manifest
    (image,) = manifest.to_dict("records")
    assert (image["filename"], image["label"]) == (f"a/{bad.file}", "a")
    output = tmp_path / "pixels.npy"
    if image["problem"]:
        assert bad.problem is not None, image["problem"]
        assert re.search(bad.problem, image["problem"])
        (line,) = list_problems(manifest)
        in_one_line(line, repr(image["filename"]), image["problem"])
        with pytest.raises(ImageError) as caught:
            write_pixels([path], SIZE, output, workers=1)
        assert str(caught.value) == f"{str(path)!r}: {image['problem']}"
        assert not output.exists()
        return
    assert bad.any_picture or bad.pixels is not None, "must be refused"
    write_pixels([path], SIZE, output, workers=1)
    if not bad.any_picture:
        shown = np.asarray(read_image(path)[0])
        assert shown.shape == bad.pixels.shape
        assert np.abs(shown.astype(int) - bad.pixels).max() <= bad.tolerance
        assert image["pixels_sha256"] == hash_pixels(shown)
        resized = resize_image(Image.fromarray(shown), SIZE)
        assert np.array_equal(PixelFile(output)[0], resized)


# Names


def list_in_a_table(tmp_path, filenames):
    with (tmp_path / "t.csv").open("w", newline="", encoding="utf-8") as table:
        csv.writer(table).writerows([["filename", "label"], *([name, "x"] for name in filenames)])
    return read_label_table(tmp_path / "t.csv", "filename", "label")


def test_any_name_is_found_in_a_folder_and_in_a_table(tmp_path):
    folder, filenames = tmp_path / "images", [f"a/{name}" for name in FILE_NAMES]
    for filename in filenames:
        save(folder / filename)
    found = describe(list_folder(folder), folder)
    listed = describe(list_in_a_table(tmp_path, filenames), folder)
    assert list(found["filename"]) == sorted(filenames)
    assert list(listed["filename"]) == filenames
    for manifest in (found, listed):
        assert len(usable_images(manifest)) == len(filenames)
        assert set(manifest["pixels_sha256"]) == {hash_pixels(picture())}


def test_missing_file_of_any_name_is_one_line_with_its_row(tmp_path):
    manifest = describe(list_in_a_table(tmp_path, FILE_NAMES), tmp_path)
    lines = [f"{name!r} (row {row}): the file is missing" for row, name in enumerate(FILE_NAMES, 2)]
    assert list_problems(manifest) == lines
    for line in lines:
        in_one_line(line)


@pytest.mark.parametrize("forms", [("NFC", "NFD"), ("NFD", "NFC")])
def test_missing_file_whose_lookalike_is_there_is_told_apart(tmp_path, forms):
    listed, there = (unicodedata.normalize(form, "caf\u00e9.png") for form in forms)
    save(tmp_path / there)
    (tmp_path / "t.csv").write_text(f"filename,label\n{listed},x\n")
    manifest = describe(read_label_table(tmp_path / "t.csv", "filename", "label"), tmp_path)
    assert list(manifest["problem"]) == [
        "the file is missing (one is there whose name looks the same, in other Unicode "
        "characters; rename it)"
    ]


# Places


@pytest.mark.parametrize(("make", "problem"), PLACES.values(), ids=PLACES)
def test_what_is_no_file_is_a_problem(tmp_path, make, problem):
    save(tmp_path / "a/good.png")
    make(tmp_path / "a/x.jpg")
    fingerprint_files(tmp_path, tmp_path / ".known.json")
    found = describe(list_folder(tmp_path), tmp_path).set_index("filename")
    (tmp_path / "t.csv").write_text("filename,label\na/good.png,x\na/x.jpg,y\n")
    listed = describe(read_label_table(tmp_path / "t.csv", "filename", "label"), tmp_path)
    assert re.match(problem, listed["problem"][1])
    in_one_line(list_problems(listed)[0], "'a/x.jpg' (row 3): ")
    assert found.loc["a/good.png", "problem"] == ""
    # A folder is looked into: there is no image in this one.
    if make is broken_inputs.make_folder:
        assert list(found.index) == ["a/good.png"]
    else:
        assert re.match(problem, found.loc["a/x.jpg", "problem"])


@pytest.mark.parametrize("method", ["stat", "open"])
def test_file_that_may_not_be_read_is_a_problem(tmp_path, monkeypatch, method):
    """Simulated, for the administrator may read everything."""
    save(tmp_path / "a/x.png")
    source = list_folder(tmp_path)

    def forbid(*_, **__):
        raise PermissionError(13, "Permission denied")

    if method == "stat":
        monkeypatch.setattr(Path, "stat", forbid)
    else:
        monkeypatch.setattr(Path, "open", forbid)
    manifest = describe_images(source, tmp_path, workers=1).manifest
    assert list_problems(manifest) == ["'a/x.png': may not be read (permission denied)"]


def test_folder_that_may_not_be_read_is_an_error_and_not_left_out(tmp_path, monkeypatch):
    save(tmp_path / "a/deep/x.png")
    save(tmp_path / "b/x.png")
    scandir = broken_inputs.os.scandir

    def forbid(place):
        if str(place).endswith("deep"):
            raise PermissionError(13, "Permission denied", str(place))
        return scandir(place)

    monkeypatch.setattr("os.scandir", forbid)
    with pytest.raises(TimbangError) as caught:
        list_folder(tmp_path)
    in_one_line(caught.value, "data.folder: ", str(tmp_path / "a/deep"), "Permission denied")


def test_folders_that_link_to_each_other_end(tmp_path):
    """Followed for ever, these would be more folders than there are atoms."""
    for name in ("a", "b"):
        save(tmp_path / name / "x.png")
        for target in (".", "..", "../a", "../b"):
            (tmp_path / name / f"to {target.replace('/', ' ')}").symlink_to(target)
    found = list_folder(tmp_path)
    assert {"a/x.png", "b/x.png"} <= set(found["filename"]) and len(found) <= 4
    fingerprint_files(tmp_path, tmp_path / ".known.json")


def test_links_that_are_more_ways_than_there_is_time_for_end(tmp_path):
    """Each folder holds two links to the next: 2 to the power of 30 ways to one file."""
    for number in range(30):
        folder = tmp_path / f"disk/{number}"
        folder.mkdir(parents=True)
        for name in "ab":
            (folder / name).symlink_to(f"../{number + 1}")
    save(tmp_path / "disk/30/x.png")
    for name in ("cat", "dog"):
        save(tmp_path / f"images/{name}/own.png")
        (tmp_path / f"images/{name}/more").symlink_to(tmp_path / "disk/0")
    folder = tmp_path / "images"
    filenames = list(list_folder(folder)["filename"])
    own = ["cat/own.png", "dog/own.png"]
    assert len(filenames) == 4 and set(own) < set(filenames)
    # What is listed is what the fingerprint is of.
    assert list(hash_files(folder, tmp_path / "known.json")) != []
    assert sorted(hash_files(folder, tmp_path / "known.json")) == filenames


def test_class_folder_that_is_a_broken_link_is_an_error(tmp_path):
    save(tmp_path / "a/x.png")
    (tmp_path / ".#lock of an editor").symlink_to("somebody@somewhere")
    assert len(list_folder(tmp_path)) == 1
    (tmp_path / "b").symlink_to("/media/not there")
    with pytest.raises(TimbangError) as caught:
        list_folder(tmp_path)
    in_one_line(caught.value, f"data.folder: {tmp_path / 'b'} is a link that leads nowhere")


# Tables


def read_table(tmp_path, table):
    path = tmp_path / "labels.csv"
    path.write_bytes(table.content)
    if table.error is not None:
        with pytest.raises(TimbangError, match=table.error) as caught:
            read_label_table(path, "filename", "label")
        in_one_line(caught.value, str(path))
        return
    read = read_label_table(path, "filename", "label")
    rows = read[["filename", "label", "problem"]].itertuples(index=False, name=None)
    found = dict(zip(read["row"], rows, strict=True))
    assert found.keys() == table.rows.keys()
    for row, (filename, label, problem) in table.rows.items():
        assert found[row][:2] == (filename, label)
        whole = found[row][2]
        assert whole.startswith(problem[:-3]) if problem.endswith("...") else whole == problem
        assert len(whole.splitlines()) <= 1


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_table_is_read_right_or_refused_in_one_line(tmp_path, table):
    read_table(tmp_path, table)


@pytest.mark.parametrize("name", broken_inputs.huge_tables())
def test_table_of_one_endless_line_ends(tmp_path, name):
    read_table(tmp_path, broken_inputs.huge_tables()[name])


@pytest.mark.parametrize(
    "make",
    [
        broken_inputs.make_folder,
        broken_inputs.make_pipe,
        broken_inputs.make_socket,
        broken_inputs.make_broken_link,
        broken_inputs.make_link_to_itself,
        broken_inputs.make_link_to_device,
    ],
)
def test_what_is_no_table_is_refused_in_one_line(tmp_path, make):
    make(tmp_path / "t.csv")
    with pytest.raises(TimbangError, match=r"data\.table: .* is not a file") as caught:
        read_label_table(tmp_path / "t.csv", "filename", "label")
    in_one_line(caught.value, str(tmp_path / "t.csv"))


def test_table_of_too_many_bytes_is_refused_before_it_is_read(tmp_path, monkeypatch):
    (tmp_path / "t.csv").write_text("filename,label\na,b\n")
    os.truncate(tmp_path / "t.csv", 10 * MOST_TABLE_BYTES)
    monkeypatch.setattr(Path, "read_bytes", None)
    with pytest.raises(TimbangError, match="has 2,500,000,000 bytes, more than") as caught:
        read_label_table(tmp_path / "t.csv", "filename", "label")
    in_one_line(caught.value, str(tmp_path / "t.csv"))


def test_one_file_in_every_row_is_told_in_short_lines_and_little_time(tmp_path):
    """As where the label's column is given as that of the file names."""
    count, start = 20_000, time.monotonic()
    rows = "\n".join(f"a.png,{number}" for number in range(count))
    (tmp_path / "t.csv").write_text(f"filename,label\n{rows}\n")
    problems = read_label_table(tmp_path / "t.csv", "filename", "label")["problem"]
    assert max(map(len, problems)) < 400
    others = "3, 4, 5, 6, 7, 8, 9, 10, 11, 12 and 19,989 more"
    assert problems[0].startswith(f"the file is also named in row {others}")
    assert problems[count - 1].startswith("the file is also named in row 2, 3, 4, 5, 6, 7, 8, 9, ")
    assert time.monotonic() - start < 20


def test_list_of_problems_is_as_long_as_a_person_reads():
    lines = [str(number) for number in range(10 * PROBLEMS_LISTED)]
    assert shorten_problems(lines)[-2:] == ["999", "... and 9,000 more like these"]
    assert shorten_problems(lines[:1000]) == lines[:1000]


# Labels


def test_any_label_is_kept_as_it_is(tmp_path):
    noise = np.random.default_rng(0)
    for number in range(len(LABELS)):
        pixels = noise.integers(0, 256, (9, 9, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
    rows = [[f"{number}.png", label] for number, label in enumerate(LABELS)]
    with (tmp_path / "t.csv").open("w", newline="", encoding="utf-8") as table:
        csv.writer(table).writerows([["filename", "label"], *rows])
    manifest = describe(read_label_table(tmp_path / "t.csv", "filename", "label"), tmp_path)
    assert list(usable_images(manifest)["label"]) == LABELS


def test_labels_that_look_the_same_are_the_same(tmp_path):
    """A Mac's names of folders have the accent as a character of its own."""
    composed, decomposed = "caf\u00e9", unicodedata.normalize("NFD", "caf\u00e9")
    assert composed != decomposed
    save(tmp_path / composed / "1.png")
    save(tmp_path / decomposed / "2.png")
    assert set(list_folder(tmp_path)["label"]) == {composed}
    assert set(usable_images(describe(list_folder(tmp_path), tmp_path))["label"]) == {composed}
    (tmp_path / "t.csv").write_text(f"filename,label\n1.png,{composed}\n2.png,{decomposed}\n")
    assert set(read_label_table(tmp_path / "t.csv", "filename", "label")["label"]) == {composed}
