"""What each network costs: parameters, multiply-adds of one image, speed of training."""

from timbang.languages.messages import message
from timbang.report.media.medium import Grid
from timbang.report.tables.table import Measure, Table, tabulate
from timbang.report.writer import Writer


def _build(writer: Writer) -> Grid:
    measures = [
        Measure(writer.say("parameters"), "parameters"),
        Measure(writer.say("multiply-adds (millions)"), "multiply_adds", style="millions"),
        Measure(writer.say("images per second"), "images_per_second.max"),
    ]
    return tabulate(writer, writer.names, measures, width=44)


TABLE = Table(
    name="sizes",
    slot="sizes",
    build=_build,
    mention=message("%(table)s gives the sizes of the networks."),
    caption=lambda writer: writer.sentences(
        writer.say(
            "Size of the networks: parameters, multiply-adds for one image, and images trained on "
            "per second."
        ),
        writer.is_repeated
        and writer.say("The speed is that of the fastest run, since other work slows runs."),
    ),
)
