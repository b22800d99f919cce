"""The last epoch beside the mean of the last ones, and how far these lie apart."""

from timbang.languages.messages import message
from timbang.report.media.medium import Grid
from timbang.report.tables.table import Table, all_names, tabulate_spreads
from timbang.report.writer import Writer


def build(writer: Writer) -> Grid:
    """Return one row a network."""
    measures = (
        ("accuracy", writer.say("Last epoch")),
        ("late_accuracy", writer.say("Mean of the last epochs")),
        ("swing", writer.say("Fluctuation (points)")),
    )
    return tabulate_spreads(writer, measures, all_names(writer))


def caption(writer: Writer) -> str:
    """Return what stands above the table."""
    return writer.say(
        "Validation accuracy after the last epoch, its mean over the last epochs, and its largest "
        "minus its smallest value over these, over the replicates."
    )


def stands(writer: Writer) -> bool:
    """Return whether there are many more epochs than count as the last ones."""
    return bool(writer.study["has_late"])


TABLE = Table(
    name="late",
    slot="late",
    files=("summary.csv",),
    build=build,
    mention=message(
        "The accuracy of the last epoch is itself subject to chance: %(table)s gives the "
        "mean of the last epochs beside it, and the range of fluctuation over these."
    ),
    caption=caption,
    stands=stands,
)
