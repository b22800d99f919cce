"""Accuracy on shares of the training images, and the differences from the reference."""

from timbang.languages.messages import message
from timbang.report.media.medium import Column, Grid, Row
from timbang.report.tables.table import Measure, Table, fill_cells, head_columns
from timbang.report.writer import Writer


def _build(writer: Writer) -> Grid:
    apart = writer.say("Difference from the reference")
    measures = [
        Measure(writer.say("accuracy"), "learning.mean"),
        Measure(writer.say("s.d."), "learning.sd"),
        Measure(writer.say("mean"), "learning.difference", apart, signed=True),
        Measure(writer.say("low"), "learning.low", apart, signed=True),
        Measure(writer.say("high"), "learning.high", apart, signed=True),
    ]
    columns = [Column(writer.say("Training images"), "l"), *head_columns(measures)]
    rows = []
    for name in writer.study["weighed"]:
        rows.append(Row([writer.title(name)]))
        for place in range(writer.value("learning.sizes")):
            images = writer.num("learning.images", place)
            rows.append(Row([images, *fill_cells(writer, measures, name, place)]))
    return Grid(columns, rows, widths=[38])


TABLE = Table(
    name="learning",
    slot="learning",
    build=_build,
    mention=message("%(table)s gives the numbers."),
    caption=lambda writer: writer.say(
        "Validation accuracy by the number of training images, and the mean difference from "
        "%(reference)s in percentage points with its %(confidence)s interval on these images."
    ),
    stands=lambda writer: bool(writer.study["learning"]),
)
