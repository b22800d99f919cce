"""What stands where on the pages: figures, tables, running text, bibliography.

A page begins with its figures and tables: a figure's own text and below it its caption, a table's
caption and below it its rows. What follows is running text, in which the one long table stands.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from timbang.reader.printed import Line, clean_line, squeeze
from timbang.reader.rows import Row

DASH = "–"
CONTINUED = "continued"
MOST_CAPTION_LINES = 6
MOST_STRANGE_LINES = 6


@dataclass(frozen=True)
class PrintedRow:
    """A line of a table beside the row that is due there."""

    due: Row
    line: Line
    label: str
    cells: tuple[str, ...]


@dataclass
class Float:
    """A figure or a table.

    Attributes:
        word: "Figure" or "Table" in the language.
        number: its number.
        kind: what it shows, a key of ``CAPTIONS``.
        caption: the lines of its caption; of a table its heads as well.
        body: the lines of a figure's own text.
        rows: a table's rows.
        missing: the rows that were not found.
        wrong: the rows of text that were left out or have other words.
        unfinished: the lines so far of a row of text.
        strange: lines one after the other that fit no row of text.
    """

    word: str
    number: int
    kind: str
    caption: list[Line]
    body: list[Line] = field(default_factory=list)
    rows: list[PrintedRow] = field(default_factory=list)
    missing: list[Row] = field(default_factory=list)
    wrong: list[Row] = field(default_factory=list)
    unfinished: list[Line] = field(default_factory=list)
    strange: int = 0

    @property
    def name(self) -> str:
        """Its name in the text."""
        return f"{self.word} {self.number}"


@dataclass
class Layout:
    """The parts of a report; ``last_lines`` are those that are numbers and end a page."""

    floats: list[Float] = field(default_factory=list)
    running: list[Line] = field(default_factory=list)
    bibliography: list[Line] = field(default_factory=list)
    last_lines: list[Line] = field(default_factory=list)


def lay_out(
    pages: Sequence[str],
    words: Mapping[str, str],
    captions: Sequence[tuple[str, re.Pattern[str]]],
    number: str,
    expect_rows: Callable[[str], Sequence[Row]],
) -> Layout:
    """Find out what stands where.

    Args:
        pages: the text of each page.
        words: those of ``WORDS`` in the language.
        captions: the kinds of figures and tables, and how their captions begin.
        number: the regular expression of a number.
        expect_rows: returns the rows that a table of a kind must have.
    """
    layout = Layout()
    open_table: Float | None = None

    def read_caption(lines: Sequence[Line]) -> tuple[str, int, str] | None:
        return _read_caption(lines, words, captions, layout.floats)

    for place, page in enumerate(pages, start=1):
        lines = [Line(place, clean_line(text)) for text in page.splitlines() if text.strip()]
        if lines and re.fullmatch(r"\d+", lines[-1].text):
            layout.last_lines.append(lines.pop())
        pending: list[Line] = []
        while lines:
            begun = read_caption(lines)
            line = lines.pop(0)
            if begun is None:
                pending.append(line)
            elif begun[2] == CONTINUED:
                if open_table:
                    open_table.caption.append(line)
                    _take_rows(open_table, lines, number, read_caption)
            elif begun[0] == words["figure"]:
                figure = Float(*begun, [line], body=pending)
                pending = []
                while not figure.caption[-1].text.endswith(".") and lines:
                    figure.caption.append(lines.pop(0))
                    if len(figure.caption) == MOST_CAPTION_LINES:
                        break
                layout.floats.append(figure)
            else:
                layout.running += pending
                pending = []
                open_table = Float(*begun, [line], missing=list(expect_rows(begun[2])))
                layout.floats.append(open_table)
                _take_rows(open_table, lines, number, read_caption)
        layout.running += pending
    for place, line in enumerate(layout.running):
        if line.text == words["bibliography"]:
            layout.bibliography = layout.running[place + 1 :]
            del layout.running[place:]
            break
    return layout


def _read_caption(
    lines: Sequence[Line],
    words: Mapping[str, str],
    captions: Sequence[tuple[str, re.Pattern[str]]],
    known: Sequence[Float],
) -> tuple[str, int, str] | None:
    """Return word, number and kind of the figure or table whose caption the lines begin with."""
    table, figure = words["table"], words["figure"]
    again = re.match(rf"{table} (\d+) \({words[CONTINUED]}\)", lines[0].text)
    if again:
        return table, int(again[1]), CONTINUED
    begun = re.match(rf"({table}|{figure}) (\d+)\. ", lines[0].text)
    if begun is None:
        return None
    text = " ".join(line.text for line in lines[:3])[begun.end() :]
    seen = {each.kind for each in known}
    for kind, pattern in captions:
        if kind not in seen and pattern.match(text):
            return begun[1], int(begun[2]), kind
    return None


def _take_rows(
    table: Float,
    lines: list[Line],
    number: str,
    read_caption: Callable[[Sequence[Line]], object],
) -> None:
    """Move a table's lines from ``lines`` to the table, up to its last row.

    Lines that are no row (heads, a caption's second line, a long label's first) join the caption.
    """
    while table.missing and lines and not read_caption(lines):
        line = lines.pop(0)
        if table.missing[0].is_text:
            _take_text(table, line)
            continue
        row = _split_row(line, table.missing[0], number)
        if row:
            del table.missing[0]
        if row and row.due.cells:
            table.rows.append(row)
        else:
            table.caption.append(line)


def _take_text(table: Float, line: Line) -> None:
    """Add a line to the row of text that is due, or begin the row that it begins."""
    due = squeeze(table.missing[0].label)
    taken = squeeze("".join(each.text for each in table.unfinished))
    if taken and due.startswith(taken + squeeze(line.text)):
        table.unfinished.append(line)
    else:
        start = next(
            (
                place
                for place, row in enumerate(table.missing)
                if squeeze(row.label).startswith(squeeze(line.text))
            ),
            None,
        )
        if start is None:
            table.caption.append(line)
            table.strange += 1
            if table.strange > MOST_STRANGE_LINES:
                table.wrong += table.missing
                table.missing.clear()
            return
        table.wrong += table.missing[:start]
        del table.missing[:start]
        table.unfinished = [line]
    table.strange = 0
    row = table.missing[0]
    if squeeze(row.label) == squeeze("".join(each.text for each in table.unfinished)):
        table.rows += [PrintedRow(row, each, each.text, ()) for each in table.unfinished]
        table.unfinished = []
        del table.missing[0]


def _split_row(line: Line, due: Row, number: str) -> PrintedRow | None:
    if due.is_setting:
        if not squeeze(line.text).startswith(squeeze(due.label)):
            return None
        return PrintedRow(due, line, due.label, tuple(re.findall(number, line.text)[-1:]))
    cell = rf"(?:{number}|{DASH})"
    text = line.text
    if due.has_ranges:
        text = re.sub(rf"(?<=\d){DASH}(?=\d)|[()]", " ", text).strip()
    found = re.fullmatch(rf"(.*?)\s*({cell}(?:\s+{cell}){{{len(due.cells) - 1}}})", text)
    if found is None:
        return None
    cells = tuple(re.findall(cell, found[2]))
    return PrintedRow(due, line, found[1], cells) if len(cells) == len(due.cells) else None
