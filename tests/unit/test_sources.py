"""Where images come from: folders, label tables, the digits, and their fingerprint."""

import os
import subprocess
import sys
import time

import numpy as np
import pytest
from made import make_data
from PIL import Image
from sklearn.datasets import load_digits

from timbang.errors import TimbangError
from timbang.sources import fingerprints
from timbang.sources.choice import SOURCES, find_source
from timbang.sources.fingerprints import (
    fingerprint_files,
    identify_archive,
)
from timbang.sources.listing import (
    list_archive,
    list_folder,
    list_images,
    read_label_table,
    write_digits,
)
from timbang.sources.source import KEYS
from timbang.study.schema import read_schema


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


def test_class_folder_without_images_is_refused_but_in_an_archive(tmp_path):
    fill(tmp_path, "a/1.png", "b/Thumbs.db", "c/1.png")
    with pytest.raises(TimbangError, match=r"data\.folder: .*b holds no image: the class would be"):
        list_folder(tmp_path)
    assert list(list_archive(tmp_path)["filename"]) == ["a/1.png", "c/1.png"]


@pytest.mark.parametrize("names", [[], ["1.png", "2.png"], ["a/.hidden"]])
def test_folder_without_classes_is_refused(tmp_path, names):
    fill(tmp_path, *names)
    with pytest.raises(TimbangError, match="holds no images"):
        list_folder(tmp_path)


def test_missing_folder_is_refused(tmp_path):
    with pytest.raises(TimbangError, match=r"data\.folder: .*nowhere is not a folder"):
        list_folder(tmp_path / "nowhere")


# The folders of an archive


def listed(folder):
    images = list_archive(folder)
    assert set(images["problem"]) == {""}
    return dict(zip(images["filename"], images["label"], strict=True))


@pytest.mark.parametrize("around", ["", "animals/", "download/animals v2/"])
def test_single_folders_around_the_classes_are_passed_through(tmp_path, around):
    fill(tmp_path, f"{around}cats/1.jpg", f"{around}dogs/deep/1.jpg", f"{around}readme.txt")
    assert listed(tmp_path) == {
        f"{around}cats/1.jpg": "cats",
        f"{around}dogs/deep/1.jpg": "dogs",
    }


def test_hidden_files_and_files_beside_are_no_images_of_an_archive(tmp_path):
    fill(tmp_path, ".snakemake_timestamp", "readme.txt", "animals/.x/1", "animals/cats/1", ".git/x")
    fill(tmp_path, "animals/dogs/1")
    assert listed(tmp_path) == {"animals/cats/1": "cats", "animals/dogs/1": "dogs"}


def test_one_class_alone_is_a_class(tmp_path):
    fill(tmp_path, "cats/1.jpg")
    assert listed(tmp_path) == {"cats/1.jpg": "cats"}


def test_archive_without_class_folders_is_refused(tmp_path):
    fill(tmp_path, "1.jpg", "2.jpg")
    with pytest.raises(TimbangError, match=r"data\.archive: .* holds no images; put each class"):
        list_archive(tmp_path)


def test_parts_are_not_taken_for_classes(tmp_path):
    fill(tmp_path, "set/train/cats/1", "set/train/dogs/1", "set/Test/cats/2", "set/Test/dogs/2")
    with pytest.raises(TimbangError) as caught:
        list_archive(tmp_path)
    assert str(caught.value) == (
        "data.archive: the folders Test, train are parts, not classes; set data.folder to one of "
        "them, as set/Test"
    )


# A table of labels, of which most is among the broken inputs


def test_table_from_a_spreadsheet(tmp_path):
    """With a byte order mark, other columns, other names and Windows' line ends."""
    (tmp_path / "labels.csv").write_bytes("\ufeffid,Kelas,Berkas\r\n1,soto,a.png\r\n".encode())
    images = read_label_table(tmp_path / "labels.csv", "Berkas", "Kelas")
    assert images[["filename", "label"]].values.tolist() == [["a.png", "soto"]]


def test_folder_of_a_tables_images_must_be_there(tmp_path):
    """In an archive nobody could look for it before."""
    (tmp_path / "labels.csv").write_text("filename,label\na.png,x\n")
    table = (tmp_path / "labels.csv", "filename", "label", None)
    assert list(list_images("table", tmp_path, *table)["filename"]) == ["a.png"]
    with pytest.raises(TimbangError, match=r"data\.images: .*nowhere is not a folder"):
        list_images("table", tmp_path / "nowhere", *table)


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


@pytest.fixture
def later(monkeypatch):
    """Let a minute pass, for Timbang, before anything is looked at."""
    now = time.time_ns
    monkeypatch.setattr(fingerprints.time, "time_ns", lambda: now() + 60_000_000_000)


