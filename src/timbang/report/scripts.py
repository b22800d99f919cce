"""Texts of any script for LuaLaTeX: which font writes a character, and in which direction.

PDFLaTeX prints Latin letters. Where a report needs others it is compiled by LuaLaTeX, with fonts of
this machine that lie beside it.
"""

import os
import shutil
import subprocess
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import ascii_lowercase

from timbang.report.fonts import (
    find_font,
    find_missing,
    is_attached,
    name_packages,
    own_folder,
    read_font,
)

# The document's own, of matplotlib: the family of Times, and a typewriter's.
MAIN = ("STIXGeneral", "STIXGeneralBol", "STIXGeneralItalic", "STIXGeneralBolIta")
MONO = "DejaVuSansMono"
# OpenType's names of the scripts that are shaped, by what Unicode calls their characters.
SHAPED = {
    "ARABIC": "arab",
    "BALINESE": "bali",
    "BENGALI": "beng",
    "DEVANAGARI": "deva",
    "ETHIOPIC": "ethi",
    "GUJARATI": "gujr",
    "GURMUKHI": "guru",
    "HANGUL": "hang",
    "HEBREW": "hebr",
    "JAVANESE": "java",
    "KANNADA": "knda",
    "KHMER": "khmr",
    "LAO": "lao",
    "MALAYALAM": "mlym",
    "MONGOLIAN": "mong",
    "MYANMAR": "mymr",
    "NKO": "nko",
    "ORIYA": "orya",
    "SINHALA": "sinh",
    "SUNDANESE": "sund",
    "SYRIAC": "syrc",
    "TAMIL": "taml",
    "TELUGU": "telu",
    "THAANA": "thaa",
    "THAI": "thai",
    "TIBETAN": "tibt",
}
# Scripts whose lines break between any two characters, but before none of these.
UNSPACED = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL")
CLOSING = set("、。，．」』）】〉》ー！？")
# Unicode's isolates: what follows is from right to left, from left to right, until the end.
RIGHT, LEFT, END = "\u2067", "\u2066", "\u2069"
_STRONG = {"L": False, "R": True, "AL": True}


@dataclass(frozen=True)
class Face:
    """A font of LuaLaTeX: its key, its file's name and the script that it is shaped for."""

    key: str
    file: str
    script: str


class Faces:
    """The fonts of a document by the characters that they write.

    Args:
        characters: what PDFLaTeX cannot print of the document.
    """

    def __init__(self, characters: Collection[str]) -> None:
        main = read_font(own_folder() / f"{MAIN[0]}.ttf")
        self._main = main.characters if main else frozenset[str]()
        self._files: dict[Path, str] = {}
        self._faces: dict[tuple[Path, str], Face] = {}
        self._by_character: dict[str, Face] = {}
        for character in sorted(set(characters) - self._main):
            if font := find_font(character):
                self._by_character[character] = self._add(font.path, _find_script(character))

    def __iter__(self) -> Iterator[Face]:
        return iter(self._faces.values())

    def has(self, character: str) -> bool:
        """Say whether the document's own font has a character."""
        return character in self._main

    def knows(self, character: str) -> bool:
        """Say whether some font here has a character."""
        return character in self._main or character in self._by_character

    def find(self, character: str) -> Face | None:
        """Return the font that a character is taken from, None where it is the document's own."""
        return self._by_character.get(character)

    def copy(self, folder: Path) -> None:
        """Copy the files of all fonts to a folder, under names that TeX can read."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in (*MAIN, MONO):
            shutil.copyfile(own_folder() / f"{name}.ttf", folder / f"{name}.ttf")
        for path, name in self._files.items():
            shutil.copyfile(path, folder / name)

    def _add(self, path: Path, script: str) -> Face:
        file = self._files.setdefault(path, f"{len(self._files) + 1}{path.suffix.lower()}")
        first, second = divmod(len(self._faces), len(ascii_lowercase))
        key = f"{ascii_lowercase[first]}{ascii_lowercase[second]}"
        return self._faces.setdefault((path, script), Face(key, file, script))


@cache
def can_write_scripts() -> bool:
    """Say whether LuaLaTeX and what it needs for fonts are installed, and no other is asked for."""
    if os.environ.get("TIMBANG_TEX") == "tectonic":
        return False
    if not all(map(shutil.which, ("latexmk", "lualatex", "kpsewhich"))):
        return False
    needed = ["fontspec.sty", "luaotfload.sty"]
    return subprocess.run(["kpsewhich", *needed], capture_output=True).returncode == 0


def describe_lost(lost: Collection[str], code: str) -> str:
    """Return in a line what stands as code points in the report of a language, and the remedy."""
    some = "".join(sorted(lost)[:8]) + ("…" if len(lost) > 8 else "")
    packages = name_packages(find_missing(lost))
    packages += [] if can_write_scripts() else ["texlive-luatex"]
    return (
        f"report-{code}: characters that stand as code points, since there is no font for them: "
        f"{some} ({len(lost)} in all). On Debian: apt-get install {' '.join(packages)}; "
        "elsewhere LuaLaTeX and a font that has them. Then make the report again."
    )


def split_runs(word: str, faces: Faces) -> list[tuple[Face | None, str]]:
    """Return a word in pieces of one font each; what belongs to a character stays with it."""
    runs: list[tuple[Face | None, str]] = []
    for character in word:
        face = faces.find(character)
        if runs and runs[-1][0] is not None and is_attached(character):
            face = runs[-1][0]
        if runs and runs[-1][0] == face:
            runs[-1] = (face, runs[-1][1] + character)
        else:
            runs.append((face, character))
    return runs


def may_break(before: str, after: str) -> bool:
    """Say whether a line may end between two characters of a script without blanks."""
    is_closing = after in CLOSING or is_attached(after)
    return not is_closing and all(_name_script(own) in UNSPACED for own in (before, after))


def isolate(text: str) -> str:
    r"""Return a text with Unicode's isolates round its parts of another direction.

    As in Unicode's algorithm for an isolated text, its first letter decides the direction of the
    whole, and numbers are from left to right in any.

    >>> isolate("kucing"), ascii(isolate("a \u05d0 b"))
    ('kucing', "'a \\u2067\\u05d0\\u2069 b'")
    """
    strong = [_STRONG[kind] for kind in map(unicodedata.bidirectional, text) if kind in _STRONG]
    if True not in strong:
        return text
    parts = _isolate_parts(text, strong[0])
    return f"{RIGHT}{parts}{END}" if strong[0] else parts


def _isolate_parts(text: str, is_right: bool) -> str:
    """Return a text of one direction with isolates round what is of the other."""
    kinds = [_STRONG.get(kind, kind) for kind in map(unicodedata.bidirectional, text)]
    numbers = ("EN", "AN")
    parts, start = [], 0
    while start < len(text):
        rest = range(start, len(text))
        is_other = [not is_right, *(numbers if is_right else ())]
        first = next((at for at in rest if kinds[at] in is_other), len(text))
        stop = next((at for at in range(first, len(text)) if kinds[at] is is_right), len(text))
        inside = [at for at in range(first, stop) if kinds[at] in (not is_right, *numbers)]
        end = inside[-1] + 1 if inside else len(text)
        parts.append(text[start:first])
        if inside:
            inner = text[first:end]
            parts.append(f"{LEFT}{inner}{END}" if is_right else isolate(inner))
        start = end
    return "".join(parts)


def _name_script(character: str) -> str:
    return unicodedata.name(character, "").partition(" ")[0].partition("-")[0]


def _find_script(character: str) -> str:
    return SHAPED.get(_name_script(character), "")
