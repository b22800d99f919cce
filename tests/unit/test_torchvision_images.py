"""Data sets of torchvision become image files and a table, and its own classes are asked rightly.

The real ones cannot be fetched in a test. Tiny ones lie on the disk in the same layout; since no
made-up file has the checksum of a real one, only that comparison is left out.
"""

import hashlib
import http.server
import importlib
import inspect
import io
import os
import socket
import tarfile
import threading
from collections import Counter
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import tiny_datasets
from PIL import Image
from torchvision import datasets

from timbang.errors import TimbangError
from timbang.sources.listing import read_label_table
from timbang.sources.torchvision_catalogue import CATALOGUE, OTHER_PURPOSES, check_dataset
from timbang.sources.torchvision_images import write_torchvision_images

WITH_CHECKSUMS = (
    "cifar",
    "fer2013",
    "flowers102",
    "imagenet",
    "lfw",
    "omniglot",
    "places365",
    "semeion",
    "stl10",
    "svhn",
)


@pytest.fixture
def any_checksum(monkeypatch):
    for name in WITH_CHECKSUMS:
        module = importlib.import_module(f"torchvision.datasets.{name}")
        monkeypatch.setattr(module, "check_integrity", lambda path, md5=None: Path(path).is_file())


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "written" / "Name"


def rows(folder):
    """What the written table says: file name, label and part of each image."""
    header = (folder / "labels.csv").read_text().splitlines()[0]
    part_column = "part" if header == "filename,label,part" else None
    assert part_column or header == "filename,label"
    table = read_label_table(folder / "labels.csv", "filename", "label", part_column)
    assert set(table["problem"]) == {""}
    return list(zip(table["filename"], table["label"], table["part"], strict=True))


def images(folder):
    return {
        path.relative_to(folder / "images").as_posix()
        for path in (folder / "images").rglob("*")
        if path.is_file()
    }


# The catalogue


def test_every_data_set_of_torchvision_is_known():
    others = [name for names in OTHER_PURPOSES.values() for name in names]
    known = [*CATALOGUE, *others]
    classes = {name for name in datasets.__all__ if inspect.isclass(getattr(datasets, name, None))}
    assert sorted(known) == sorted(classes)
    assert list(CATALOGUE) == sorted(CATALOGUE)


@pytest.mark.parametrize("name", CATALOGUE)
def test_classes_take_the_arguments_that_the_catalogue_gives(name):
    entry = CATALOGUE[name]
    takes = {
        argument
        for kind in getattr(datasets, name).__mro__
        for argument in inspect.signature(kind.__init__).parameters
    }
    assert {argument for own in entry.parts.values() for argument in own} <= takes
    assert entry.loader == ("loader" in takes)
    assert set(entry.parts) <= {"train", "validation", "test"} or set(entry.parts) == {""}
    if entry.downloads:
        assert "download" in takes


def test_name_is_checked_at_the_door():
    for name in (None, *CATALOGUE):
        check_dataset(name)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("cifar10", "no data set 'cifar10' (did you mean CIFAR10?)"),
        ("Flower102", "(did you mean Flowers102?)"),
        ("xyz", "torchvision has no data set 'xyz'; allowed: CIFAR10, "),
        ("CocoDetection", "CocoDetection is for detection, not classification; allowed: "),
        ("FakeData", "FakeData is noise"),
        ("ImageFolder", "set data.source to folder"),
        ("VOCSegmentation", "for segmentation"),
        ("Kinetics", "videos"),
    ],
)
def test_wrong_name_is_one_line(name, words):
    with pytest.raises(TimbangError) as caught:
        check_dataset(name)
    (line,) = str(caught.value).splitlines()
    assert line.startswith("data.dataset: ")
    assert words in line
    assert "Flowers102" in line


# What is written


def test_every_way_to_ask_for_a_data_set_is_tried_here():
    def way(name):
        entry = CATALOGUE[name]
        return len(entry.parts), entry.loader, entry.files, entry.names

    tried = {way(name) for name in tiny_datasets.FILL}
    assert {name for name in CATALOGUE if way(name) not in tried} == {"PCAM"}, "which needs h5py"


@pytest.mark.parametrize("name", tiny_datasets.FILL)
def test_data_set_is_written_with_its_labels_and_parts(name, tmp_path, folder, any_checksum):
    root = tmp_path / "root"
    expected = tiny_datasets.FILL[name](root)
    count = write_torchvision_images(name, root, folder)
    written = rows(folder)
    assert Counter((label, part) for _, label, part in written) == expected
    assert count == len(written) == expected.total()
    assert {filename for filename, _, _ in written} == images(folder)
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]
    for part in {part for _, _, part in written}:
        own = [filename for filename, _, own_part in written if own_part == part]
        assert own == sorted(own)


