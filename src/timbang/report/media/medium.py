"""What the document asks of a medium, whatever it is."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

# In a message: a placeholder, a per cent sign, *emphasis* and `a name of a file or key`.
_PARTS = re.compile(r"(%\(\w+\)s|%%|\*[^*]+\*|`[^`]+`)")
_KEPT = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:/@+-")


@dataclass(frozen=True)
class Column:
    """A column of a table: its head, where its cells stand, and the head above several."""

    head: str
    align: Literal["l", "r"] = "r"
    group: str = ""


@dataclass(frozen=True)
class Row:
    """A row of a table, its cells in the medium; one cell alone is a heading of those below."""

    cells: Sequence[str]
    rule: bool = False


@dataclass(frozen=True)
class Grid:
    """A table; ``is_long`` lets it go over several pages, ``widths`` are text columns' in mm."""

    columns: Sequence[Column]
    rows: Sequence[Row]
    is_long: bool = False
    widths: Sequence[int] = ()


@dataclass(frozen=True)
class Caption:
    """What stands with a figure or a table: its label, its number's words and its text."""

    label: str
    name: str
    number: str
    text: str


class Medium(Protocol):
    """How the parts of the document look in a medium.

    All arguments but ids, labels and files are in the medium already, and so are the results.
    """

    ending: str

    def escape(self, text: object) -> str:
        """Return what shows a text as it is."""
        ...

    def prose(self, text: str) -> str:
        """Return what shows a text of the document's own."""
        ...

    def emphasise(self, text: str) -> str:
        """Return a text that stands out."""
        ...

    def code(self, text: str) -> str:
        """Return the name of a file, a key or a program."""
        ...

    def value(self, id: str, form: str, text: str, *, is_linked: bool, is_first: bool) -> str:
        """Return the number of a fact, which leads to its line of the appendix where linked.

        ``form`` says in which form it is written, as ``@signed``; often it is empty.
        """
        ...

    def source(self, id: str, text: str, back: str | None) -> str:
        """Return the number of a fact in its line of the appendix, with a way back if any."""
        ...

    def name(self, id: str, text: str) -> str:
        """Return a name or a text of the user's; ``text`` is escaped already."""
        ...

    def citation(self, entries: Sequence[tuple[str, str]]) -> str:
        """Return numbers of references, each with its key."""
        ...

    def reference(self, label: str, text: str) -> str:
        """Return the number of a section, a figure or a table, which leads there."""
        ...

    def link(self, address: str, text: str) -> str:
        """Return a text that leads to an address on the web."""
        ...

    def formula(self, name: str) -> str:
        """Return one of the document's formulas."""
        ...

    def section(self, level: int, number: str, title: str, label: str) -> str:
        """Return a heading; one without a number is not counted."""
        ...

    def paragraph(self, text: str) -> str:
        """Return a paragraph."""
        ...

    def abstract(self, heading: str, text: str) -> str:
        """Return the summary that stands before all."""
        ...

    def references(self, entries: Sequence[tuple[str, str, str]]) -> str:
        """Return the list of references: key, number and text of each."""
        ...

    def descriptions(self, items: Sequence[tuple[str, str]]) -> str:
        """Return a list of terms and what is said of each; a term may be empty."""
        ...

    def picture(self, file: Path) -> str:
        """Return a picture of the user's, a PNG or a JPEG."""
        ...

    def figure(self, caption: Caption, file: Path) -> str:
        """Return a figure with its caption; ``file`` is without its ending."""
        ...

    def table(self, caption: Caption | None, grid: Grid) -> str:
        """Return a table, with its caption if it has one."""
        ...


def write_literal(medium: Medium, message: str) -> str:
    """Return a message in a medium, its placeholders as they are."""
    return "".join(_write_part(medium, part) for part in _PARTS.split(message))


def _write_part(medium: Medium, part: str) -> str:
    if re.fullmatch(r"%\(\w+\)s", part):
        return part
    if part == "%%":
        return medium.prose("%").replace("%", "%%")
    if len(part) > 2 and part[0] == part[-1] == "*":
        return medium.emphasise(write_literal(medium, part[1:-1]))
    if len(part) > 2 and part[0] == part[-1] == "`":
        return medium.code(write_literal(medium, part[1:-1]))
    return _doubled(medium.prose(part))


def _doubled(text: str) -> str:
    return text.replace("%", "%%")


def encode_id(id: str) -> str:
    """Return an id that may stand in a PDF and an address: other bytes as ``=XX``."""
    return "".join(
        chr(byte) if chr(byte) in _KEPT else f"={byte:02X}" for byte in id.encode("utf-8")
    )
