"""The second reader finds every wrong digit of a PDF, and nothing else."""

import re
import shutil
import subprocess
from decimal import Decimal

import pytest
from babel.numbers import format_decimal
from test_reader_results import make_results

from timbang.reader.check import check_report, compare_languages, split_forms
from timbang.reader.pages import decode_id, read_pieces
from timbang.reader.quantities import look_up

needs_tex = pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex")
# The mark of a text that may go over to the next page: a stack of colours begins it anew there.
PREAMBLE = r"""
\documentclass{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage{mathptmx,graphicx}
\usepackage[paperheight=12cm,margin=2cm]{geometry}
\pdfcompresslevel=0
\newcommand{\marked}[3]{\pdfliteral page{/#1 <</I (#2)>> BDC}#3\pdfliteral page{EMC}}
\chardef\open=\pdfcolorstackinit page direct{}
\newcommand{\named}[2]{\pdfcolorstack\open push{/N <</I (#1)>> BDC}#2%
  \pdfcolorstack\open pop\relax\pdfliteral page{EMC}}
\pagestyle{empty}
\begin{document}
"""
DIGITS = {"share": 1, "points": 1, "nats": 3, "p": 3, "sd": 1, "seconds": 1, "rate": 1}
# What a report states, in one form or another.
IDS = (
    "accuracy.mean/resnet34",
    "accuracy.sd/plain34@signed",
    "loss.mean/plain34",
    "contrast.accuracy.mean/plain34@signed",
    "contrast.accuracy.low/plain34",
    "contrast.accuracy.p_adjusted/plain34",
    "parameters/plain34",
    "parameters/plain34@millions",
    "training_seconds.mean/resnet34",
    "images_per_second.max/resnet34",
    "images.usable",
    "split.train",
    "setting.learning_rate",
    "constant.confidence@whole",
    "recall.mean/resnet34/2",
    "support.mean/resnet34/2",
    "support.mean/resnet34/2@tenths",
)
TEXTS = ("environment.python/0", "environment.torch/0")


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return make_results(tmp_path_factory.mktemp("results") / "small", replicates=6, seed=5)


def write(results, id, language):
    """Return a value as a report prints it, in TeX."""
    plain, form = split_forms(id)
    quantity = look_up(results, plain)
    if isinstance(quantity.value, str):
        return quantity.value
    value = Decimal(quantity.value) * quantity.scale * form
    fixed = {"@whole": 0, "@tenths": 1}
    digits = next((fixed[own] for own in fixed if own in id), None)
    if digits is None:
        digits = DIGITS.get(quantity.unit, 0 if value == int(value) else 4)
    pattern = "#,##0." + "0" * digits
    shown = format_decimal(value, pattern, locale=language).replace("-", "$-$")
    sign = "+" if "@signed" in id and value > 0 else ""
    per_cent = r"\,\%" if quantity.unit == "share" and "sd" not in id else ""
    return f"{sign}{shown}{per_cent}"


def write_source(results, id, language):
    value = f"{look_up(results, id).value:.6g}"
    return format_decimal(Decimal(value), "#,##0.##########", locale=language).replace("-", "$-$")


def typeset(folder, pages, name="report"):
    """Return the PDF of a document, one page of TeX each."""
    body = "\n\\newpage\n".join(pages)
    (folder / f"{name}.tex").write_text(f"{PREAMBLE}{body}\n\\end{{document}}\n")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", f"{name}.tex"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder / f"{name}.pdf"


def write_pages(results, language):
    """Return a right page, and after it one a digit that is another there."""
    marks = [("V", id, write(results, id, language)) for id in (*IDS, *TEXTS)]
    marks += [
        ("A", plain, write_source(results, plain, language))
        for plain in dict.fromkeys(split_forms(id)[0] for id in IDS)
    ]
    right = [rf"\marked{{{kind}}}{{{id}}}{{{text}}}" for kind, id, text in marks]
    around = r"\named{class/0}{class 1 of \textbf{50}\,\%}, \marked{C}{he}{[3]}, "
    around += r"\marked{R}{fig:a}{2.1}, \marked{P}{page}{7} and words."
    pages = [f"{around} {', '.join(right)}"]
    for place, (kind, id, text) in enumerate(marks):
        for at in [match.start() for match in re.finditer(r"\d", text)]:
            other = str((int(text[at]) + 3) % 10)
            wrong = rf"\marked{{{kind}}}{{{id}}}{{{text[:at]}{other}{text[at + 1 :]}}}"
            pages.append(f"{around} {', '.join([*right[:place], wrong, *right[place + 1 :]])}")
    return pages


