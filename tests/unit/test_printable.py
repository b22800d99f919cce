"""What cannot be seen is written as an escape, and all else is left as it is."""

import logging
import unicodedata
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import matplotlib
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from timbang.errors import TimbangError
from timbang.logs import describe_failures, log_to
from timbang.printable import show, show_lines
from timbang.report.figures.style import (
    STYLE,
    mark,
    name_rows,
    new_figure,
    save_figure,
    wrap_labels,
)

# A title for a terminal's window, an override of the direction, a half of a character, a line's
# end that is none for a reader of lines, and an override that is two bytes in some encodings.
NASTY = "\x1b]0;owned\x07\x1b[2Jcat\u202egnp.\ud800\u2028\x9b31m\x00\x7f\ufffe\r"
# Letters of all kinds: texts of any character, but half of them of those that matter here.
TEXTS = st.text(st.one_of(st.characters(exclude_categories=()), st.sampled_from(NASTY)))
BIDI = {"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"}


@given(TEXTS)
def test_nothing_is_left_that_a_terminal_obeys(text):
    shown = show(text)
    assert not {unicodedata.category(character) for character in shown} & {"Cc", "Cs", "Zl", "Zp"}
    assert not {unicodedata.bidirectional(character) for character in shown} & BIDI
    assert shown.splitlines() in ([shown], [])
    shown.encode("utf-8")


@given(TEXTS)
def test_xml_can_hold_it(text):
    assert ElementTree.fromstring(f"<t>{escape(show(text))}</t>").text in (show(text), None)


@given(TEXTS.filter(str.isprintable))
def test_what_can_be_seen_is_left_as_it_is(text):
    assert show(text) == text


@given(TEXTS)
def test_shown_twice_is_shown_once(text):
    assert show(show(text)) == show(text)


@given(st.lists(TEXTS.map(show), min_size=1))
def test_lines_stay_lines(lines):
    assert show_lines("\n".join(lines)) == "\n".join(lines)


def test_escapes_are_those_of_python():
    assert show("a\x1bb\u202ec\nd\U0001fffe") == r"a\x1bb\u202ec\nd\U0001fffe"
    assert show("\u0645\u200c\u06cc \U0001f468\u200d\U0001f373") == (
        "\u0645\u200c\u06cc \U0001f468\u200d\U0001f373"
    )


# Where text leaves the program


def draw(labels):
    figure = new_figure(2)
    axes = figure.subplots()
    name_rows(axes, labels)
    axes.plot([0, 1], [0, 1], label=labels[0], color=mark(0).color)
    axes.set_title(labels[0])
    axes.text(0, 0, labels[-1])
    figure.legend()
    return figure


@given(st.lists(TEXTS, min_size=1, max_size=3))
@example([NASTY])
@settings(max_examples=3, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.filterwarnings("ignore:Glyph", "ignore:constrained_layout")
def test_figure_of_any_labels_is_well_formed(tmp_path, labels):
    with matplotlib.rc_context(STYLE):
        save_figure(draw(labels), tmp_path / "f.pdf", tmp_path / "f.svg")
    assert ElementTree.parse(tmp_path / "f.svg").getroot().tag.endswith("svg")


def test_label_of_a_figure_shows_its_escapes():
    assert wrap_labels(["a\x1b[1mb", "two\nwords"]) == [r"a\x1b[1mb", "two words"]


def test_neither_log_nor_terminal_obeys_a_name(tmp_path):
    log = tmp_path / "a.log"
    with pytest.raises(SystemExit), log_to(log) as logger:
        logger.info("fetching: the server says %s", NASTY)
        try:
            raise ValueError(NASTY)
        except ValueError as error:
            raise TimbangError(f"{NASTY}: is no image\nmend it") from error
    logging.getLogger().handlers[0].close()
    content = log.read_text(encoding="utf-8")
    for text in (content, describe_failures([(f"Reading {NASTY}", [str(log)])])):
        assert all(show(line) == line for line in text.split("\n"))
    assert content.count(show(NASTY)) >= 3
    assert describe_failures([("Reading", [str(log)])]).split("\n")[-2:] == [
        f"{show(NASTY)}: is no image",
        "mend it",
    ]


def test_log_of_another_program_is_shown_without_what_a_terminal_obeys(tmp_path):
    (tmp_path / "a.log").write_bytes(b"12:00:00 \x1b[2Jgone\r\n")
    said = describe_failures([("Training", [str(tmp_path / "a.log"), f"no {NASTY}"])])
    assert all(show(line) == line for line in said.split("\n"))


def test_message_of_an_error_can_be_printed():
    assert str(TimbangError(f"{NASTY}: is missing\nmend")) == f"{show(NASTY)}: is missing\nmend"
