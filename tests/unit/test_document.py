"""The document: written once, from facts alone, in any language and medium."""

import ast
import base64
import io
import json
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from jinja2 import Environment, nodes
from made_up import build_report, collect, make_up
from PIL import Image
from results import Plant, Scenario, write_texts

from timbang.errors import TimbangError
from timbang.facts.fact import Fact, Unit, read_facts
from timbang.languages.catalogue import read_language
from timbang.report.bibliography import read_bibliography
from timbang.report.document import Front, describe_front, write_document
from timbang.report.formats import write_value
from timbang.report.media.html import Html, shrink_numbers, shrink_photographs
from timbang.report.media.tex import Tex
from timbang.report.sources import list_values, write_rule
from timbang.report.texts import say_text

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "report" / "templates" / "document.j2"
ROOMS = [ROOT / "src" / "timbang" / name for name in ("explorer", "report")]
# Where numbers are scaled and rounded for print, and where figures are laid out.
MAY_COMPUTE = {"formats.py"}
HOSTILE = "<script>alert(1)</script> & 50% \\input{x}"


def parse_template():
    environment = Environment(extensions=["jinja2.ext.i18n", "jinja2.ext.do"])
    return environment.parse(TEMPLATE.read_text(encoding="utf-8"))


def test_the_document_computes_nothing():
    sums = (nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Pow, nodes.Add)
    assert [found.lineno for found in parse_template().find_all(sums)] == []
    filters = {found.name for found in parse_template().find_all(nodes.Filter)}
    assert filters <= {"length", "join"}


@pytest.mark.parametrize(
    "module",
    [
        path
        for room in ROOMS
        for path in room.rglob("*.py")
        if not {"figures", "curves.py"} & set(path.parts)
    ],
    ids=lambda path: path.name,
)
def test_what_writes_the_document_computes_nothing(module):
    if module.name in MAY_COMPUTE:
        return
    sums = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Pow)
    calls = {"sum", "round", "max", "min", "abs"}
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        is_sum = isinstance(node, ast.BinOp) and isinstance(node.op, sums)
        is_call = isinstance(node, ast.Call) and getattr(node.func, "id", "") in calls
        if is_sum or is_call:
            assert not re.search(r"\b(value|facts)\b", ast.unparse(node)), ast.unparse(node)


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        (0.476899883572, "0.477"),
        (0.4769, "0.4769"),
        (0.00025, "0.00025"),
        (0.000123456, "0.000"),
        (64.0, "64"),
        (1234.56789, "1,234.568"),
    ],
)
def test_a_number_stands_in_full_only_where_it_is_short(value, printed):
    fact = Fact("id", value, Unit.NUMBER, "file", "at", "rule")
    assert write_value(fact, read_language("en")) == printed


def test_a_whole_count_among_others_has_their_decimals():
    whole, mean = (Fact("id", value, Unit.COUNT, "f", "at", "rule") for value in (36, 35.1))
    language = read_language("en")
    assert [write_value(fact, language) for fact in (whole, mean)] == ["36", "35.1"]
    assert [write_value(fact, language, style="tenths") for fact in (whole, mean)] == [
        "36.0",
        "35.1",
    ]


def test_every_word_of_the_document_is_a_message():
    """Text between statements is white space and marks, which no language says otherwise."""
    for found in parse_template().find_all(nodes.TemplateData):
        assert re.fullmatch(r"[\s().;:]*", found.data), found.data


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    home = tmp_path_factory.mktemp("made up")
    made = make_up(3, home, contenders=["resnet18", "plain18"], reference="resnet18", replicates=5)
    build_report(made, "en")
    return made


def write(made, code="en", medium=None, title="Title", page=()):
    content, facts = read_facts(made.folder / "facts.json")
    own, files = [("Own 7", HOSTILE)], {"runs.csv": "0" * 64}
    front = Front(title, [HOSTILE], "", "", "", own, None, page, files)
    return write_document(
        content["study"],
        facts,
        read_language(code),
        medium or Tex(),
        read_bibliography([ROOT / "report" / "references.bib"]),
        front,
    )


def leave_out_figures(made):
    """Collect the facts of a made-up study, of which no figure is drawn."""
    collect(made)
    file = made.folder / "facts.json"
    content = json.loads(file.read_text(encoding="utf-8"))
    content["study"]["figures"] = []
    file.write_text(json.dumps(content), encoding="utf-8")


def read_page(made, code):
    """Return what the page says, without its marks."""
    page = write(made, code, Html(made.folder / "figures")).text
    return " ".join(re.sub(r"<[^>]*>", "", page).split())


def ids_of(document):
    return sorted((own.fact.id, own.is_linked) for own in document.printed)


@pytest.fixture(scope="module")
def english(study):
    return write(study)


def test_all_languages_and_media_print_the_same_facts(study, english):
    assert ids_of(english) == ids_of(write(study, "id"))
    assert ids_of(english) == ids_of(write(study, medium=Html(study.folder / "figures")))
    assert len(english.printed) > 50


