"""The second reader: reads the finished report and looks every number up in the result files.

It takes the text of the PDF's pages and knows neither template nor TeX. A number is looked for
where its sentence, its row and column or its figure say that it comes from. A number that none of
these places is looked for anywhere, which is a weaker check and counted as such.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache, cached_property
from itertools import pairwise
from typing import Any, TypeGuard

from timbang.languages.texts import Texts, join_words, write_date
from timbang.networks.relations import find_plain
from timbang.networks.titles import title_contender
from timbang.reader.derivations import (
    Place,
    Results,
    Value,
    derive,
    list_sequences,
    pool_values,
)
from timbang.reader.figures import FigureReader
from timbang.reader.findings import ANYWHERE, Fault, Findings, Match
from timbang.reader.judgements import (
    find_contrast,
    find_test,
    find_value,
    list_forms,
)
from timbang.reader.layout import DASH, Float, Layout, PrintedRow, lay_out
from timbang.reader.printed import (
    Line,
    Number,
    Passage,
    join_lines,
    join_torn_names,
    literal_pattern,
    number_pattern,
    parse_number,
    squeeze,
    tex_to_text,
)
from timbang.reader.rows import Row, expect_rows
from timbang.reader.sentences import CAPTIONS, NO_RESULTS, SENTENCES, WORDS

# A number of fewer digits is in some file by chance; it needs a place.
FEWEST_DIGITS_ANYWHERE = 3


def read_report(
    pages: Mapping[str, Sequence[str]], texts: Mapping[str, Texts], results: Results
) -> tuple[list[Match], list[Fault]]:
    """Look up what the report says in the result files.

    Args:
        pages: the text of each page, by language.
        texts: the words of each language.
        results: what the files of the study say.

    Returns:
        The numbers that were found, and every fault.
    """
    findings = {
        language: LanguageReader(language, texts[language], results).read(own)
        for language, own in pages.items()
    }
    faults = [fault for each in findings.values() for fault in each.faults]
    faults += compare_languages(list(findings.values()))
    return [match for each in findings.values() for match in each.matches], faults


def compare_languages(findings: Sequence[Findings]) -> list[Fault]:
    """Return a fault for each thing that not every language says equally often.

    That is each number that is a result, whether comparisons end with higher, lower or equal,
    citations and references.
    """
    faults = []
    for first, second in pairwise(findings):
        mine, others = first.count_said(), second.count_said()
        for item in sorted(mine.keys() | others.keys()):
            if mine[item] != others[item]:
                what = f"the {item} is stated {mine[item]} and {others[item]} times"
                faults.append(Fault(f"{first.language} and {second.language}", 0, what))
    return faults


@dataclass(frozen=True)
class Sentence:
    """A sentence as a regular expression; ``slots`` are kind and key of its groups.

    ``group`` and ``says`` are those of ``list_forms``, empty for a sentence that judges nothing.
    """

    pattern: re.Pattern[str]
    slots: tuple[tuple[str, str], ...]
    group: str = ""
    says: str = ""


class LanguageReader:
    """Reads the report in one language."""

    def __init__(self, language: str, texts: Texts, results: Results) -> None:
        self.texts, self.results = texts, results
        self.language, self.words = language, WORDS[language]
        self.mark = texts["decimal_mark"]
        self.number = number_pattern(self.mark)
        study = results.study
        self.titles = {c.name: title_contender(c.name, c.network) for c in study.contenders}
        self.names = {squeeze(title): name for name, title in self.titles.items()}
        self.plain = find_plain(study.contenders, study.reference) or ""
        self.labels = list(dict.fromkeys(results.classes["label"]))
        self.findings = Findings(language)
        self._derive = cache(lambda key, place, factor: derive(key, results, place, factor))

    def read(self, pages: Sequence[str]) -> Findings:
        """Read the pages and return what was found."""
        self.findings = Findings(self.language)
        captions = [(k, self._compile(text).pattern) for k, text in CAPTIONS[self.language].items()]
        whole = [join_torn_names(page, self.titles.values()) for page in pages]
        layout = lay_out(whole, self.words, captions, self.number, self._expect_rows)
        for line in layout.last_lines:
            if line.text == str(line.page):
                self.findings.pass_over(line.page, line.text, "the page's number", "page")
            else:
                self.findings.fault(line.page, f"{line.text} is not the page's number")
        sections, running = self._take_headings(layout.running)
        passage = join_lines(running)
        self._check_passage(passage, "text")
        figures = FigureReader(
            self.results,
            self.titles,
            self.mark,
            self.number,
            [pattern for pattern, _ in self._own_names],
            self.texts["figures"]["diverged"],
            self.findings,
        )
        for each in layout.floats:
            self._check_passage(join_lines(each.caption), f"caption of {each.name}")
            self._check_table(each)
            figures.read(each)
        self._check_claims(passage)
        self._check_references(passage, layout.floats, sections)
        self._check_bibliography(layout, passage)
        return self.findings

    def _take_headings(self, lines: Sequence[Line]) -> tuple[set[str], list[Line]]:
        """Return the numbers of the sections, and the lines without them."""
        sections: set[str] = set()
        rest = []
        last = (0, 0)
        for line in lines:
            begun = re.match(r"(\d{1,2})(?:\.(\d{1,2}))? (?=[^\W\d_])", line.text)
            number = (int(begun[1]), int(begun[2] or 0)) if begun else None
            follows = number in ((last[0] + 1, 0), (last[0], last[1] + 1))
            if begun and number and follows and not line.text.endswith((".", ";", ",")):
                last = number
                text = begun[0].strip()
                sections.add(text)
                self.findings.pass_over(line.page, text, "the number of a section", "heading")
                # The full stop keeps the heading apart from the sentence below it.
                rest.append(Line(line.page, line.text[begun.end() :] + "."))
            else:
                rest.append(line)
        return sections, rest

    # Tables

    def _expect_rows(self, kind: str) -> Sequence[Row]:
        return expect_rows(kind, self.results, self.titles, self.plain, self.texts, self.language)

    def _check_table(self, table: Float) -> None:
        for row in table.rows:
            self._check_row(table, row)
        for due in table.wrong + table.missing:
            page = table.caption[0].page
            self.findings.fault(page, f"{table.name} has no row {due.label}")

    def _check_row(self, table: Float, row: PrintedRow) -> None:
        page, text = row.line.page, row.line.text
        if row.due.is_text:
            if re.search(r"\d", text):
                self.findings.pass_over(page, text, "a claim's words in verdicts.json", table.name)
            return
        seen, due = squeeze(row.label), squeeze(row.due.label)
        # A long label has several lines, of which one stands beside the numbers or none does.
        above = squeeze("".join(line.text for line in table.caption))
        is_part = due.startswith(seen) or due.endswith(seen) if seen else due in above
        if not is_part:
            self.findings.fault(page, f"{table.name}: the row {row.due.label} is due", text)
        elif re.search(r"\d", row.label):
            self.findings.pass_over(page, row.label, "the label of a row", table.name)
        for place, (cell, value) in enumerate(zip(row.cells, row.due.cells, strict=True), start=1):
            where = f"{table.name}, row {row.due.label}, column {place}"
            if cell == DASH or value is None:
                if cell != DASH or value is not None:
                    self.findings.fault(page, f"{where}: {cell} is not {value or DASH}", text)
                continue
            number = parse_number(cell, self.mark)
            if row.due.is_setting and not number.equals(value.number):
                self.findings.fault(page, f"{where}: {cell} is not {value}", text)
            else:
                self.findings.check(page, number, value, where, text)

    # Sentences

    @cached_property
    def _sentences(self) -> list[Sentence]:
        settings = [
            f"{tex_to_text(word)}: <list setting:{key}>"
            for key, word in self.texts["settings"].items()
            if key == "width" or hasattr(self.results.study.recipe, key)
        ]
        judging = [
            replace(self._compile(text), group=group, says=says)
            for group, says, text in list_forms(self.texts)
        ]
        # One may begin as another does: "is not decided, since".
        judging.sort(key=lambda sentence: len(sentence.pattern.pattern), reverse=True)
        plain = [self._compile(text) for text in (*SENTENCES[self.language], *settings)]
        return [*judging, *plain]

    def _compile(self, text: str) -> Sentence:
        """Return a sentence as a regular expression with a group for each slot."""
        marks = {"[": "(?:", "]": ")?", "{": "(?:", "}": ")", "|": "|"}
        slots: list[tuple[str, str]] = []
        pattern = ""
        for piece in re.split(r"(<.*?>|[\[\]{}|])", text):
            if piece.startswith("<"):
                kind, _, key = piece[1:-1].partition(" ")
                pattern += f"(?P<s{len(slots)}>{self._slots[kind]})"
                slots.append((kind, key))
            else:
                pattern += marks.get(piece, literal_pattern(piece))
        return Sentence(re.compile(pattern), tuple(slots))

    @cached_property
    def _slots(self) -> dict[str, str]:
        """The regular expression of each kind of slot."""
        number = self.number
        percent = rf"{number}\s*%"
        sd, to = (literal_pattern(self.words[key]) for key in ("sd", "to"))
        title = _any_of(self.titles.values())
        words = [*self.texts["counts"], self.texts["none"]]
        word = rf"(?i:{_any_of(words)})|{number}"
        return {
            "c": title,
            "o": title,
            "n": number,
            "p": percent,
            "w": word,
            "any": word,
            "pm": rf"{number}(?:\s*±\s*{number})?\s*%",
            "spread": rf"{percent}(?:\s*\({sd}\s*{number};\s*{percent}\s*{to}\s*{percent}\))?",
            "loss": rf"{number}(?:\s*\({sd}\s*{number};\s*{number}\s*{to}\s*{number}\))?",
            "h": number,
            "j": rf"\s*(?:(?:[=<]\s*)?{number}|{DASH})",
            "range": _any_of(self.words[key] for key in ("within", "outside")),
            "measure": _any_of(map(tex_to_text, self.texts["measures"].values())),
            "recall": rf"{percent}\s*\((?:{_any_of(self.labels)}|.*?)\)",
            "list": rf"{number}(?:(?:,\s*(?:and|dan)?|\s(?:and|dan))\s*{number})*",
        }

    def _check_passage(self, passage: Passage, where: str) -> None:
        """Look up every number of a text: by its sentence, among no results, anywhere."""
        taken = bytearray(len(passage.text))

        def take(start: int, end: int) -> bool:
            """Take a piece of the text unless a part of it is taken already."""
            is_free = not any(taken[start:end])
            if is_free:
                taken[start:end] = b"\1" * (end - start)
            return is_free

        for pattern in self._claim_words:
            for found in pattern.finditer(passage.text):
                take(*found.span())
        for sentence in self._sentences:
            for found in sentence.pattern.finditer(passage.text):
                groups = [f"s{place}" for place in range(len(sentence.slots))]
                spans = [found.span(group) for group in groups if found[group] is not None]
                if not any(any(taken[slice(*span)]) for span in spans):
                    for span in spans:
                        take(*span)
                    self._check_sentence(sentence, found, passage, where)
        for pattern, reason in (*self._own_names, *_NO_RESULTS):
            for found in pattern.finditer(passage.text):
                if re.search(r"\d", found[0]) and take(*found.span()):
                    page = passage.page(found.start())
                    self.findings.pass_over(page, found[0], reason, where)
        for found in re.finditer(self.number, passage.text):
            if take(*found.span()):
                self._look_anywhere(found, passage, where)
            elif not all(
                taken[place] for place in range(*found.span()) if passage.text[place].isdigit()
            ):
                self.findings.fault_at(passage, found.span(), f"{found[0]} was read in part only")

    def _check_sentence(
        self, sentence: Sentence, found: re.Match[str], passage: Passage, where: str
    ) -> None:
        slots = [
            (kind, key, found.span(f"s{place}"))
            for place, (kind, key) in enumerate(sentence.slots)
            if found[f"s{place}"] is not None
        ]
        about = {
            kind: self.names[squeeze(passage.text[slice(*span)])]
            for kind, _, span in slots
            if kind in ("c", "o")
        }
        place = Place(about.get("c", ""), about.get("o", self.plain))
        row = self._find_judged(sentence, place, found, passage) if sentence.group else None
        for kind, key, span in slots:
            text, page = passage.text[slice(*span)], passage.page(span[0])
            if kind in ("c", "o"):
                if re.search(r"\d", text):
                    self.findings.pass_over(page, text, "a name", where)
            elif kind == "j" and row is not None:
                source = "verdicts.json" if sentence.group == "tests" else "contrasts.csv"
                value = find_value(self.results, row, key, source)
                self._check_judged(text, value, page, where, passage.around(*span))
            elif kind not in ("j", "measure"):
                self._check_slot(kind, key, place, passage, span, where)

    def _find_judged(
        self, sentence: Sentence, place: Place, found: re.Match[str], passage: Passage
    ) -> Mapping[str, Any] | None:
        """Return the contrast or the test that a sentence is about; check what it says."""
        names = f"{place.contender} and {place.other}"
        if sentence.group == "tests":
            measures = {
                squeeze(tex_to_text(words)): key for key, words in self.texts["measures"].items()
            }
            measure = measures[squeeze(found[f"s{sentence.slots.index(('measure', ''))}"])]
            test = find_test(self.results, measure, place.contender, place.other)
            if test is None:
                what = f"verdicts.json has no test by {measure} of {names}"
                self.findings.fault_at(passage, found.span(), what)
            return test
        row = find_contrast(self.results, place.contender, place.other)
        if row is None or row["says"] != sentence.says:
            says = "nothing" if row is None else row["says"]
            what = f"contrasts.csv says {says} of {names}, not {sentence.says}"
            self.findings.fault_at(passage, found.span(), what)
        self.findings.said[f"verdict {sentence.says} on {names}"] += 1
        return row

    def _check_judged(self, text: str, value: Value, page: int, where: str, around: str) -> None:
        """Check a number of a contrast or a test; "< 0.001" is a bound."""
        said = re.search(self.number, text)
        if said is None:
            if not math.isnan(value.number):
                self.findings.fault(page, f"{where}: {text} is not {value}", around)
            return
        number = parse_number(said[0], self.mark)
        if "<" not in text:
            self.findings.check(page, number, value, where, around)
        elif value.number < number.value:
            self.findings.match(page, number, value, where)
        else:
            self.findings.fault(page, f"{where}: {text} is not {value}", around)

    def _check_slot(
        self, kind: str, key: str, place: Place, passage: Passage, span: tuple[int, int], where: str
    ) -> None:
        text, page = passage.text[slice(*span)], passage.page(span[0])
        around = passage.around(*span)
        numbers = [parse_number(each, self.mark) for each in re.findall(self.number, text)]

        def check(number: Number, key: str, factor: float) -> None:
            value = self._derive(key, place, factor)
            self.findings.check(page, number, value, where, around)

        match kind:
            case "n":
                check(numbers[0], key, 1)
            case "p" | "h":
                check(numbers[0], key, 100)
            case "w":
                check(numbers[0] if numbers else self._read_count(text), key, 1)
            case "pm" | "spread" | "loss":
                factor = 1 if kind == "loss" else 100
                for number, word in zip(numbers, ("mean", "sd", "min", "max"), strict=False):
                    check(number, f"{key}_{word}", factor)
            case "recall":
                check(numbers[0], key, 100)
                label = text[text.index("(") + 1 : -1]
                known = {squeeze(each): each for each in self.labels}.get(squeeze(label), "")
                value = self._derive("recall", Place(place.contender, "", known), 100)
                if not numbers[0].is_rounded_from(value.number):
                    what = f"{where}: {numbers[0].text} is not {value}"
                    self.findings.fault(page, what, around)
            case "range":
                published, low, high = (
                    self._derive(key, place, 1).number
                    for key in ("published_accuracy", "accuracy_min", "accuracy_max")
                )
                due = "within" if low <= published <= high else "outside"
                if squeeze(text) != squeeze(self.words[due]):
                    self.findings.fault(page, f"{where}: it lies {due} the range", around)
                self.findings.said[f"verdict {due} on {place.contender}"] += 1
            case "list":
                self._check_list(numbers, key, passage, span, where)
            case "any":
                self._check_list(numbers or [self._read_count(text)], key, passage, span, where)

    def _read_count(self, word: str) -> Number:
        counts = [squeeze(each) for each in self.texts["counts"]]
        if squeeze(word).lower() == squeeze(self.texts["none"]):
            return Number(word, Decimal(0), Decimal(1))
        return Number(word, Decimal(counts.index(squeeze(word).lower())), Decimal(1))

    def _check_list(
        self,
        numbers: Sequence[Number],
        key: str,
        passage: Passage,
        span: tuple[int, int],
        where: str,
    ) -> None:
        for sequence in list_sequences(key, self.results):
            if len(sequence) == len(numbers) and all(
                number.equals(each) for number, each in zip(numbers, sequence, strict=True)
            ):
                for number, each in zip(numbers, sequence, strict=True):
                    value = Value(each, "configuration", key)
                    self.findings.match(passage.page(span[0]), number, value, where)
                return
        what = f"{passage.text[slice(*span)]} is none of {key}"
        self.findings.fault_at(passage, span, what)

    # Claims

    @cached_property
    def _claims(self) -> list[tuple[str, str, Mapping[str, Any]]]:
        """Each claim as the text names it, what must be said of it, and its entry."""
        said = []
        for claim in self.results.verdicts or []:
            name = claim["name"]
            if claim["number"]:
                name = f"{tex_to_text(self.texts['tables']['claim'])} {claim['number']}"
            if claim["verdict"] == "not_tested":
                needs = claim["needs"][self.language]
                if not needs:
                    missing = [test["missing"] for test in claim["tests"] if test["missing"]]
                    needs = join_words(list(dict.fromkeys(missing)), self.texts)
                words = f" {self.words['needs']} {needs}."
            else:
                verdict = self.texts["verdicts"][claim["verdict"]]
                words = f": {verdict}. {claim['texts'][self.language]}"
            said.append((name, words, claim))
        return said

    @cached_property
    def _claim_words(self) -> list[re.Pattern[str]]:
        """What claims say in words of their own, whose numbers are no results."""
        words = [name + words for name, words, _ in self._claims]
        words += [claim["texts"][self.language] for _, _, claim in self._claims]
        late = [name for name, _, claim in self._claims if _is_other_late(claim)]
        words.append(join_words([name.lower() for name in late], self.texts))
        return [re.compile(literal_pattern(text)) for text in words if text]

    def _check_claims(self, passage: Passage) -> None:
        """The verdict on every claim is that of ``verdicts.json``, in the words for it."""
        for name, words, claim in self._claims:
            found = re.search(literal_pattern(name + words), passage.text)
            if found is None:
                self.findings.fault(0, f"nowhere stands: {name}{words}")
                continue
            page = passage.page(found.start())
            self.findings.said[f"verdict {claim['verdict']} on claim {claim['name']}"] += 1
            self.findings.pass_over(page, found[0], "a claim's words in verdicts.json", "text")
        otherwise = literal_pattern(self.words["otherwise"])
        verdicts = self.texts["verdicts"]
        pattern = rf"{otherwise}({_any_of(verdicts.values())})\."
        seen = [squeeze(found[1]) for found in re.finditer(pattern, passage.text)]
        others = [claim for _, _, claim in self._claims if _is_other_late(claim)]
        due = [squeeze(verdicts[claim["verdict_of_last_epochs"]]) for claim in others
               if claim["verdict"] != "not_tested"]  # fmt: skip
        if seen != due:
            self.findings.fault(0, f"by the last epochs the verdicts are {due}, not {seen}")

    @cached_property
    def _own_names(self) -> list[tuple[re.Pattern[str], str]]:
        """The study's own names that hold digits and are no numbers, and what they name."""
        study, report = self.results.study, self.results.study.report
        names: dict[Any, str] = {
            **dict.fromkeys(self.labels, "the name of a class"),
            join_words(self.labels, self.texts): "the names of the classes",
            study.split.column: "split.from",
            study.name: "the name of a study",
            report.compare_with: "the name of a study",
            report.date and write_date(report.date, self.texts): "report.date",
            self.results.published and self.results.published.title: "a title",
            **dict.fromkeys(report.authors, "an author"),
        }
        for other in self.results.published.others if self.results.published else ():
            names |= dict.fromkeys(other.source[self.language].split(", "), "a source")
        for contender in study.contenders:
            words = [value for value in vars(contender.recipe).values() if isinstance(value, str)]
            names |= dict.fromkeys(words, "a setting")
            names |= dict.fromkeys(
                (
                    self.titles[contender.name],
                    contender.network,
                    contender.network.rpartition(":")[2],
                ),
                "a name",
            )
        for run in self.results.metrics:
            names |= {run[key]: f"{key} in metrics.json" for key in ("device_name", "platform")}
            names |= {version: f"versions.{of}" for of, version in run["versions"].items()}
            names |= {run["timbang"]["version"]: "timbang.version"}
            # With the word, since a commit's digits may look like a number.
            names |= {f"commit {(run['timbang']['commit'] or '')[:12]}": "timbang.commit"}
        for key in ("title", "course", "ai_assistance"):
            names[getattr(report, key).get(self.language)] = f"report.{key}"
        for problem in self.results.audit["problems"]:
            names |= {problem["filename"]: "a file", problem["reason"]: "a problem"}
        ordered = sorted(filter(_is_name, names), key=len, reverse=True)
        return [(re.compile(literal_pattern(name)), names[name]) for name in ordered]

    @cached_property
    def _pool(self) -> list[Value]:
        return pool_values(self.results)

    def _look_anywhere(self, found: re.Match[str], passage: Passage, where: str) -> None:
        """Look a number up in all files."""
        number = parse_number(found[0], self.mark)
        if len(re.findall(r"\d", found[0])) >= FEWEST_DIGITS_ANYWHERE:
            is_share = re.match(r"\s*(?:%|percentage|poin)", passage.text[found.end() :])
            for value in self._pool:
                for factor in (100, 1) if is_share else (1, 1e-6):
                    if number.is_rounded_from(factor * value.number):
                        page = passage.page(found.start())
                        self.findings.match(page, number, value, where, ANYWHERE)
                        return
        self.findings.fault_at(passage, found.span(), f"{found[0]} is in no file")

    # References and bibliography

    def _check_references(
        self, passage: Passage, floats: Sequence[Float], sections: set[str]
    ) -> None:
        """Every figure and table is referred to, and every reference leads somewhere."""
        for key in ("figure", "table"):
            word = self.words[key]
            there = [each.number for each in floats if each.word == word]
            meant: dict[int, re.Match[str]] = {}
            for found in re.finditer(rf"\b{literal_pattern(word)}\s+(\d+)\b", passage.text):
                meant[int(found[1])] = found
                self.findings.said[f"reference to {key} {found[1]}"] += 1
            for number in sorted(set(there) - meant.keys()):
                self.findings.fault(0, f"{word} {number} is not referred to")
            for number in sorted(meant.keys() - set(there)):
                span = meant[number].span()
                self.findings.fault_at(passage, span, f"there is no {word} {number}")
            if sorted(there) != list(range(1, len(there) + 1)):
                self.findings.fault(0, f"{word}: the numbers {there} are no sequence")
        pattern = rf"\b{literal_pattern(self.words['section'])}\s+(\d+(?:\.\d+)?)"
        for found in re.finditer(pattern, passage.text):
            self.findings.said[f"reference to section {found[1]}"] += 1
            if found[1] not in sections:
                self.findings.fault_at(passage, found.span(), f"there is no section {found[1]}")

    def _check_bibliography(self, layout: Layout, passage: Passage) -> None:
        """Entries are numbered in sequence; their numbers stand in the bibliography's file."""
        entries = 0
        known = set(re.findall(r"\d+", self.results.bibliography))
        for line in layout.bibliography:
            begun = re.match(r"\[(\d+)\] ", line.text)
            if begun:
                entries += 1
                if int(begun[1]) != entries:
                    self.findings.fault(line.page, f"[{begun[1]}] is entry {entries}", line.text)
            for number in re.findall(r"\d+", line.text[begun.end() if begun else 0 :]):
                if number in known:
                    reason = "a number of the bibliography"
                    self.findings.pass_over(line.page, number, reason, "bibliography")
                else:
                    self.findings.fault(line.page, f"{number} is in no entry", line.text)
        for found in re.finditer(r"\[(\d+(?:\s*[,–-]\s*\d+)*)\]", passage.text):
            cited = [int(number) for number in re.findall(r"\d+", found[1])]
            self.findings.said += Counter(f"citation {number}" for number in cited)
            if not all(1 <= number <= entries for number in cited):
                self.findings.fault_at(passage, found.span(), f"there is no entry {found[0]}")


def _is_other_late(claim: Mapping[str, Any]) -> bool:
    """Say whether the last epochs give a claim another verdict than the last epoch."""
    return claim["verdict"] != claim["verdict_of_last_epochs"]


def _any_of(texts: Iterable[str]) -> str:
    """Return the regular expression of any of these texts, the longest first."""
    return "|".join(map(literal_pattern, sorted(texts, key=len, reverse=True)))


def _is_name(text: str | None) -> TypeGuard[str]:
    """Say whether a text holds digits but is no number: with a letter, or as in 3.11.7."""
    return bool(text and re.search(r"\d", text) and re.search(r"[^\W\d_]|\..*\.|, ", text))


def _with_hyphens(pattern: str) -> str:
    """Return a pattern whose words, but for its first, may be divided at the end of a line."""
    return re.sub(r"(?<= )[a-z]{4,}", lambda word: "-?".join(word[0]), pattern)


_NO_RESULTS = tuple((re.compile(_with_hyphens(pattern)), reason) for pattern, reason in NO_RESULTS)
