"""Precision, recall and F1 of every class."""

from timbang.languages.messages import message
from timbang.report.media.medium import Column, Grid, Row
from timbang.report.tables.table import Table, spread_cells, spread_columns
from timbang.report.writer import Writer


def build(writer: Writer) -> Grid:
    """Return one row a network and class."""
    heads = {
        "precision": writer.say("Precision"),
        "recall": writer.say("Recall"),
        "f1": writer.name("term/f1", "F1"),
    }
    columns = [Column(writer.say("Class"), "l"), Column(writer.say("images"))]
    for head in heads.values():
        columns += spread_columns(writer, head)
    rows = []
    for name in writer.study["weighed"]:
        if not writer.has("recall.lowest", name):
            continue
        rows.append(Row([writer.title(name)]))
        for place in range(len(writer.study["classes"])):
            subject = f"{name}/{place}"
            cells = [writer.label(place), writer.cell("support.mean", subject)]
            for measure in heads:
                cells += spread_cells(writer, measure, subject)
            rows.append(Row(cells))
    return Grid(columns, rows, is_long=True, widths=[42])


def caption(writer: Writer) -> str:
    """Return what stands above the table."""
    return writer.say(
        "Precision, recall and %(f1)s per class and the mean number of validation images, over the "
        "replicates.",
        f1=writer.name("term/f1", "F1"),
    )


def stands(writer: Writer) -> bool:
    """Return whether any run finished."""
    return bool(writer.study["finished"])


TABLE = Table(
    name="classes",
    slot="per-class",
    files=("per_class.csv",),
    build=build,
    mention=message("%(table)s gives the scores per class."),
    caption=caption,
    stands=stands,
)
