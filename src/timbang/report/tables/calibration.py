"""How good the probabilities of every network are."""

from timbang.languages.messages import message
from timbang.report.media.medium import Grid
from timbang.report.tables.table import Measure, Table, spread, tabulate
from timbang.report.writer import Writer


def _build(writer: Writer) -> Grid:
    confidence = writer.say("Confidence")
    measures = [
        *spread(writer, writer.say("Brier score"), "brier"),
        *spread(writer, writer.say("Miscalibration"), "miscalibration"),
        Measure(writer.say("discrimination"), "discrimination.mean", confidence),
        Measure(writer.say("uncertainty"), "uncertainty.mean", confidence),
    ]
    return tabulate(writer, writer.names, measures)


TABLE = Table(
    name="calibration",
    slot="calibration",
    build=_build,
    mention=message("%(table)s gives the numbers."),
    caption=lambda writer: writer.sentences(
        writer.say(
            "The Brier score of all classes, and the parts of the mean squared error of the "
            "confidence, which is miscalibration minus discrimination plus uncertainty. A lower "
            "Brier score and a lower miscalibration are better."
        ),
        writer.is_repeated and writer.say("Means over %(runs)s runs."),
        writer.say_recipe(decides=False),
    ),
    stands=lambda writer: bool(writer.study["finished"]),
)
