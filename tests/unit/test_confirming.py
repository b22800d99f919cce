"""What a person says of two images holds over the criterion, and cannot contradict itself."""

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_sample_image

from timbang.errors import TimbangError
from timbang.images.building import build_manifest
from timbang.images.confirming import read_confirmed
from timbang.sources.listing import list_folder


@pytest.fixture
def photographs(tmp_path):
    """Two photographs, three copies of the first that make a chain, and one in other pixels."""
    folder = tmp_path / "photographs"
    (folder / "a").mkdir(parents=True)
    china = Image.fromarray(load_sample_image("china.jpg")).resize((320, 214))
    flower = Image.fromarray(load_sample_image("flower.jpg")).resize((320, 214))
    for name, image in {
        "china": china,
        "cropped": china.crop((20, 0, 320, 214)),
        "smaller": china.resize((160, 107)),
        "flower": flower,
    }.items():
        image.save(folder / f"a/{name}.png")
    flower.save(folder / "a/flower.tif")
    return folder


def build(folder, rows, header="first,second,are"):
    table = folder.parent / "pairs.csv"
    table.write_text("\n".join([header, *rows]) + "\n")
    return build_manifest(list_folder(folder), folder, "stop", 10**8, 12, 40, 1, table)


def groups_of(manifest):
    by_group = manifest.groupby("group")["filename"].apply(frozenset)
    return {frozenset(name[2:] for name in names) for names in by_group}


FLOWERS = frozenset({"flower.png", "flower.tif"})


def test_criterion_alone(photographs):
    manifest, audit = build(photographs, [])
    assert groups_of(manifest) == {
        FLOWERS,
        frozenset({"china.png", "cropped.png", "smaller.png"}),
    }
    assert audit["confirmed"] == []


def test_different_images_are_parted_and_what_hangs_together_stays(photographs):
    manifest, audit = build(photographs, ["a/china.png,a/cropped.png,different"])
    assert {frozenset({"china.png", "smaller.png"}), frozenset({"cropped.png"})} <= groups_of(
        manifest
    )
    (told,) = audit["confirmed"]
    assert told == {
        "images": ["a/china.png", "a/cropped.png"],
        "are": "different",
        "overrules": True,
    }
    assert all("a/cropped.png" not in pair["images"] for pair in audit["duplicates"][0]["links"])
    shown = [set(pair["images"]) for side in audit["closest"].values() for pair in side]
    assert {"a/china.png", "a/cropped.png"} not in shown


def test_same_image_is_joined_with_all_of_its_group(photographs):
    manifest, audit = build(photographs, ["a/smaller.png,a/flower.tif,Same"])
    assert len(groups_of(manifest)) == 1
    assert audit["confirmed"][0]["overrules"]


def test_what_the_criterion_says_anyway_overrules_nothing(photographs):
    rows = ["a/china.png;a/smaller.png;same", "a/china.png;a/flower.png;different"]
    manifest, audit = build(photographs, rows, "first;second;are")
    assert len(groups_of(manifest)) == 2
    assert [pair["overrules"] for pair in audit["confirmed"]] == [False, False]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["a/china.png,a/none.png,same"], "row 2: 'a/none.png' is not a usable image"),
        (["a/china.png,a/china.png,same"], "row 2: names 'a/china.png' twice"),
        (["a/china.png,a/flower.png,alike"], "row 2: 'alike' in the column 'are' is not allowed"),
        (["a/china.png,,same"], "row 2: has no two file names"),
        (["a/flower.png,a/flower.tif,different"], "row 2: says that .* equal in every pixel"),
        (
            [
                "a/china.png,a/flower.png,same",
                "",
                "a/flower.tif,a/smaller.png,same",
                "a/smaller.png,a/china.png,different",
            ],
            "row 5: says that 'a/smaller.png' and 'a/china.png' are different",
        ),
    ],
)
def test_rows_that_cannot_hold_end_in_one_line(photographs, rows, message):
    with pytest.raises(TimbangError, match=message) as error:
        build(photographs, rows)
    assert "\n" not in str(error.value)
    assert "pairs.csv" in str(error.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"first,second\na,b\n", "has no column 'are'.* it needs first, second, are"),
        (b"", "is empty"),
        (b"\xff\xfe", "is not UTF-8 text"),
    ],
)
def test_table_that_is_none(tmp_path, content, message):
    table = tmp_path / "pairs.csv"
    table.write_bytes(content)
    with pytest.raises(TimbangError, match=message):
        read_confirmed(table)


def test_no_link_is_told_that_does_not_hold(photographs):
    """Each group of n distinct pictures is held by n − 1 links, or by the rows of a person."""
    _, audit = build(photographs, ["a/china.png,a/smaller.png,different"])
    for entry in audit["duplicates"]:
        assert len(entry["links"]) == entry["distinct_pixels"] - 1
        assert np.all([set(link["images"]) <= set(entry["images"]) for link in entry["links"]])
