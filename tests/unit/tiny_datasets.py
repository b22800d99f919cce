"""Tiny data sets of every kind, laid out on the disk as torchvision's classes expect the real ones.

Each function fills a root folder and returns what is to come out of it: how often each label
occurs in each part.
"""

import csv
import json
import pickle
from collections import Counter

import numpy as np
import scipy.io
import torch
from PIL import Image

RANDOM = np.random.default_rng(0)
# What comes out of a data set of two parts and of three.
TWO = ("train", "validation")
THREE = (*TWO, "test")


def picture(path, size=(9, 7)):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = RANDOM.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def mat(path, **content):
    path.parent.mkdir(parents=True, exist_ok=True)
    scipy.io.savemat(path, content)


def table_of_cars(names, classes):
    rows = [(1, 1, 2, 2, number, name) for name, number in zip(names, classes, strict=True)]
    fields = ["bbox_x1", "bbox_y1", "bbox_x2", "bbox_y2", "class", "fname"]
    return np.array(rows, dtype=[(field, object) for field in fields])


def cifar(root, folder, batches, meta, key, label_key, names):
    base = root / folder
    base.mkdir(parents=True)
    for batch in batches:
        data = RANDOM.integers(0, 256, (2, 3072), dtype=np.uint8)
        (base / batch).write_bytes(pickle.dumps({"data": data, label_key: [0, 1]}))
    (base / meta).write_bytes(pickle.dumps({key: names}))
    return Counter(
        (name, "validation" if "test" in batch else "train") for batch in batches for name in names
    )


def cifar10(root):
    batches = [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]
    names = ["airplane", "automobile"]
    return cifar(
        root, "cifar-10-batches-py", batches, "batches.meta", "label_names", "labels", names
    )


def cifar100(root):
    names = ["apple", "aquarium_fish"]
    parts = ["train", "test"]
    return cifar(root, "cifar-100-python", parts, "meta", "fine_label_names", "fine_labels", names)


def idx(path, values):
    """Write numbers in the format of MNIST."""
    path.parent.mkdir(parents=True, exist_ok=True)
    kind = {1: 8, 4: 12}[values.dtype.itemsize]
    header = bytes([0, 0, kind, values.ndim]) + np.array(values.shape, ">i4").tobytes()
    path.write_bytes(header + values.tobytes())


def mnist(name, classes, prefixes=("train", "t10k")):
    def fill(root):
        for prefix in prefixes:
            images = RANDOM.integers(0, 256, (2, 28, 28), dtype=np.uint8)
            idx(root / name / "raw" / f"{prefix}-images-idx3-ubyte", images)
            labels = np.array([1, 0], dtype=np.uint8)
            idx(root / name / "raw" / f"{prefix}-labels-idx1-ubyte", labels)
        return Counter((label, part) for label in classes for part in TWO)

    return fill


def caltech101(root):
    for label in ("BACKGROUND_Google", "ant", "yin_yang"):
        picture(root / "caltech101/101_ObjectCategories" / label / "image_0001.jpg")
    return Counter([("ant", ""), ("yin_yang", "")])


def eurosat(root):
    for label in ("Forest", "River"):
        for number in (1, 2):
            picture(root / "eurosat/2750" / label / f"{label}_{number}.jpg")
    return Counter({("Forest", ""): 2, ("River", ""): 2})


def flowers102(root):
    base = root / "flowers-102"
    for number in range(1, 7):
        picture(base / "jpg" / f"image_{number:05d}.jpg")
    mat(base / "imagelabels.mat", labels=[[1, 102, 1, 102, 1, 102]])
    mat(base / "setid.mat", trnid=[[2, 1]], valid=[[3, 4]], tstid=[[6, 5]])
    labels = ("pink primrose", "blackberry lily")
    return Counter((label, part) for label in labels for part in THREE)


def food101(root):
    for part in ("train", "test"):
        names = {label: [f"{label}/{part}"] for label in ("apple_pie", "waffles")}
        for (name,) in names.values():
            picture(root / "food-101/images" / f"{name}.jpg")
        write(root / "food-101/meta" / f"{part}.json", json.dumps(names))
    return Counter((label, part) for label in ("apple_pie", "waffles") for part in TWO)


