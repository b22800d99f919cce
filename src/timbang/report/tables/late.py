"""The last epoch beside the mean of the last ones, and how far these lie apart."""

from timbang.languages.messages import message
from timbang.report.media.medium import Grid
from timbang.report.tables.table import Table, spread, tabulate
from timbang.report.writer import Writer


def _build(writer: Writer) -> Grid:
    measures = [
        *spread(writer, writer.say("Last epoch"), "accuracy"),
        *spread(writer, writer.say("Mean of the last epochs"), "late_accuracy"),
        *spread(writer, writer.say("Fluctuation (points)"), "swing"),
    ]
    return tabulate(writer, writer.names, measures)


TABLE = Table(
    name="late",
    slot="late",
    build=_build,
    mention=message(
        "The accuracy of the last epoch is itself subject to chance: %(table)s gives the "
        "mean of the last epochs beside it, and the range of fluctuation over these."
    ),
    caption=lambda writer: (
        writer.say(
            "Validation accuracy after the last epoch, its mean over the last %(epochs)s, and its "
            "largest minus its smallest value over these, over the runs of all replicates.",
            epochs=writer.num("constant.last_epochs"),
        )
        if writer.seeds > 1
        else writer.say(
            "Validation accuracy after the last epoch, its mean over the last %(epochs)s, and its "
            "largest minus its smallest value over these, over the replicates.",
            epochs=writer.num("constant.last_epochs"),
        )
    ),
    stands=lambda writer: bool(writer.study["has_late"]),
)