def test_fingerprint_reads_only_what_changed(tmp_path, fingerprint, later, monkeypatch):
    fill(tmp_path / "images", "a/1", "b/2")
    before = fingerprint(tmp_path / "images")
    read = []
    hash_file = fingerprints._hash_file
    monkeypatch.setattr(
        fingerprints, "_hash_file", lambda path: read.append(path) or hash_file(path)
    )
    assert fingerprint(tmp_path / "images") == before
    assert read == []
    (tmp_path / "images/b/2").write_bytes(b"changed")
    fingerprint(tmp_path / "images")
    assert read == [tmp_path / "images/b/2"]


def edit_in_place(file):
    file.write_bytes(b"x/y")


def put_another_in_its_place(file):
    (file.parent / "new").write_bytes(b"x/y")
    (file.parent / "new").replace(file)


@pytest.mark.parametrize("edit", [edit_in_place, put_another_in_its_place])
def test_edit_of_equal_size_and_time_changes_the_fingerprint(tmp_path, fingerprint, later, edit):
    """``cp -p`` and ``rsync -t`` set the time of what they write, to the nanosecond."""
    fill(tmp_path / "images", "a/1")
    file = tmp_path / "images/a/1"
    before, status = fingerprint(tmp_path / "images"), file.stat()
    time.sleep(0.02)
    edit(file)
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert (file.stat().st_size, file.stat().st_mtime_ns) == (3, status.st_mtime_ns)
    assert fingerprint(tmp_path / "images") != before


@pytest.mark.parametrize("damage", ["", "[]", '{"a/1": [1]}'])
def test_damaged_memory_is_written_anew(tmp_path, fingerprint, damage):
    fill(tmp_path / "images", "a/1")
    before = fingerprint(tmp_path / "images")
    (tmp_path / "known.json").write_text(damage)
    assert fingerprint(tmp_path / "images") == before


# The user's own split


def read_parts(tmp_path, *words):
    rows = [f"{number}.jpg,a,{word}" for number, word in enumerate(words)]
    (tmp_path / "t.csv").write_text("\n".join(["filename,label,set", *rows]))
    return read_label_table(tmp_path / "t.csv", "filename", "label", "set")


def test_parts_have_synonyms(tmp_path):
    words = ["train", " Training ", "val", "VALID", "validation", "dev", "test", "Testing"]
    images = read_parts(tmp_path, *words)
    assert list(images["part"]) == ["train"] * 2 + ["validation"] * 4 + ["test"] * 2
    assert set(images["problem"]) == {""}


def test_no_part_is_a_problem_of_the_row(tmp_path):
    images = read_parts(tmp_path, "train", "", " ")
    assert list(images["problem"]) == ["", *["no part in the column 'set'"] * 2]
    assert list(images["part"]) == ["train", "", ""]


def test_a_word_that_is_no_part_is_one_line_with_file_and_row(tmp_path):
    with pytest.raises(TimbangError) as caught:
        read_parts(tmp_path, "train", "Holdout", "fold1")
    (line,) = str(caught.value).splitlines()
    assert line.startswith(f"{tmp_path / 't.csv'}: row 3: 'Holdout' in the column 'set' is no part")
    assert "(2 rows have such words)" in line
    assert "train" in line


def test_missing_column_of_parts_names_its_key(tmp_path):
    (tmp_path / "t.csv").write_text("filename,label\n1.jpg,a\n")
    with pytest.raises(TimbangError, match=r"no column 'set'.*set split\.from"):
        read_label_table(tmp_path / "t.csv", "filename", "label", "set")


# The identity of an archive


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "my animals.zip"
    path.write_bytes(b"content")
    return path


SHA256 = "ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73"


def test_archive_on_this_machine_is_identified_by_its_content(archive, tmp_path):
    known = tmp_path / "known.json"
    assert identify_archive(str(archive), None, known) == SHA256
    assert identify_archive(str(archive), SHA256, known) == SHA256
    assert identify_archive(archive.as_uri(), SHA256, known) == SHA256


def test_archive_to_be_fetched_is_identified_by_the_study(tmp_path):
    known = tmp_path / "known.json"
    assert identify_archive("https://example.org/a.zip", SHA256, known) == SHA256
    assert not known.exists()


def test_archive_with_another_checksum_is_refused_in_one_line(archive, tmp_path):
    with pytest.raises(TimbangError) as caught:
        identify_archive(str(archive), "0" * 64, tmp_path / "known.json")
    (line,) = str(caught.value).splitlines()
    assert line == f"data.sha256: {archive} has the SHA-256 {SHA256}; correct one of them"


def test_archive_that_is_a_device_is_refused_and_not_read_for_ever(tmp_path):
    (tmp_path / "a.zip").symlink_to("/dev/zero")
    with pytest.raises(TimbangError, match=r"a\.zip: cannot be read \(it is not a file\)"):
        identify_archive(str(tmp_path / "a.zip"), None, tmp_path / "known.json")


# What the workflow asks of a source


