"""Where images come from: folders, label tables, the digits, and their fingerprint."""

import os
import sys

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from timbang.data import sources
from timbang.data.sources import fingerprint_files, list_folder, read_label_table, write_digits
from timbang.errors import TimbangError


def fill(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.fsencode(name))


# A folder per class


def test_folder_names_are_the_labels(tmp_path):
    fill(tmp_path, "dogs/2.jpg", "cats/b.png", "cats/deep/a.PNG", "NA/1.jpg", "01/x")
    images = list_folder(tmp_path)
    assert dict(zip(images["filename"], images["label"], strict=True)) == {
        "01/x": "01",
        "NA/1.jpg": "NA",
        "cats/b.png": "cats",
        "cats/deep/a.PNG": "cats",
        "dogs/2.jpg": "dogs",
    }
    assert list(images["filename"]) == sorted(images["filename"])


def test_litter_is_passed_over(tmp_path):
    fill(
        tmp_path,
        "a/1.png",
        "a/.DS_Store",
        "a/Thumbs.db",
        "a/Icon\r",
        ".git/x",
        "a/.cache/y",
        "readme.txt",
    )
    assert list(list_folder(tmp_path)["filename"]) == ["a/1.png"]


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS refuses such names")
def test_file_name_that_is_no_text_is_a_problem(tmp_path):
    fill(tmp_path, "a/1.png", os.fsdecode(b"a/\xff.png"))
    images = list_folder(tmp_path).set_index("filename")
    assert images.loc["a/1.png", "problem"] == ""
    assert images.loc["a/?.png", "problem"] == "the file name is not UTF-8 text; rename the file"


@pytest.mark.parametrize("names", [[], ["1.png", "2.png"], ["a/.hidden"]])
def test_folder_without_classes_is_refused(tmp_path, names):
    fill(tmp_path, *names)
    with pytest.raises(TimbangError, match="holds no images"):
        list_folder(tmp_path)


def test_missing_folder_is_refused(tmp_path):
    with pytest.raises(TimbangError, match=r"data\.folder: .*nowhere is not a folder"):
        list_folder(tmp_path / "nowhere")


# A table of labels


@pytest.fixture
def read(tmp_path):
    def write_and_read(content, filename_column="filename", label_column="label"):
        path = tmp_path / "labels.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_label_table(path, filename_column, label_column)

    return write_and_read


def problems(images):
    return dict(zip(images["row"], images["problem"], strict=True))


def test_table_keeps_its_order_and_its_texts(read):
    images = read("filename,label\nz.png,NA\na.png, 01 \nb.png,1e5\n")
    assert list(images["filename"]) == ["z.png", "a.png", "b.png"]
    assert list(images["label"]) == ["NA", "01", "1e5"]
    assert problems(images) == {"2": "", "3": "", "4": ""}


def test_table_from_a_spreadsheet(read):
    """With a byte order mark, other columns, other names and Windows' line ends."""
    images = read("\ufeffid,Kelas,Berkas\r\n1,soto,a.png\r\n", "Berkas", "Kelas")
    assert images[["filename", "label"]].values.tolist() == [["a.png", "soto"]]


def test_row_numbers_are_the_ones_of_the_file(read):
    images = read("filename,label\n\na.png,x\n\nb.png,\n")
    assert problems(images) == {"3": "", "5": "no label"}


def test_short_and_long_rows_do_not_shift(read):
    images = read("filename,label\na.png,x,\nb.png,y,\n")
    assert images[["filename", "label"]].values.tolist() == [["a.png", "x"], ["b.png", "y"]]
    assert problems(read("filename,label\na.png\n")) == {"2": "no label"}


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("a.png,", "no label"),
        ("a.png,   ", "no label"),
        (",cat", "no file name"),
        ("../a.png,cat", "the file name leaves the image folder"),
        ("x/../../a.png,cat", "the file name leaves the image folder"),
        ("/etc/passwd,cat", "the file name leaves the image folder"),
    ],
)
def test_bad_row_has_a_problem(read, row, problem):
    assert problems(read(f"filename,label\ngood.png,dog\n{row}\n")) == {"2": "", "3": problem}


def test_file_named_again_with_the_same_label_counts_once(read):
    found = problems(read("filename,label\na.png,x\nb.png,x\n./a.png,x\n"))
    assert found == {"2": "", "3": "", "4": "the file is also named in row 2"}


