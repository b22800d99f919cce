"""Names in any script: in PDF, figures and HTML, and what stands for what no font has."""

import re
import shutil
from collections import Counter
from dataclasses import replace

import made_up
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up import build_report, make_up
from pages import read_text

from timbang.facts.fact import read_facts
from timbang.languages.catalogue import read_language
from timbang.reader.drawn import check_figure
from timbang.reader.study import check_study, open_results
from timbang.report import document, fonts, scripts
from timbang.report.bibliography import read_bibliography
from timbang.report.compile import LUALATEX, compile_document, find_engine
from timbang.report.document import Front, write_document, write_tex
from timbang.report.figures import style
from timbang.report.media.html import Html
from timbang.report.scripts import END, LEFT, RIGHT, Faces, can_write_scripts, isolate, split_runs
from timbang.report.tex import escape_tex
from timbang.resources import REPORT

# What matplotlib brings has the first six, and a machine the last two or not.
LABELS = ["Привет 7", "Ελληνικά", "Tiếng Việt", "سيارة حمراء 12 (كبيرة)", "red קטן b", "😀 ħ"]
LABELS += ["日本語", "हिन्दी"]


@given(st.text(alphabet="ab 12-(/)אבسي\n"))
def test_isolates_are_balanced_and_nothing_else_is_added(text):
    shown = isolate(text)
    assert re.sub(f"[{RIGHT}{LEFT}{END}]", "", shown) == text
    depth = 0
    for character in shown:
        depth += {RIGHT: 1, LEFT: 1, END: -1}.get(character, 0)
        assert depth >= 0
    assert depth == 0


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a_b & 50%", "a_b & 50%"),
        ("אב", "<אב>"),
        ("אב 12 גד", "<אב {12> גד>"),
        ("אב no 7 (גד)", "<אב {no 7> (גד)>"),
        ("red אב גד b", "red <אב גד> b"),
        ("red אב 12 b", "red <אב {12>> b"),
        ("12 אב", "<{12> אב>"),
    ],
)
def test_parts_of_another_direction_are_isolated(text, shown):
    marks = str.maketrans({RIGHT: "<", LEFT: "{", END: ">"})
    assert isolate(text).translate(marks) == shown


def test_an_accent_stays_with_its_letter():
    runs = split_runs("aहि", Faces("हि"))
    assert "".join(own for _, own in runs) == "aहि"
    assert "".join(own for _, own in split_runs("Привет", Faces("Привет"))) == "Привет"
    assert [own for _, own in runs][-1].endswith("ि")