def test_every_source_of_the_schema_has_a_class():
    allowed = read_schema()["properties"]["data"]["properties"]["source"]["enum"]
    assert list(SOURCES) == allowed


def test_every_key_that_may_be_missing_is_of_a_source():
    taken = {key for kind in SOURCES.values() for key in kind.needed + kind.permitted}
    assert sorted(taken) == KEYS


FETCHED = {"source": "archive", "archive": "https://example.org/a.zip", "sha256": SHA256}
UNPACKED = f"data/archives/{SHA256[:16]}"
WRITTEN = "data/torchvision-images/CIFAR10"
DIGITS = "results/s/data/digits"
# Of each source: where its images start, its table, its listing, and the folder that a rule makes.
PLACES = {
    "digits": (
        {"source": "digits"},
        (f"{DIGITS}/images", f"{DIGITS}/labels.csv", "table", f"{DIGITS}/images"),
    ),
    "folder": ({"source": "folder", "folder": "f"}, ("f", None, "folder", None)),
    "table": ({"source": "table", "table": "t", "images": "i"}, ("i", "t", "table", None)),
    "archive": (FETCHED, (UNPACKED, None, "archive", UNPACKED)),
    "folder in an archive": (
        FETCHED | {"folder": "a/b"},
        (f"{UNPACKED}/a/b", None, "folder", UNPACKED),
    ),
    "table in an archive": (
        FETCHED | {"table": "t", "images": "."},
        (UNPACKED, f"{UNPACKED}/t", "table", UNPACKED),
    ),
    "torchvision": (
        {"source": "torchvision", "dataset": "CIFAR10"},
        (f"{WRITTEN}/images", f"{WRITTEN}/labels.csv", "table", f"{WRITTEN}/images"),
    ),
}


@pytest.mark.parametrize(("data", "places"), PLACES.values(), ids=PLACES)
def test_source_says_where_its_images_are(data, places):
    source = find_source(make_data(**data), "s")
    found = (source.image_folder, source.label_table, source.listing, source.made_folder)
    assert found == places


@pytest.mark.parametrize(
    ("data", "identity"),
    [
        ({"source": "digits"}, "digits <write_digits.py>"),
        (FETCHED, SHA256),
        (
            {"source": "torchvision", "dataset": "CIFAR10"},
            "CIFAR10 <write_torchvision_images.py>",
        ),
    ],
)
def test_images_that_a_rule_makes_are_identified_by_what_makes_them(data, identity, tmp_path):
    source = find_source(make_data(**data), "s")
    assert source.identify_images("<{}>".format, tmp_path / "known.json") == identity
    assert not (tmp_path / "known.json").exists()


@pytest.mark.parametrize("keys", [{"source": "folder"}, {"source": "table", "table": "t.csv"}])
def test_images_of_the_users_are_identified_by_their_content(keys, tmp_path, fingerprint):
    fill(tmp_path / "images", "a/1", "b/2")
    own = "folder" if keys["source"] == "folder" else "images"
    source = find_source(make_data(**keys, **{own: str(tmp_path / "images")}), "s")
    identity = source.identify_images("<{}>".format, tmp_path / "known.json")
    assert identity == fingerprint(tmp_path / "images")


def test_archive_is_checked_before_anything_is_planned(archive, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    find_source(make_data(source="archive", archive=str(archive), sha256=SHA256), "s").check()
    other = make_data(source="archive", archive=str(archive), sha256="0" * 64)
    with pytest.raises(TimbangError, match=r"data\.sha256: "):
        find_source(other, "s").check()


def test_sources_load_nothing_heavy():
    """They are imported whenever the workflow is parsed, in every job as well."""
    code = "import sys, timbang.sources.choice; print(*sys.modules)"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert not {"numpy", "pandas", "PIL", "torch", "torchvision"} & set(done.stdout.split())


def test_edit_within_one_tick_of_a_coarse_clock_changes_the_fingerprint(
    tmp_path, fingerprint, monkeypatch
):
    """Simulated: the file shows the same size, times and inode before and after."""
    fill(tmp_path / "images", "a/1")
    signs = [3, 10**18, 10**18, 7]
    monkeypatch.setattr(fingerprints, "_list_signs", lambda _: signs)
    before = fingerprint(tmp_path / "images")
    (tmp_path / "images/a/1").write_bytes(b"x/y")
    assert fingerprint(tmp_path / "images") != before


def test_file_that_was_new_when_it_was_hashed_is_hashed_once_more(
    tmp_path, fingerprint, monkeypatch
):
    read = []
    monkeypatch.setattr(fingerprints, "_hash_file", lambda path: read.append(path) or "hash")
    fill(tmp_path / "images", "a/1")
    now = time.time_ns()
    for seconds in (0, 1, 60, 61):
        monkeypatch.setattr(fingerprints.time, "time_ns", lambda s=seconds: now + s * 10**9)
        fingerprint(tmp_path / "images")
    assert len(read) == 3
