"""The leak ledger: accuracy on leaked and on clean validation images."""

from timbang.languages.messages import message
from timbang.report.media.medium import Grid
from timbang.report.tables.table import Table, all_names, tabulate_spreads
from timbang.report.writer import Writer


def build(writer: Writer) -> Grid:
    """Return one row a network."""
    measures = (
        ("leaked_accuracy", writer.say("Leaked images")),
        ("clean_accuracy", writer.say("Clean images")),
        ("leak_difference", writer.say("Difference (points)")),
    )
    return tabulate_spreads(writer, measures, all_names(writer))


def caption(writer: Writer) -> str:
    """Return what stands above the table."""
    return writer.say(
        "Validation accuracy on leaked and on clean images, and their difference, over the "
        "replicates."
    )


def stands(writer: Writer) -> bool:
    """Return whether some run had leaked and clean images."""
    return writer.any_leak and bool(writer.value("split.leaked.max"))


TABLE = Table(
    name="leaks",
    slot="leaks",
    files=("summary.csv",),
    build=build,
    mention=message("%(table)s gives both for every network."),
    caption=caption,
    stands=stands,
)
