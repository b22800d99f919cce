"""The accuracies of two studies side by side."""

from timbang.languages.messages import message
from timbang.report.media.medium import Column, Grid, Row
from timbang.report.tables.table import Table, spread_cells, spread_columns
from timbang.report.writer import Writer


def build(writer: Writer) -> Grid:
    """Return one row a network that both studies have."""
    here = writer.name("text/study", writer.study["name"])
    there = writer.name("text/twin", writer.study["twin"])
    columns = [
        Column(writer.say("Network"), "l"),
        *spread_columns(writer, here),
        *spread_columns(writer, there),
        Column(writer.say("difference (points)")),
    ]
    rows = [
        Row(
            [
                writer.title(name),
                *spread_cells(writer, "accuracy", name),
                *spread_cells(writer, "twin.accuracy", name),
                writer.cell("twin.difference", name, signed=True),
            ]
        )
        for name in writer.study["shared"]
    ]
    return Grid(columns, rows, widths=[38])


def caption(writer: Writer) -> str:
    """Return what stands above the table."""
    return writer.say(
        "Mean validation accuracy in this study and in the other, and the difference of the means."
    )


def stands(writer: Writer) -> bool:
    """Return whether there is another study."""
    return bool(writer.study["shared"])


TABLE = Table(
    name="twin",
    slot="twin",
    files=("summary.csv",),
    build=build,
    mention=message("%(table)s shows both studies."),
    caption=caption,
    stands=stands,
)
