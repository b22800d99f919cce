"""The second reader reads numbers as languages print them, and knows what they round."""

import re
from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from babel.numbers import format_decimal, format_percent
from hypothesis import given
from hypothesis import strategies as st

from timbang.reader.printed import (
    Marks,
    Printed,
    find_marks,
    holds_digit,
    parse_number,
    squeeze,
)

LANGUAGES = ("en", "id", "de", "fr", "sv", "de_CH", "hi", "fa", "ar_EG", "my", "pt-BR")
ENGLISH, INDONESIAN = find_marks("en"), find_marks("id")
languages = st.sampled_from(LANGUAGES)
decimals = st.decimals(-(10**9), 10**9, places=4, allow_nan=False, allow_infinity=False)


def write(value, language, digits):
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    locale = language.replace("-", "_")
    return format_decimal(value, pattern, locale=locale, numbering_system="default")


@given(decimals, languages, st.integers(0, 4))
def test_what_a_language_writes_is_read_back(value, language, digits):
    rounded = value.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_EVEN)
    printed = parse_number(write(value, language, digits), find_marks(language))
    assert printed == Printed(rounded, Decimal(1).scaleb(-digits))
    assert printed.states(value)


@given(st.floats(-1, 1), languages)
def test_per_cent_is_read_in_every_language(value, language):
    locale = language.replace("-", "_")
    text = format_percent(value, locale=locale, numbering_system="default")
    printed = parse_number(text, find_marks(language))
    assert printed.is_percent
    assert printed.states(value * 100)


@given(st.floats(-1000, 1000), st.integers(0, 4), st.data())
def test_one_other_digit_is_never_what_the_value_rounds_to(value, digits, data):
    text = write(value, "en", digits)
    exact = Decimal(value)
    unit = Decimal(1).scaleb(-digits)
    distance = abs(exact - exact.quantize(unit))
    places = [place for place, letter in enumerate(text) if letter.isdigit()]
    place = data.draw(st.sampled_from(places))
    digit = data.draw(st.sampled_from(sorted(set("0123456789") - {text[place]})))
    changed = parse_number(text[:place] + digit + text[place + 1 :], ENGLISH)
    # At a tie both neighbours are right.
    if abs(distance - unit / 2) > unit * Decimal("1e-6"):
        assert not changed.states(value)


@given(st.floats(0.1, 1000), st.integers(0, 3))
def test_a_sign_that_is_lost_is_found(value, digits):
    text = write(value, "en", digits)
    printed = parse_number(text, ENGLISH)
    assert printed.states(-value) == (printed.value == 0)
    assert parse_number("−" + text, ENGLISH).states(-value)
    assert parse_number("+" + text, ENGLISH).states(value)


@pytest.mark.parametrize(
    ("text", "marks", "value", "unit"),
    [
        ("93.2\u2009%", ENGLISH, "93.2", "0.1"),
        ("−1.234,5", INDONESIAN, "-1234.5", "0.1"),
        ("1 234,5", find_marks("fr"), "1234.5", "0.1"),
        ("12,34,567", find_marks("hi"), "1234567", "1"),
        ("1’234.5", find_marks("de_CH"), "1234.5", "0.1"),
        ("۱٬۲۳۴٫۵", find_marks("fa"), "1234.5", "0.1"),
        ("1.5e−7", ENGLISH, "1.5e-7", "1e-8"),
        ("3,5·10⁻⁵", INDONESIAN, "3.5e-5", "1e-6"),
        ("1×10-5", ENGLISH, "1e-5", "1e-5"),
        ("10⁶", ENGLISH, "1e6", "1e6"),
        ("= 0.031", ENGLISH, "0.031", "0.001"),
        ("\u200e+1.9 ", ENGLISH, "1.9", "0.1"),
    ],
)
def test_forms_of_numbers(text, marks, value, unit):
    printed = parse_number(text, marks)
    assert (printed.value, printed.unit) == (Decimal(value), Decimal(unit))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "%",
        "a1",
        "1a",
        "1.2.3",
        "1,2",
        "1,23,4",
        "1234,567.8.9",
        "< ",
        "5 of 6",
        "½",
        "1–2",
    ],
)
def test_what_is_no_number_is_none(text):
    assert parse_number(text, ENGLISH) is None


