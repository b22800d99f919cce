"""Languages: whole catalogues, numbers as each writes them, and one more by machine."""

import ast
import re
import shutil

import pytest
from babel.messages.pofile import read_po
from babel.numbers import parse_decimal
from hypothesis import given
from hypothesis import strategies as st
from made_up import build_report, make_up
from update_catalogues import collect_messages

from timbang.errors import TimbangError
from timbang.languages.catalogue import read_catalogue, read_language
from timbang.languages.listing import CATALOGUES, check_languages, list_languages

PLACEHOLDER = re.compile(r"%\(\w+\)s|%%")


def forms_of(message):
    """The forms of a message, singular and plural alike."""
    return (message,) if isinstance(message, str) else tuple(message)


@pytest.mark.parametrize("path", sorted(CATALOGUES.glob("*.po")), ids=lambda path: path.stem)
def test_a_catalogue_has_every_message_and_its_placeholders(path):
    known = read_po(path.read_text(encoding="utf-8").splitlines(keepends=True), locale=path.stem)
    wanted = {own.id for own in collect_messages() if own.id}
    assert {own.id for own in known if own.id} == wanted, "run make catalogues"
    for own in known:
        if not own.id:
            continue
        assert not own.fuzzy, own.id
        assert all(forms_of(own.string)), f"without a translation: {own.id}"
        expected = sorted(PLACEHOLDER.findall(forms_of(own.id)[-1]))
        # All are computed, so a form without one would leave its source without a number.
        for text in (*forms_of(own.id), *forms_of(own.string)):
            assert sorted(PLACEHOLDER.findall(text)) == expected, own.id
            assert text.count("*") % 2 == 0 and text.count("`") % 2 == 0, text


def test_no_message_hides_from_the_tool_that_collects_them():
    """Babel 2.19 sees no call inside an f-string (Python 3.11)."""
    for path in sorted((CATALOGUES.parents[1] / "src/timbang/report").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            hidden = isinstance(node, ast.JoinedStr) and "say(" in ast.unparse(node)
            assert not hidden, f"{path.name}: {ast.unparse(node)}"


@given(
    st.sampled_from(["en", "id"]),
    st.floats(-1e9, 1e9, allow_nan=False),
    st.integers(0, 4),
)
def test_numbers_are_read_back_as_they_were_written(code, value, digits):
    language = read_language(code)
    text = language.number(value, digits).replace("−", "-")
    assert float(parse_decimal(text, locale=code)) == pytest.approx(value, abs=0.5001 * 10**-digits)
    assert not re.fullmatch(r"-0[.,]?0*", text)


@pytest.mark.parametrize(
    ("code", "share", "points", "thousands"),
    [("en", "68.8%", "−1.9", "1,797"), ("id", "68,8%", "−1,9", "1.797")],
)
def test_each_language_writes_numbers_in_its_own_way(code, share, points, thousands):
    language = read_language(code)
    assert language.percent(0.6884, 1) == share
    assert language.number(-1.94, 1, signed=True) == points
    assert language.number(1797, 0) == thousands
    assert language.number(0.04, 1, signed=True) in ("0.0", "0,0")


def test_a_language_without_a_catalogue_is_one_line():
    with pytest.raises(TimbangError, match=r"report\.languages: 'xx' is not allowed; allowed: en"):
        check_languages(["en", "xx"])
    assert set(list_languages()) >= {"en", "id"}


def accent(text):
    """Write a message as no language does, its placeholders and marks as they are."""
    parts = re.split(r"(%\(\w+\)s|%%|`[^`]*`)", text)
    return "".join(
        part if place % 2 else part.translate(str.maketrans("aeio", "áéíó"))
        for place, part in enumerate(parts)
    )


@pytest.mark.skipif(not shutil.which("pdflatex"), reason="no TeX engine")
def test_a_third_language_needs_a_catalogue_and_nothing_else(tmp_path, monkeypatch):
    lines = ['msgid ""', 'msgstr ""', '"Plural-Forms: nplurals=2; plural=(n != 1);\\n"']
    lines += ['"X-TeX-Babel: english\\n"', '"Content-Type: text/plain; charset=utf-8\\n"', ""]
    for own in collect_messages():
        if not own.id:
            continue
        forms = [
            accent(text).replace("\\", "\\\\").replace('"', '\\"') for text in forms_of(own.id)
        ]
        ids = [text.replace("\\", "\\\\").replace('"', '\\"') for text in forms_of(own.id)]
        lines += [f'msgid "{ids[0]}"', *(f'msgid_plural "{text}"' for text in ids[1:])]
        is_plural = len(forms) > 1
        lines += [
            f'msgstr{f"[{place}]" if is_plural else ""} "{text}"'
            for place, text in enumerate(forms)
        ]
        lines.append("")
    third = read_catalogue("fr", "\n".join(lines).encode())
    monkeypatch.setattr("made_up.read_language", lambda code: third)
    made = make_up(11, tmp_path, contenders=["resnet18"], reference="resnet18", replicates=2)
    pdf, _ = build_report(made, "fr")
    text = (pdf.with_suffix(".tex")).read_text(encoding="utf-8")
    assert "nétwórk" in text
    assert "were trained" not in text