def test_label_belongs_to_its_image(tmp_path, folder, any_checksum):
    tiny_datasets.cifar10(tmp_path / "root")
    write_torchvision_images("CIFAR10", tmp_path / "root", folder)
    dataset = datasets.CIFAR10(str(tmp_path / "root"), train=False)
    mine = [row for row in rows(folder) if row[2] == "validation"]
    for (image, number), (filename, label, _) in zip(dataset, mine, strict=True):
        with Image.open(folder / "images" / filename) as written:
            assert np.array_equal(np.asarray(written), np.asarray(image))
            assert written.format == "PNG"
        assert label == dataset.classes[number]


def test_grey_images_stay_grey(tmp_path, folder):
    tiny_datasets.FILL["MNIST"](tmp_path / "root")
    write_torchvision_images("MNIST", tmp_path / "root", folder)
    with Image.open(folder / "images" / rows(folder)[0][0]) as image:
        assert image.mode == "L"
        expected = datasets.MNIST(str(tmp_path / "root")).data[0].numpy()
        assert np.array_equal(np.asarray(image), expected)


@pytest.mark.parametrize("name", ["Food101", "OxfordIIITPet", "GTSRB", "Caltech101", "Flowers102"])
def test_image_files_are_taken_as_they_are(name, tmp_path, folder, any_checksum):
    root = tmp_path / "root"
    tiny_datasets.FILL[name](root)
    write_torchvision_images(name, root, folder)
    for filename, _, _ in rows(folder):
        assert (folder / "images" / filename).samefile(root / filename)


def test_image_files_are_copied_where_they_cannot_be_linked(tmp_path, folder, monkeypatch):
    def refuse(*arguments):
        raise OSError(18, "Invalid cross-device link")

    root = tmp_path / "root"
    tiny_datasets.eurosat(root)
    monkeypatch.setattr(os, "link", refuse)
    write_torchvision_images("EuroSAT", root, folder)
    for filename, _, _ in rows(folder):
        place = folder / "images" / filename
        assert place.read_bytes() == (root / filename).read_bytes()
        assert not place.samefile(root / filename)


def test_what_was_written_before_is_replaced(tmp_path, folder):
    tiny_datasets.eurosat(tmp_path / "root")
    (folder / "images").mkdir(parents=True)
    (folder / "images" / "old.png").write_text("old")
    leftover = folder.with_name(f".{folder.name}.part")
    leftover.mkdir()
    (leftover / "half").write_text("half")
    write_torchvision_images("EuroSAT", tmp_path / "root", folder)
    assert len(images(folder)) == 4
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_images_without_a_label_are_left_out_and_told(tmp_path, folder, any_checksum, caplog):
    """Of FER2013 there is a version whose test part has none."""
    pixels = " ".join(["7"] * 48 * 48)
    tiny_datasets.write(tmp_path / "fer2013/train.csv", f"emotion,pixels\n3,{pixels}\n")
    tiny_datasets.write(tmp_path / "fer2013/test.csv", f"pixels\n{pixels}\n")
    write_torchvision_images("FER2013", tmp_path, folder)
    assert rows(folder) == [("train/0.png", "3", "train")]
    assert "1 images have no label" in caplog.text


# What goes wrong


def only_line(name, root, folder):
    with pytest.raises(TimbangError) as caught:
        write_torchvision_images(name, root, folder)
    (line,) = str(caught.value).splitlines()
    assert not folder.exists()
    assert not list(folder.parent.glob(".*"))
    return line


def test_missing_image_file_is_one_line(tmp_path, folder):
    tiny_datasets.food101(tmp_path / "root")
    (tmp_path / "root/food-101/images/waffles/test.jpg").unlink()
    line = only_line("Food101", tmp_path / "root", folder)
    assert "waffles/test.jpg is missing or no file" in line


def test_damaged_image_is_one_line(tmp_path, folder):
    tiny_datasets.gtsrb(tmp_path / "root")
    (tmp_path / "root/gtsrb/GTSRB/Final_Test/Images/00000.ppm").write_bytes(b"P6 damaged")
    line = only_line("GTSRB", tmp_path / "root", folder)
    assert line.startswith("data.dataset: image 0 of GTSRB cannot be read (")


def test_data_set_that_torchvision_does_not_fetch_is_one_line(tmp_path, folder):
    line = only_line("StanfordCars", tmp_path / "root", folder)
    assert line.startswith("data.dataset: torchvision cannot read StanfordCars in ")
    assert "does not fetch it" in line


def test_package_that_is_not_installed_is_one_line(tmp_path, folder):
    if importlib.util.find_spec("h5py"):
        pytest.skip("h5py is installed")
    assert "pip install h5py" in only_line("PCAM", tmp_path / "root", folder)


