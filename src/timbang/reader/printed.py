"""Numbers as they are printed in a language, and whether they are what a value rounds to."""

import math
import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal

from babel import Locale
from babel.numbers import get_decimal_symbol, get_group_symbol

# Computing in another order changes the last bits of a value; so much is no difference.
NOISE = Decimal("1e-12")
# p below this may be printed as a bound.
LARGEST_BOUND = Decimal("0.001")
SIGNIFICANT_DIGITS = 6
_INVISIBLE = re.compile(r"[\s\u061c\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_RAISED = re.compile("10([⁻⁺]?[⁰¹²³⁴-⁹]+)")
_QUOTES = str.maketrans("‘’`“”", "'''\"\"")
_DASHES = re.compile(r"[-\u00ad\u2010-\u2015\u2212\ufe58\ufe63\uff0d\x02]")


@dataclass(frozen=True)
class Marks:
    """The marks of a language before decimals and between groups of digits."""

    decimal: str
    group: str


@dataclass(frozen=True)
class Printed:
    """A printed number: its value, and one unit of its last digit.

    ``is_bound`` says that ``<`` stands before it, ``is_percent`` that a per cent sign is with it.
    """

    value: Decimal
    unit: Decimal
    is_bound: bool = False
    is_percent: bool = False

    def states(self, exact: float | Decimal) -> bool:
        """Say whether this is what ``exact`` rounds to, in as many digits; either way at a tie.

        A bound states what lies below it, where it is one in the last digit, 0.001 at most.
        """
        if not math.isfinite(exact):
            return False
        wanted = Decimal(exact)
        if self.is_bound:
            return self.unit == self.value <= LARGEST_BOUND and 0 <= wanted < self.value
        return abs(wanted - self.value) <= self.unit / 2 + _slack(wanted, self.unit)

    def shortens(self, exact: float | Decimal, floor: Decimal = NOISE) -> bool:
        """Say whether this is ``exact``, or what it rounds to in six significant digits.

        What is as small as ``floor`` on both sides is equal.
        """
        if self.is_bound or not math.isfinite(exact):
            return False
        wanted = Decimal(exact)
        if abs(wanted) <= floor:
            return abs(self.value) <= floor
        step = Decimal(1).scaleb(wanted.adjusted() + 1 - SIGNIFICANT_DIGITS)
        distance = abs(self.value - wanted)
        slack = _slack(wanted, step)
        return distance <= slack or (distance <= step / 2 + slack and self.value % step == 0)


def find_marks(language: str) -> Marks:
    """Return the marks of a language, from the locale's data."""
    locale = Locale.parse(language.replace("-", "_"))
    systems = (locale.default_numbering_system, "latn")
    points = [get_decimal_symbol(locale, numbering_system=name) for name in systems]
    groups = [get_group_symbol(locale, numbering_system=name) for name in systems]
    return Marks("".join(dict.fromkeys(points)), "".join(dict.fromkeys(groups)))


def parse_number(text: str, marks: Marks) -> Printed | None:
    """Return the number that a text is, None if it is something else.

    >>> parse_number("−1.234,5 %", Marks(decimal=",", group="."))
    Printed(value=Decimal('-1234.5'), unit=Decimal('0.1'), is_bound=False, is_percent=True)
    """
    raised = _RAISED.sub(r"10^\1", _INVISIBLE.sub("", text))
    plain = "".join(map(_plain_character, raised))
    plain = _INVISIBLE.sub("", _DASHES.sub("-", unicodedata.normalize("NFKC", plain)))
    is_percent = "%" in plain
    found = _pattern(marks).fullmatch(plain.replace("%", "", 1))
    if found is None:
        return None
    whole = re.sub(r"\D", "", found["whole"] or "1")
    decimals = found["decimals"] or ""
    exponent = int(found["exponent"] or found["power"] or 0)
    sign = "-" if found["sign"] == "-" else ""
    return Printed(
        value=Decimal(f"{sign}{whole}.{decimals}").scaleb(exponent),
        unit=Decimal(1).scaleb(exponent - len(decimals)),
        is_bound=found["bound"] is not None,
        is_percent=is_percent,
    )


def holds_digit(text: str) -> bool:
    """Say whether a digit of any script is in a text, superscripts among them."""
    return any(character.isdigit() or character.isdecimal() for character in text)


def squeeze(text: str) -> str:
    """Return a text without what line breaks and typesetting change in it."""
    plain = unicodedata.normalize("NFKC", text).casefold().translate(_QUOTES)
    return _INVISIBLE.sub("", _DASHES.sub("", plain))


def _slack(exact: Decimal, unit: Decimal) -> Decimal:
    return max(abs(exact) * NOISE, min(NOISE, unit * Decimal("1e-3")))


def _plain_character(character: str) -> str:
    """Return an ASCII digit for one of any script, and one sign for all of per cent."""
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    return {"٪": "%", "﹪": "%", "’": "'"}.get(character, character)


def _pattern(marks: Marks) -> re.Pattern[str]:
    point = f"[{re.escape(marks.decimal)}]"
    # White space is gone already, also where it is the mark of groups.
    group = re.escape(_INVISIBLE.sub("", marks.group).replace("’", "'"))
    grouped = rf"\d{{1,3}}(?:[{group}]\d{{2,3}})*[{group}]\d{{3}}|" if group else ""
    return re.compile(
        r"(?:(?P<bound><)|=)?(?P<sign>[+-])?"
        rf"(?:(?P<whole>{grouped}\d+)(?:{point}(?P<decimals>\d+))?"
        r"(?:(?:[eE]|[×·]10\^?)(?P<exponent>[+-]?\d{1,3}))?|10\^(?P<power>[+-]?\d{1,3}))",
        re.ASCII,
    )
