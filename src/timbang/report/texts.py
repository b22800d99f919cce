"""Texts that come in one or several languages: a user's own, and those of claims."""

from collections.abc import Mapping

from timbang.report.writer import Writer


def choose_text(writer: Writer, texts: Mapping[str, str]) -> str:
    """Return a text in the document's language: as given, or of the catalogue."""
    code = writer.language.code
    if code in texts:
        return texts[code]
    text = texts.get("en", next(iter(texts.values()), ""))
    return writer.language.say(text)


def say_text(writer: Writer, id: str, texts: Mapping[str, str]) -> str:
    """Return such a text as a name: nothing in it is the document's own."""
    return writer.name(id, choose_text(writer, texts))