def test_every_number_of_the_text_has_its_line_in_the_appendix(english):
    text = english.text
    linked = set(re.findall(r"\\timbangsource\{v\.([^}]*)\}", text))
    assert linked
    assert linked == set(re.findall(r"\\hypertarget\{v\.([^}]*)\}", text))
    assert set(re.findall(r"\\hyperlink\{u\.([^}]*)\}", text)) <= set(
        re.findall(r"\\hypertarget\{u\.([^}]*)\}", text)
    )


def test_every_figure_table_and_section_that_is_referred_to_is_there(english):
    text = english.text
    targets = set(re.findall(r"\\timbangtarget\{at\.([^}]*)\}", text))
    targets |= {"" + own for own in re.findall(r"\{at\.([^}]*)\}\n", text)}
    referred = set(re.findall(r"\\hyperlink\{at\.([^}]*)\}", text))
    assert referred and referred <= targets
    floats = {own for own in targets if own.startswith(("fig:", "tab:"))}
    assert floats <= referred, "a figure or table that nothing leads to"


def test_what_a_user_wrote_is_no_command_in_any_medium(study):
    assert "\\input{x}" not in write(study, title=HOSTILE).text
    page = write(study, medium=Html(study.folder / "figures"), title=HOSTILE).text
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "default-src 'none'" in page


def test_values_are_listed_as_they_were_printed(english):
    listed = list_values(english.printed)
    assert {own["id"] for own in listed} == {own.fact.id for own in english.printed}
    text = json.dumps([own["printed"] for own in listed])
    assert "NaN" not in text and "None" not in text


def test_the_same_facts_are_the_same_bytes(study, english):
    assert write(study).text == english.text


SAID = {
    "en": (
        "For Plain-18, more of this variance comes from the division.",
        "For Pre-activation ResNet-18, more of this variance comes from training.",
        "For Multi-Path ResNet-18, which of the two parts is larger remains open.",
    ),
    "id": (
        "Untuk Plain-18, ragam itu lebih banyak berasal dari pembagian data.",
        "Untuk Pre-activation ResNet-18, ragam itu lebih banyak berasal dari pelatihan.",
        "Untuk Multi-Path ResNet-18, belum dapat disimpulkan mana dari keduanya yang lebih besar.",
    ),
}


def test_the_larger_part_of_the_variation_is_named_where_its_interval_tells(tmp_path):
    intervals = {"plain18": (0.51, 0.9), "preact18": (0.0, 0.49), "multipath18": (0.1, 0.9)}
    own = {"contenders": ["resnet18", *intervals], "reference": "resnet18", "split": {}}
    made = make_up(2, tmp_path, replicates=5, seeds=2, probes=[], report={}, **own)
    collect(made)
    file = made.folder / "facts.json"
    content = json.loads(file.read_text(encoding="utf-8"))
    planted = {
        f"variation.{word}/{name}": value
        for name, ends in intervals.items()
        for word, value in zip(("low", "high"), ends, strict=True)
    }
    for fact in content["facts"]:
        fact["value"] = planted.get(fact["id"], fact["value"])
    content["study"]["figures"] = []
    file.write_text(json.dumps(content), encoding="utf-8")
    for code, sentences in SAID.items():
        text = read_page(made, code)
        for sentence in sentences:
            assert sentence in text, sentence


def test_what_a_path_is_worth_is_said_of_compared_networks_and_of_controls(tmp_path):
    own = {"contenders": ["resnet18", "multipath18", "twinpath18"], "reference": "resnet18"}
    own |= {"contrasts": ["multipath18"], "split": {}, "report": {}}
    made = make_up(2, tmp_path, replicates=2, seeds=1, probes=["train_loss", "paths"], **own)
    leave_out_figures(made)
    text = read_page(made, "en")
    said = r"validation accuracy of (\S+ \S+) is [\d.]+% with both paths, [\d.]+% without the first"
    assert re.findall(said, text) == ["Multi-Path ResNet-18", "Twin-Path ResNet-18"]


def test_what_a_claim_s_tests_leave_out_is_said_with_its_verdict(tmp_path):
    own = {"contenders": ["resnet34", "multipath34", "preact34"], "reference": "resnet34"}
    own |= {"claims": "published", "split": {}, "report": {}}
    made = make_up(2, tmp_path, replicates=2, seeds=1, probes=[], **own)
    leave_out_figures(made)
    assert "Both are compared with ResNet-34 alone" in read_page(made, "en")
    assert "Keduanya hanya dibandingkan dengan ResNet-34" in read_page(made, "id")


def test_foreign_words_of_a_translated_claim_are_in_italics_and_no_asterisk_of_a_user_s():
    catalogue = {"It is *so*, a loss.": "Itu *loss*, bukan *label smoothing*."}
    writer = SimpleNamespace(
        language=SimpleNamespace(code="id", say=lambda text: catalogue.get(text, text)),
        medium=SimpleNamespace(emphasise=lambda text: f"/{text}/"),
        name=lambda id, text: f"[{text}]",
    )
    translated = say_text(writer, "text/a", {"en": "It is *so*, a loss."})
    assert translated == "[Itu] /[loss]/[, bukan] /[label smoothing]/[.]"
    assert say_text(writer, "text/a", {"en": "*Mine*, unknown"}) == "[*Mine*, unknown]"
    assert say_text(writer, "text/a", {"en": "x", "id": "*Punya* saya"}) == "[*Punya* saya]"


