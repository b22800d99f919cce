"""Images whose labels are believed least."""

from timbang.languages.messages import message
from timbang.report.media.medium import Column, Grid, Row
from timbang.report.tables.table import Measure, Table, fill_cells, head_columns
from timbang.report.writer import Writer


def _build(writer: Writer) -> Grid:
    chances = writer.say("Probability")
    measures = [
        Measure(writer.say("of the label"), "suspect.label_probability", chances),
        Measure(writer.say("of the likeliest"), "suspect.probability", chances),
        Measure(writer.say("Score"), "suspect.score"),
        Measure(writer.say("Validated"), "suspect.validated"),
    ]
    heads = writer.say("Image"), writer.say("Label"), writer.say("Likeliest class")
    columns = [*(Column(head, "l") for head in heads), *head_columns(measures)]
    rows = []
    for place, filename in enumerate(writer.study["suspects"]):
        classes = (writer.value(f"suspect.{id}", place) for id in ("label", "believed"))
        names = [writer.name("file", filename), *map(writer.label, classes)]
        rows.append(Row([*names, *fill_cells(writer, measures, place)]))
    return Grid(columns, rows, is_long=True, widths=[30, 22, 22])


TABLE = Table(
    name="suspects",
    slot="suspects",
    build=_build,
    mention=message("%(table)s lists the least believed ones; `images.csv` has all images."),
    caption=lambda writer: writer.say(
        "Images whose labels are believed least, one of each group of copies: the mean "
        "probabilities, the score (half of the label’s lead over the largest other probability, "
        "plus a half; zero at worst, one at best), and in how many replicates each was validated."
    ),
    stands=lambda writer: bool(writer.study["suspects"]),
)