def gtsrb(root):
    base = root / "gtsrb"
    for number in range(12):
        picture(base / f"GTSRB/Training/{number:05d}/00000_00000.ppm")
    picture(base / "GTSRB/Final_Test/Images/00000.ppm")
    with (base / "GT-final_test.csv").open("w", newline="") as file:
        csv.writer(file, delimiter=";").writerows([["Filename", "ClassId"], ["00000.ppm", 11]])
    return Counter([*((f"{number:02d}", "train") for number in range(12)), ("11", "validation")])


def imagenet(root):
    wnids = {
        "n01440764": ("tench", "Tinca tinca"),
        "n02012849": ("crane",),
        "n03126707": ("crane",),
    }
    root.mkdir(parents=True)
    torch.save((wnids, list(wnids)), root / "meta.bin")
    for part in ("train", "val"):
        for wnid in wnids:
            picture(root / part / wnid / "1.JPEG")
    labels = ("tench", "crane (1)", "crane (2)")
    return Counter((label, part) for label in labels for part in TWO)


def inaturalist(root):
    labels = ["00000_A_B_C_D_E_F_one", "00001_A_B_C_D_E_F_two"]
    for version in ("2021_train_mini", "2021_valid"):
        for label in labels:
            picture(root / version / label / f"{version}.jpg")
    return Counter((label, part) for label in labels for part in TWO)


def lfw_people(root):
    base = root / "lfw-py"
    for name in ("Ani_Wijaya", "Budi_Santoso"):
        picture(base / "lfw_funneled" / name / f"{name}_0001.jpg")
    write(base / "people.txt", "2\n1\nAni_Wijaya\t1\n1\nBudi_Santoso\t1\n")
    write(base / "lfw-names.txt", "Ani_Wijaya 1\nBudi_Santoso 1\n")
    write(base / "lfw-funneled.tgz", "")
    return Counter([("Ani_Wijaya", ""), ("Budi_Santoso", "")])


def omniglot(root):
    base = root / "omniglot-py"
    for folder, alphabet in {"images_background": "Greek", "images_evaluation": "Tibetan"}.items():
        picture(base / folder / alphabet / "character01" / "0001_01.png")
        write(base / f"{folder}.zip", "")
    return Counter([("Greek/character01", "train"), ("Tibetan/character01", "validation")])


def oxford_pets(root):
    base = root / "oxford-iiit-pet"
    for part in ("trainval", "test"):
        names = [f"{breed}_{part}" for breed in ("Abyssinian", "american_bulldog")]
        for name in names:
            picture(base / "images" / f"{name}.jpg")
        lines = [f"{name} {number} 1 1\n" for number, name in enumerate(names, 1)]
        write(base / "annotations" / f"{part}.txt", "".join(lines))
    labels = ("Abyssinian", "American Bulldog")
    return Counter((label, part) for label in labels for part in TWO)


def semeion(root):
    rows = []
    for label in (0, 9):
        one_hot = [int(number == label) for number in range(10)]
        rows.append(" ".join(map(str, [*RANDOM.integers(0, 2, 256), *one_hot])))
    write(root / "semeion.data", "\n".join(rows) + "\n")
    return Counter([("0", ""), ("9", "")])


def stanford_cars(root):
    base = root / "stanford_cars"
    for folder in ("cars_train", "cars_test"):
        for number in (1, 2):
            picture(base / folder / f"{number}.jpg")
    cars = table_of_cars(["1.jpg", "2.jpg"], [1, 2])
    mat(base / "devkit/cars_train_annos.mat", annotations=cars)
    mat(base / "cars_test_annos_withlabels.mat", annotations=cars)
    labels = ["AM General Hummer", "smart fortwo"]
    mat(base / "devkit/cars_meta.mat", class_names=np.array(labels, dtype=object))
    return Counter((label, part) for label in labels for part in TWO)


FILL = {
    "CIFAR10": cifar10,
    "CIFAR100": cifar100,
    "Caltech101": caltech101,
    "EuroSAT": eurosat,
    "FashionMNIST": mnist("FashionMNIST", ("T-shirt/top", "Trouser")),
    "Flowers102": flowers102,
    "Food101": food101,
    "GTSRB": gtsrb,
    "INaturalist": inaturalist,
    "ImageNet": imagenet,
    "LFWPeople": lfw_people,
    "MNIST": mnist("MNIST", ("0 - zero", "1 - one")),
    "Omniglot": omniglot,
    "OxfordIIITPet": oxford_pets,
    "SEMEION": semeion,
    "StanfordCars": stanford_cars,
}
