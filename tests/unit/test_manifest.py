"""The manifest: what is found out about each image, and that it survives its file."""

import hashlib

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from timbang.data.manifest import build_manifest, list_problems, summarise_manifest
from timbang.data.records import (
    MANIFEST_COLUMNS,
    class_indices,
    read_manifest,
    read_split,
    sorted_classes,
    usable_images,
    write_table,
)
from timbang.data.sources import list_folder, read_label_table
from timbang.errors import TimbangError


def pixels(seed):
    return np.random.default_rng(seed).integers(0, 256, (6, 5, 3), dtype=np.uint8)


@pytest.fixture
def folder(tmp_path):
    """Two equal images as PNG and TIFF, one other, one that is no image."""
    for name, seed in {"a/1.png": 1, "b/copy.tif": 1, "b/2.png": 2}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.fromarray(pixels(seed)).save(tmp_path / name)
    (tmp_path / "b/text.png").write_text("no image")
    return tmp_path


def test_every_file_is_described(folder):
    manifest = build_manifest(list_folder(folder), folder, workers=2).set_index("filename")
    image = manifest.loc["a/1.png"]
    assert (image["width"], image["height"], image["format"], image["problem"]) == (5, 6, "PNG", "")
    assert image["sha256"] == hashlib.sha256((folder / "a/1.png").read_bytes()).hexdigest()
    assert manifest.loc["b/copy.tif", "format"] == "TIFF"


def test_equal_pixels_share_a_group_whatever_the_format(folder):
    manifest = build_manifest(list_folder(folder), folder, workers=2).set_index("filename")
    assert manifest.loc["a/1.png", "group"] == manifest.loc["b/copy.tif", "group"]
    assert manifest.loc["a/1.png", "group"] != manifest.loc["b/2.png", "group"]
    assert manifest.loc["a/1.png", "sha256"] != manifest.loc["b/copy.tif", "sha256"]
    assert pd.isna(manifest.loc["b/text.png", "group"])


def test_same_bytes_in_another_shape_are_another_group(tmp_path):
    (tmp_path / "a").mkdir()
    values = np.arange(24, dtype=np.uint8)
    Image.fromarray(values.reshape(2, 4, 3)).save(tmp_path / "a/wide.png")
    Image.fromarray(values.reshape(4, 2, 3)).save(tmp_path / "a/high.png")
    manifest = build_manifest(list_folder(tmp_path), tmp_path, workers=1)
    assert manifest["group"].nunique() == 2


def test_problems_name_file_row_and_reason(folder):
    (folder / "labels.csv").write_text(
        "filename,label\na/1.png,x\na/2.png,x\nb/text.png,y\na/1.png,x\nb/2.png,\n"
    )
    table = read_label_table(folder / "labels.csv", "filename", "label")
    manifest = build_manifest(table, folder, workers=1)
    assert list_problems(manifest) == [
        "'a/2.png' (row 3): the file is missing",
        "'b/text.png' (row 4): is not an image that can be read",
        "'a/1.png' (row 5): the file is also named in row 2",
        "'b/2.png' (row 6): no label",
    ]
    assert list(usable_images(manifest)["filename"]) == ["a/1.png"]


def test_audit_counts(folder):
    audit = summarise_manifest(build_manifest(list_folder(folder), folder, workers=1))
    assert audit == {
        "images": 4,
        "usable": 3,
        "classes": {"a": 1, "b": 2},
        "formats": {"PNG": 2, "TIFF": 1},
        "groups": 2,
        "duplicate_groups": 1,
        "duplicate_images": 2,
        "problems": [
            {"filename": "b/text.png", "row": "", "reason": "is not an image that can be read"}
        ],
    }


LABELS = [
    "NA",
    "01",
    "1e5",
    "",
    "null",
    "True",
    "label",
    'a "b", c',
    "ü x",
    "a\nb",
    "a\rb",
    "a\r\n",
    "-",
    "1.0",
]


@given(
    st.lists(
        st.sampled_from(LABELS) | st.text(st.characters(exclude_categories=["Cs", "Cc"])),
        min_size=1,
    )
)
def test_texts_survive_the_file(tmp_path_factory, labels):
    path = tmp_path_factory.getbasetemp() / "manifest.csv"
    empty = dict.fromkeys(MANIFEST_COLUMNS, "")
    table = pd.DataFrame([empty | {"filename": label, "label": label} for label in labels])
    write_table(table, path)
    read = read_manifest(path)
    assert list(read["label"]) == labels
    assert list(read["filename"]) == labels


def test_numbers_survive_the_file(folder):
    manifest = build_manifest(list_folder(folder), folder, workers=1)
    write_table(manifest, folder / "manifest.csv")
    read = read_manifest(folder / "manifest.csv")
    for column in ("width", "height", "group"):
        assert read[column].dtype == "Int64"
        assert read[column].equals(manifest[column])


@pytest.mark.parametrize("reader", [read_manifest, read_split])
def test_file_of_an_older_version_is_told(tmp_path, reader):
    (tmp_path / "old.csv").write_text("filename,label\na,b\n")
    with pytest.raises(TimbangError, match=r"no column .*delete the file to remake it"):
        reader(tmp_path / "old.csv")


@given(st.lists(st.text(), min_size=1))
def test_class_indices_point_at_the_sorted_labels(labels):
    classes = sorted_classes(labels)
    assert classes == sorted(set(labels))
    assert [classes[index] for index in class_indices(labels, classes)] == labels
