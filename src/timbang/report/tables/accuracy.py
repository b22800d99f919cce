"""Accuracy, loss, size and time of every network: the published study's tables 1 and 3 in one."""

from timbang.languages.messages import message
from timbang.report.media.medium import Column, Grid, Row
from timbang.report.tables.table import Table, all_names, spread_cells, spread_columns
from timbang.report.writer import Writer


def build(writer: Writer) -> Grid:
    """Return one row a network."""
    accuracy, loss = writer.say("Validation accuracy"), writer.say("Validation loss")
    training, published = writer.say("Training"), writer.say("Published")
    is_spread = writer.replicates > 1
    columns = [
        Column(writer.say("Network"), "l"),
        *spread_columns(writer, accuracy),
        *([Column(writer.say("min"), group=accuracy)] if is_spread else []),
        *([Column(writer.say("max"), group=accuracy)] if is_spread else []),
        *spread_columns(writer, loss),
        Column(writer.say("accuracy"), group=training),
        Column(writer.say("loss"), group=training),
        Column(writer.say("params (millions)")),
        Column(writer.say("time (s)")),
    ]
    if writer.any_published:
        columns += [
            Column(writer.say("accuracy"), group=published),
            Column(writer.say("loss"), group=published),
        ]
    rows = []
    for name in all_names(writer):
        cells = [writer.title(name), *spread_cells(writer, "accuracy", name)]
        if is_spread:
            cells += [writer.cell(f"accuracy.{word}", name) for word in ("min", "max")]
        cells += spread_cells(writer, "loss", name)
        cells += [
            writer.cell("train_accuracy.mean", name),
            writer.cell("train_loss.mean", name),
            writer.cell("parameters", name, style="millions"),
            writer.cell("training_seconds.mean", name),
        ]
        if writer.any_published:
            cells += [writer.cell(f"published.{key}", name) for key in ("accuracy", "loss")]
        rows.append(Row(cells))
    return Grid(columns, rows, widths=[41])


def caption(writer: Writer) -> str:
    """Return what stands above the table."""
    if writer.replicates > 1:
        return writer.say(
            "All networks after the last epoch: means, standard deviations and ranges over "
            "%(replicates)s replicates. Losses are in nats.",
            replicates=writer.num("replicates"),
        )
    return writer.say("All networks after the last epoch, one run each. Losses are in nats.")


TABLE = Table(
    name="accuracy",
    slot="accuracy",
    files=("summary.csv",),
    build=build,
    mention=message("%(table)s lists all networks."),
    caption=caption,
)
