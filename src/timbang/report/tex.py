"""Text for TeX: what a user wrote prints literally."""

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from timbang.report.fonts import spell
from timbang.report.scripts import END, LEFT, RIGHT, Face, Faces, isolate, may_break, split_runs

# PyLaTeX's escape_latex leaves ligatures ('' -- << ?`), control characters and ^ wrong.
_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "#": r"\#",
    "$": r"\$",
    "%": r"\%",
    "&": r"\&",
    "_": r"\_\allowbreak{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "'": r"\textquotesingle{}",
    '"': r"\textquotedbl{}",
    "`": r"\textasciigrave{}",
    "-": "{-}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "[": "{[}",
    "]": "{]}",
    ",": "{,}",
    "?": "{?}",
    "!": "{!}",
    "’": "'{}",
    "‘": "`{}",
    "“": r"\textquotedblleft{}",
    "”": r"\textquotedblright{}",
    "–": r"\textendash{}",
    "—": r"\textemdash{}",
    "…": r"\textellipsis{}",
    "€": r"\texteuro{}",
    "\xa0": "~",
}
# Letters that LaTeX's T1 encoding has no glyph or accent for, though their neighbours do.
_NOT_IN_T1 = set("ĦħĸĿŀŉŦŧſ")
_LONG_WORD = 20
# A line may end after a mark in a long word, or after some characters of what is long without one.
_MARKS = {_SPECIAL.get(mark, mark) for mark in "-_./"}
_LONG_RUN, _PIECE = 12, 5
# A page does not end there, as it would after a mere penalty.
_BREAK = r"\discretionary{}{}{}"
# Which pdfTeX writes as a ligature, and LuaLaTeX as they are.
_LIGATURES = "’‘"
ISOLATES = {RIGHT: r"\timbangrtl{}", LEFT: r"\timbangltr{}", END: r"\timbangend{}"}


def escape_tex(text: object, faces: Faces | None = None) -> str:
    """Return TeX that prints a text literally, in one paragraph.

    White space and control characters become single spaces. Letters that no font has print as
    their code point, as in [U+65E5]. Long words may be broken over lines.

    Args:
        text: the text.
        faces: LuaLaTeX's fonts; without, pdfTeX's T1 fonts print Latin letters alone.
    """
    plain = "".join(" " if _is_space(character) else character for character in str(text))
    if faces:
        # Those of the user's own are no marks of ours.
        plain = isolate("".join(spell(own) if own in ISOLATES else own for own in plain))
    return " ".join(_escape_word(word, faces) for word in plain.split())


def find_foreign(text: str) -> set[str]:
    """Return the characters of a text that pdfTeX's T1 fonts do not have."""
    if text.isascii():
        return set()
    composed = unicodedata.normalize("NFC", text)
    return {own for own in composed if not (_is_space(own) or own in _SPECIAL or _is_in_t1(own))}


def add_fonts(text: str, faces: Faces) -> str:
    """Return TeX in which each character is taken from a font of LuaLaTeX that has it."""
    if text.isascii():
        return text
    parts = []
    for face, run in split_runs(text, faces):
        is_known = face or all(own.isascii() or faces.has(own) for own in run)
        known = run if is_known else "".join(map(_escape_with_fonts(faces), run))
        parts.append(_write_run(face, known))
    return "".join(parts)


def _is_space(character: str) -> bool:
    return (character.isspace() and character != "\xa0") or unicodedata.category(character) == "Cc"


def _escape_word(word: str, faces: Faces | None) -> str:
    composed = unicodedata.normalize("NFC", word)
    if faces:
        parts = []
        for face, run in split_runs(composed, faces):
            own = _escape_with_fonts(faces)
            parts += [_write_run(face, run)] if face else list(map(own, run))
    else:
        parts = [_escape_character(character) for character in composed]
    if len(parts) > _LONG_WORD:
        return _BREAK.join(_split_word(parts))
    return "".join(parts)


def _split_word(parts: Sequence[str]) -> Iterator[str]:
    """Yield the pieces of a long word after which a line may end."""
    start = 0
    for end, part in enumerate(parts, start=1):
        if part in _MARKS or end == len(parts):
            step = _PIECE if end - start > _LONG_RUN else end - start
            for place in range(start, end, step):
                yield "".join(parts[place : min(place + step, end)])
            start = end


def _escape_character(character: str) -> str:
    if character in _SPECIAL:
        return _SPECIAL[character]
    return character if _is_in_t1(character) else _spell(character)


def _escape_with_fonts(faces: Faces) -> Callable[[str], str]:
    def escape(character: str) -> str:
        if character in ISOLATES:
            return ISOLATES[character]
        if character in _SPECIAL and character not in _LIGATURES:
            return _SPECIAL[character]
        is_printed = " " < character <= "~" or faces.has(character)
        is_printed &= unicodedata.category(character) != "Cf"
        return character if is_printed else _spell(character)

    return escape


def _write_run(face: Face | None, run: str) -> str:
    """Return characters in their font, with the places where a line may end without a blank."""
    if face is None:
        return run
    inner = run[:1] + "".join(
        rf"\allowbreak{{}}{own}" if may_break(before, own) else own for before, own in pairwise(run)
    )
    return rf"\timbangfont{{{face.key}}}{{{inner}}}"


def _spell(character: str) -> str:
    return spell(character).replace("[", "{[}").replace("]", r"{]}\allowbreak{}")


def _is_in_t1(character: str) -> bool:
    if " " < character <= "~":
        return True
    is_latin = "¡" <= character <= "ſ" and unicodedata.category(character) != "Cf"
    return is_latin and character not in _NOT_IN_T1
