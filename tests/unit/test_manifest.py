"""The manifest: what is found out about each image, and that it survives its file."""

import hashlib
import os
import signal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from PIL import Image, ImageOps
from sklearn.datasets import load_sample_image

from timbang.errors import TimbangError
from timbang.images import building
from timbang.images.audit import audit_images, write_summary
from timbang.images.looks import look_at
from timbang.images.manifest import (
    FEWEST_FOR_PROCESSES,
    describe_images,
    group_duplicates,
    list_problems,
)
from timbang.records.tables import (
    MANIFEST_COLUMNS,
    class_indices,
    read_manifest,
    read_split,
    sorted_classes,
    usable_images,
)
from timbang.records.writing import write_table
from timbang.sources.listing import list_folder, read_label_table


def pixels(seed):
    return np.random.default_rng(seed).integers(0, 256, (6, 5, 3), dtype=np.uint8)


@pytest.fixture
def folder(tmp_path):
    """Two equal images as PNG and TIFF, one other, one that is no image."""
    for name, seed in {"a/1.png": 1, "a/copy.tif": 1, "b/2.png": 2}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.fromarray(pixels(seed)).save(tmp_path / name)
    (tmp_path / "b/text.png").write_text("no image")
    return tmp_path


def build_manifest(source, folder, workers=1):
    return group_duplicates(describe_images(source, folder, workers), 12, 40, workers).manifest


def audit(source, folder):
    described = describe_images(source, folder, workers=1)
    grouped = group_duplicates(described, 12, 40, workers=1)
    return audit_images(grouped, described.looks, 12, 40)


def test_every_file_is_described(folder):
    manifest = build_manifest(list_folder(folder), folder, workers=2).set_index("filename")
    image = manifest.loc["a/1.png"]
    assert (image["width"], image["height"], image["format"], image["problem"]) == (5, 6, "PNG", "")
    assert image["sha256"] == hashlib.sha256((folder / "a/1.png").read_bytes()).hexdigest()
    assert manifest.loc["a/copy.tif", "format"] == "TIFF"


def test_equal_pixels_share_a_group_whatever_the_format(folder):
    manifest = build_manifest(list_folder(folder), folder, workers=2).set_index("filename")
    assert manifest.loc["a/1.png", "group"] == manifest.loc["a/copy.tif", "group"]
    assert manifest.loc["a/1.png", "group"] != manifest.loc["b/2.png", "group"]
    assert manifest.loc["a/1.png", "sha256"] != manifest.loc["a/copy.tif", "sha256"]
    assert pd.isna(manifest.loc["b/text.png", "group"])


def test_images_of_equal_pixels_have_one_look(folder):
    described = describe_images(list_folder(folder), folder, workers=2)
    first, copy, other = described.pictures
    assert (first, copy, len(described.looks)) == (0, 0, 2)
    for name, number in {"a/copy.tif": copy, "b/2.png": other}.items():
        with Image.open(folder / name) as image:
            assert described.looks[number] == look_at(image)


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


def test_equal_images_of_two_labels_are_a_problem_of_both(folder):
    Image.fromarray(pixels(2)).save(folder / "a/again.png")
    manifest = describe_images(list_folder(folder), folder, workers=1).manifest
    assert list_problems(manifest) == [
        "'a/again.png': shows the same as 'b/2.png', which has the label 'b' and not 'a'; "
        "correct or remove one of them",
        "'b/2.png': shows the same as 'a/again.png', which has the label 'a' and not 'b'; "
        "correct or remove one of them",
        "'b/text.png': is not an image that can be read",
    ]


def test_conflict_names_the_row(folder):
    (folder / "labels.csv").write_text("filename,label\na/1.png,x\na/copy.tif,y\nb/2.png,y\n")
    table = read_label_table(folder / "labels.csv", "filename", "label")
    manifest = describe_images(table, folder, workers=1).manifest
    assert "(row 2): shows the same as 'a/copy.tif' (row 3)" in list_problems(manifest)[0]


