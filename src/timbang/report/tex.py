"""Text for TeX: what a user wrote prints literally."""

import unicodedata

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


def escape_tex(text: object) -> str:
    """Return TeX that prints a text literally, in one paragraph.

    White space and control characters become single spaces. Letters that pdfTeX's T1 fonts do
    not have print as their code point, as in [U+65E5]. Long words may be broken over lines.
    """
    words = "".join(" " if _is_space(character) else character for character in str(text)).split()
    return " ".join(_escape_word(word) for word in words)


def _is_space(character: str) -> bool:
    return (character.isspace() and character != "\xa0") or unicodedata.category(character) == "Cc"


def _escape_word(word: str) -> str:
    parts = [_escape_character(character) for character in unicodedata.normalize("NFC", word)]
    if len(parts) > _LONG_WORD:
        parts = [
            part + r"\allowbreak{}" if place % 10 == 9 else part for place, part in enumerate(parts)
        ]
    return "".join(parts)


def _escape_character(character: str) -> str:
    if character in _SPECIAL:
        return _SPECIAL[character]
    if " " < character <= "~":
        return character
    is_latin = "¡" <= character <= "ſ" and unicodedata.category(character) != "Cf"
    if is_latin and character not in _NOT_IN_T1:
        return character
    return f"{{[}}U+{ord(character):04X}{{]}}"
