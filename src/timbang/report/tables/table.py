"""What a table is. Each stands in a module of its own, which says all of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from timbang.report.media.medium import Column, Grid, Row
from timbang.report.writer import Writer


def always(_: Writer) -> bool:
    """Say that a table always stands in the document."""
    return True


@dataclass(frozen=True)
class Table:
    """A table: what is in it, where it stands in the document (``slot``), and when.

    ``files`` are those of the study that its numbers come from; ``mention`` is the sentence that
    leads to it.
    """

    name: str
    slot: str
    files: Sequence[str]
    build: Callable[[Writer], Grid]
    mention: str
    caption: Callable[[Writer], str]
    stands: Callable[[Writer], bool] = always


def spread_columns(writer: Writer, group: str) -> list[Column]:
    """Return the columns of a measure: its mean, and s.d. over several replicates."""
    heads = [writer.say("mean"), writer.say("s.d.")] if writer.replicates > 1 else [""]
    return [Column(head, group=group) for head in heads]


def spread_cells(writer: Writer, quantity: str, subject: str, *, signed: bool = False) -> list[str]:
    """Return the cells of ``spread_columns``."""
    words = ("mean", "sd") if writer.replicates > 1 else ("mean",)
    return [
        writer.cell(f"{quantity}.{word}", subject, signed=signed and word == "mean")
        for word in words
    ]


def tabulate_spreads(
    writer: Writer, measures: Sequence[tuple[str, str]], names: Sequence[str]
) -> Grid:
    """Return a table of measures, each over the replicates, one row a network.

    Args:
        writer: writes the cells.
        measures: quantity and head of each.
        names: the contenders.
    """
    columns = [Column(writer.say("Network"), "l")]
    for _, head in measures:
        columns += spread_columns(writer, head)
    rows = [
        Row(
            [
                writer.title(name),
                *(cell for key, _ in measures for cell in spread_cells(writer, key, name)),
            ]
        )
        for name in names
    ]
    return Grid(columns, rows, widths=[38])


def all_names(writer: Writer) -> list[str]:
    """Return the names of all contenders in their order."""
    return [own["name"] for own in writer.study["contenders"]]
