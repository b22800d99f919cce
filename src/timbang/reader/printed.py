"""Numbers and words as they are printed, and as the text of a PDF gives them back."""

import math
import re
from bisect import bisect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

AROUND = 40
LIGATURES = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl"}


@dataclass(frozen=True)
class Number:
    """A number as it is printed: its value, and one unit of its last digit."""

    text: str
    value: Decimal
    unit: Decimal

    def is_rounded_from(self, exact: float) -> bool:
        """Say whether the number is what ``exact`` rounds to; either way at a tie."""
        if not math.isfinite(exact):
            return False
        # A sum of floats may lie on the other side of a tie than the exact sum.
        slack = abs(Decimal(exact)) * Decimal("1e-12")
        return abs(Decimal(exact) - self.value) <= self.unit / 2 + slack

    def equals(self, exact: float) -> bool:
        """Say whether the number is ``exact``, unrounded."""
        return math.isclose(float(self.value), exact, rel_tol=1e-9, abs_tol=1e-12)


@dataclass(frozen=True)
class Line:
    """A line of a page."""

    page: int
    text: str


@dataclass(frozen=True)
class Passage:
    """Lines as one text, which knows the page of each of its characters."""

    text: str
    starts: tuple[int, ...]
    pages: tuple[int, ...]

    def page(self, place: int) -> int:
        """Return the page of a character."""
        return self.pages[max(bisect(self.starts, place) - 1, 0)]

    def around(self, start: int, end: int) -> str:
        """Return a piece of the text with the words around it."""
        return self.text[max(start - AROUND, 0) : end + AROUND].strip()


def join_lines(lines: Sequence[Line]) -> Passage:
    """Join lines to one text; a hyphen at a line's end stays, the break behind it goes."""
    parts: list[str] = []
    starts: list[int] = []
    length = 0
    for line in lines:
        parts.append(line.text if line.text.endswith("-") else line.text + " ")
        starts.append(length)
        length += len(parts[-1])
    return Passage("".join(parts), tuple(starts), tuple(line.page for line in lines))


def number_pattern(mark: str) -> str:
    """Return the regular expression of a number with that decimal mark; it has no groups."""
    point, group = re.escape(mark), re.escape(_group_mark(mark))
    whole = rf"(?:\d{{1,3}}(?:{group}\d{{3}})+(?!\d)|\d+)"
    # siunitx groups the digits behind the mark as well, if they are five or more.
    decimals = rf"(?:{point}(?:\d{{3}}(?:{group}\d{{3}})*{group}\d{{1,3}}|\d+)(?!\d))?"
    return rf"(?:(?<!\w)[+−-])?{whole}{decimals}(?:\s*×\s*10[+−-]?\d{{1,3}}(?!\d))?"


def parse_number(text: str, mark: str) -> Number:
    """Return the number that a text is, with ``mark`` before its decimals.

    >>> parse_number("−1.234,50", ",")
    Number(text='−1.234,50', value=Decimal('-1234.50'), unit=Decimal('0.01'))
    """
    plain = text.replace(_group_mark(mark), "").replace(mark, ".").replace("−", "-")
    # The exponent is raised in the PDF and stands behind the ten in its text.
    mantissa, _, power = re.sub(r"\s", "", plain).partition("×10")
    exponent = int(power or 0)
    decimals = mantissa.partition(".")[2]
    return Number(
        text, Decimal(mantissa).scaleb(exponent), Decimal(1).scaleb(exponent - len(decimals))
    )


def _group_mark(mark: str) -> str:
    return "," if mark == "." else "."


def literal_pattern(text: str) -> str:
    """Return a regular expression of a text that line breaks and hyphenation may have changed."""
    pattern = "".join(map(_literal_character, text))
    before = r"(?<!\d)" if text[:1].isdigit() else ""
    return before + pattern + (r"(?!\d)" if text[-1:].isdigit() else "")


def _literal_character(character: str) -> str:
    if character.isspace():
        return r"\s*"
    if character.isalpha():
        return re.escape(character) + "-?"
    if character in "'’":
        return "['’]"
    # Long words may be broken before these; a per cent sign has a thin space before it.
    return (r"\s?" if character in "_-./%" else "") + re.escape(character)


def squeeze(text: str) -> str:
    """Return a text without white space and hyphens, which line breaks change."""
    return re.sub(r"[\s-]", "", text)


def clean_line(text: str) -> str:
    """Return a line with single spaces and without ligatures."""
    for ligature, letters in LIGATURES.items():
        text = text.replace(ligature, letters)
    return re.sub(r"\s+", " ", text).strip()


def join_torn_names(text: str, names: Iterable[str]) -> str:
    """Return a text in which names are whole.

    A kern within a name is read as a space, and TeX may end a line within a word of it.

    >>> join_torn_names("of resnet34-w armup, 97.1", ["resnet34-warmup"])
    'of resnet34-warmup, 97.1'
    """
    for name in sorted(names, key=len, reverse=True):
        letters = name.replace(" ", "")
        torn = "".join(
            re.escape(letter) + (r"\s?" if letter.isalnum() and after.isalnum() else " ?")
            for letter, after in pairwise(letters)
        )
        torn += re.escape(letters[-1])
        text = re.sub(rf"(?<!\w){torn}(?!\w)", name.replace("\\", r"\\"), text)
    return text


def tex_to_text(words: str) -> str:
    """Return words of the texts, which are TeX, as the PDF has them."""
    return re.sub(r"\\emph|\\,|[\\${}]", "", words.replace(r"\alpha", "α"))