def test_marks_of_another_language_are_not_taken_for_ones_own():
    assert parse_number("93,2", ENGLISH) is None
    assert parse_number("93.2", INDONESIAN) is None
    # Three decimals look like a group, and are then another number.
    assert parse_number("1,797", INDONESIAN).value == Decimal("1.797")


@pytest.mark.parametrize(
    ("text", "value", "is_right"),
    [
        ("< 0.001", 0.0002, True),
        ("< 0.001", 0.00099, True),
        ("< 0.001", 0.001, False),
        ("< 0.001", 0.2, False),
        ("< 0.002", 0.0002, False),
        ("< 0.011", 0.0002, False),
        ("< 1.001", 0.0002, False),
        ("< 0.01", 0.0002, False),
        ("< 0.000", 0.0002, False),
        ("0.000", 0.0002, True),
    ],
)
def test_bounds_are_what_p_below_a_thousandth_gets(text, value, is_right):
    assert parse_number(text, ENGLISH).states(value) == is_right


def test_both_sides_of_a_tie_are_right_and_float_noise_is_none():
    for text in ("93.2", "93.3"):
        assert parse_number(text, ENGLISH).states(93.25)
    assert parse_number("0.3", ENGLISH).states(0.1 + 0.2)
    assert parse_number("0.0", ENGLISH).states(-0.04)
    assert parse_number("−0.0", ENGLISH).states(0.04)
    assert not parse_number("−0.1", ENGLISH).states(0.06)
    assert not parse_number("0.1", ENGLISH).states(float("nan"))


@given(st.floats(1e-9, 1e12) | st.floats(-1e12, -1e-9), st.data())
def test_six_significant_digits_are_the_value_and_others_are_not(value, data):
    text = write(Decimal(f"{value:.6g}"), "en", 15).rstrip("0").removesuffix(".")
    printed = parse_number(text, ENGLISH)
    assert printed.shortens(value)
    places = [place for place, letter in enumerate(text) if letter.isdigit()]
    place = data.draw(st.sampled_from(places))
    digit = data.draw(st.sampled_from(sorted(set("0123456789") - {text[place]})))
    changed = parse_number(text[:place] + digit + text[place + 1 :], ENGLISH)
    step = Decimal(1).scaleb(Decimal(value).adjusted() - 5)
    is_tie = abs(abs(Decimal(value) - printed.value) - step / 2) <= step * Decimal("1e-3")
    assert is_tie or not changed.shortens(value)


def test_whole_numbers_may_stand_in_the_appendix_as_they_are():
    assert parse_number("21,287,237", ENGLISH).shortens(21_287_237)
    assert parse_number("21,287,200", ENGLISH).shortens(21_287_237)
    assert not parse_number("21,287,240", ENGLISH).shortens(21_287_237)
    assert parse_number("0", ENGLISH).shortens(1e-17)
    assert not parse_number("0", ENGLISH).shortens(1e-17, floor=Decimal(0))


def test_digits_of_every_script_are_seen():
    for text in ("x1", "٣", "२", "x²", "①", "９"):
        assert holds_digit(text)
    assert not holds_digit("one, ½ and 五")


def test_texts_are_equal_whatever_a_line_break_did_to_them():
    assert squeeze("AMD\u00a0EPYC (CPU)") == squeeze("amd epyc (CPU)")
    assert squeeze("cosine-\nannealing ﬁrst") == squeeze("cosine annealing first")
    assert squeeze("2.14.1+cu130") != squeeze("2.14.1+cu131")


def test_marks_hold_each_sign_once():
    assert find_marks("id") == Marks(decimal=",", group=".")
    assert all(len(set(mark)) == len(mark) for mark in find_marks("fa").__dict__.values())
    assert re.fullmatch(r"\s", find_marks("fr").group)
