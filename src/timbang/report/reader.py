"""The second reader: reads the finished report and looks every number up in the result files.

It takes the text of the PDF's pages and knows neither template nor TeX. A number is looked for
where its sentence, its row and column or its figure say that it comes from; only a number that
no sentence or table places is looked for anywhere, which is a weaker check and counted as such.
"""

import re
from bisect import bisect
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from itertools import pairwise

import numpy as np

from timbang.report.derivations import (
    Place,
    Results,
    Value,
    derive,
    list_sequences,
    pool_values,
)
from timbang.report.networks import find_plain
from timbang.report.sentences import CAPTIONS, NO_RESULTS, SENTENCES, WORDS
from timbang.report.texts import Texts, join_words, write_date
from timbang.report.titles import title_contender

IN_PLACE, ANYWHERE, NO_RESULT = "in its place", "anywhere", "no result"
DASH = "–"
# How much of the text around a number is quoted.
AROUND = 40
MOST_CAPTION_LINES = 6
# Fewer digits than this are found anywhere by chance; such a number needs its place.
FEWEST_DIGITS_ANYWHERE = 3


@dataclass(frozen=True)
class Number:
    """A number as it is printed: its value, and one unit of its last digit."""

    text: str
    value: Decimal
    unit: Decimal

    def is_rounded_from(self, exact: float) -> bool:
        """Say whether the number is what ``exact`` rounds to; either way at a tie."""
        if not np.isfinite(exact):
            return False
        off = abs(Decimal(exact) - self.value)
        return off <= self.unit / 2 + abs(Decimal(exact)) * Decimal("1e-12")

    def equals(self, exact: float) -> bool:
        """Say whether the number is ``exact``, unrounded."""
        return np.isfinite(exact) and abs(float(self.value) - exact) <= 1e-9 * max(1, abs(exact))


@dataclass(frozen=True)
class Match:
    """A printed number that was found again: in which file, by which derivation, and how."""

    language: str
    page: int
    text: str
    source: str
    derivation: str
    how: str = IN_PLACE
    place: str = "text"
    value: Decimal = Decimal(0)


@dataclass(frozen=True)
class Fault:
    """Something that the report says and the files do not, with the words around it."""

    language: str
    page: int
    what: str
    around: str = ""

    def __str__(self) -> str:
        around = f": … {self.around} …" if self.around else ""
        page = f", page {self.page}" if self.page else ""
        return f"{self.language}{page}: {self.what}{around}"


@dataclass
class Reading:
    """What was found in one or several texts."""

    matches: list[Match] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    directions: Counter[str] = field(default_factory=Counter)

    def count_results(self) -> Counter[str]:
        """Return how often each number is stated that is a result, with a decimal point."""
        return Counter(f"{match.value:f}" for match in self.matches if match.how != NO_RESULT)


@dataclass(frozen=True)
class Row:
    """A row that a table must have: its label and its cells, None where a dash is due."""

    label: str
    cells: tuple[Value | None, ...]


@dataclass(frozen=True)
class Line:
    """A line of the PDF's text."""

    page: int
    text: str


@dataclass
class Float:
    """A figure or a table: its number, its kind, its caption and what is in it."""

    word: str
    number: int
    kind: str
    caption: list[Line] = field(default_factory=list)
    body: list[Line] = field(default_factory=list)


@dataclass(frozen=True)
class Passage:
    """Lines as one text, which knows the page of each of its characters."""

    text: str
    starts: tuple[int, ...]
    pages: tuple[int, ...]

    def page(self, place: int) -> int:
        """Return the page of a character."""
        return self.pages[max(bisect(self.starts, place) - 1, 0)] if self.pages else 0

    def around(self, start: int, end: int) -> str:
        """Return a piece of the text with the words around it."""
        return self.text[max(start - AROUND, 0) : end + AROUND].strip()


def number_pattern(mark: str) -> str:
    """Return the regular expression of a number with that decimal mark, and no groups in it."""
    point, group = re.escape(mark), re.escape("," if mark == "." else ".")
    whole = rf"(?:\d{{1,3}}(?:{group}\d{{3}})+(?!\d)|\d+)"
    # siunitx groups the digits behind the mark as well, if they are five or more.
    decimals = rf"(?:{point}(?:\d{{3}}(?:{group}\d{{3}})*{group}\d{{1,3}}|\d+)(?!\d))?"
    return rf"(?:(?<!\w)[−-])?{whole}{decimals}(?:\s*×\s*10[−-]?\d{{1,3}}(?!\d))?"


def parse_number(text: str, mark: str) -> Number:
    """Return the number that a text is, with ``mark`` before its decimals.

    >>> parse_number("−1.234,50", ",")
    Number(text='−1.234,50', value=Decimal('-1234.50'), unit=Decimal('0.01'))
    """
    group = "," if mark == "." else "."
    plain = text.replace(group, "").replace(mark, ".").replace("−", "-")
    mantissa, _, power = re.sub(r"\s", "", plain).partition("×10")
    value = Decimal(mantissa)
    exponent = int(power or 0)
    _, _, decimals = mantissa.partition(".")
    return Number(text, value.scaleb(exponent), Decimal(1).scaleb(exponent - len(decimals)))


