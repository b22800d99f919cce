"""What each recipe changes: the key to the letters of the specification curve."""

from timbang.languages.messages import message
from timbang.report.media.medium import Column, Grid, Row
from timbang.report.settings import write_setting_name, write_word
from timbang.report.tables.table import Table
from timbang.report.writer import Writer


def _build(writer: Writer) -> Grid:
    keys = writer.study["recipe_settings"]
    columns = [
        Column(writer.say("Recipe"), "l"),
        *(Column(write_setting_name(writer, key)) for key in keys),
    ]
    rows = []
    for recipe in writer.study["recipes"]:
        own = [("recipe.setting", recipe["name"], place) for place in range(len(keys))]
        cells = [write_word(writer, writer.value(*id)) or writer.cell(*id) for id in own]
        rows.append(Row([writer.name(f"letter/{recipe['name']}", recipe["letter"]), *cells]))
    return Grid(columns, rows)


TABLE = Table(
    name="recipe-settings",
    slot="recipe-settings",
    build=_build,
    mention=message("%(table)s gives the settings of each."),
    caption=lambda writer: writer.say(
        "What each recipe changes of that of the study; a dash stands for what it leaves as it is."
    ),
    stands=lambda writer: len(writer.study["recipes"] or ()) > 1,
)
