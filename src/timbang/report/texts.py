"""Texts that come in one or several languages: a user's own, and those of claims."""

import re
from collections.abc import Mapping

from timbang.report.writer import Writer

# As in any message, a word of another language.
_FOREIGN = re.compile(r"\*([^*]+)\*")


def say_text(writer: Writer, id: str, texts: Mapping[str, str]) -> str:
    """Return such a text in the document's language, as given or of the catalogue, as a name."""
    given = texts.get(writer.language.code)
    if given is not None:
        return writer.name(id, given)
    given = texts.get("en", next(iter(texts.values()), ""))
    text = writer.language.say(given)
    # Only a catalogue has marks; what a user wrote is as it is.
    parts = _FOREIGN.split(text) if text != given else [text]
    return "".join(
        writer.medium.emphasise(writer.name(id, part)) if number % 2 else _name(writer, id, part)
        for number, part in enumerate(parts)
    )


def _name(writer: Writer, id: str, text: str) -> str:
    """Return a text as a name, and the blanks around it, which a name has not."""
    inner = text.strip(" ")
    before, _, after = text.partition(inner) if inner else (text, "", "")
    return f"{before}{writer.name(id, inner) if inner else ''}{after}"
