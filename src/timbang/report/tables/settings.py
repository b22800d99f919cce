"""The training setup that all networks share."""

from timbang.languages.messages import message
from timbang.report.media.medium import Column, Grid, Row
from timbang.report.settings import is_shown, write_setting, write_setting_name
from timbang.report.tables.table import Table
from timbang.report.writer import Writer


def _build(writer: Writer) -> Grid:
    columns = [Column(writer.say("Setting"), "l"), Column(writer.say("Value"), "l")]
    rows = [
        Row([write_setting_name(writer, key), write_setting(writer, key, None)])
        for key in ("image_size", *writer.study["settings"])
        if is_shown(writer, key)
    ]
    if writer.seeds > 1:
        rows.append(Row([writer.say("Runs on each division of the images"), writer.num("seeds")]))
    rows += [
        Row([writer.say("Loss function"), writer.say("cross-entropy, averaged over images")]),
        Row([writer.say("Reported epoch"), writer.say("the last one")]),
    ]
    return Grid(columns, rows)


TABLE = Table(
    name="settings",
    slot="settings",
    build=_build,
    mention=message("%(table)s gives the settings."),
    caption=lambda writer: writer.say(
        "The training setup of all networks, unless the text names another."
    ),
)
