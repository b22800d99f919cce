"""The accuracies of two studies side by side."""

from timbang.languages.messages import message
from timbang.report.media.medium import Grid
from timbang.report.tables.table import Measure, Table, spread, tabulate
from timbang.report.writer import Writer


def _build(writer: Writer) -> Grid:
    measures = [
        *spread(writer, writer.name("text/study", writer.study["name"]), "accuracy"),
        *spread(writer, writer.name("text/twin", writer.study["twin"]), "twin.accuracy"),
        Measure(writer.say("difference (points)"), "twin.difference", signed=True),
    ]
    return tabulate(writer, writer.study["shared"], measures)


TABLE = Table(
    name="twin",
    slot="twin",
    build=_build,
    mention=message("%(table)s shows both studies."),
    caption=lambda writer: writer.say(
        "Mean validation accuracy in this study and in the other, and the difference of the means."
    ),
    stands=lambda writer: bool(writer.study["shared"]),
)
