"""Fonts of this machine for what the report's own fonts lack: which has a character, and where.

Matplotlib brings STIX, of the family of Times, and DejaVu, which has Arabic, Hebrew and many signs;
Chinese, Japanese, Korean and the scripts of India are in fonts that a machine has or has not.
"""

import hashlib
import os
import sys
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

# Which are taken first, by how their files' names begin: legible ones that are made for running
# text. Others follow by name, and last what was drawn on a grid.
FIRST = ("DejaVuSans", "NotoSerif", "NotoSans", "Lohit", "DroidSansFallback", "Symbola")
LAST = ("unifont", "LastResort")
ENDINGS = (".ttf", ".otf", ".ttc")
# Debian's packages by how Unicode calls the characters of a script; small ones where there are.
PACKAGES = {
    **dict.fromkeys(("CJK", "HIRAGANA", "KATAKANA"), "fonts-droid-fallback"),
    "HANGUL": "fonts-nanum",
    "DEVANAGARI": "fonts-lohit-deva",
    "BENGALI": "fonts-lohit-beng-bengali",
    "GUJARATI": "fonts-lohit-gujr",
    "GURMUKHI": "fonts-lohit-guru",
    "TAMIL": "fonts-lohit-taml",
    "TELUGU": "fonts-lohit-telu",
    "KANNADA": "fonts-lohit-knda",
    "MALAYALAM": "fonts-lohit-mlym",
    "THAI": "fonts-tlwg-garuda",
}
SIGNS_PACKAGE, OTHER_PACKAGE = "fonts-symbola", "fonts-noto-core"


@dataclass(frozen=True)
class Font:
    """A font by its file: the family that it belongs to, and the characters that it has."""

    path: Path
    family: str
    characters: frozenset[str]


def own_folder() -> Path:
    """Return the folder of the fonts that matplotlib brings."""
    import matplotlib

    return Path(matplotlib.get_data_path(), "fonts", "ttf")


@cache
def read_font(path: Path) -> Font | None:
    """Return a font, the first of its file; None for one of pixels, bold or slanted, or broken."""
    from matplotlib.ft2font import FT2Font, StyleFlags

    try:
        font = FT2Font(str(path))
        characters = frozenset(map(chr, font.get_charmap()))
    except (OSError, RuntimeError, ValueError):
        return None
    if not font.scalable or font.style_flags != StyleFlags.NORMAL:
        return None
    return Font(path, font.family_name, characters)


@cache
def find_font(character: str) -> Font | None:
    """Return the first font of this machine that has a character, None where none has."""
    fonts = (read_font(path) for path in _order_files())
    return next((font for font in fonts if font and character in font.characters), None)


def find_missing(characters: Collection[str]) -> set[str]:
    """Return the characters that no font of this machine has."""
    return {character for character in characters if find_font(character) is None}


def spell(character: str) -> str:
    """Return what stands for a character that no font has: ``[U+65E5]``."""
    return f"[U+{ord(character):04X}]"


def name_packages(characters: Collection[str]) -> list[str]:
    """Return the packages of Debian in which characters are likely to be."""
    return sorted({_name_package(character) for character in characters})


@cache
def hash_names() -> str:
    """Return a hash of the names of all files of fonts in the folders where systems keep them."""
    names = sorted({path.name for path in _list_system()})
    return hashlib.sha256("\n".join(names).encode(errors="surrogateescape")).hexdigest()


def is_attached(character: str) -> bool:
    """Say whether a character belongs to the one before it: an accent, a joiner, a selector."""
    return unicodedata.category(character).startswith("M") or character in "\u200c\u200d"


@cache
def _order_files() -> tuple[Path, ...]:
    def rank(path: Path) -> tuple[int, bool, str, str]:
        place = next(
            (at for at, name in enumerate(FIRST) if path.stem.startswith(name)), len(FIRST)
        )
        is_last = path.stem.lower().startswith(tuple(name.lower() for name in LAST))
        # Figures take outlines of TrueType, which all readers of PDF know.
        return place + is_last, path.suffix.lower() != ".ttf", path.name, path.as_posix()

    own = [own_folder() / f"{name}.ttf" for name in ("DejaVuSerif", "DejaVuSans")]
    return (*own, *sorted(_list_system(), key=rank))


def _list_system() -> Iterator[Path]:
    for folder in _list_folders():
        for place, _, names in os.walk(folder):
            for name in names:
                if name.lower().endswith(ENDINGS):
                    yield Path(place, name)


def _list_folders() -> list[Path]:
    home = Path("~").expanduser()
    if sys.platform == "darwin":
        return [home / "Library/Fonts", Path("/Library/Fonts"), Path("/System/Library/Fonts")]
    shared = os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
    own = os.environ.get("XDG_DATA_HOME") or str(home / ".local/share")
    return [home / ".fonts", *(Path(each, "fonts") for each in [own, *shared.split(":")] if each)]


def _name_package(character: str) -> str:
    script = unicodedata.name(character, "").partition(" ")[0]
    other = OTHER_PACKAGE if unicodedata.category(character)[0] in "LM" else SIGNS_PACKAGE
    return PACKAGES.get(script, other)