def test_file_named_with_two_labels_does_not_count(read):
    found = problems(read("filename,label\na.png,x\na.png,y\nb.png,y\n"))
    assert found == {
        "2": "the file is also named in row 3 with the labels x, y",
        "3": "the file is also named in row 2 with the labels x, y",
        "4": "",
    }


BAD_TABLES = {
    "empty": (b"", "is not a CSV table"),
    "no row": (b"filename,label\n", "has no rows"),
    "no column": (b"file,label\na,b\n", r"no column 'filename'.*'file', 'label'.*filename_column"),
    "Latin-1": ("filename,label\na,caf\xe9\n".encode("latin-1"), "is not UTF-8"),
    "open quote": (b'filename,label\na,"b\n', "is not a CSV table"),
}


@pytest.mark.parametrize(("content", "reason"), BAD_TABLES.values(), ids=BAD_TABLES)
def test_bad_table_is_refused_in_one_line(read, content, reason):
    with pytest.raises(TimbangError, match=reason) as caught:
        read(content)
    assert len(str(caught.value).splitlines()) == 1


def test_missing_table_is_refused(tmp_path):
    with pytest.raises(TimbangError, match=r"data\.table: .* is not a file"):
        read_label_table(tmp_path / "labels.csv", "filename", "label")


# The digits


def test_digits_are_all_there_with_their_labels(tmp_path):
    write_digits(tmp_path)
    table = read_label_table(tmp_path / "labels.csv", "filename", "label")
    digits = load_digits()
    assert len(table) == 1797
    assert list(table["label"]) == [str(label) for label in digits.target]
    for place in range(0, 1797, 100):
        ink = np.asarray(Image.open(tmp_path / "images" / table["filename"][place]))
        assert np.array_equal(np.rint((255 - ink) / (255 / 16)), digits.images[place])


# The fingerprint


@pytest.fixture
def fingerprint(tmp_path):
    return lambda folder: fingerprint_files(folder, tmp_path / "known.json")


def test_fingerprint_does_not_depend_on_time_or_place(tmp_path, fingerprint):
    fill(tmp_path / "here", "a/1", "b/2")
    fill(tmp_path / "there", "b/2", "a/1")
    os.utime(tmp_path / "there/a/1", (0, 0))
    before = fingerprint(tmp_path / "here")
    assert fingerprint(tmp_path / "there") == before
    (tmp_path / "here/a/1").touch()
    assert fingerprint(tmp_path / "here") == before


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "a/1").write_bytes(b"x/y"),
        lambda folder: (folder / "a/1").rename(folder / "a/3"),
        lambda folder: (folder / "a/1").rename(folder / "b/1"),
        lambda folder: (folder / "a/1").unlink(),
        lambda folder: (folder / "b/3").write_bytes(b""),
    ],
    ids=["content of the same size", "renamed", "moved", "removed", "added"],
)
def test_fingerprint_changes_with_names_and_contents(tmp_path, fingerprint, change):
    fill(tmp_path / "images", "a/1", "b/2")
    before = fingerprint(tmp_path / "images")
    change(tmp_path / "images")
    assert fingerprint(tmp_path / "images") != before


def test_fingerprint_reads_only_what_changed(tmp_path, fingerprint, monkeypatch):
    fill(tmp_path / "images", "a/1", "b/2")
    before = fingerprint(tmp_path / "images")
    read = []
    hash_file = sources._hash_file
    monkeypatch.setattr(sources, "_hash_file", lambda path: read.append(path) or hash_file(path))
    assert fingerprint(tmp_path / "images") == before
    assert read == []
    (tmp_path / "images/b/2").write_bytes(b"changed")
    fingerprint(tmp_path / "images")
    assert read == [tmp_path / "images/b/2"]


@pytest.mark.parametrize("damage", ["", "[]", '{"a/1": 3}', '{"a/1": [1]}'])
def test_damaged_memory_is_written_anew(tmp_path, fingerprint, damage):
    fill(tmp_path / "images", "a/1")
    before = fingerprint(tmp_path / "images")
    (tmp_path / "known.json").write_text(damage)
    assert fingerprint(tmp_path / "images") == before
