"""Each comparison with and without the images whose labels are doubted."""

from timbang.languages.messages import message
from timbang.report.media.medium import Column, Grid, Row
from timbang.report.tables.table import Measure, Table, fill_cells, head_columns, say_findings
from timbang.report.writer import Writer


def _build(writer: Writer) -> Grid:
    study = writer.study
    everything, without = writer.say("All images"), writer.say("Without the suspects")
    low, high = writer.say("low"), writer.say("high")
    measures = [
        Measure(head, f"{quantity}.accuracy.{name}", group, signed=True)
        for quantity, group in (("contrast", everything), ("without", without))
        for head, name in ((writer.say("difference"), "mean"), (low, "low"), (high, "high"))
    ]
    columns = [
        Column(writer.say("Network"), "l"),
        *head_columns(measures),
        Column(writer.say("all"), "l", writer.say("Conclusion")),
        Column(writer.say("without"), "l", writer.say("Conclusion")),
    ]
    rows = []
    for name in study["tested"]:
        both = [own.get(name, "") for own in (study["findings"], study["without"])]
        said = say_findings(writer, *both)
        rows.append(Row([writer.title(name), *fill_cells(writer, measures, name), *said]))
    return Grid(columns, rows, widths=[24])


TABLE = Table(
    name="without-suspects",
    slot="without-suspects",
    build=_build,
    mention=message("%(table)s sets each comparison beside the same without these images."),
    caption=lambda writer: writer.say(
        "Mean difference in validation accuracy from %(reference)s, in percentage points, with its "
        "%(confidence)s interval and conclusion: on all validation images, which decides, and "
        "without those whose label another class outdoes, which decides nothing."
    ),
    stands=lambda writer: bool(writer.study["tested"]) and bool(writer.value("without.images")),
)
