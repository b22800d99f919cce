"""The verdict on each claim."""

from timbang.languages.messages import message
from timbang.report.media.medium import Column, Grid, Row
from timbang.report.tables.table import Table
from timbang.report.texts import say_text
from timbang.report.writer import Writer


def build(writer: Writer) -> Grid:
    """Return one row a claim."""
    words = {
        "supported": writer.say("supported"),
        "refuted": writer.say("refuted"),
        "inconclusive": writer.say("inconclusive"),
        "not_tested": writer.say("not tested"),
    }
    columns = [
        Column("", "l"),
        Column(writer.say("Claim"), "l"),
        Column(writer.say("Verdict"), "l"),
    ]
    rows = []
    for claim in writer.study["claims"]:
        number = writer.name(f"claim/{claim['name']}", claim["number"] or claim["name"])
        statement = say_text(writer, f"statement/{claim['name']}", claim["statement"])
        rows.append(Row([number, statement, words[claim["verdict"]]]))
    return Grid(columns, rows, is_long=True, widths=[14, 90, 25])


def caption(writer: Writer) -> str:
    """Return what stands above the table."""
    return writer.say("The claims and the verdicts on them.")


def stands(writer: Writer) -> bool:
    """Return whether the study has claims."""
    return bool(writer.study["claims"])


TABLE = Table(
    name="claims",
    slot="claims",
    files=("verdicts.json",),
    build=build,
    mention=message("%(table)s gives the verdicts."),
    caption=caption,
    stands=stands,
)
