"""Precision, recall and F1 of every class."""

from timbang.languages.messages import message
from timbang.report.media.medium import Column, Grid, Row
from timbang.report.shown import choose_shown, say_shown
from timbang.report.tables.table import Measure, Table, fill_cells, head_columns, spread
from timbang.report.writer import Writer

# Of the column of labels, in mm, and in characters of which a line holds as many at least.
LABEL_WIDTH, LABEL_LINE = 42, 18


def _build(writer: Writer) -> Grid:
    shown = [
        name
        for name in choose_shown(writer.study["weighed"], writer.study["reference"])
        if writer.has("recall.lowest", name)
    ]
    places = range(len(writer.study["classes"]))
    counts = [writer.value("support.mean", name, place) for name in shown for place in places]
    style = "" if all(count == int(count) for count in counts) else "tenths"
    measures = [
        Measure(writer.say("images"), "support.mean", style=style),
        *spread(writer, writer.say("Precision"), "precision"),
        *spread(writer, writer.say("Recall"), "recall"),
        *spread(writer, writer.name("term/f1", "F1"), "f1"),
    ]
    rows = []
    for name in shown:
        rows.append(Row([writer.title(name)]))
        rows += [
            Row([writer.label(place), *fill_cells(writer, measures, name, place)])
            for place in places
        ]
    columns = [Column(writer.say("Class"), "l"), *head_columns(measures)]
    longest = max(map(len, writer.study["classes"]))
    return Grid(columns, rows, [LABEL_WIDTH], longest // LABEL_LINE + 1, stays=True)


def _caption(writer: Writer) -> str:
    f1 = writer.name("term/f1", "F1")
    if not writer.is_repeated:
        said = writer.say(
            "Precision, recall and %(f1)s per class and the number of validation images.", f1=f1
        )
    elif writer.seeds > 1:
        said = writer.say(
            "Precision, recall and %(f1)s per class and the mean number of validation images, over "
            "the runs of all replicates.",
            f1=f1,
        )
    else:
        said = writer.say(
            "Precision, recall and %(f1)s per class and the mean number of validation images, over "
            "the replicates.",
            f1=f1,
        )
    return writer.sentences(
        said,
        bool(writer.study["lost_classes"])
        and writer.say(
            "Where a run takes no image for a class, its precision and %(f1)s count as zero.", f1=f1
        ),
        say_shown(writer, writer.study["weighed"], "per_class.csv"),
    )


TABLE = Table(
    name="classes",
    slot="per-class",
    build=_build,
    mention=message("%(table)s gives the scores per class."),
    caption=_caption,
    stands=lambda writer: bool(writer.study["finished"]),
)
