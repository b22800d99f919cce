"""Which networks are shown where many would leave none to be read: in panels and long tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from timbang.report.writer import Writer

# Twelve have each a panel on one page, or a line that is told from the others.
MOST_BESIDE_REFERENCE = 11


def choose_shown(names: Sequence[str], reference: str, weighed: Sequence[str] = ()) -> list[str]:
    """Return the networks that are shown, in their order: the reference, and the first others.

    Those that are ``weighed`` come before others. The study's order decides and not what came out,
    so that nothing is chosen for its result.

    >>> choose_shown([*"abcdefghijklmnop"], "p")
    ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'p']
    """
    others = [name for name in names if name != reference]
    others.sort(key=lambda name: name not in weighed)
    shown = {reference, *others[:MOST_BESIDE_REFERENCE]}
    return [name for name in names if name in shown]


def say_shown(writer: Writer, names: Sequence[str], file: str) -> str | bool:
    """Say that some of the networks are not shown, and which file has them; False where all are.

    Args:
        writer: writes the document.
        names: the networks that might be shown.
        file: the file, below the study's results.
    """
    study, code = writer.study, writer.medium.code(writer.medium.prose(file))
    weighed = set(study["weighed"])
    shown = choose_shown(names, study["reference"], study["weighed"])
    if len(shown) == len(names):
        has_others = set(names) <= weighed < set(writer.names)
        return has_others and writer.say("Controls are not shown; %(file)s has them.", file=code)
    if weighed < set(shown):
        return writer.say(
            "Of many networks those that are compared and the first controls are shown; %(file)s "
            "has all of them.",
            file=code,
        )
    return writer.say(
        "Of many networks the reference and the first others of the study are shown; %(file)s "
        "has all of them.",
        file=code,
    )
