"""How training settings are named and written in the report."""

from collections.abc import Mapping
from typing import Any

from timbang.languages.texts import Texts
from timbang.report.tex import TeX, escape_tex, number, plain_number
from timbang.study.schema import defaults_of

# What the published study states; the rest of a recipe is off unless it is asked for.
PUBLISHED_SETTINGS = (
    "epochs",
    "batch_size",
    "optimizer",
    "learning_rate",
    "weight_decay",
    "horizontal_flip",
)


def list_settings(
    recipe: Mapping[str, Any], width: float, image_size: int, texts: Texts
) -> list[tuple[str, TeX]]:
    """Return the study's settings as rows of a table: names and values in TeX.

    Of what a recipe may have besides the published study's settings, only what is on is listed.
    """
    words, off = texts["settings"], defaults_of("recipe")
    rows = [(words["image_size"], _write_value("image_size", image_size, texts))]
    rows += [
        (words[key], _write_value(key, value, texts))
        for key, value in recipe.items()
        if key in PUBLISHED_SETTINGS or value != off[key]
    ]
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
    words = texts["choices"].get(key, {})
    if value is None or value in words:
        return TeX(words.get(value, texts["choices"]["none"]))
    if isinstance(value, str):
        return escape_tex(value)
    if value and not 1e-6 <= abs(value) < 1e7:
        return TeX(rf"\num{{{f'{value:g}'.replace('e+', 'e')}}}")
    digits = len(plain_number(value, 12).rstrip("0").partition(".")[2])
    return number(value, digits)
