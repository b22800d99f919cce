"""Which data sets of torchvision there are to choose from, as facts that need no import of it."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from timbang.errors import TimbangError


@dataclass(frozen=True)
class Dataset:
    """How a class of ``torchvision.datasets`` is asked for all its labelled images.

    Attributes:
        parts: the parts that the data set itself has (``train``, ``validation``, ``test``), and
            the arguments that the class takes for each; one without a name where it has none.
            Every study is weighed on a validation part: of two parts, the one that is not for
            training is that, though most data sets call it test.
        downloads: whether torchvision can fetch it.
        loader: whether the class takes a ``loader``, which is given the path of each image file.
        files: otherwise, the attribute that lists the image files, where there are any.
        names: the attribute that lists the names of the classes. Where it is not there the
            classes have numbers alone.
    """

    parts: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: {"": {}})
    downloads: bool = True
    loader: bool = False
    files: str | None = None
    names: str = "classes"


def _split(**parts: str) -> dict[str, dict[str, Any]]:
    return {part: {"split": split} for part, split in parts.items()}


TWO = _split(train="train", validation="test")
THREE = _split(train="train", validation="val", test="test")
TRAIN_OR_NOT = {"train": {"train": True}, "validation": {"train": False}}

# Where a data set comes in several versions, the comment says which one is taken.
CATALOGUE = {
    "CIFAR10": Dataset(TRAIN_OR_NOT),
    "CIFAR100": Dataset(TRAIN_OR_NOT),
    # The number of objects in the scene is the class; the test part has no labels.
    "CLEVRClassification": Dataset(_split(train="train", validation="val"), loader=True),
    "Caltech101": Dataset(names="categories"),
    "Caltech256": Dataset(names="categories"),
    "Country211": Dataset(_split(train="train", validation="valid", test="test"), loader=True),
    # The first of ten partitions.
    "DTD": Dataset(THREE, loader=True),
    # Of six sets the balanced one: 47 classes of digits and letters.
    "EMNIST": Dataset({part: {"split": "balanced", **own} for part, own in TRAIN_OR_NOT.items()}),
    "EuroSAT": Dataset(loader=True),
    "FER2013": Dataset(TWO, downloads=False),
    # The variant of the aircraft, not its family or manufacturer, is the class.
    "FGVCAircraft": Dataset(THREE, loader=True),
    "FashionMNIST": Dataset(TRAIN_OR_NOT),
    "Flowers102": Dataset(THREE, loader=True),
    "Food101": Dataset(TWO, loader=True),
    "GTSRB": Dataset(TWO, files="_samples"),
    # The version of 2021, of which the small training part.
    "INaturalist": Dataset(
        {"train": {"version": "2021_train_mini"}, "validation": {"version": "2021_valid"}},
        loader=True,
        names="all_categories",
    ),
    "ImageNet": Dataset(_split(train="train", validation="val"), downloads=False, loader=True),
    # In full size.
    "Imagenette": Dataset(_split(train="train", validation="val"), loader=True),
    "KMNIST": Dataset(TRAIN_OR_NOT),
    # Funneled; every person is a class.
    "LFWPeople": Dataset(
        {"": {"split": "10fold"}}, downloads=False, loader=True, names="class_to_idx"
    ),
    "MNIST": Dataset(TRAIN_OR_NOT),
    # The background set is the training part. No character is in both.
    "Omniglot": Dataset(
        {"train": {"background": True}, "validation": {"background": False}},
        loader=True,
        names="_characters",
    ),
    "OxfordIIITPet": Dataset(_split(train="trainval", validation="test"), files="_images"),
    "PCAM": Dataset(THREE),
    # The images of 256 pixels; the test part has no labels.
    "Places365": Dataset(
        {
            "train": {"split": "train-standard", "small": True},
            "validation": {"split": "val", "small": True},
        },
        loader=True,
    ),
    "QMNIST": Dataset(TRAIN_OR_NOT),
    "RenderedSST2": Dataset(THREE, loader=True),
    "SEMEION": Dataset(),
    # Without the unlabelled images.
    "STL10": Dataset(TWO),
    "SUN397": Dataset(loader=True),
    # Without the extra training images.
    "SVHN": Dataset(TWO),
    "StanfordCars": Dataset(TWO, downloads=False, loader=True),
    "USPS": Dataset(TRAIN_OR_NOT),
}

OTHER_PURPOSES = {
    "is for stereo matching, not classification": (
        "CREStereo",
        "CarlaStereo",
        "ETH3DStereo",
        "FallingThingsStereo",
        "InStereo2k",
        "Kitti2012Stereo",
        "Kitti2015Stereo",
        "Middlebury2014Stereo",
        "SceneFlowStereo",
        "SintelStereo",
    ),
    "is for optical flow, not classification": (
        "FlyingChairs",
        "FlyingThings3D",
        "HD1K",
        "KittiFlow",
        "Sintel",
    ),
    "is for detection, not classification": ("CocoDetection", "Kitti", "VOCDetection", "WIDERFace"),
    "is for segmentation, not classification": ("Cityscapes", "SBDataset", "VOCSegmentation"),
    "is for captions, not classification": ("CocoCaptions", "Flickr30k", "Flickr8k", "SBU"),
    "is made of videos, not images": ("HMDB51", "Kinetics", "MovingMNIST", "UCF101"),
    "is made of pairs of images": ("LFWPairs", "PhotoTour"),
    "gives each image many labels": ("CelebA",),
    "is noise to test programs with": ("FakeData",),
    "lies in LMDB databases, which are not read": ("LSUN", "LSUNClass"),
    "is a folder of your own; set data.source to folder": (
        "DatasetFolder",
        "ImageFolder",
        "VisionDataset",
    ),
}


def check_dataset(name: str | None) -> None:
    """Check the name of a data set of torchvision, where a study has one.

    Raises:
        TimbangError: there is none of that name, or it is not for classification.
    """
    if name is None or name in CATALOGUE:
        return
    fault = f"torchvision has no data set {name!r}{_suggest(name)}"
    for purpose, names in OTHER_PURPOSES.items():
        if name in names:
            fault = f"{name} {purpose}"
    raise TimbangError(f"data.dataset: {fault}; allowed: {', '.join(CATALOGUE)}")


def _suggest(name: str) -> str:
    """Suggest a data set whose name is close, small letters and capitals aside."""
    plain = {known.lower(): known for known in CATALOGUE}
    close = difflib.get_close_matches(name.lower(), plain, n=1)
    return f" (did you mean {plain[close[0]]}?)" if close else ""
