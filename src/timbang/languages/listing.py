"""Which languages a report can be written in, as facts that can be read without Babel."""

from collections.abc import Sequence

from timbang.errors import TimbangError
from timbang.resources import REPORT

CATALOGUES = REPORT / "languages"
# The language of the messages, which needs no catalogue.
SOURCE = "en"


def list_languages() -> list[str]:
    """Return the codes of the languages that a report can be written in."""
    return sorted([SOURCE, *(path.stem for path in CATALOGUES.glob("*.po"))])


def check_languages(languages: Sequence[str]) -> None:
    """Check that there is a catalogue of each language.

    Raises:
        TimbangError: there is none of one; the message names it.
    """
    known = list_languages()
    for code in languages:
        if code not in known:
            raise TimbangError(
                f"report.languages: {code!r} is not allowed; allowed: {', '.join(known)} "
                "(docs/languages.md says how to add one)"
            )