def test_audit_counts(folder):
    (folder / "labels.csv").write_text(
        "filename,label\na/1.png,x\na/copy.tif,x\nb/2.png,y\nb/text.png,y\n"
    )
    found = audit(read_label_table(folder / "labels.csv", "filename", "label"), folder)
    assert found == {
        "images": 4,
        "usable": 3,
        "classes": {"x": {"images": 2, "groups": 1}, "y": {"images": 1, "groups": 1}},
        "formats": {"PNG": 2, "TIFF": 1},
        "sides": {"shortest": 5, "longest": 6},
        "groups": 2,
        "duplicate_groups": 1,
        "duplicate_images": 2,
        "equal_bytes": {"distinct": 3, "groups": 0, "images": 0},
        "equal_pixels": {"distinct": 2, "groups": 1, "images": 2},
        "criterion": {"distance": 12, "evidence": 40},
        "mixed_groups": 0,
        "chains": 0,
        "one_coloured": [],
        "tiny": [],
        "elongated": [],
        "small_classes": ["x", "y"],
        "closest": {"joined": [], "apart": []},
        "duplicates": [
            {
                "group": 0,
                "images": ["a/1.png", "a/copy.tif"],
                "labels": ["x"],
                "distinct_pixels": 1,
                "chain": False,
                "links": [],
            }
        ],
        "confirmed": [],
        "problems": [
            {"filename": "b/text.png", "row": "5", "reason": "is not an image that can be read"}
        ],
    }
    assert write_summary(found) == [
        "  3 usable images of 4 in 2 classes: 1 to 2 images a class, 1 distinct ones",
        "  0 groups of identical files over 0 images; 1 group of equal pixels over 2",
        "! 1 group of equal or nearly equal images over 2: 2 distinct images remain",
        "! 2 classes with too few distinct images to be divided",
        "! 1 file left out because of a problem",
    ]


def test_odd_images_are_named(tmp_path):
    (tmp_path / "a").mkdir()
    sizes = {"flat": (40, 40), "long": (200, 40), "wide": (160, 40), "small": (3, 3)}
    for name, size in sizes.items():
        noise = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
        if name == "flat":
            noise = 200 + noise % 5
        Image.fromarray(noise).save(tmp_path / f"a/{name}.png")
    found = audit(list_folder(tmp_path), tmp_path)
    assert found["one_coloured"] == ["a/flat.png"]
    assert found["elongated"] == ["a/long.png"]
    assert found["tiny"] == ["a/small.png"]


def build(folder, on_problem):
    return building.build_manifest(
        source=list_folder(folder),
        folder=folder,
        on_problem=on_problem,
        largest_image=10**8,
        duplicate_distance=12,
        duplicate_evidence=40,
        workers=2,
    )


def test_images_with_a_problem_stop_the_manifest_or_are_left_out(folder, caplog):
    with pytest.raises(TimbangError) as error:
        build(folder, "stop")
    first, problem, remedy = str(error.value).splitlines()
    assert first == f"1 of 4 images below {folder} have a problem:"
    assert problem.startswith("'b/text.png': is not an image")
    assert "data.on_problem" in remedy
    manifest, found = build(folder, "skip")
    assert manifest.equals(build_manifest(list_folder(folder), folder))
    assert found == audit(list_folder(folder), folder)
    assert "left out: 'b/text.png': is not an image" in caplog.text