# What is hostile


def cars_named(root, name, number=1):
    """StanfordCars whose training list has one car, of this file and class."""
    tiny_datasets.stanford_cars(root)
    cars = tiny_datasets.table_of_cars([name, "1.jpg"], [number, 1])
    tiny_datasets.mat(root / "stanford_cars/devkit/cars_train_annos.mat", annotations=cars)


def signs_named(root, name, number=11):
    """GTSRB whose test list has one sign, of this file and class."""
    tiny_datasets.gtsrb(root)
    text = f"Filename;ClassId\n{name};{number}\n"
    (root / "gtsrb/GT-final_test.csv").write_text(text)


HOSTILE = {"StanfordCars": cars_named, "GTSRB": signs_named}
LISTED = pytest.mark.parametrize("name", HOSTILE)


def everything(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


@LISTED
@pytest.mark.parametrize("where", ["above", "absolute", "linked", "linked folder"])
def test_image_outside_the_root_is_refused(tmp_path, folder, name, where):
    root, outside = tmp_path / "root", tmp_path / "root-beside"
    tiny_datasets.picture(outside / "1.jpg")
    listed = {
        "above": "../" * 20 + str(outside).lstrip("/") + "/1.jpg",
        "absolute": f"{outside}/1.jpg",
        "linked": "linked.jpg",
        "linked folder": "linked/1.jpg",
    }[where]
    HOSTILE[name](root, listed)
    for images in (root / "stanford_cars/cars_train", root / "gtsrb/GTSRB/Final_Test/Images"):
        if images.is_dir():
            (images / "linked.jpg").symlink_to(outside / "1.jpg")
            (images / "linked").symlink_to(outside)
    before = everything(tmp_path)
    line = only_line(name, root, folder)
    assert "lies outside" in line
    assert everything(tmp_path) == before


# Fetching, from a server on this machine


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@pytest.fixture
def serve():
    """Serve folders; each has an address of its own."""
    running = []

    def start(folder):
        handler = partial(QuietHandler, directory=folder)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        running.append((server, thread))
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server, thread in running:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def cifar_on_a_server(tmp_path, monkeypatch, serve):
    """A tiny CIFAR-10 on a server, with its own checksums in torchvision's lists."""

    def md5(content):
        return hashlib.md5(content).hexdigest()

    origin = tmp_path / "origin"
    expected = tiny_datasets.cifar10(origin)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        archive.add(origin / "cifar-10-batches-py", "cifar-10-batches-py")
    packed = tmp_path / "served" / "cifar-10-python.tar.gz"
    packed.parent.mkdir()
    packed.write_bytes(buffer.getvalue())
    own = datasets.CIFAR10
    for name in ("train_list", "test_list"):
        entries = [
            [file, md5((origin / own.base_folder / file).read_bytes())]
            for file, _ in getattr(own, name)
        ]
        monkeypatch.setattr(own, name, entries)
    meta = (origin / own.base_folder / own.meta["filename"]).read_bytes()
    monkeypatch.setattr(own, "meta", own.meta | {"md5": md5(meta)})
    monkeypatch.setattr(own, "tgz_md5", md5(packed.read_bytes()))
    monkeypatch.setattr(own, "url", f"{serve(packed.parent)}/{packed.name}")
    return expected, packed


def test_missing_data_set_is_fetched_and_kept(tmp_path, folder, cifar_on_a_server):
    expected, packed = cifar_on_a_server
    root = tmp_path / "root"
    before = socket.getdefaulttimeout()
    write_torchvision_images("CIFAR10", root, folder)
    assert Counter((label, part) for _, label, part in rows(folder)) == expected
    assert sorted(path.name for path in root.iterdir()) == [
        "cifar-10-batches-py",
        "cifar-10-python.tar.gz",
    ]
    assert socket.getdefaulttimeout() == before
    packed.unlink()  # and is not asked for again
    write_torchvision_images("CIFAR10", root, folder)


def test_wrong_bytes_are_one_line_and_leave_nothing(tmp_path, folder, cifar_on_a_server):
    _, packed = cifar_on_a_server
    packed.write_bytes(b"wrong")
    line = only_line("CIFAR10", tmp_path / "root", folder)
    assert line.startswith("data.dataset: torchvision cannot fetch CIFAR10 (File not found or corr")
    assert list((tmp_path / "root").iterdir()) == []


def test_what_is_fetched_does_not_follow_a_link_out_of_the_root(
    tmp_path, folder, cifar_on_a_server
):
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (root / "cifar-10-batches-py").symlink_to(outside)
    line = only_line("CIFAR10", root, folder)
    assert "cifar-10-batches-py leads out of" in line
    assert list(outside.iterdir()) == []
