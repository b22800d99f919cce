"""What each network chose among what it tried."""

from timbang.languages.messages import message
from timbang.report.media.medium import Column, Grid, Row
from timbang.report.settings import write_setting_name
from timbang.report.tables.table import Table
from timbang.report.writer import Writer

NUMBERS = ("lowest", "highest", "chosen_lowest", "chosen_highest", "at_lowest", "at_highest")


def _build(writer: Writer) -> Grid:
    tried, chosen = writer.say("Tried"), writer.say("Chosen")
    ends = writer.say("Replicates at the end")
    columns = [
        Column(writer.say("Setting"), "l"),
        Column(writer.say("lowest"), group=tried),
        Column(writer.say("highest"), group=tried),
        Column(writer.say("lowest"), group=chosen),
        Column(writer.say("highest"), group=chosen),
        Column(writer.say("lowest"), group=ends),
        Column(writer.say("highest"), group=ends),
    ]
    rows = []
    for name in writer.study["weighed"]:
        rows.append(Row([writer.title(name)]))
        for place, key in enumerate(writer.study["recipe_settings"]):
            subject = name, place
            if writer.has("choice.words", *subject):
                cells = ["", "", "", writer.num("choice.words", *subject), "", ""]
            elif writer.has("choice.lowest", *subject):
                cells = [writer.cell(f"choice.{own}", *subject) for own in NUMBERS]
            else:
                continue
            rows.append(Row([write_setting_name(writer, key), *cells]))
    return Grid(columns, rows, widths=[38])


TABLE = Table(
    name="choices",
    slot="choices",
    build=_build,
    mention=message("%(table)s gives what was chosen."),
    caption=lambda writer: writer.say(
        "The lowest and the highest value of each setting that was tried and that was chosen, and "
        "in how many of %(replicates)s replicates it lay at an end of what was tried."
    ),
    stands=lambda writer: bool(writer.study["tuning"]),
)
