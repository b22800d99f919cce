"""How training settings are named and written in the report."""

from collections.abc import Mapping
from typing import Any

from timbang.report.tex import TeX, number, plain_number
from timbang.report.texts import Texts


def list_settings(
    recipe: Mapping[str, Any], width: float, image_size: int, texts: Texts
) -> list[tuple[str, TeX]]:
    """Return the study's settings as rows of a table: names and values in TeX."""
    words = texts["settings"]
    rows = [(words["image_size"], _write_value("image_size", image_size, texts))]
    rows += [(words[key], _write_value(key, value, texts)) for key, value in recipe.items()]
    rows += [
        (words["width"], _write_value("width", width, texts)),
        (words["loss_function"], TeX(words["cross_entropy"])),
        (words["normalisation"], TeX(words["imagenet"])),
        (words["initialisation"], TeX(words["kaiming"])),
        (words["selection"], TeX(words["last_epoch"])),
    ]
    return rows


def list_own_settings(own: Mapping[str, Any], common: Mapping[str, Any], texts: Texts) -> list[TeX]:
    """Return what a contender's settings are where they differ from the study's, as TeX."""
    return [
        TeX(f"{texts['settings'][key]}: {_write_value(key, value, texts)}")
        for key, value in own.items()
        if value != common[key]
    ]


def _write_value(key: str, value: Any, texts: Texts) -> TeX:
    if key == "optimizer":
        return TeX(texts["optimizers"][value])
    digits = len(plain_number(value, 12).rstrip("0").partition(".")[2])
    return number(value, digits)
