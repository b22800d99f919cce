"""Accuracy, loss, size and time of every network: the published study's tables 1 and 3 in one."""

from timbang.languages.messages import message
from timbang.report.media.medium import Grid
from timbang.report.tables.table import Measure, Table, spread, tabulate
from timbang.report.writer import Writer


def _build(writer: Writer) -> Grid:
    accuracy, loss = writer.say("Validation accuracy"), writer.say("Validation loss")
    training, published = writer.say("Training"), writer.say("Published")
    measures = spread(writer, accuracy, "accuracy")
    if writer.replicates > 1:
        measures += [
            Measure(writer.say("min"), "accuracy.min", accuracy),
            Measure(writer.say("max"), "accuracy.max", accuracy),
        ]
    measures += [
        *spread(writer, loss, "loss"),
        Measure(writer.say("accuracy"), "train_accuracy.mean", training),
        Measure(writer.say("loss"), "train_loss.mean", training),
        Measure(writer.say("params (millions)"), "parameters", style="millions"),
        Measure(writer.say("time (s)"), "training_seconds.min"),
    ]
    if writer.any_published:
        measures += [
            Measure(writer.say("accuracy"), "published.accuracy", published),
            Measure(writer.say("loss"), "published.loss", published),
        ]
    return tabulate(writer, writer.names, measures, width=41)


def _caption(writer: Writer) -> str:
    return writer.sentences(
        _say_rows(writer),
        writer.is_repeated and writer.say("The time is that of the fastest run."),
        writer.say_recipe(decides=False),
    )


def _say_rows(writer: Writer) -> str:
    if writer.replicates == 1:
        return writer.say("All networks after the last epoch, one run each. Losses are in nats.")
    if writer.seeds > 1:
        return writer.say(
            "All networks after the last epoch: means, standard deviations and ranges over the "
            "%(runs)s runs of all replicates. Losses are in nats."
        )
    return writer.say(
        "All networks after the last epoch: means, standard deviations and ranges over "
        "%(replicates)s replicates. Losses are in nats."
    )


TABLE = Table(
    name="accuracy",
    slot="accuracy",
    build=_build,
    mention=message("%(table)s lists all networks."),
    caption=_caption,
)