def join_lines(lines: Sequence[Line]) -> Passage:
    """Join lines to one text; a hyphen at a line's end stays, the break behind it goes."""
    parts: list[str] = []
    starts, pages = [], []
    length = 0
    for line in lines:
        piece = line.text if line.text.endswith("-") else line.text + " "
        starts.append(length)
        pages.append(line.page)
        parts.append(piece)
        length += len(piece)
    return Passage("".join(parts), tuple(starts), tuple(pages))


def literal_pattern(text: str) -> str:
    """Return a regular expression of a text that line breaks and hyphenation may have changed."""
    parts = []
    for character in text:
        if character.isspace():
            parts.append(r"\s*")
        elif character.isalpha():
            parts.append(re.escape(character) + "-?")
        elif character in "'’":
            parts.append("['’]")
        else:
            parts.append(r"\s?" + re.escape(character) if character in "_-./" else
                         re.escape(character))  # fmt: skip
    pattern = "".join(parts)
    before = r"(?<!\d)" if text[:1].isdigit() else ""
    return before + pattern + (r"(?!\d)" if text[-1:].isdigit() else "")


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
    readings = {
        language: LanguageReader(language, texts[language], results).read(pages[language])
        for language in pages
    }
    faults = [fault for reading in readings.values() for fault in reading.faults]
    faults += compare_languages(readings)
    return [match for reading in readings.values() for match in reading.matches], faults


def compare_languages(readings: Mapping[str, Reading]) -> list[Fault]:
    """Return a fault for each result that not every language states equally often."""
    faults = []
    for (first, own), (second, other) in pairwise(readings.items()):
        for kind, mine, others in (
            ("number", own.count_results(), other.count_results()),
            ("verdict", own.directions, other.directions),
        ):
            faults += [
                Fault(
                    f"{first} and {second}",
                    0,
                    f"the {kind} {item} is stated {mine[item]} and {others[item]} times",
                )
                for item in sorted(mine.keys() | others.keys())
                if mine[item] != others[item]
            ]
    return faults


