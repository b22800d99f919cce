"""The second reader finds what is wrong on the page, wherever it is, and nothing else."""

import random
import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_report import PAGES, TEXTS, make_results

from timbang.reader.findings import ANYWHERE, NO_RESULT
from timbang.reader.printed import join_torn_names, number_pattern, parse_number
from timbang.reader.reader import LanguageReader, compare_languages, read_report
from timbang.reader.sentences import CAPTIONS, SENTENCES, WORDS
from timbang.report.tex import plain_number

MARKS = {"en": ".", "id": ","}
# How many single digits of the small report are changed, and which share of the changes may go
# unnoticed: ticks of an axis that has two, and citations of another entry.
CHANGES, MOST_MISSED = 150, 0.03


def write_as_siunitx(plain: str, language: str) -> str:
    """Group the digits in threes where they are five or more, and set the language's marks."""
    mark, group = (".", ",") if language == "en" else (",", ".")
    sign, whole, decimals = re.fullmatch(r"(-?)(\d+)(?:\.(\d+))?", plain).groups()
    if len(whole) >= 5:
        whole = f"{int(whole):,}".replace(",", group)
    if decimals and len(decimals) >= 5:
        decimals = group.join(re.findall(r"\d{1,3}", decimals))
    return sign.replace("-", "−") + whole + (mark + decimals if decimals else "")


@given(
    st.floats(-1e9, 1e9, allow_nan=False),
    st.integers(0, 6),
    st.sampled_from(["en", "id"]),
)
def test_numbers_are_read_as_they_were_written(value, digits, language):
    plain = plain_number(value, digits)
    text = write_as_siunitx(plain, language)
    assert re.fullmatch(number_pattern(MARKS[language]), text)
    number = parse_number(text, MARKS[language])
    assert number.value == Decimal(plain)
    assert number.unit == Decimal(1).scaleb(-digits)
    assert number.is_rounded_from(value)


@pytest.mark.parametrize(
    ("text", "language", "found"),
    [
        ("0, 1, 2, and 3", "en", ["0", "1", "2", "3"]),
        ("1,797 images; 12.345", "en", ["1,797", "12.345"]),
        ("1.797 citra, 69,6 ± 10,3 %", "id", ["1.797", "69,6", "10,3"]),
        ("(0,4; 94,4 % sampai 95,8 %).", "id", ["0,4", "94,4", "95,8"]),
        ("ends at 0.5. Then −0.773", "en", ["0.5", "−0.773"]),
        ("ResNet-34", "en", ["34"]),
        ("4.0 × 1013 and 32 × 32", "en", ["4.0 × 1013", "32", "32"]),
        ("12:2825–2830", "en", ["12", "2825", "2830"]),
    ],
)
def test_numbers_in_a_text(text, language, found):
    assert re.findall(number_pattern(MARKS[language]), text) == found


@pytest.mark.parametrize(
    ("text", "exact", "is_rounded"),
    [
        ("93.2", 93.15, True),
        ("93.2", 93.154, True),
        ("93.2", 93.2499, True),
        ("93.2", 93.2501, False),
        ("93.2", 93.1499, False),
        ("93.2", float("nan"), False),
        ("−0.8", -0.773, True),
        ("0.8", -0.773, False),
        ("0.0", -0.04, True),
        ("4.0 × 1013", 3.9797e13, True),
        ("4.0 × 1013", 4.06e13, False),
        # A product that lies just beyond the tie because it is one of floats.
        ("1.5", 100 * 0.0145, True),
    ],
)
def test_edges_of_rounding(text, exact, is_rounded):
    assert parse_number(text, ".").is_rounded_from(exact) is is_rounded


@pytest.fixture(scope="module")
def results():
    return make_results()


def read(results, changes=(), pages=PAGES):
    """Read the small report after changes: language, what to replace (once), by what."""
    changed = {language: list(own) for language, own in pages.items()}
    for language, old, new in changes:
        assert sum(page.count(old) for page in changed[language]) == 1, old
        changed[language] = [page.replace(old, new) for page in changed[language]]
    return read_report(changed, TEXTS, results)


def faults(results, *changes):
    return [str(fault) for fault in read(results, changes)[1]]


def test_report_that_is_right_has_no_fault(results):
    matches, found = read(results)
    assert found == []
    assert not [match for match in matches if match.how == ANYWHERE]


def test_every_digit_was_looked_at(results):
    matches, _ = read(results)
    looked_at = {language: 0 for language in PAGES}
    for match in matches:
        looked_at[match.language] += len(re.findall(r"\d", match.text))
    # Each contender's name in a figure and in the table of classes, the number of each table's
    # continuation: these are passed over without a note.
    for language, own in PAGES.items():
        there = len(re.findall(r"\d", "".join(own)))
        assert there - 30 <= looked_at[language] <= there


