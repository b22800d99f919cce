"""What a table is. Each stands in a module of its own, which says all of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from timbang.report.media.medium import Column, Grid, Row
from timbang.report.writer import Writer


@dataclass(frozen=True)
class Table:
    """A table: what is in it, where it stands in the document (``slot``), and when.

    ``mention`` is the sentence that leads to it, ``caption`` what stands above it.
    """

    name: str
    slot: str
    build: Callable[[Writer], Grid]
    mention: str
    caption: Callable[[Writer], str]
    stands: Callable[[Writer], bool] = lambda _: True


@dataclass(frozen=True)
class Measure:
    """A column of numbers: the quantity of each row's subject, and how it is written."""

    head: str
    quantity: str
    group: str = ""
    style: str = ""
    signed: bool = False


def spread(writer: Writer, head: str, quantity: str) -> list[Measure]:
    """Return the mean of a quantity, and its s.d. over several replicates, under one head."""
    mean, sd = f"{quantity}.mean", f"{quantity}.sd"
    if writer.replicates == 1:
        return [Measure("", mean, head)]
    return [Measure(writer.say("mean"), mean, head), Measure(writer.say("s.d."), sd, head)]


def head_columns(measures: Sequence[Measure]) -> list[Column]:
    """Return the columns of measures."""
    return [Column(own.head, group=own.group) for own in measures]


def fill_cells(writer: Writer, measures: Sequence[Measure], *subject: object) -> list[str]:
    """Return the cells of measures in the row of a subject."""
    return [
        writer.cell(own.quantity, *subject, signed=own.signed, style=own.style) for own in measures
    ]


def say_findings(writer: Writer, *findings: str) -> list[str]:
    """Return what comparisons by accuracy conclude, in words; what is not decided is open."""
    words = {
        "higher": writer.say("more accurate"),
        "lower": writer.say("less accurate"),
        "equal": writer.say("equal within the margin"),
    }
    return [words.get(own, writer.say("open")) for own in findings]


def tabulate(
    writer: Writer, names: Sequence[str], measures: Sequence[Measure], width: int = 38
) -> Grid:
    """Return a table of measures, one row a network, whose names have ``width`` mm."""
    columns = [Column(writer.say("Network"), "l"), *head_columns(measures)]
    rows = [Row([writer.title(name), *fill_cells(writer, measures, name)]) for name in names]
    return Grid(columns, rows, widths=[width])
