"""References: BibTeX files read by pybtex, and how an entry is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pybtex.database import BibliographyData, Person, PybtexError, parse_bytes
from pybtex.richtext import Text

from timbang.errors import TimbangError

# What a reference is found in, by the field that names it.
VENUES = ("journal", "booktitle", "publisher", "school", "howpublished")
MOST_AUTHORS = 6


@dataclass(frozen=True)
class Entry:
    """A reference in plain text: its parts, and its address on the web if it has one."""

    authors: Sequence[str]
    is_shortened: bool
    title: str
    venue: str
    year: str
    note: str
    address: str | None


def read_bibliography(paths: Sequence[Path]) -> dict[str, Entry]:
    """Read BibTeX files; a later file's entry replaces an earlier one of the same key.

    Raises:
        TimbangError: a file is no BibTeX, or cannot be read.
    """
    entries: dict[str, Entry] = {}
    for path in paths:
        try:
            data = parse_bytes(path.read_bytes(), "bibtex")
        except (OSError, UnicodeDecodeError, PybtexError) as error:
            reason = " ".join(str(error).split())[:300]
            raise TimbangError(f"{path}: cannot be read as BibTeX ({reason})") from None
        entries |= _read_entries(data)
    return entries


def _read_entries(data: BibliographyData) -> dict[str, Entry]:
    def text(fields: Mapping[str, str], key: str) -> str:
        return _read_text(fields.get(key, ""))

    entries = {}
    for key, own in data.entries.items():
        people = [_name(person) for person in own.persons.get("author", ())]
        is_shortened = "others" in people or len(people) > MOST_AUTHORS
        authors = [name for name in people if name != "others"][:MOST_AUTHORS]
        venue = next((text(own.fields, kind) for kind in VENUES if kind in own.fields), "")
        numbers = ":".join(filter(None, (text(own.fields, "volume"), text(own.fields, "pages"))))
        entries[key] = Entry(
            authors=authors,
            is_shortened=is_shortened,
            title=text(own.fields, "title"),
            venue=" ".join(filter(None, (venue, numbers))),
            year=text(own.fields, "year"),
            note=text(own.fields, "note"),
            address=_find_address(own.fields),
        )
    return entries


def _read_text(latex: str) -> str:
    return " ".join(str(Text.from_latex(latex)).replace("--", "–").split())


def _name(person: Person) -> str:
    initials = [f"{name[:1]}." for name in (*person.first_names, *person.middle_names)]
    last = " ".join((*person.prelast_names, *person.last_names, *person.lineage_names))
    return _read_text(" ".join((*initials, last)))


def _find_address(fields: Mapping[str, str]) -> str | None:
    if "doi" in fields:
        return f"https://doi.org/{fields['doi']}"
    note = fields.get("note", "")
    if note.startswith("arXiv:"):
        return f"https://arxiv.org/abs/{note.removeprefix('arXiv:')}"
    return fields.get("url")