def test_numbers_say_where_they_are_from(results):
    matches, _ = read(results)
    (match,) = [m for m in matches if m.language == "en" and m.text == "12.5"]
    assert (match.page, match.source) == (4, "runs.csv")
    assert match.derivation == "100 * (largest - smallest accuracy) of plain34"
    reasons = {m.derivation for m in matches if m.how == NO_RESULT}
    assert {"a citation", "a reference", "a kernel's size", "versions.torch"} <= reasons


@pytest.mark.parametrize(
    ("change", "said"),
    [
        # One digit in a sentence, in one that goes over a page, and in a caption.
        (("en", "57.1 % (s.d.", "57.2 % (s.d."), "57.2 is not 57.095 (summary.csv"),
        (("en", "of 79.6 % (s.d.", "of 78.6 % (s.d."), "78.6 is not 79.615"),
        (("en", "(n = 2)", "(n = 3)"), "3 is not 2 (configuration, replicates)"),
        # The right number in the wrong row, and in the wrong column.
        (("en", "76.8 82.4 0.571 0.060\nDiff", "41.2 82.4 0.571 0.060\nDiff"), "41.2 is not 76.82"),
        (("id", "nasi 21,5 83,6 1,7 87,1", "nasi 21,5 87,1 1,7 83,6"), "column 2: 87,1 is not"),
        # A number of another contender, and the right difference the wrong way round.
        (("en", "79.6 ± 4.0 % for", "47.5 ± 4.0 % for"), "47.5 is not 79.615"),
        (
            ("en", "points above Plain-34", "points below Plain-34"),
            "contrasts.csv says higher of resnet34 and plain34, not lower",
        ),
        (
            ("id", "Plain-34 kurang akurat\n", "Plain-34 lebih akurat\n"),
            "contrasts.csv says lower of plain34 and resnet34, not higher",
        ),
        (
            (
                "en",
                "validation accuracy (95 %\ninterval 10.4",
                "validation accuracy (95 %\ninterval 10.5",
            ),
            "10.5 is not 10.42 (contrasts.csv, low",
        ),
        (
            ("en", "validation accuracy lie\n9.6", "validation accuracy lie\n−9.6"),
            "−9.6 is not 9.58",
        ),
        # Claims: a verdict, its number, a number of its test, the table, what a claim needs.
        (
            ("en", "Claim 1: supported", "Claim 1: refuted"),
            "nowhere stands: Claim 1: supported. With",
        ),
        (
            ("id", "Klaim 1: didukung", "Klaim 2: didukung"),
            "nowhere stands: Klaim 1: didukung. Pada",
        ),
        (
            ("en", "margin 2.0, Holm-adjusted p = 0.012", "margin 2.0, Holm-adjusted p = 0.022"),
            "0.022 is not 0.0124 (verdicts.json, p_adjusted",
        ),
        (
            ("en", "supported (inconclusive)", "supported (refuted)"),
            "Table 6 has no row 1 ResNet-34",
        ),
        (
            ("id", "dari 5.000 citra. tidak diuji", "dari 6.000 citra. tidak diuji"),
            "Tabel 6 has no row 2b Jalur 3x3",
        ),
        (
            ("en", "verdict would be: inconclusive", "verdict would be: refuted"),
            "by the last epochs",
        ),
        (
            ("en", "one is supported", "two are supported"),
            "two is not 1 (verdicts.json, claims that",
        ),
        (("id", "untuk klaim 1 (", "untuk klaim 2 ("), "2 is in no file"),
        # A sign, a mark of the other language, a setting that is nearly right.
        (("en", "−0.496", "0.496"), "0.496 is not -0.4955"),
        (("id", "47,5 ± 8,9", "47.5 ± 8,9"), "in no file"),
        (("en", "rate 0.001\n", "rate 0.0013\n"), "0.0013 is not 0.001"),
        # The wrong class, a count as a word, a class's name with the lowest recall.
        (("en", "34.8 % (soto)", "34.8 % (nasi)"), "34.8 is not 62.49"),
        (("en", "Two networks", "Three networks"), "Three is not 2"),
        (("id", "Sebanyak dua jaringan", "Sebanyak tiga jaringan"), "tiga is not 2"),
        # Names, versions and what belongs to no result.
        (("en", "Python 3.11.7", "Python 3.11.8"), "in no file"),
        (("en", "AMD EPYC 7763", "AMD EPYC 7663"), "7663 is in no file"),
        (("en", "a 7 × 7 conv", "a 7 × 8 conv"), "8 is in no file"),
        (("en", "Plain-34 has", "Plain-35 has"), "35 is in no file"),
        # Figures.
        (("en", "87\n58\n", "87\n59\n"), "59 is not 58 (manifest.csv, images of soto)"),
        (("id", "18 12\n", "18 13\n"), "plain34 has the row 18 12"),
        (("en", "0.5\n0.75\n", "0.5\n0.74\n"), "no ticks"),
        (("en", "\n28\n", "\n29\n"), "29 is no evidence"),
        # The page's number, a section, the bibliography.
        (("en", "[1] Kaiming", "[2] Kaiming"), "[2] is entry 1"),
        (("en", "trained from", "trained 4\n4\nfrom"), "4 is in no file"),
        (("id", "validasi\n2\n", "validasi\n3\n"), "3 is not the page's number"),
        (("en", "1.3 Networks", "1.4 Networks"), "1.4 is in no file"),
        (("en", "2016. arXiv", "2017. arXiv"), "2017 is in no entry"),
        (("en", "(Section 2.2)", "(Section 2.3)"), "there is no section 2.3"),
        (("en", "channels [1]", "channels [2]"), "there is no entry [2]"),
    ],
)
def test_what_is_wrong_is_found(results, change, said):
    found = faults(results, change)
    assert any(said in fault for fault in found), found


