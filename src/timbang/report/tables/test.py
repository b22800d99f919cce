"""Accuracy and loss on the test images."""

from timbang.languages.messages import message
from timbang.report.media.medium import Grid
from timbang.report.tables.table import Table, all_names, tabulate_spreads
from timbang.report.writer import Writer


def build(writer: Writer) -> Grid:
    """Return one row a network."""
    measures = (("test_accuracy", writer.say("Accuracy")), ("test_loss", writer.say("Loss")))
    return tabulate_spreads(writer, measures, all_names(writer))


def caption(writer: Writer) -> str:
    """Return what stands above the table."""
    return writer.say("Accuracy and loss (nats) on the test images after the last epoch.")


def stands(writer: Writer) -> bool:
    """Return whether there is a test part."""
    return bool(writer.value("split.test"))


TABLE = Table(
    name="test",
    slot="test",
    files=("summary.csv",),
    build=build,
    mention=message("%(table)s gives accuracy and loss on them."),
    caption=caption,
    stands=stands,
)
