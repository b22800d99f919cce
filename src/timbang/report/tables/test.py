"""Accuracy and loss on the test images."""

from timbang.languages.messages import message
from timbang.report.media.medium import Grid
from timbang.report.tables.table import Table, spread, tabulate
from timbang.report.writer import Writer


def _build(writer: Writer) -> Grid:
    measures = [
        *spread(writer, writer.say("Accuracy"), "test_accuracy"),
        *spread(writer, writer.say("Loss"), "test_loss"),
    ]
    return tabulate(writer, writer.names, measures)


TABLE = Table(
    name="test",
    slot="test",
    build=_build,
    mention=message("%(table)s gives accuracy and loss on them."),
    caption=lambda writer: writer.say(
        "Accuracy and loss (nats) on the test images after the last epoch."
    ),
    stands=lambda writer: bool(writer.value("split.test")),
)
