"""Images whose labels are believed least."""

from timbang.languages.messages import message
from timbang.report.media.medium import Column, Grid, Row
from timbang.report.tables.table import Measure, Table, fill_cells, head_columns
from timbang.report.writer import Writer

# In a line of the first column, at least.
LETTERS = 14


def _build(writer: Writer) -> Grid:
    measures = [Measure(writer.say("Score"), "suspect.score")]
    heads = writer.say("Image"), writer.say("Label"), writer.say("Likeliest class")
    columns = [*(Column(head, "l") for head in heads), *head_columns(measures)]
    rows = []
    for place, filename in enumerate(writer.study["suspects"]):
        classes = (writer.value(f"suspect.{id}", place) for id in ("label", "believed"))
        names = [writer.name("file", filename), *map(writer.label, classes)]
        rows.append(Row([*names, *fill_cells(writer, measures, place)]))
    longest = max(map(len, [*writer.study["suspects"], *writer.study["classes"]]))
    return Grid(columns, rows, widths=[30, 37, 37], row_lines=1 + longest // LETTERS)


TABLE = Table(
    name="suspects",
    slot="suspects",
    build=_build,
    mention=message(
        "%(table)s lists the images whose labels are believed least; `images.csv` has all images."
    ),
    caption=lambda writer: writer.say(
        "Images whose labels are believed least, one of each group of copies, and the score of "
        "each label: half of its lead over the largest other mean probability, plus a half; zero "
        "at worst, one at best."
    ),
    stands=lambda writer: bool(writer.study["suspects"]),
)
