"""The verdict on each claim."""

from timbang.languages.messages import message
from timbang.report.media.medium import Column, Grid, Row
from timbang.report.tables.table import Table
from timbang.report.texts import say_text
from timbang.report.writer import Writer


def _build(writer: Writer) -> Grid:
    words = {
        "supported": writer.say("supported"),
        "refuted": writer.say("refuted"),
        "inconclusive": writer.say("inconclusive"),
        "not_tested": writer.say("not tested"),
    }
    heads = ("", writer.say("Claim"), writer.say("Verdict"))
    rows = []
    for claim in writer.study["claims"]:
        number = writer.name(f"claim/{claim['name']}", claim["number"] or claim["name"])
        statement = say_text(writer, f"statement/{claim['name']}", claim["statement"])
        rows.append(Row([number, statement, words[claim["verdict"]]]))
    return Grid([Column(head, "l") for head in heads], rows, widths=[14, 90, 25], row_lines=2)


TABLE = Table(
    name="claims",
    slot="claims",
    build=_build,
    mention=message("%(table)s gives the verdicts."),
    caption=lambda writer: writer.say("The claims and the verdicts on them."),
    stands=lambda writer: bool(writer.study["claims"]),
)
