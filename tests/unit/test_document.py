"""The document says what the files say: no literal result, directions taken from the data."""

import datetime
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError
from judging_words import LEXICON

from timbang.evidence.contrasts import ALPHA, CONFIDENCE
from timbang.evidence.planner import POWER
from timbang.languages.texts import join_words, read_texts, write_count, write_date, write_tick
from timbang.report.document import render_document, write_signed
from timbang.report.tex import TeX

REPORT = Path(__file__).parents[2] / "report"
TEMPLATES = sorted((REPORT / "templates").glob("*.j2"))
TEXTS = {language: read_texts(REPORT / "texts" / f"{language}.yaml") for language in ("id", "en")}
EN, ID = TEXTS["en"], TEXTS["id"]

# Facts about the networks and about print, not results: kernels, strides, stages, channels.
ARCHITECTURE = {"0", "1", "2", "3", "4", "5", "6", "7", "50", "64", "128", "256", "512"}


# What decides, as the code has it.
METHOD = {f"{ALPHA}", f"{ALPHA}".replace(".", ","), f"{100 * POWER:.0f}", f"{100 * CONFIDENCE:.0f}"}


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
    known = ARCHITECTURE | METHOD
    assert found <= known, f"{path.name} states {sorted(found - known)}"


# What such words say of other things than the contenders' results, with the reason.
ALLOWED = (
    # How a run is reported, not what it reached.
    "The last epoch counts, never the one that scored highest.",
    "bukan epoch dengan skor tertinggi.",
    # A fact about images.
    "much smaller than the others",
    "jauh lebih kecil daripada citra lainnya",
    # Where figures stand in the document.
    "All figures below are over the runs that remain",
    "Semua angka di bawah ini",
    # A warning about means over the runs that remain.
    "Rerata semacam itu menguntungkan jaringan yang sering divergen.",
    # What a published study found.
    "jaringan polos yang sangat dalam ternyata lebih sulit dilatih",
    # The largest of a list of numbers.
    "its highest mean validation loss",
    "validasi tertingginya",
    # What the figure of duplicates shows.
    "Pairs nearest to the criterion",
)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: p.name)
def test_templates_judge_nothing(path):
    """A judging sentence stands in the texts of contrasts and claims, which verdicts choose."""
    text = re.sub(r"<<.*?>>|<%.*?%>|<#.*?#>", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    for phrase in ALLOWED:
        text = text.replace(phrase, "")
    found = [match.group() for match in LEXICON.finditer(text)]
    assert not found, f"{path.name}: {found}"


def test_the_lexicon_finds_judging_sentences():
    for sentence in (
        "ResNet-34 gave the best results.",
        "Plain-34 is less accurate.",
        "Akurasi ResNet-34 lebih tinggi daripada Plain-34.",
        "Hal ini membuktikan klaim tersebut.",
    ):
        assert LEXICON.search(sentence)


def test_only_contrasts_and_claims_judge_in_the_texts():
    for texts in TEXTS.values():
        for place in keys_of(texts):
            key = place.split(".")[1]
            value = texts
            for part in place.split(".")[1:]:
                value = value[part == "True" if part in ("True", "False") else part]
            if key in ("judgements", "conclusions", "measures", "settings"):
                continue
            assert not LEXICON.search(str(value)), place


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


@given(st.floats(-1000, 1000))
def test_signed_numbers_have_their_sign(value):
    printed = re.fullmatch(r"\\num\{(.*)\}", write_signed(value, 1)).group(1)
    assert float(printed) == pytest.approx(value, abs=0.051)
    assert printed.startswith("+") == (round(value, 1) > 0)


def test_dates_counts_and_lists_follow_the_language():
    day = datetime.date(2025, 11, 3)
    assert write_date(day, ID) == "3 November 2025"
    assert write_date(day.replace(month=2), ID) == "3 Februari 2025"
    assert (write_count(4, ID), write_count(99, EN)) == ("empat", "99")
    assert join_words(["a", "b", "c"], EN) == "a, b, and c"
    assert join_words(["a", "b"], ID) == "a dan b"
    assert join_words(["a"], ID) == "a"
