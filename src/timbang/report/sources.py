"""The appendix: where each number of the text comes from, and the files by their checksums."""

from collections.abc import Mapping, Sequence
from typing import Any

from timbang.facts.fact import Fact
from timbang.report.formats import write_source
from timbang.report.media.medium import Column, Grid, Row
from timbang.report.writer import Printed, Writer

# So much of a checksum tells a file.
SHOWN_DIGITS = 16


def write_sources(writer: Writer, files: Mapping[str, str]) -> str:
    """Return the appendix.

    Args:
        writer: has written all that is before it.
        files: the SHA-256 of each file that facts are from, relative to the study's folder.
    """
    medium, sha = writer.medium, writer.name("term/sha", "SHA-256")
    heading = writer.say("Sources of the numbers")
    introduction = writer.say(
        "Each number of the text with its value as it is kept, its file below "
        "`results/%(study)s/`, the place in it, and how it was made.",
        study=medium.prose(writer.study["name"]),
    )
    heads = writer.say("Value"), writer.say("File"), writer.say("Place"), writer.say("Made how")
    rows = [_write_row(writer, own.fact) for own in writer.printed.values() if own.is_linked]
    listed = [
        Row([writer.name("file", file), writer.name("sha", digest[:SHOWN_DIGITS])])
        for file, digest in files.items()
    ]
    return "".join(
        [
            writer.section(1, heading, "app:sources", counted=False, number="A"),
            medium.paragraph(introduction),
            _write_table(writer, heads, rows, [22, 34, 42, 30]),
            medium.paragraph(
                writer.say("Their files, each with the start of its %(sha)s:", sha=sha)
            ),
            _write_table(writer, (writer.say("File"), sha), listed, [90]),
        ]
    )


def _write_table(
    writer: Writer, heads: Sequence[str], rows: Sequence[Row], widths: Sequence[int]
) -> str:
    columns = [Column(head, "l") for head in heads]
    return writer.medium.table(None, Grid(columns, rows, is_long=True, widths=widths))


def _write_row(writer: Writer, fact: Fact) -> Row:
    text = write_source(fact.value, writer.language)
    is_text = isinstance(fact.value, str)
    shown = writer.medium.escape(text) if is_text else writer.medium.prose(text)
    places = [("file", fact.file), ("at", fact.at), ("rule", fact.rule)]
    value = writer.medium.source(fact.id, shown)
    return Row([value, *(writer.name(kind, text) for kind, text in places)])


def list_values(printed: Sequence[Printed]) -> list[dict[str, Any]]:
    """Return all printed numbers as ``values-<language>.json`` has them."""
    return [
        {
            "id": own.fact.id,
            "printed": own.text,
            "value": own.fact.value,
            "unit": own.fact.unit,
            "file": own.fact.file,
            "at": own.fact.at,
            "rule": own.fact.rule,
            "in": "text" if own.is_linked else "table",
        }
        for own in printed
    ]