def test_fault_names_language_page_and_words(results):
    found = faults(results, ("en", "has 0.33 million", "has 0.43 million"))
    assert found[0].startswith("en, page 4: text: 0.43 is not 0.334729 (summary.csv, parameters")
    assert "Plain-34 has 0.43 million parameters" in found[0]


def test_figures_and_tables_are_referred_to(results):
    change = ("en", "Figure 2 shows the pairs", "Here are the pairs")
    assert faults(results, change)[0] == "en: Figure 2 is not referred to"
    found = faults(results, ("id", "pengaturan pada Tabel 1", "pengaturan pada Tabel 7"))
    assert "id: Tabel 1 is not referred to" in found
    assert any("there is no Tabel 7" in fault for fault in found)


def test_row_that_is_missing_is_found(results):
    found = faults(results, ("en", "ResNet-34 0.34 1.3 185.9\n", ""))
    assert any("Table 2 has no row ResNet-34" in fault for fault in found)


def test_languages_that_differ_are_found(results):
    """Each is right by itself, but one says more."""
    sentence = (
        "Plain-34 memiliki 0,33 juta parameter; jarak antara rerata akurasi pelatihan dan rerata "
        "akurasi validasinya 9,6\npoin persentase (Bagian 2.2)."
    )
    assert faults(results, ("id", sentence, "")) == [
        "en and id: the number 0.33 is stated 2 and 1 times",
        "en and id: the number 9.6 is stated 1 and 0 times",
        "en and id: the reference to section 2.2 is stated 1 and 0 times",
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It took 41.27 s. ", [("summary.csv", "training_seconds_min")]),
        ("It took 41.29 s. ", []),
        # A number of one or two digits is somewhere by chance.
        ("It took 0.5 s. ", []),
    ],
)
def test_number_that_no_sentence_places_is_looked_for_anywhere(results, text, found):
    matches, said = read(results, [("en", "Runs of\none", f"{text}Runs of\none")])
    assert [(m.source, m.derivation) for m in matches if m.how == ANYWHERE] == found
    assert bool(found) != any("in no file" in str(fault) for fault in said)


def test_most_changes_of_one_digit_are_found(results):
    """Change one digit to another one, at places drawn from both languages."""
    draw = random.Random(0)
    places = [
        (language, page, place)
        for language, own in PAGES.items()
        for page, text in enumerate(own)
        for place, character in enumerate(text)
        if character.isdigit()
    ]
    readers = {name: LanguageReader(name, TEXTS[name], results) for name in PAGES}
    right = {name: reader.read(PAGES[name]) for name, reader in readers.items()}
    missed = []
    for language, page, place in draw.sample(places, CHANGES):
        text = PAGES[language][page]
        other = draw.choice([digit for digit in "0123456789" if digit != text[place]])
        changed = list(PAGES[language])
        changed[page] = text[:place] + other + text[place + 1 :]
        findings = right | {language: readers[language].read(changed)}
        if not findings[language].faults and not compare_languages(list(findings.values())):
            missed.append((language, page + 1, other, text[max(place - 30, 0) : place + 10]))
    assert len(missed) <= CHANGES * MOST_MISSED, missed


@pytest.mark.parametrize("table", [SENTENCES, CAPTIONS, WORDS])
def test_both_languages_have_the_same_sentences(table):
    def slots(text):
        return sorted(re.findall(r"<(?!c>|o>)(.*?)>", text))

    assert len(table["en"]) == len(table["id"])
    if table is SENTENCES:
        en, own = ({slot for text in table[name] for slot in slots(text)} for name in ("en", "id"))
        assert en == own
    else:
        assert table["en"].keys() == table["id"].keys()


def test_a_name_that_a_kern_tore_apart_is_read_whole():
    names = ["resnet34", "resnet34-warmup", "ResNet-34"]
    torn = "1.3 % for resnet34-w armup, and R esNet-34 has 34 layers; resnet34 9"
    whole = "1.3 % for resnet34-warmup, and ResNet-34 has 34 layers; resnet34 9"
    assert join_torn_names(torn, names) == whole
    assert join_torn_names("resnet34-w\narmup\n97", names) == "resnet34-warmup\n97"
    assert join_torn_names("net 34 of plain 3", ["net 3", "n"]) == "net 34 of plain 3"
