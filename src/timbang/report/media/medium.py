"""What the document gives to a medium, whatever it is: tables, captions, ids."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

_KEPT = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:/@+-")

# Of a table in one piece: about half a page.
MOST_LINES = 30


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
    """A table; ``widths`` are text columns' in mm, a row takes up to ``row_lines`` lines.

    One that ``stays`` stands where it is named, also where it has to be broken for that.
    """

    columns: Sequence[Column]
    rows: Sequence[Row]
    widths: Sequence[int] = ()
    row_lines: int = 1
    stays: bool = False

    def is_heading(self, row: Row) -> bool:
        """Whether a row is a heading of those below."""
        return len(row.cells) == 1 < len(self.columns)

    @property
    def is_long(self) -> bool:
        """Whether it may go over several pages, as it would leave too much of one empty."""
        return self.stays or len(self.rows) * self.row_lines > MOST_LINES


@dataclass(frozen=True)
class Caption:
    """What stands with a figure or a table: its label, its number's words and its text.

    ``shows`` says in a sentence what a figure shows, to whom it cannot be shown.
    """

    label: str
    name: str
    number: str
    text: str
    shows: str = ""


def encode_id(id: str) -> str:
    """Return an id that may stand in a PDF and an address: other bytes as ``=XX``."""
    return "".join(
        chr(byte) if chr(byte) in _KEPT else f"={byte:02X}" for byte in id.encode("utf-8")
    )
