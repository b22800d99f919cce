"""What a language is: its catalogue of messages, and how it writes numbers, dates and lists.

Messages are English, the catalogues gettext's (``report/languages/<code>.po``), the rest is
Unicode's CLDR as Babel has it.
"""

import datetime
import gettext
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from babel import Locale
from babel.dates import format_date
from babel.lists import format_list
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent, format_scientific

from timbang.languages.listing import CATALOGUES, SOURCE, check_languages

# The header of a catalogue that says what LaTeX's babel calls the language.
TEX_HEADER = "X-TeX-Babel"
# Beyond these a number is written with a power of ten.
SMALLEST, LARGEST = 1e-6, 1e12
MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True)
class Language:
    """A language of the report; ``tex_name`` is what LaTeX's babel calls it."""

    code: str
    tex_name: str
    locale: Locale
    translations: gettext.NullTranslations

    def say(self, message: str) -> str:
        """Return a message in this language, its placeholders as they are."""
        return self.translations.gettext(message)

    def say_count(self, one: str, many: str, count: float) -> str:
        """Return the form of a message that goes with a count."""
        whole = int(count) if count == int(count) else 2
        return self.translations.ngettext(one, many, whole)

    def number(self, value: float, digits: int | None, *, signed: bool = False) -> str:
        """Return a number with so many decimals, never −0.

        With None it has as many as it needs, and a power of ten where it is very large or small.
        """
        if digits is None and value and not SMALLEST <= abs(value) < LARGEST:
            return format_scientific(value, "0.#####E0", locale=self.locale).replace("-", MINUS)
        decimals = "0" * digits if digits is not None else "#" * 12
        pattern = f"#,##0.{decimals}" if decimals else "#,##0"
        text = format_decimal(_without_zero(value, digits), pattern, locale=self.locale)
        return _sign(text, value, digits, signed)

    def percent(self, share: float, digits: int, *, signed: bool = False) -> str:
        """Return a fraction in per cent, as the language sets its sign."""
        own = self.locale.percent_formats[None].pattern
        pattern = own.replace("#,##0", f"#,##0.{'0' * digits}" if digits else "#,##0")
        text = format_percent(
            _without_zero(share, digits + 2), pattern, locale=self.locale, decimal_quantization=True
        )
        return _sign(text, share, digits + 2, signed)

    def date(self, day: datetime.date) -> str:
        """Return a date as in "3 Oktober 2025"."""
        return format_date(day, "long", locale=self.locale)

    def join(self, words: Sequence[str]) -> str:
        """Return a list in prose: "a", "a and b", "a, b, and c"."""
        return format_list(list(words), locale=self.locale)


@cache
def read_language(code: str) -> Language:
    """Read the catalogue of a language.

    Raises:
        TimbangError: there is none of that code.
    """
    if code == SOURCE:
        return Language(code, "english", Locale.parse(code), gettext.NullTranslations())
    check_languages([code])
    return read_catalogue(code, (CATALOGUES / f"{code}.po").read_bytes())


def read_catalogue(code: str, content: bytes) -> Language:
    """Make a language of the content of its catalogue.

    Args:
        code: of the language, as CLDR has it.
        content: a file of gettext's, in UTF-8.
    """
    text = content.decode("utf-8")
    catalogue = read_po(text.splitlines(keepends=True), locale=code)
    return Language(code, find_tex_name(text) or code, Locale.parse(code), _Messages(catalogue))


def find_tex_name(text: str) -> str | None:
    """Return what the header of a catalogue says LaTeX's babel calls its language.

    Babel keeps only the headers that it knows (2.19).
    """
    found = re.search(rf"^\"{TEX_HEADER}: *([a-z]+) *\\n\"$", text, re.MULTILINE)
    return found[1] if found else None


class _Messages(gettext.NullTranslations):
    """The messages of a catalogue, as it was read; an empty or fuzzy one stays English."""

    def __init__(self, catalogue: Catalog) -> None:
        super().__init__()
        self._known: dict[str, tuple[str, ...]] = {}
        self._plural = catalogue.plural_func if hasattr(catalogue, "plural_func") else None
        for message in catalogue:
            text = message.string
            forms = (text,) if isinstance(text, str) else tuple(text or ())
            if message.id and not message.fuzzy and forms and all(forms):
                key = message.id if isinstance(message.id, str) else message.id[0]
                self._known[key] = forms
        self._count = catalogue.num_plurals
        expression = catalogue.plural_expr
        self._choose = gettext.c2py(expression)

    def gettext(self, message: str) -> str:
        """Return a message in this language."""
        return self._known.get(message, (message,))[0]

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """Return the form of a message for a count."""
        forms = self._known.get(msgid1)
        if forms is None:
            return super().ngettext(msgid1, msgid2, n)
        return forms[min(self._choose(n), len(forms) - 1)]


def _without_zero(value: float, digits: int | None) -> float:
    return 0.0 if digits is not None and round(value, digits) == 0 else value


def _sign(text: str, value: float, digits: int | None, signed: bool) -> str:
    text = text.replace("-", MINUS)
    is_positive = (round(value, digits) if digits is not None else value) > 0
    return f"+{text}" if signed and is_positive else text
