"""The appendix: where each number of the text comes from, and the files by their checksums."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from timbang.facts.fact import Fact
from timbang.languages.catalogue import Language
from timbang.languages.messages import message
from timbang.report.formats import write_source
from timbang.report.media.medium import Column, Grid, Row
from timbang.report.writer import Printed, Writer

# So much of a checksum tells a file.
SHOWN_DIGITS = 16
# How facts are made, as facts.json says it; names of columns and keys stay as they are.
RULES = (
    message("as it is"),
    message("as configured"),
    message("by definition"),
    message("distinct numbers"),
    message("distinct ones"),
    message("false decisions at any look, Armitage, McPherson and Rowe 1969"),
    message("fixed"),
    message("groups and pairs to be shown"),
    message("hours of a replicate, times replicates, times %(name)s"),
    message("hours of a replicate, times the replicates that lack"),
    message("how many"),
    message("images minus usable"),
    message("leaked over all, both summed over the replicates"),
    message("largest of its wrong answers"),
    message("least that can decide"),
    message("logarithm of how many"),
    message("lower end of the share's interval"),
    message("max over the replicates"),
    message("mean of the last epoch minus that of epoch %(name)s"),
    message("mean over networks"),
    message("mean over runs"),
    message("mean over the replicates"),
    message("min over the replicates"),
    message("minus that by the recipe of the study"),
    message("minus that of %(name)s"),
    message("minus %(name)s"),
    message("one minus one over how many"),
    message("one over how many"),
    message("over replicates"),
    message("over %(name)s's, minus 1"),
    message("over %(name)s"),
    message("power %(name)s after Holm's correction"),
    message("replicates minus diverged"),
    message("rows of replicate 0"),
    message("runs minus diverged"),
    message("s.d. between replicates, without training's part"),
    message("s.d. within replicates"),
    message("sum over all runs, over replicates, in hours"),
    message("sum over contenders, in hours"),
    message("the epoch of the highest mean"),
    message("the highest mean"),
    message("the highest of the classes"),
    message("the largest"),
    message("the lowest of the classes"),
    message("the most"),
    message("the most of a replicate"),
    message("the smallest"),
    message("the split's part of the variance"),
    message("this study's minus that"),
    message("those below a half, one a group"),
    message("those inconclusive"),
    message("those never validated"),
    message("those not tested"),
    message("those of all networks"),
    message("those of both studies"),
    message("those of it alone"),
    message("those of one"),
    message("those refuted"),
    message("those supported"),
    message("times replicates"),
    message("upper end of the share's interval"),
    message("with the pixels_sha256 of a training image, max over the replicates"),
    message("with the pixels_sha256 of a training image, min over the replicates"),
    message("without its sign"),
)
_PLACE = re.escape("%(name)s")


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
        "`results/%(study)s/` (or `Timbang` itself, or the configuration), the place in it, and "
        "how it was made.",
        study=writer.name("text/study", writer.study["name"]),
    )
    heads = writer.say("Value"), writer.say("File"), writer.say("Place"), writer.say("How obtained")
    rows = [_write_row(writer, own.fact) for own in writer.printed.values() if own.is_linked]
    listed = [
        Row([writer.name("file", file), writer.name("sha", digest[:SHOWN_DIGITS])])
        for file, digest in files.items()
    ]
    of_runs = writer.say(
        "The files of single runs lie below `runs/`; `training.json` of each run names what it was "
        "made from, by checksum as well."
    )
    return "".join(
        [
            writer.section(1, heading, "app:sources"),
            medium.paragraph(introduction),
            _write_table(writer, heads, rows, [22, 34, 42, 30]),
            medium.paragraph(
                writer.say("Their files, each with the start of its %(sha)s:", sha=sha)
            ),
            _write_table(writer, (writer.say("File"), sha), listed, [90]),
            medium.paragraph(of_runs),
        ]
    )


def _write_table(
    writer: Writer, heads: Sequence[str], rows: Sequence[Row], widths: Sequence[int]
) -> str:
    columns = [Column(head, "l") for head in heads]
    return writer.medium.table(None, Grid(columns, rows, widths=widths, stays=True))


def _write_row(writer: Writer, fact: Fact) -> Row:
    text = write_source(fact.value, writer.language)
    is_text = isinstance(fact.value, str)
    shown = writer.medium.escape(text) if is_text else writer.medium.prose(text)
    rule = write_rule(fact.rule, writer.language)
    places = [("file", fact.file), ("at", fact.at), ("rule", rule)]
    value = writer.medium.source(fact.id, shown)
    return Row([value, *(writer.name(kind, text) for kind, text in places)])


def write_rule(rule: str, language: Language) -> str:
    """Return how a fact was made, in a language; a rule that is not in ``RULES`` as it is."""
    for known in RULES:
        if found := re.fullmatch(re.escape(known).replace(_PLACE, "(.+)"), rule):
            is_number = bool(found.groups()) and re.fullmatch(r"\d+\.\d+", found[1])
            names = [
                language.number(float(own), None) if is_number else own for own in found.groups()
            ]
            return language.say(known) % dict(zip(["name"], names, strict=False))
    return rule


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
