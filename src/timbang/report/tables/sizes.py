"""What each network costs: parameters, multiply-adds of one image, speed of training."""

from timbang.languages.messages import message
from timbang.report.media.medium import Column, Grid, Row
from timbang.report.tables.table import Table, all_names
from timbang.report.writer import Writer


def build(writer: Writer) -> Grid:
    """Return one row a network."""
    columns = [
        Column(writer.say("Network"), "l"),
        Column(writer.say("parameters")),
        Column(writer.say("multiply-adds (millions)")),
        Column(writer.say("images per second")),
    ]
    rows = [
        Row(
            [
                writer.title(name),
                writer.cell("parameters", name),
                writer.cell("multiply_adds", name, style="millions"),
                writer.cell("images_per_second.mean", name),
            ]
        )
        for name in all_names(writer)
    ]
    return Grid(columns, rows, widths=[44])


def caption(writer: Writer) -> str:
    """Return what stands above the table."""
    return writer.say(
        "Size of the networks: parameters, multiply-adds for one image, and images trained on per "
        "second (mean over the runs)."
    )


TABLE = Table(
    name="sizes",
    slot="sizes",
    files=("summary.csv",),
    build=build,
    mention=message("%(table)s gives the sizes of the networks."),
    caption=caption,
)
