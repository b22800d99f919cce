"""The document says what the files say: no literal result, directions taken from the data."""

import datetime
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError

from timbang.report.document import compare_accuracy, compare_loss, render_document
from timbang.report.tex import TeX
from timbang.report.texts import join_words, read_texts, write_count, write_date, write_tick

REPORT = Path(__file__).parents[2] / "report"
TEMPLATES = sorted((REPORT / "templates").glob("*.j2"))
TEXTS = {language: read_texts(REPORT / "texts" / f"{language}.yaml") for language in ("id", "en")}
EN, ID = TEXTS["en"], TEXTS["id"]

# Facts about the networks and about print, not results: kernels, strides, stages, channels.
ARCHITECTURE = {"0", "1", "2", "3", "4", "5", "6", "7", "50", "64", "128", "256", "512"}


def keys_of(value, prefix=""):
    if isinstance(value, dict):
        return {key for name, item in value.items() for key in keys_of(item, f"{prefix}.{name}")}
    return {prefix}


def test_both_languages_have_the_same_texts():
    assert keys_of(EN) == keys_of(ID)


@pytest.mark.parametrize(
    "path", [p for p in TEMPLATES if "base" not in p.name], ids=lambda p: p.name
)
def test_no_template_holds_a_literal_result(path):
    """Outside of what is filled in, only the numbers of the networks' structure stand."""
    text = re.sub(r"<<.*?>>|<%.*?%>|<#.*?#>", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    text = re.sub(
        r"\\(?:ref|label|cite\w*|figurefile|input|usepackage)\b\*?(\[.*?\])*\{.*?\}", "", text
    )
    text = re.sub(r"\\\w+\\\w*|\\(?:tabcolsep|setlength)\S*", "", text)
    found = set(re.findall(r"\d+(?:[.,]\d+)?", text))
    assert found <= ARCHITECTURE, f"{path.name} states {sorted(found - ARCHITECTURE)}"


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: p.name)
def test_templates_judge_nothing(path):
    words = r"\b(best|better|worse|worst|superior|proves?|terbaik|terburuk|membuktikan|unggul)\b"
    assert not re.search(words, path.read_text(encoding="utf-8"), re.IGNORECASE)


def test_directions_come_from_the_data():
    assert compare_accuracy(0.094, EN) == r"\num{9.4} percentage points higher than"
    assert compare_accuracy(-0.094, ID) == r"\num{9.4} poin persentase lebih rendah daripada"
    assert "equal within" in compare_accuracy(0.0009, EN)
    assert compare_loss(-0.5, EN) == r"\num{0.50} lower than"


@given(st.floats(-1, 1))
def test_a_direction_never_contradicts_its_difference(difference):
    text = compare_accuracy(difference, EN)
    assert ("higher" in text) == (100 * difference > 0.1)
    assert ("lower" in text) == (100 * difference < -0.1)


def test_values_are_escaped_and_tex_is_not(tmp_path):
    template = tmp_path / "x.tex.j2"
    template.write_text("<< label >> << tex >> << labels|joined >>")
    context = {"label": r"\x{50%}", "tex": TeX(r"\ok"), "labels": ["a_b", "c&d"]}
    text = render_document(template, context, EN)
    assert text == r"\textbackslash{}x\{50\%\} \ok a\_\allowbreak{}b and c\&d"


def test_naming_what_is_not_there_is_an_error(tmp_path):
    template = tmp_path / "x.tex.j2"
    template.write_text("<< nothing >>")
    with pytest.raises(UndefinedError):
        render_document(template, {}, EN)


@given(st.integers(-1000, 1000), st.sampled_from([0.001, 0.025, 0.25, 0.5, 5, 20]))
def test_ticks_are_never_rounded(steps, step):
    assert float(write_tick(steps * step, EN)) == pytest.approx(steps * step, rel=1e-12, abs=1e-12)
    assert write_tick(steps * step, ID) == write_tick(steps * step, EN).replace(".", ",")


def test_dates_counts_and_lists_follow_the_language():
    day = datetime.date(2025, 11, 3)
    assert write_date(day, ID) == "3 November 2025"
    assert write_date(day.replace(month=2), ID) == "3 Februari 2025"
    assert (write_count(4, ID), write_count(99, EN)) == ("empat", "99")
    assert join_words(["a", "b", "c"], EN) == "a, b, and c"
    assert join_words(["a", "b"], ID) == "a dan b"
    assert join_words(["a"], ID) == "a"