class LanguageReader:
    """Reads the report in one language."""

    def __init__(self, language: str, texts: Texts, results: Results) -> None:
        self.language, self.texts, self.results = language, texts, results
        self.words = WORDS[language]
        self.mark = texts["decimal_mark"]
        self.number = number_pattern(self.mark)
        study = results.study
        self.titles = {c.name: title_contender(c.name, c.network) for c in study.contenders}
        self.names = {squeeze(title): name for name, title in self.titles.items()}
        self.plain = find_plain(study.contenders, study.reference) or ""
        self.labels = list(dict.fromkeys(results.classes["label"]))
        self.reading = Reading()

    def read(self, pages: Sequence[str]) -> Reading:
        """Read the pages and return what was found."""
        floats, lines, bibliography = self._lay_out(pages)
        sections, running = self._take_headings(lines)
        passage = join_lines(running)
        self._check_passage(passage, "text")
        for each in floats:
            self._check_passage(join_lines(each.caption), f"caption of {each.word} {each.number}")
            if each.word == self.words["figure"]:
                self._check_figure(each)
        self._check_references(passage, floats, sections)
        self._check_bibliography(bibliography, passage)
        return self.reading

    # What is where

    def _lay_out(self, pages: Sequence[str]) -> tuple[list[Float], list[Line], list[Line]]:
        """Return figures and tables, the lines of the running text, those of the bibliography."""
        floats: list[Float] = []
        running: list[Line] = []
        unfinished: Float | None = None
        rows: list[Row] = []
        for place, page in enumerate(pages, start=1):
            pending: list[Line] = []
            lines = [Line(place, clean(text)) for text in page.splitlines() if text.strip()]
            lines = self._take_page_number(lines, place)
            while lines:
                line = lines.pop(0)
                word, number, kind = self._read_caption(line.text, lines, floats)
                if kind == "continued" and unfinished and unfinished.number == number:
                    lines = self._take_rows(unfinished, rows, lines)
                elif word == self.words["figure"]:
                    made = Float(word, number, kind, [line], pending)
                    pending = []
                    while not made.caption[-1].text.endswith(".") and lines:
                        made.caption.append(lines.pop(0))
                        if len(made.caption) > MOST_CAPTION_LINES:
                            break
                    floats.append(made)
                elif word == self.words["table"] and kind != "continued":
                    running += pending
                    pending = []
                    unfinished = Float(word, number, kind, [line])
                    floats.append(unfinished)
                    rows = self._expect_rows(kind)
                    if kind == "settings":
                        lines = self._take_settings(unfinished, lines)
                    else:
                        lines = self._take_rows(unfinished, rows, lines)
                else:
                    pending.append(line)
            running += pending
        if rows:
            self._fault(0, f"a row of a table was not found: {rows[0].label}")
        return floats, *self._take_bibliography(running)

    def _take_page_number(self, lines: list[Line], place: int) -> list[Line]:
        if lines and re.fullmatch(r"\d+", lines[-1].text):
            if int(lines[-1].text) == place:
                self._found(place, lines[-1].text, "PDF", "the page's number", NO_RESULT, "page")
            else:
                self._fault(place, f"{lines[-1].text} is not the page's number")
            return lines[:-1]
        return lines

    def _take_bibliography(self, lines: list[Line]) -> tuple[list[Line], list[Line]]:
        for place, line in enumerate(lines):
            if line.text == self.words["bibliography"]:
                return lines[:place], lines[place + 1 :]
        return lines, []

    def _read_caption(
        self, line: str, following: Sequence[Line], known: Sequence[Float]
    ) -> tuple[str, int, str]:
        """Return word, number and kind of the caption that a line begins; the word "" if none."""
        table, figure = self.words["table"], self.words["figure"]
        again = re.match(rf"{table} (\d+) \({self.words['continued']}\)", line)
        if again:
            return table, int(again[1]), "continued"
        begun = re.match(rf"({table}|{figure}) (\d+)\. (.*)", line)
        if begun is None or any((f.word, f.number) == (begun[1], int(begun[2])) for f in known):
            return "", 0, ""
        text = " ".join([begun[3], *(line.text for line in following[:2])])
        for kind, pattern in self._caption_patterns:
            if pattern.match(text):
                return begun[1], int(begun[2]), kind
        return "", 0, ""

    @cached_property
    def _caption_patterns(self) -> list[tuple[str, re.Pattern[str]]]:
        return [
            (kind, self._compile(text).pattern) for kind, text in CAPTIONS[self.language].items()
        ]

    def _take_headings(self, lines: list[Line]) -> tuple[set[str], list[Line]]:
        """Take the sections' headings out of the running text and check that none is missing."""
        sections: set[str] = set()
        rest = []
        last = (0, 0)
        for line in lines:
            begun = re.match(r"(\d{1,2})(?:\.(\d{1,2}))? (?=[^\W\d_])", line.text)
            number = (int(begun[1]), int(begun[2] or 0)) if begun else (0, 0)
            due = [(last[0] + 1, 0), (last[0], last[1] + 1)]
            if begun and number in due and not line.text.endswith((".", ";", ",")):
                last = number
                sections.add(begun[0].strip())
                self._found(line.page, begun[0].strip(), "PDF", "a section's number", NO_RESULT,
                            "heading")  # fmt: skip
                rest.append(Line(line.page, line.text[begun.end() :] + "."))
            else:
                rest.append(line)
        return sections, rest

    # Tables

    def _take_rows(self, table: Float, rows: list[Row], lines: list[Line]) -> list[Line]:
        """Check a table's rows as far as the lines have them; return the lines behind it.

        Lines that are no row (heads, a caption's second line) join the caption. The rows that
        were found are taken from ``rows``.
        """
        lines = list(lines)
        while rows and lines:
            if self._read_caption(lines[0].text, lines[1:], [])[0]:
                break
            line = lines.pop(0)
            cells = self._split_cells(line.text, len(rows[0].cells))
            if cells is None:
                table.caption.append(line)
                continue
            label, texts = cells
            self._check_row(table, rows.pop(0), line, label, texts)
        if rows and table.kind != "classes":
            self._fault(table.caption[0].page,
                        f"{table.word} {table.number} has no row {rows[0].label}")  # fmt: skip
            rows.clear()
        return lines

    def _split_cells(self, line: str, count: int) -> tuple[str, list[str]] | None:
        cell = rf"(?:{self.number}|{DASH})"
        found = re.fullmatch(rf"(.*?)\s*({cell}(?:\s+{cell}){{{count - 1}}})", line)
        if found is None:
            return None
        texts = [m[0] for m in re.finditer(cell, found[2])]
        return (found[1], texts) if len(texts) == count else None

    def _check_row(
        self, table: Float, row: Row, line: Line, label: str, texts: Sequence[str]
    ) -> None:
        name = f"{table.word} {table.number}"
        seen, due = squeeze(label), squeeze(row.label)
        if not (due == seen or (seen and (due.startswith(seen) or due.endswith(seen)))):
            self._fault(line.page, f"{name}: the row {row.label} is due", line.text)
        elif any(character.isdigit() for character in label):
            self._found(line.page, label, "labels", "a row's label", NO_RESULT, name)
        for place, (text, value) in enumerate(zip(texts, row.cells, strict=True), start=1):
            where = f"{name}, row {row.label}, column {place}"
            if text == DASH:
                if value is not None:
                    self._fault(
                        line.page, f"{where}: a dash stands for {value.number:g}", line.text
                    )
                continue
            number = parse_number(text, self.mark)
            if value is not None and number.is_rounded_from(value.number):
                self._match(line.page, number, value, where)
            else:
                said = f"{value.number:.6g} ({value.source}, {value.derivation})" if value else "–"
                self._fault(line.page, f"{where}: {text} is not {said}", line.text)

    def _take_settings(self, table: Float, lines: list[Line]) -> list[Line]:
        """Check the settings against the configuration; return the lines behind the table."""
        lines = list(lines)
        words = self.texts["settings"]
        settings = vars(self.results.study.recipe) | {
            "width": self.results.study.width,
            "image_size": self.results.study.data.image_size,
        }
        while lines:
            line = lines.pop(0)
            key = next((k for k in settings if self._begins(line.text, words[k])), None)
            value = settings.get(key) if key else None
            if isinstance(value, int | float) and not isinstance(value, bool):
                label = tex_to_text(words[key])
                texts = re.findall(self.number, line.text[len(label) :])
                if len(texts) == 1 and parse_number(texts[0], self.mark).equals(float(value)):
                    number = parse_number(texts[0], self.mark)
                    found = Value(float(value), "configuration", str(key))
                    self._match(line.page, number, found, f"{table.word} {table.number}, {label}")
                else:
                    self._fault(line.page, f"{table.word} {table.number}: {label} is {value}",
                                line.text)  # fmt: skip
                line = Line(line.page, line.text[: len(label)])
            table.caption.append(line)
            if self._begins(line.text, words["selection"]):
                break
        return lines

    @staticmethod
    def _begins(line: str, label: str) -> bool:
        return squeeze(line).startswith(squeeze(tex_to_text(label)))

    def _expect_rows(self, kind: str) -> list[Row]:
        """Return the rows that a table of that kind must have."""
        words = self.texts["tables"]
        study, plain, reference = self.results.study, self.plain, self.results.study.reference
        names = list(self.results.summary)
        published = self.results.published
        shown = {"stage one": [plain], "stage two": [plain, reference]}.get(kind, names)
        has_published = published is not None and any(n in published.results for n in shown)

        def value(name: str, key: str, factor: float = 1, other: str = "") -> Value:
            return derive(key, self.results, Place(name, other), factor)

        def scores(name: str, prefix: str = "") -> list[Value]:
            return [
                *(value(name, f"{prefix}accuracy_{s}", 100) for s in ("mean", "sd", "min", "max")),
                *(value(name, f"{prefix}loss_{s}") for s in ("mean", "sd")),
            ]

        def of_published(name: str, prefix: str = "validation_") -> list[Value]:
            if published is None or not has_published:
                return []
            result = published.results.get(name)
            found = []
            for measure, factor in (("accuracy", 100), ("loss", 1)):
                number = getattr(result, prefix + measure, None)
                found.append(
                    Value(
                        float("nan") if number is None else factor * number,
                        "published numbers",
                        f"{prefix}{measure} of {name}",
                    )
                )
            return found

        rows: list[tuple[str, list[Value]]] = []
        if kind == "stage one":
            rows = [
                (words["training"], [*scores(plain, "train_"), *of_published(plain, "train_")]),
                (words["validation"], [*scores(plain), *of_published(plain)]),
            ]
        elif kind == "stage two":
            rows = [
                (self.titles[name], [*scores(name), *of_published(name)])
                for name in (plain, reference)
            ]
            differences = [
                value(reference, "accuracy_difference", 100, plain),
                value(reference, "loss_difference", 1, plain),
            ]
            differences += [
                Value(b.number - a.number, a.source, f"difference of {a.derivation}")
                for a, b in zip(of_published(plain), of_published(reference), strict=True)
            ]
            rows.append((words["difference"], differences))
        elif kind == "contenders":
            rows = [
                (
                    self.titles[name],
                    [
                        *scores(name),
                        value(name, "millions"),
                        value(name, "training_seconds_mean"),
                        *of_published(name),
                    ],
                )
                for name in names
            ]
        elif kind == "networks":
            keys: tuple[str, ...] = ("millions", "mega_multiply_adds", "images_per_second_mean")
            rows = [(self.titles[name], [value(name, key) for key in keys]) for name in names]
        elif kind == "test":
            rows = [(self.titles[name], scores(name, "test_")) for name in names]
        elif kind == "leaks":
            keys = tuple(
                f"{measure}_{statistic}"
                for measure in ("leaked_accuracy", "clean_accuracy", "leak_difference")
                for statistic in ("mean", "sd")
            )
            rows = [(self.titles[name], [value(name, key, 100) for key in keys]) for name in names]
        elif kind == "twin":
            keys = ("accuracy_mean", "accuracy_sd", "other_accuracy_mean", "other_accuracy_sd",
                    "other_difference")  # fmt: skip
            rows = [
                (self.titles[name], [value(name, key, 100) for key in keys])
                for name in names
                if name in (self.results.other or {})
            ]
        elif kind == "classes":
            columns = [f"{m}_{s}" for m in ("precision", "recall", "f1") for s in ("mean", "sd")]
            for own in self.results.classes.to_dict("records"):
                of = f" of {own['contender']}, {own['label']}"
                cells = [Value(own["support_mean"], "per_class.csv", f"support_mean{of}")]
                cells += [
                    Value(100 * own[column], "per_class.csv", f"{column}{of}, times 100")
                    for column in columns
                ]
                rows.append((str(own["label"]), cells))
        del study
        return [
            Row(label, tuple(None if np.isnan(cell.number) else cell for cell in cells))
            for label, cells in rows
        ]

    # Sentences

    @cached_property
    def _sentences(self) -> list["Sentence"]:
        own = [
            f"{tex_to_text(word)}: <list setting:{key}>"
            for key, word in self.texts["settings"].items()
            if key == "width" or hasattr(self.results.study.recipe, key)
        ]
        return [self._compile(text) for text in (*SENTENCES[self.language], *own)]

    def _compile(self, text: str) -> "Sentence":
        """Return a sentence as a regular expression with a group for each slot."""
        slots: list[tuple[str, str]] = []
        pattern = ""
        for piece in re.split(r"(<.*?>|[\[\]{}|])", text):
            if piece.startswith("<"):
                kind, _, key = piece[1:-1].partition(" ")
                pattern += f"(?P<s{len(slots)}>{self._slot_pattern(kind)})"
                slots.append((kind, key))
            else:
                brackets = {"[": "(?:", "]": ")?", "{": "(?:", "}": ")", "|": "|"}
                pattern += brackets.get(piece, literal_pattern(piece))
        return Sentence(text, re.compile(pattern), tuple(slots))

    def _slot_pattern(self, kind: str) -> str:
        number = self.number
        percent = rf"{number}\s*%"
        sd, to = (literal_pattern(self.words[key]) for key in ("sd", "to"))

        def spread(form: str) -> str:
            return rf"{form}(?:\s*\({sd}\s*{number};\s*{form}\s*{to}\s*{form}\))?"

        def compared(measure: str) -> str:
            forms = self.texts["compare"][measure].values()
            return "|".join(
                r"\s*".join(number if part is None else literal_pattern(part) for part in
                            _around_braces(form))
                for form in forms
            )  # fmt: skip

        if kind in ("c", "o"):
            return "|".join(
                map(literal_pattern, sorted(self.titles.values(), key=len, reverse=True))
            )
        if kind == "recall":
            labels = "|".join(map(literal_pattern, sorted(self.labels, key=len, reverse=True)))
            return rf"{percent}\s*\((?:{labels}|.*?)\)"
        return {
            "n": number,
            "p": percent,
            "w": rf"(?i:{'|'.join(map(literal_pattern, reversed(self.texts['counts'])))})|{number}",
            "pm": rf"{number}(?:\s*±\s*{number})?\s*%",
            "spread": spread(percent),
            "loss": spread(number),
            "points": compared("accuracy"),
            "nats": compared("loss"),
            "list": rf"{number}(?:(?:,\s*(?:and|dan)?|\s(?:and|dan))\s*{number})*",
        }[kind]

    def _check_passage(self, passage: Passage, where: str) -> None:
        """Look up every number of a text: by its sentence, among no results, anywhere."""
        taken = [False] * len(passage.text)
        for sentence in self._sentences:
            for found in sentence.pattern.finditer(passage.text):
                self._check_sentence(sentence, found, passage, where, taken)
        for pattern, reason in self._no_results:
            for found in pattern.finditer(passage.text):
                if re.search(r"\d", found[0]) and not any(taken[found.start() : found.end()]):
                    taken[found.start() : found.end()] = [True] * len(found[0])
                    self._found(passage.page(found.start()), found[0], "", reason, NO_RESULT, where)
        for found in re.finditer(self.number, passage.text):
            if not any(taken[found.start() : found.end()]):
                self._look_anywhere(found, passage, where)
            elif not all(taken[place] for place in range(*found.span()) if
                         passage.text[place].isdigit()):  # fmt: skip
                self._fault_at(passage, found.span(), f"{found[0]} was read in part only")

    def _check_sentence(
        self, sentence: "Sentence", found: re.Match[str], passage: Passage, where: str,
        taken: list[bool],
    ) -> None:  # fmt: skip
        groups = [(kind, key, f"s{i}") for i, (kind, key) in enumerate(sentence.slots)
                  if found[f"s{i}"] is not None]  # fmt: skip
        if any(any(taken[slice(*found.span(group))]) for _, _, group in groups):
            return
        about = {kind: self.names[squeeze(found[group])] for kind, _, group in groups
                 if kind in ("c", "o")}  # fmt: skip
        place = Place(about.get("c", ""), about.get("o", self.plain))
        for kind, key, group in groups:
            span = found.span(group)
            taken[slice(*span)] = [True] * (span[1] - span[0])
            if kind in ("c", "o"):
                if re.search(r"\d", found[group]):
                    self._found(passage.page(span[0]), found[group], "", "a name", NO_RESULT, where)
            else:
                self._check_slot(kind, key, place, span, passage, where)

    def _check_slot(
        self, kind: str, key: str, place: Place, span: tuple[int, int], passage: Passage, where: str
    ) -> None:
        text = passage.text[slice(*span)]
        page = passage.page(span[0])
        numbers = [parse_number(n, self.mark) for n in re.findall(self.number, text)]

        def check(number: Number, value: Value) -> None:
            right = number.equals if value.is_exact else number.is_rounded_from
            if right(value.number):
                self._match(page, number, value, where)
            else:
                self._fault_at(passage, span, f"{number.text} is not {value.number:.6g} "
                               f"({value.source}, {value.derivation})")  # fmt: skip

        def value(key: str, factor: float = 1) -> Value:
            return derive(key, self.results, place, factor)

        if kind == "w" and not numbers:
            counts = [squeeze(word) for word in self.texts["counts"]]
            numbers = [Number(text, Decimal(counts.index(squeeze(text).lower())), Decimal(1))]
        if kind in ("n", "w"):
            check(numbers[0], value(key))
        elif kind == "p":
            check(numbers[0], value(key, 100))
        elif kind in ("pm", "spread", "loss"):
            factor = 1 if kind == "loss" else 100
            for number, statistic in zip(numbers, ("mean", "sd", "min", "max"), strict=False):
                check(number, value(f"{key}_{statistic}", factor))
        elif kind in ("points", "nats"):
            self._check_comparison(kind, numbers[0], value(key, 100 if kind == "points" else 1),
                                   span, passage, where)  # fmt: skip
        elif kind == "recall":
            label = text[text.index("(") + 1 : -1]
            numbers = numbers[:1]
            check(numbers[0], value(key, 100))
            known = {squeeze(own): own for own in self.labels}.get(squeeze(label), "")
            own = derive("recall", self.results, Place(place.contender, "", known), 100)
            if not numbers[0].is_rounded_from(own.number):
                self._fault_at(passage, span, f"the recall of {label} is {own.number:.6g}")
        elif kind == "list":
            sequences = list_sequences(key, self.results)
            for sequence in sequences:
                if len(sequence) == len(numbers) and all(
                    number.equals(each) for number, each in zip(numbers, sequence, strict=True)
                ):
                    for number in numbers:
                        self._match(page, number, Value(0, "configuration", key), where)
                    return
            self._fault_at(passage, span, f"{text} is none of the {key}")

    def _check_comparison(
        self, kind: str, number: Number, value: Value, span: tuple[int, int], passage: Passage,
        where: str,
    ) -> None:  # fmt: skip
        """Check a difference and its direction; "equal within 0.1" is a bound."""
        forms = self.texts["compare"]["accuracy" if kind == "points" else "loss"]
        text = passage.text[slice(*span)]
        direction = next(
            name
            for name, form in forms.items()
            if all(part is None or re.search(literal_pattern(part), text)
                   for part in _around_braces(form))
        )  # fmt: skip
        self.reading.directions[direction] += 1
        if direction == "equal":
            right = abs(value.number) <= float(number.value)
            right = right and number.value == number.unit
        else:
            signed = value.number if direction == "higher" else -value.number
            right = number.is_rounded_from(signed)
        if right:
            self._match(passage.page(span[0]), number, value, where)
        else:
            self._fault_at(passage, span, f"{text} is not {value.number:.6g} "
                           f"({value.source}, {value.derivation})")  # fmt: skip

    @cached_property
    def _no_results(self) -> list[tuple[re.Pattern[str], str]]:
        """The patterns of numbers that are no results: of every report, and this one's names."""
        study, report = self.results.study, self.results.study.report
        names: list[tuple[str, str]] = [(title, "a name") for title in self.titles.values()]
        names += [(c.network, "a name") for c in study.contenders]
        names += [(c.network.rpartition(":")[2], "a name") for c in study.contenders]
        names += [(join_words(self.labels, self.texts), "the names of the classes")]
        names += [(label, "the name of a class") for label in self.labels]
        for run in self.results.metrics:
            names += [
                (str(run[key]), f"{key} in metrics.json") for key in ("device_name", "platform")
            ]
            names += [(str(version), f"version of {name} in metrics.json")
                      for name, version in run["versions"].items()]  # fmt: skip
        for key in ("title", "course", "ai_assistance"):
            names.append((getattr(report, key).get(self.language, ""), f"report.{key}"))
        names += [(author, "an author") for author in report.authors]
        names += [(study.name, "the study's name"), (report.compare_with or "", "a study's name")]
        names += [(study.split.column or "", "split.from")]
        names += [(str(value), "a setting") for c in study.contenders
                  for value in vars(c.recipe).values() if isinstance(value, str)]  # fmt: skip
        if report.date:
            names.append((write_date(report.date, self.texts), "report.date"))
        if self.results.published:
            names.append((self.results.published.title, "the published study's title"))
        for problem in self.results.audit["problems"]:
            names += [(str(problem["filename"]), "a file"), (str(problem["reason"]), "a problem")]
        said = {
            name: reason
            for name, reason in names
            if re.search(r"\d", name) and (re.search(r"[^\W\d_]", name) or name.count(".") > 1
                                           or "," in name)
        }  # fmt: skip
        ordered = sorted(said.items(), key=lambda item: -len(item[0]))
        return [
            *((re.compile(literal_pattern(name)), reason) for name, reason in ordered),
            *((re.compile(pattern), reason) for pattern, reason in NO_RESULTS),
        ]

    @cached_property
    def _pool(self) -> list[Value]:
        return pool_values(self.results)

    def _look_anywhere(self, found: re.Match[str], passage: Passage, where: str) -> None:
        """Look a number up in all files; one of few digits would be found by chance."""
        number = parse_number(found[0], self.mark)
        page = passage.page(found.start())
        if sum(character.isdigit() for character in found[0]) >= FEWEST_DIGITS_ANYWHERE:
            is_share = re.match(rf"\s*(?:%|{'percentage|poin'})", passage.text[found.end() :])
            for factor in (100, 1) if is_share else (1, 1e-6):
                for value in self._pool:
                    if number.is_rounded_from(factor * value.number):
                        self._match(page, number, value, where, ANYWHERE)
                        return
        self._fault_at(passage, found.span(), f"{found[0]} is in no file")

    # Figures

    def _check_figure(self, figure: Float) -> None:
        """Check a figure's counts; all its other numbers must be ticks of an axis."""
        where = f"{figure.word} {figure.number}"
        lines = list(figure.body)
        if figure.kind == "classes figure":
            lines = self._take_class_sizes(figure, lines)
        elif figure.kind == "confusion":
            lines = self._take_confusion(figure, lines)
        elif figure.kind == "duplicates":
            lines = self._take_evidence(figure, lines)
        names = [p for p, _ in self._no_results]
        run: list[tuple[Line, Number]] = []

        def close() -> None:
            self._check_ticks(run, where)
            run.clear()

        for line in lines:
            text = line.text
            if re.fullmatch(rf"{self.number}", text):
                if squeeze(text) in map(squeeze, self.labels) and figure.kind in (
                    "samples", "confusion", "classes figure",
                ):  # fmt: skip
                    close()
                    self._found(line.page, text, "", "the name of a class", NO_RESULT, where)
                    continue
                number = parse_number(text, self.mark)
                if run and number.value <= run[-1][1].value:
                    close()
                run.append((line, number))
                continue
            close()
            for pattern in names:
                text = pattern.sub(lambda m: re.sub(r"\d", " ", m[0]), text)
            for word in self.texts["counts"]:
                del word
            numbers = [parse_number(n, self.mark) for n in re.findall(self.number, text)]
            if numbers:
                self._check_ticks([(line, number) for number in numbers], where)
        close()

    def _check_ticks(self, run: Sequence[tuple[Line, Number]], where: str) -> None:
        """Accept numbers in even steps, or in the steps 1, 2, 5 of a logarithmic axis."""
        values = [float(number.value) for _, number in run]
        if not values:
            return
        steps = np.diff(values)
        even = len(values) > 1 and np.allclose(steps, steps[0])
        leading = {f"{v:e}"[0] for v in values if v > 0}
        logarithmic = len(values) > 1 and leading <= set("125") and all(
            1.9 < b / a < 10.1 for a, b in pairwise(values) if a > 0
        )  # fmt: skip
        if even or logarithmic or self._are_class_names(run):
            for line, number in run:
                self._found(line.page, number.text, "", "a tick of an axis", NO_RESULT, where)
        else:
            self._fault(run[0][0].page, f"{where}: no ticks of an axis and in no file",
                        " ".join(number.text for _, number in run))  # fmt: skip

    def _are_class_names(self, run: Sequence[tuple[Line, Number]]) -> bool:
        return {number.text for _, number in run} <= set(self.labels)

    def _take_class_sizes(self, figure: Float, lines: list[Line]) -> list[Line]:
        """Take the number of images of each class, which stand one below the other."""
        where = f"{figure.word} {figure.number}"
        usable = self.results.manifest[self.results.manifest["problem"] == ""]
        sizes = usable["label"].value_counts()
        due = [int(sizes[label]) for label in self.labels]
        alone = [place for place, line in enumerate(lines) if re.fullmatch(self.number, line.text)]
        runs = [
            alone[start : start + len(due)]
            for start in range(len(alone) - len(due) + 1)
            if alone[start + len(due) - 1] - alone[start] == len(due) - 1
        ]
        if not runs:
            return lines

        def wrong(run: Sequence[int]) -> int:
            return sum(lines[place].text != str(size) for place, size in zip(run, due, strict=True))

        best = min(runs, key=wrong)
        for place, label, size in zip(best, self.labels, due, strict=True):
            number = parse_number(lines[place].text, self.mark)
            if number.value == size:
                value = Value(size, "manifest.csv", f"images of {label}")
                self._match(lines[place].page, number, value, where)
            else:
                self._fault(lines[place].page, f"{where}: {label} has {size} images, not "
                            f"{number.text}")  # fmt: skip
        return [line for place, line in enumerate(lines) if place not in set(best)]

    def _take_confusion(self, figure: Float, lines: list[Line]) -> list[Line]:
        """Take the rows of counts before each contender's title; zeros are not printed."""
        where = f"{figure.word} {figure.number}"
        due = {name: np.zeros(1, int) for name in self.results.summary}
        for run in self.results.metrics:
            if run.get("confusion_matrix"):
                due[run["contender"]] = due[run["contender"]] + np.array(run["confusion_matrix"])
        titles = {squeeze(title): name for name, title in self.titles.items()}
        taken: set[int] = set()
        for place, line in enumerate(lines):
            name = titles.get(squeeze(line.text))
            if name is None:
                continue
            rows = [[str(count) for count in row if count] for row in np.atleast_2d(due[name])]
            rows = [row for row in rows if row]
            above = range(place - len(rows), place)
            if above.start < 0 or not all(
                re.fullmatch(r"\d+(?: \d+)*", lines[p].text) for p in above
            ):
                continue
            for p, row in zip(above, rows, strict=True):
                taken.add(p)
                if lines[p].text.split() == row:
                    for text in row:
                        self._match(lines[p].page, parse_number(text, self.mark), Value(
                            float(text), "metrics.json", f"confusion_matrix of {name}, summed"
                        ), where)  # fmt: skip
                else:
                    self._fault(lines[p].page, f"{where}: {name} has the row {' '.join(row)}",
                                lines[p].text)  # fmt: skip
        return [line for place, line in enumerate(lines) if place not in taken]

    def _take_evidence(self, figure: Float, lines: list[Line]) -> list[Line]:
        """Take sizes of groups and the evidence of pairs."""
        where = f"{figure.word} {figure.number}"
        audit = self.results.audit
        pairs = [pair for side in audit["closest"].values() for pair in side]
        evidence = {f"{pair['evidence']:.0f}" for pair in pairs}
        groups = {str(len(entry["images"])) for entry in audit["duplicates"]}
        rest = []
        for line in lines:
            if not re.fullmatch(r"\d+×?(?: \d+×?)*", line.text):
                rest.append(line)
                continue
            for text in line.text.split():
                number = parse_number(text.removesuffix("×"), self.mark)
                known, of = (groups, "images of a group") if "×" in text else (evidence, "evidence")
                if number.text in known:
                    self._match(line.page, number, Value(0, "audit.json", of), where)
                else:
                    self._fault(line.page, f"{where}: {text} is no {of}", line.text)
        return rest

    # References and bibliography

    def _check_references(
        self, passage: Passage, floats: Sequence[Float], sections: set[str]
    ) -> None:
        """Every figure and table is referred to, and every reference leads somewhere."""
        for key in ("figure", "table"):
            word = self.words[key]
            there = {each.number for each in floats if each.word == word}
            meant: dict[int, re.Match[str]] = {}
            for found in re.finditer(rf"\b{literal_pattern(word)}\s+(\d+)\b", passage.text):
                meant.setdefault(int(found[1]), found)
            for number in sorted(there - meant.keys()):
                self._fault(0, f"{word} {number} is not referred to")
            for number in sorted(meant.keys() - there):
                self._fault_at(passage, meant[number].span(), f"there is no {word} {number}")
            if there and there != set(range(1, max(there) + 1)):
                self._fault(0, f"{word}: the numbers {sorted(there)} are not in sequence")
        for found in re.finditer(rf"\b{self.words['section']}\s+(\d+(?:\.\d+)?)", passage.text):
            if found[1] not in sections:
                self._fault_at(passage, found.span(), f"there is no section {found[1]}")

    def _check_bibliography(self, lines: Sequence[Line], passage: Passage) -> None:
        """Entries are numbered in sequence; their numbers stand in the bibliography's file."""
        entries = 0
        known = set(re.findall(r"\d+", self.results.bibliography))
        for line in lines:
            text = line.text
            begun = re.match(r"\[(\d+)\] ", text)
            if begun:
                entries += 1
                if int(begun[1]) != entries:
                    self._fault(line.page, f"[{begun[1]}] is entry {entries}", text)
                text = text[begun.end() :]
            for number in re.findall(r"\d+", text):
                if not known or number in known:
                    self._found(line.page, number, "references.bib", "a number of an entry",
                                NO_RESULT, "bibliography")  # fmt: skip
                else:
                    self._fault(line.page, f"{number} is not in the bibliography's file", text)
        for found in re.finditer(r"\[(\d+(?:\s*[,–-]\s*\d+)*)\]", passage.text):
            for number in re.findall(r"\d+", found[1]):
                if lines and not 1 <= int(number) <= entries:
                    self._fault_at(passage, found.span(), f"there is no entry [{number}]")

    # What is found

    def _match(
        self, page: int, number: Number, value: Value, where: str, how: str = IN_PLACE
    ) -> None:
        self.reading.matches.append(
            Match(self.language, page, number.text, value.source, value.derivation, how, where,
                  number.value)
        )  # fmt: skip

    def _found(self, page: int, text: str, source: str, reason: str, how: str, where: str) -> None:
        self.reading.matches.append(Match(self.language, page, text, source, reason, how, where))

    def _fault(self, page: int, what: str, around: str = "") -> None:
        self.reading.faults.append(Fault(self.language, page, what, around))

    def _fault_at(self, passage: Passage, span: tuple[int, int], what: str) -> None:
        self._fault(passage.page(span[0]), what, passage.around(*span))


@dataclass(frozen=True)
class Sentence:
    """A sentence as a regular expression; ``slots`` are kind and key of its groups."""

    text: str
    pattern: re.Pattern[str]
    slots: tuple[tuple[str, str], ...]


def squeeze(text: str) -> str:
    """Return a text without white space and hyphens, which line breaks change."""
    return re.sub(r"[\s-]", "", text)


def clean(text: str) -> str:
    """Return a line of a PDF with single spaces and without ligatures."""
    for ligature, letters in {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl"}.items():
        text = text.replace(ligature, letters)
    return re.sub(r"\s+", " ", text).strip()


def tex_to_text(words: str) -> str:
    """Return words of the texts as the PDF has them."""
    return re.sub(r"\\emph|[\\${}]", "", words)


def _around_braces(form: str) -> list[str | None]:
    """Return the pieces of a text around its ``{}``, which is None."""
    before, _, after = form.partition("{}")
    return [before, None, after]