def test_audit_of_no_usable_image(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a/x.png").write_text("no image")
    found = audit(list_folder(tmp_path), tmp_path)
    assert (found["images"], found["usable"], found["groups"]) == (1, 0, 0)
    assert write_summary(found)


LABELS = [
    "NA", "01", "1e5", "", "null", "True", "label", 'a "b", c', "ü x", "a\nb", "a\rb", "a\r\n",
    "-", "1.0",
]  # fmt: skip


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
    write_table(path, table)
    read = read_manifest(path)
    assert list(read["label"]) == labels
    assert list(read["filename"]) == labels


def test_numbers_survive_the_file(folder):
    manifest = build_manifest(list_folder(folder), folder, workers=1)
    write_table(folder / "manifest.csv", manifest)
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


# Formats that keep every pixel as it is.
LOSSLESS = st.sampled_from(["png", "bmp", "tif", "ppm"])


@pytest.fixture(scope="module")
def pictures():
    """Parts of two photographs, two changed copies of some, and a copy of a copy."""
    pictures = []
    for name in ("china.jpg", "flower.jpg"):
        whole = Image.fromarray(load_sample_image(name))
        pictures += [whole.crop((left, 200, left + 150, 350)) for left in (0, 200, 400)]
    copies = [ImageOps.mirror(pictures[0]), pictures[1].crop((10, 10, 150, 150))]
    copies.append(ImageOps.expand(pictures[0], 12, "teal"))
    copies.append(copies[1].resize((90, 90)).transpose(Image.Transpose.ROTATE_90))
    return [*pictures, *copies]


@given(data=st.data())
@settings(max_examples=8, deadline=None)
def test_order_names_formats_and_duplicates_change_no_group(pictures, tmp_path_factory, data):
    """Nor do duplicates of duplicates: pictures of one group stay in one, others in others."""
    again = data.draw(st.lists(st.integers(0, len(pictures) - 1), max_size=4))
    shown = data.draw(st.permutations([*range(len(pictures)), *again]))
    names = data.draw(
        st.lists(
            st.text("abcxyz09 _é", min_size=1, max_size=8),
            min_size=len(shown),
            max_size=len(shown),
            unique_by=str.strip,
        )
    )
    folder = tmp_path_factory.mktemp("pictures")
    truth = {}
    for place, (picture, name) in enumerate(zip(shown, names, strict=True)):
        file = f"{name.strip()}{place}.{data.draw(LOSSLESS)}"
        (folder / "class").mkdir(exist_ok=True)
        pictures[picture].save(folder / "class" / file)
        truth[f"class/{file}"] = {6: 0, 8: 0, 7: 1, 9: 1}.get(picture, picture)
    manifest = build_manifest(list_folder(folder), folder, workers=2)
    pairs = set(zip(manifest["group"], manifest["filename"].map(truth), strict=True))
    assert len(manifest) == len(shown)
    assert len(pairs) == manifest["group"].nunique() == len(set(truth.values()))


@pytest.fixture
def many(tmp_path):
    """A folder of so many images that processes read them, one of which cannot be read."""
    (tmp_path / "a").mkdir()
    noise = np.random.default_rng(0).integers(0, 256, (FEWEST_FOR_PROCESSES, 6, 8, 3), np.uint8)
    for number, pixels in enumerate(noise):
        Image.fromarray(pixels).resize((64, 48)).save(tmp_path / f"a/{number:03d}.png")
    (tmp_path / "a/100.png").write_text("no image")
    return tmp_path


def test_many_images_are_described_alike_by_processes_and_by_one_thread(many):
    source = list_folder(many)
    alone, beside = (describe_images(source, many, workers) for workers in (1, 2))
    assert_frame_equal(alone.manifest, beside.manifest)
    assert (alone.looks == beside.looks).all() and len(alone.looks) == len(source) - 1
    assert list(alone.pictures) == list(beside.pictures)


def test_process_that_is_ended_from_outside_is_told_in_one_line(many, monkeypatch):
    monkeypatch.setattr("timbang.images.manifest._describe_files", _end_process)
    with pytest.raises(
        TimbangError, match=r"ended while it read .*\.png.* or one of the 32 files around it"
    ):
        describe_images(list_folder(many), many, workers=2)


def _end_process(*_):
    os.kill(os.getpid(), signal.SIGKILL)
