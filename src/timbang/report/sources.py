"""The appendix: where each number of the text comes from, and the files by their checksums."""

from collections.abc import Mapping, Sequence
from typing import Any

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
    parts = [
        writer.section(
            1, writer.say("Sources of the numbers"), "app:sources", counted=False, number="A"
        ),
        medium.paragraph(
            writer.say(
                "Each number of the text with its value as it is kept, its file below "
                "`results/%(study)s/`, the place in it, and how it was made.",
                study=medium.prose(writer.study["name"]),
            )
        ),
    ]
    rows = [_write_row(writer, own) for own in list(writer.iterate_linked())]
    columns = [
        Column(writer.say("Value"), "l"),
        Column(writer.say("File"), "l"),
        Column(writer.say("Place"), "l"),
        Column(writer.say("Made how"), "l"),
    ]
    parts.append(medium.table(None, Grid(columns, rows, is_long=True, widths=[22, 34, 42, 30])))
    parts.append(
        medium.paragraph(writer.say("Their files, each with the start of its %(sha)s:", sha=sha))
    )
    columns = [Column(writer.say("File"), "l"), Column(sha, "l")]
    listed = [
        Row(
            [
                writer.name("file", file),
                medium.name("sha", medium.escape(digest[:SHOWN_DIGITS])),
            ]
        )
        for file, digest in files.items()
    ]
    parts.append(medium.table(None, Grid(columns, listed, is_long=True, widths=[90])))
    return "".join(parts)


def _write_row(writer: Writer, own: Printed) -> Row:
    fact = own.fact
    text = write_source(fact.value, writer.language)
    is_text = isinstance(fact.value, str)
    shown = writer.medium.escape(text) if is_text else writer.medium.prose(text)
    return Row(
        [
            writer.medium.source(fact.id, shown, fact.id),
            writer.name("file", fact.file),
            writer.name("at", fact.at),
            writer.name("rule", fact.rule),
        ]
    )


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