@needs_tex
@pytest.mark.parametrize("language", ["en", "id", "de"])
def test_every_changed_digit_is_found(tmp_path, results, language):
    pages = write_pages(results, language)
    checked = check_report(typeset(tmp_path, pages), language, results)
    found = [int(re.search(r"page (\d+)", fault)[1]) for fault in checked.faults]
    assert found == list(range(2, len(pages) + 1)), checked.faults[:3]
    assert len(pages) > 100
    plain = {split_forms(id)[0] for id in IDS}
    assert checked.ids == plain | set(TEXTS)
    assert checked.numbers == len(pages) * (len(IDS) + len(TEXTS) + len(plain))


@needs_tex
def test_what_is_marked_wrongly_or_not_at_all_is_found(tmp_path, results):
    right = write(results, "accuracy.mean/resnet34", "en")
    wrong = {
        "12 runs": "12 runs: a digit that no mark accounts for",
        r"x$_3$ or \textsuperscript{4}": "x 3 or 4: a digit that no mark accounts for",
        r"\marked{Q}{a}{5}": "5: a digit that no mark accounts for",
        r"\marked{V}{accuracy.mean/resnet34}{about}": "this is no number",
        r"\marked{V}{accuracy.mean/nobody}{93.2}": "the raw files have no such thing",
        r"\marked{V}{accuracy.mean/resnet34@thousands}{93.2}": "the raw files have no such thing",
        rf"\marked{{V}}{{loss.mean/resnet34}}{{{right}}}": "loss.mean/resnet34 is ",
        rf"\marked{{V}}{{accuracy.mean/resnet34}}{{$-${right}}}": "accuracy.mean/resnet34 is ",
        r"\marked{V}{environment.python/0}{3.12.2}": "environment.python/0 is 3.12.1",
        r"\marked{N}{a}{name} 8": "8: a digit that no mark accounts for",
    }
    pdf = typeset(tmp_path, list(wrong))
    faults = check_report(pdf, "en", results).faults
    assert len(faults) == len(wrong)
    for number, (fault, words) in enumerate(zip(faults, wrong.values(), strict=True), 1):
        assert f"report.pdf, page {number}: " in fault
        assert words in fault


@needs_tex
def test_a_document_without_marks_is_a_fault(tmp_path, results):
    checked = check_report(typeset(tmp_path, ["Words."]), "en", results)
    assert checked.faults == ("report.pdf: no number in it is marked",)


@needs_tex
def test_texts_of_figures_are_not_read_in_the_page(tmp_path, results):
    typeset(tmp_path, ["Figure 17"], "figure")
    right = rf"\marked{{V}}{{images.usable}}{{{write(results, 'images.usable', 'en')}}}"
    page = rf"{right} \includegraphics[width=3cm]{{figure.pdf}}"
    assert not check_report(typeset(tmp_path, [page]), "en", results).faults


@needs_tex
def test_marks_go_over_lines_and_pages_and_stand_within_each_other(tmp_path):
    long = " ".join(f"word{number}" for number in range(600))
    inner = r"\marked{N}{outer}{out 1 \marked{V}{inner}{2} out 3}"
    pages = [rf"Before. {inner} \named{{long}}{{{long}}} After 5.", r"\marked{V}{a=3Bb}{4}"]
    pieces = read_pieces(typeset(tmp_path, pages))
    by_id = {piece.id: piece for piece in pieces if piece.kind}
    assert re.sub(r"\s", "", by_id["outer"].text) == "out1out3"
    assert by_id["inner"].text.strip() == "2"
    assert by_id["a;b"].kind == "V"
    assert len({piece.page for piece in pieces if piece.id == "long"}) > 1
    shown = "".join(piece.text for piece in pieces if piece.id == "long")
    assert re.sub(r"[\s\x02-]", "", shown) == long.replace(" ", "")
    assert [piece.text.split() for piece in pieces if not piece.kind] == [
        ["Before."],
        ["After", "5."],
    ]


@needs_tex
def test_two_marks_of_one_id_side_by_side_are_two_numbers(tmp_path, results):
    shown = write(results, "images.usable", "en")
    twice = rf"\marked{{V}}{{images.usable}}{{{shown}}}" * 2
    checked = check_report(typeset(tmp_path, [twice]), "en", results)
    assert (checked.faults, checked.numbers) == ((), 2)


def test_languages_hold_the_same_ids():
    english, indonesian, german = map(frozenset, ("ab", "abc", "abc"))
    assert compare_languages({"en": english, "id": indonesian, "de": german}) == [
        "c is printed in de, id, not in en"
    ]
    assert not compare_languages({"id": indonesian, "de": german})


def test_forms_are_no_part_of_an_id():
    assert split_forms("a/b@signed@millions") == ("a/b", Decimal("1e-6"))
    assert split_forms("a/b@c") == ("a/b@c", 1)
    assert decode_id("accuracy=2Fx/=E6=97=A5") == "accuracy/x/日"
