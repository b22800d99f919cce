"""How a value of each unit is printed. Nowhere else is a number rounded or scaled for print."""

from timbang.facts.fact import Fact, Unit, Value
from timbang.languages.catalogue import Language

DIGITS = {
    Unit.NATS: 3,
    Unit.SECONDS: 1,
    Unit.RATE: 1,
    Unit.SD: 1,
    Unit.BITS: 0,
}
# Percentage points and millions are printed in hundredths and in millions of a value.
PER_CENT, MILLION = 100, 1_000_000
MINUTES_PER_HOUR = 60
P_DIGITS, SMALLEST_P = 3, 0.001
# A source is shown with so many significant digits.
SIGNIFICANT = 6
# A number of so many significant digits is written in full, however small.
SHORT = 3


def write_value(fact: Fact, language: Language, *, signed: bool = False, style: str = "") -> str:
    """Return a value as the report prints it.

    Args:
        fact: the fact.
        language: whose marks are written.
        signed: whether a positive number gets its sign.
        style: ``millions`` for a count in millions, ``whole`` for a share without decimals,
            ``hours`` or ``minutes`` for hours, ``tenths`` for a whole count among others.
    """
    value = fact.value
    if isinstance(value, str):
        return value
    if style == "millions":
        return language.number(value / MILLION, 2, signed=signed)
    if style in {"hours", "minutes"}:
        return language.number(value * (MINUTES_PER_HOUR if style == "minutes" else 1), 1)
    match fact.unit:
        case Unit.SHARE:
            return language.percent(value, 0 if style == "whole" else 1, signed=signed)
        case Unit.POINTS:
            return language.number(value * PER_CENT, 1, signed=signed)
        case Unit.P:
            smallest = language.number(SMALLEST_P, P_DIGITS)
            is_small = value < SMALLEST_P
            return f"< {smallest}" if is_small else language.number(value, P_DIGITS)
        case Unit.COUNT:
            is_whole = value == int(value) and style != "tenths"
            return language.number(value, 0 if is_whole else 1, signed=signed)
        case Unit.NUMBER:
            return language.number(*_shorten(value), signed=signed)
        case unit:
            return language.number(value, DIGITS[unit], signed=signed)


def write_source(value: Value, language: Language) -> str:
    """Return a value as the appendix shows it: a count in full, else six significant digits."""
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return language.number(value, 0)
    return language.number(float(f"{value:.{SIGNIFICANT}g}"), None)


def _shorten(value: float) -> tuple[float, int | None]:
    """Return a number and its decimals: as it is where it is short, else three decimals."""
    written = f"{value:.{SIGNIFICANT}g}"
    is_short = len(written) <= len("0.0001") and float(written) == value
    return (value, None) if is_short or float(f"{value:.{SHORT}g}") == value else (value, 3)
