"""The published run and the single runs of others beside this study's."""

from timbang.languages.messages import message
from timbang.report.media.medium import Column, Grid, Row
from timbang.report.tables.table import Table
from timbang.report.writer import Writer


def _build(writer: Writer) -> Grid:
    names = [name for name in writer.names if writer.has("published.accuracy", name)]
    columns = [Column(writer.say("Source"), "l"), *(Column(writer.title(name)) for name in names)]

    def fill(head: str, *quantity: object, rule: bool = False) -> Row:
        return Row([head, *(writer.cell(*quantity, name) for name in names)], rule)

    rows = [fill(writer.say("Published run"), "published.accuracy")]
    for place, source in enumerate(writer.study["others"]):
        text = source.get(writer.language.code, next(iter(source.values())))
        rows.append(fill(writer.name(f"text/other/{place}", text), "published.other", place))
    rows.append(fill(writer.say("This study"), "accuracy.mean", rule=True))
    return Grid(columns, rows, widths=[48])


TABLE = Table(
    name="published",
    slot="published",
    build=_build,
    mention=message(
        "%(table)s sets this study beside the published run and single runs of others, "
        "each with a training setup of its own."
    ),
    caption=lambda writer: writer.say(
        "Validation accuracy of the published run, of single runs of others, and the mean of this "
        "study."
    ),
    stands=lambda writer: writer.any_published,
)