def test_users_own_marks_of_direction_are_no_commands():
    text = escape_tex(f"{RIGHT}x{END}", Faces("אב"))
    assert "timbangrtl" not in text
    assert "U+2067" in text


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A study of one network, one replicate and classes in many scripts; its report in English."""
    home = tmp_path_factory.mktemp("scripts")
    images = [(f"{p}/{n}.png", name) for p, name in enumerate(LABELS) for n in range(9)]
    report = {"title": "Kucing dan قطة حمراء, 日本語", "authors": ["Сергей 2"]}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(made_up, "_make_images", lambda dice: images)
        made = make_up(
            4, home, contenders=["resnet18"], reference="resnet18", replicates=1, report=report
        )
    return made, *build_report(made, "en")


def write(made, code="en", medium=None):
    content, facts = read_facts(made.folder / "facts.json")
    front = Front("Title", [], "", "", "", [], None, (), {})
    language, bibliography = read_language(code), read_bibliography([REPORT / "references.bib"])
    if medium:
        return write_document(content["study"], facts, language, medium, bibliography, front)
    return write_tex(content["study"], facts, language, bibliography, front)


needs_lualatex = pytest.mark.skipif(not can_write_scripts(), reason="no LuaLaTeX with luaotfload")


@needs_lualatex
def test_names_in_any_script_print_and_the_second_reader_passes(study):
    made, pdf, figures = study
    assert pdf.with_suffix(".tex").read_text(encoding="utf-8").startswith(LUALATEX)
    checked = check_study(pdf, "en", figures, made.folder, made.study, made.claims)
    assert checked.faults == ()
    assert checked.numbers > 100
    log = pdf.with_suffix(".log").read_text(errors="replace")
    assert not re.search(r"Missing character|undefined|Overfull .hbox", log)
    text = read_text(pdf)
    missing = {own for label in LABELS for own in label if fonts.find_font(own) is None}
    # A PDF has shaped letters, in the order in which they are seen.
    for label in LABELS[:3] + LABELS[6:7]:
        if not missing & set(label):
            assert label in re.sub(r"\s+", " ", text), label
    assert ("U+" in text) == bool(missing)


@needs_lualatex
def test_the_same_names_are_the_same_bytes(study, tmp_path):
    """In another folder, which LuaLaTeX finds its fonts and figures from."""
    _, pdf, figures = study
    shutil.copytree(figures[0].parent, tmp_path / "figures")
    shutil.copytree(pdf.parent, tmp_path / "report")
    again, _ = compile_document(tmp_path / "report/report-en.tex", find_engine(), tmp_path / "new")
    assert again.read_bytes() == pdf.read_bytes()


def test_names_in_latin_letters_are_left_to_pdflatex(tmp_path):
    made = make_up(3, tmp_path, contenders=["resnet18"], reference="resnet18", replicates=1)
    made_up.collect(made)
    for code in ("en", "id"):
        written, medium = write(made, code)
        assert medium.faces is None and not medium.lost
        assert written.text.startswith("\\documentclass")


def test_without_a_font_code_points_stand_and_the_report_says_so(study, monkeypatch):
    made, _, figures = study
    sentence = "its Unicode code point stands in brackets"
    if not fonts.find_missing("".join(LABELS)):
        assert sentence not in write(made)[0].text
    monkeypatch.setattr(document, "can_write_scripts", lambda: False)
    monkeypatch.setattr(scripts, "can_write_scripts", lambda: False)
    monkeypatch.setattr(scripts, "find_missing", lambda characters: set("日本語"))
    written, medium = write(made)
    assert written.text.count(sentence) == 1
    assert "U+65E5" in written.text
    assert set("日本語") <= medium.lost
    page = write(made, medium=Html(figures[0].parent, set("日"))).text
    assert page.count(sentence) == 1
    assert sentence not in write(made, medium=Html(figures[0].parent)).text
    line = scripts.describe_lost(medium.lost, "en")
    assert "apt-get install fonts-droid-fallback texlive-luatex;" in line
    assert "\n" not in line


def test_a_page_isolates_names_and_says_of_no_class_which_language_it_is(study):
    made, _, figures = study
    page = write(made, medium=Html(figures[0].parent)).text
    assert '<bdi lang="">سيارة حمراء 12 (كبيرة)</bdi>' in page
    assert "<bdi>ResNet-18</bdi>" in page


def test_figures_show_code_points_of_what_no_font_has(study, tmp_path, monkeypatch):
    """Two characters without a font do not look the same, and the second reader knows both."""
    made, *_ = study
    monkeypatch.setattr(style, "find_font", lambda character: None)
    style.find_families.cache_clear()
    style.measure.cache_clear()
    assert style.wrap_label("日本") == "[U+65E5][U+672C]"
    assert style.wrap_label("日本語日本語", 0.8, lines=1) == "[U+65E5]…"
    classes = ["\U000f0001 1", "\U000f0002 1"]
    results = open_results(made.folder, replace(made.study), made.claims)
    drawn = style.new_figure(1.0)
    axes = drawn.subplots()
    axes.set_xticks([0, 1], style.wrap_labels(classes))
    axes.set_yticks([])
    style.save_figure(drawn, tmp_path / "f.pdf", tmp_path / "f.svg")
    shown = Counter(re.findall(r"\[U\+F000\d\]", (tmp_path / "f.svg").read_text(encoding="utf-8")))
    assert set(shown) == {"[U+F0001]", "[U+F0002]"}
    assert check_figure(tmp_path / "f.svg", "en", results, classes).faults == ()
    assert check_figure(tmp_path / "f.svg", "en", results, classes[:1]).faults
    style.find_families.cache_clear()
    style.measure.cache_clear()


def test_packages_are_named_by_script():
    assert fonts.name_packages("日本") == ["fonts-droid-fallback"]
    assert fonts.name_packages("हข😀") == ["fonts-lohit-deva", "fonts-symbola", "fonts-tlwg-garuda"]
    assert fonts.name_packages("ጀ") == ["fonts-noto-core"]
