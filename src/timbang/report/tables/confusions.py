"""Classes that are taken for one another most."""

from timbang.languages.messages import message
from timbang.report.media.medium import Column, Grid, Row
from timbang.report.tables.table import Measure, Table, fill_cells, head_columns
from timbang.report.writer import Writer


def _build(writer: Writer) -> Grid:
    measures = [
        Measure(writer.say("Answers"), "confused.answers"),
        Measure(writer.say("Share of the class"), "confused.share"),
    ]
    heads = writer.say("Class"), writer.say("Taken for")
    columns = [*(Column(head, "l") for head in heads), *head_columns(measures)]
    rows: list[Row] = []
    while writer.has("confused.share", len(rows)):
        place = len(rows)
        classes = (writer.value(f"confused.{id}", place) for id in ("label", "taken_for"))
        rows.append(Row([*map(writer.label, classes), *fill_cells(writer, measures, place)]))
    return Grid(columns, rows, widths=[38, 38])


TABLE = Table(
    name="confusions",
    slot="confusions",
    build=_build,
    mention=message("%(table)s lists the most confused pairs of classes."),
    caption=lambda writer: writer.sentences(
        writer.say(
            "The pairs of classes that are confused most, by the share of all answers to "
            "validation images of a class that name the other class, over all networks and "
            "replicates."
        ),
        writer.say_recipe(decides=False),
    ),
    stands=lambda writer: writer.has("confused.share", 0),
)
