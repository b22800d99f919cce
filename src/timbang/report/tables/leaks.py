"""The leak ledger: accuracy on leaked and on clean validation images."""

from timbang.languages.messages import message
from timbang.report.media.medium import Grid
from timbang.report.tables.table import Table, spread, tabulate
from timbang.report.writer import Writer


def _build(writer: Writer) -> Grid:
    measures = [
        *spread(writer, writer.say("Leaked images"), "leaked_accuracy"),
        *spread(writer, writer.say("Clean images"), "clean_accuracy"),
        *spread(writer, writer.say("Difference (points)"), "leak_difference"),
    ]
    return tabulate(writer, writer.names, measures)


TABLE = Table(
    name="leaks",
    slot="leaks",
    build=_build,
    mention=message("%(table)s gives both for every network."),
    caption=lambda writer: (
        writer.say(
            "Validation accuracy on leaked and on clean images, and their difference, over the "
            "runs of all replicates."
        )
        if writer.seeds > 1
        else writer.say(
            "Validation accuracy on leaked and on clean images, and their difference, over the "
            "replicates."
        )
    ),
    stands=lambda writer: writer.any_leak and bool(writer.value("split.leaked.max")),
)
