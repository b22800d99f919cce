"""How a difference varies from split to split, and from training to training on one split."""

from timbang.languages.messages import message
from timbang.report.media.medium import Grid
from timbang.report.tables.table import Measure, Table, tabulate
from timbang.report.writer import Writer


def _build(writer: Writer) -> Grid:
    spread, share = writer.say("s.d. (points)"), writer.say("Share of the division")
    measures = [
        Measure(writer.say("between divisions"), "variation.split", spread),
        Measure(writer.say("within a division"), "variation.training", spread),
        Measure(writer.say("estimate"), "variation.share", share),
        Measure(writer.say("low"), "variation.low", share),
        Measure(writer.say("high"), "variation.high", share),
    ]
    return tabulate(writer, writer.study["tested"], measures)


TABLE = Table(
    name="variation",
    slot="variation",
    build=_build,
    mention=message("%(table)s gives both parts."),
    caption=lambda writer: writer.say(
        "How the difference of single runs in validation accuracy from %(reference)s varies "
        "between divisions of the images, and from training to training within a division; and "
        "the share of the division in its variance with its %(confidence)s interval."
    ),
    stands=lambda writer: any(
        writer.has("variation.training", name) for name in writer.study["tested"]
    ),
)
