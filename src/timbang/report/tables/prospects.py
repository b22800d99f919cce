"""What more replicates, trials or images promise for the comparisons that are open."""

from timbang.languages.messages import message
from timbang.report.media.medium import Grid
from timbang.report.tables.table import Measure, Table, tabulate
from timbang.report.writer import Writer


def _list_open(writer: Writer) -> list[str]:
    """Return the contenders whose comparison is open and of which something is known."""
    return [own for own in writer.study["undecided"] if own in (writer.study["prospects"] or ())]


def _build(writer: Writer) -> Grid:
    names = _list_open(writer)
    replicates = writer.say("More replicates")
    images, trials = writer.say("Twice the images"), writer.say("Second half of the trials")
    difference, change = writer.say("difference"), writer.say("change")
    low, high = writer.say("low"), writer.say("high")
    hours = [writer.value("prospect.replicates_hours", own, default=1.0) for own in names]
    unit = "minutes" if min(hours) < 1 else "hours"
    heads = {"hours": writer.say("hours"), "minutes": writer.say("minutes")}
    measures = [
        Measure(writer.say("in all"), "plan.needed", replicates),
        Measure(heads[unit], "prospect.replicates_hours", replicates, style=unit),
    ]
    if writer.study["learning"]:
        measures += [
            Measure(difference, "prospect.images", images, signed=True),
            Measure(low, "prospect.images_low", images, signed=True),
            Measure(high, "prospect.images_high", images, signed=True),
        ]
    if writer.study["tuning"]:
        measures += [
            Measure(change, "prospect.trials", trials, signed=True),
            Measure(low, "prospect.trials_low", trials, signed=True),
            Measure(high, "prospect.trials_high", trials, signed=True),
        ]
    return tabulate(writer, names, measures, width=30)


TABLE = Table(
    name="prospects",
    slot="prospects",
    build=_build,
    mention=message("%(table)s gives what each of these promises for what is open."),
    caption=lambda writer: writer.sentences(
        writer.say(
            "The comparisons with %(reference)s that are open: how many replicates in all would "
            "make a difference of the margin significant, and the further training that they "
            "take."
        ),
        bool(writer.study["learning"])
        and writer.say(
            "By the recipe of the study, what the difference would be with twice the images, in "
            "percentage points, if the errors of both went on to fall as they did."
        ),
        bool(writer.study["tuning"])
        and writer.say(
            "What the second half of the trials added to the difference of the tuned networks, in "
            "percentage points; twice as many would probably add less."
        ),
        writer.say(
            "Each with its %(confidence)s interval on these images; a dash where nothing can be "
            "told."
        ),
    ),
    stands=lambda writer: bool(_list_open(writer)),
)