def test_rules_of_the_appendix_are_said_in_its_language(study):
    _, facts = read_facts(study.folder / "facts.json")
    indonesian, english = read_language("id"), read_language("en")
    for rule in {fact.rule for fact in facts}:
        assert write_rule(rule, indonesian) != rule, f"{rule}: is not in RULES of sources.py"
        assert write_rule(rule, english) == rule
    assert write_rule("power 0.8 after Holm's correction", indonesian).startswith("kuasa uji 0,8 ")
    assert r"\timbangmark{N}{rule}{apa}" in write(study, "id").text


def test_a_title_page_of_the_user_s_stands_before_all(study, tmp_path):
    file = tmp_path / "page.txt"
    file.write_text(f"\ufeff# Universitas 7\n\n{HOSTILE}\nSiti\n", encoding="utf-8")
    report = {"title": {}, "authors": [], "course": {}, "date": None, "ai_assistance": {}}
    report |= {"sections": [], "logo": None, "title_page": str(file)}
    lines = describe_front(report, {}, read_language("en")).title_page
    assert lines == ["# Universitas 7", "", HOSTILE, "Siti"]
    text = write(study, page=lines).text
    page, _, rest = text.partition("\\end{titlepage}")
    assert r"{\LARGE\bfseries \timbangmark{N}{text/title-page}{Universitas}" in page
    assert "\\input{x}" not in page and "Title" in rest
    shown = write(study, medium=Html(study.folder / "figures"), page=lines).text
    assert '<p class="large"><bdi>Universitas 7</bdi></p>' in shown
    assert "<script" not in shown
    assert "titlepage" not in write(study).text


@pytest.mark.parametrize(
    ("content", "said"), [(b"\n \n", "is empty"), (b"\xff", "is not UTF-8; save it as such")]
)
def test_a_title_page_that_is_none_is_one_line(tmp_path, content, said):
    (tmp_path / "page.txt").write_bytes(content)
    report = {"title": {}, "authors": [], "course": {}, "date": None, "ai_assistance": {}}
    report |= {"sections": [], "logo": None, "title_page": str(tmp_path / "page.txt")}
    with pytest.raises(TimbangError, match=rf"^report\.title_page: .*page\.txt {said}$"):
        describe_front(report, {}, read_language("en"))


def test_photographs_in_figures_of_the_page_are_kept_as_a_camera_does():
    def embed(pixels):
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "PNG")
        content = base64.b64encode(buffer.getvalue())
        return b'<image xlink:href="data:image/png;base64,%s"/>' % content

    place = np.linspace(0, 6, 96)
    waves = 127 + 100 * np.sin(place[:, None, None] * place[None, :, None] + np.arange(3))
    noise = np.random.default_rng(0).normal(0, 8, waves.shape)
    photograph = (waves + noise).clip(0, 255).astype(np.uint8)
    drawing = np.zeros((96, 96, 3), dtype=np.uint8)
    see_through = np.dstack([photograph, np.full((96, 96), 90, dtype=np.uint8)])
    svg = b"".join(map(embed, (photograph, drawing, see_through)))
    small = shrink_photographs(svg.replace(b"base64,", b"base64,\n"))
    assert small.count(b"image/jpeg") == 1 and small.count(b"image/png") == 2
    assert small.endswith(embed(drawing) + embed(see_through))
    content = base64.b64decode(small.partition(b"jpeg;base64,")[2].partition(b'"')[0])
    shown = np.asarray(Image.open(io.BytesIO(content)), dtype=float)
    assert np.abs(shown - photograph).mean() < 12


def test_drawings_of_the_page_have_numbers_as_long_as_a_screen_shows():
    svg = b'<g id="a;0.5">\n <path d="M 396.850394 0.0123456 \nL -1.5 2"/>\n'
    svg += b" <text>0.123456</text></g>"
    shown = b'<g id="a;0.5"> <path d="M 396.85 0.012346 L -1.5 2"/> <text>0.123456</text></g>'
    assert shrink_numbers(svg) == shown


def test_of_many_networks_those_of_one_finding_share_a_clause_and_some_are_shown(tmp_path):
    lower = {f"multipath34-{place}": Plant(-0.2) for place in range(14)}
    open_ones = {f"preact34-{place}": Plant(noisy=True) for place in range(14)}
    plants = {"resnet34": Plant(), "resnet18-0": Plant(0.2), **lower, **open_ones}
    text = write_texts(Scenario("many", plants, about="these_images"), tmp_path / "r")[
        "en"
    ].read_text()
    # In the summary and in the conclusion.
    assert text.count("are less accurate than") == text.count("is more accurate than") == 2
    assert "is less accurate than" not in text and "percentage points less accurate" not in text
    assert "{depth/preact34-0}" in text and "{depth/preact34-1}" not in text
    assert "it remains open" not in text.lower()
    assert " thread each, under" in text
    assert text.count(r"are shown; \timbangcode{per\_class.csv} has all of them") == 1
