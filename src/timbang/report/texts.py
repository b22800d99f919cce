"""Texts that come in one or several languages: a user's own, and those of claims."""

from collections.abc import Mapping

from timbang.report.writer import Writer


def say_text(writer: Writer, id: str, texts: Mapping[str, str]) -> str:
    """Return such a text in the document's language, as given or of the catalogue, as a name."""
    text = texts.get(writer.language.code)
    if text is None:
        text = writer.language.say(texts.get("en", next(iter(texts.values()), "")))
    return writer.name(id, text)
