"""The published run and the single runs of others beside this study's."""

from timbang.languages.messages import message
from timbang.report.media.medium import Column, Grid, Row
from timbang.report.tables.table import Table, all_names
from timbang.report.writer import Writer


def build(writer: Writer) -> Grid:
    """Return one row a source, one column a network that was published."""
    names = [name for name in all_names(writer) if writer.has("published.accuracy", name)]
    columns = [Column(writer.say("Source"), "l"), *(Column(writer.title(name)) for name in names)]
    rows = [
        Row(
            [
                writer.say("Published run"),
                *(writer.cell("published.accuracy", name) for name in names),
            ]
        )
    ]
    for place, source in enumerate(writer.study["others"]):
        text = source.get(writer.language.code, next(iter(source.values())))
        cells = [writer.cell("published.other", place, name) for name in names]
        rows.append(Row([writer.name(f"text/other/{place}", text), *cells]))
    rows.append(
        Row(
            [writer.say("This study"), *(writer.cell("accuracy.mean", name) for name in names)],
            rule=True,
        )
    )
    return Grid(columns, rows, widths=[48])


def caption(writer: Writer) -> str:
    """Return what stands above the table."""
    return writer.say(
        "Validation accuracy of the published run, of single runs of others, and the mean of this "
        "study."
    )


def stands(writer: Writer) -> bool:
    """Return whether any network of the study was published."""
    return writer.any_published


TABLE = Table(
    name="published",
    slot="published",
    files=("summary.csv",),
    build=build,
    mention=message(
        "%(table)s sets this study beside the published run and single runs of others, "
        "each with a training setup of its own."
    ),
    caption=caption,
    stands=stands,
)
