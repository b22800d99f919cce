"""The document: ``report/templates/document.j2`` written in a language and a medium.

It is written twice, since the first pass finds the numbers that the second refers to.
"""

import datetime
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, pass_context
from jinja2.runtime import Context

from timbang.errors import TimbangError
from timbang.evidence.claims import TUNED
from timbang.facts.fact import Facts
from timbang.languages.catalogue import Language
from timbang.networks.catalogue import CATALOGUE
from timbang.networks.titles import title_network
from timbang.report.bibliography import Entry
from timbang.report.figures import list_figures
from timbang.report.figures.figure import Figure
from timbang.report.fonts import find_missing
from timbang.report.media.choice import Medium, write_literal
from timbang.report.media.medium import Caption, encode_id
from timbang.report.media.tex import Tex
from timbang.report.scripts import Faces, can_write_scripts
from timbang.report.settings import write_measure, write_setting, write_setting_name
from timbang.report.sources import write_sources
from timbang.report.tables import list_tables
from timbang.report.tables.table import Table
from timbang.report.texts import say_text
from timbang.report.writer import Numbering, Printed, Writer
from timbang.resources import REPORT
from timbang.scores.measures import PER_DOUBLING, RUN_MEASURES

TEMPLATES = REPORT / "templates"
# Statements of the pages' own templates stand where TeX has no use for them.
PAGE_MARKS = {
    "block_start_string": "<%",
    "block_end_string": "%>",
    "variable_start_string": "<|",
    "variable_end_string": "|>",
    "comment_start_string": "<#",
    "comment_end_string": "#>",
}


@dataclass(frozen=True)
class Front:
    """What a report says of itself, by a user: texts are in the report's language.

    ``sections`` are headings and texts of the user's own, ``title_page`` the lines of a page before
    all else, ``files`` the SHA-256 of the files that the facts are from.
    """

    title: str
    authors: Sequence[str]
    course: str
    date: str
    ai_assistance: str
    sections: Sequence[tuple[str, str]]
    logo: Path | None
    title_page: Sequence[str]
    files: Mapping[str, str]


def describe_front(
    report: Mapping[str, Any], files: Mapping[str, str], language: Language
) -> Front:
    """Return what a report says of itself in a language.

    Args:
        report: the study's ``Report`` by field.
        files: the SHA-256 of the files that the facts are from.
        language: the language.
    """

    def own(key: str) -> str:
        return str(report[key].get(language.code, ""))

    day = report["date"]
    return Front(
        title=own("title") or language.say("Networks compared on one set of images"),
        authors=report["authors"],
        course=own("course"),
        date=language.date(datetime.date.fromisoformat(day)) if day else "",
        ai_assistance=own("ai_assistance"),
        sections=[_read_section(Path(path)) for path in report["sections"]],
        logo=Path(report["logo"]).resolve() if report["logo"] else None,
        title_page=_read_title_page(report["title_page"]),
        files=files,
    )


def _read_section(path: Path) -> tuple[str, str]:
    """Return heading and text of a section of the user's own.

    Raises:
        TimbangError: it does not begin with a heading, or is no text.
    """
    first, _, text = _read_own(path, "sections").partition("\n")
    if not first.startswith("# "):
        raise TimbangError(f"report.sections: {path} does not begin with a heading (# Heading)")
    return first.removeprefix("# ").strip(), text


def _read_title_page(path: str | None) -> Sequence[str]:
    """Return the lines of a title page of the user's own; none where there is none.

    Raises:
        TimbangError: it is no text, or an empty one.
    """
    if path is None:
        return ()
    lines = _read_own(Path(path), "title_page").strip().splitlines()
    if not lines:
        raise TimbangError(f"report.title_page: {path} is empty")
    return lines


def _read_own(path: Path, key: str) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise TimbangError(f"report.{key}: {path} is not UTF-8; save it as such") from None


@dataclass(frozen=True)
class Document:
    """A finished document: its text, the numbers in it, and its tables by name."""

    text: str
    printed: list[Printed]
    tables: dict[str, str]


def write_document(
    study: Mapping[str, Any],
    facts: Facts,
    language: Language,
    medium: Medium,
    bibliography: Mapping[str, Entry],
    front: Front,
) -> Document:
    """Write the document of a study.

    Args:
        study: what it says of the study besides facts.
        facts: the facts.
        language: the language.
        medium: the medium.
        bibliography: what may be cited.
        front: what it says of itself.
    """
    numbering = Numbering()
    for _ in range(2):
        writer = Writer(study, facts, language, medium, bibliography, numbering)
        pass_ = _Pass(writer, front)
        body = pass_.render()
        numbering = writer.numbering
    page = write_page(body, front, language, medium)
    return Document(page, list(writer.printed.values()), pass_.tables)


def write_page(body: str, front: Front, language: Language, medium: Medium) -> str:
    """Return a whole file of a medium: a document's body, and what stands around it.

    Args:
        body: the body, in the medium.
        front: what the document says of itself.
        language: the language.
        medium: the medium.
    """
    return _read_page(medium.ending).render(
        body=medium.arrange(body),
        medium=medium,
        language=language,
        title=medium.name("text/title", medium.escape(front.title)),
        plain_title=medium.escape(front.title),
        authors=[medium.name("text/author", medium.escape(own)) for own in front.authors],
        plain_authors=medium.escape(", ".join(front.authors)),
        course=medium.name("text/course", medium.escape(front.course)),
        date=medium.name("text/date", medium.escape(front.date)),
        logo=medium.picture(front.logo) if front.logo else "",
        explorer=medium.escape(language.say("The explorer: runs and images to look through")),
        title_page=[_write_title_line(medium, line) for line in front.title_page],
    )


def write_tex(
    study: Mapping[str, Any],
    facts: Facts,
    language: Language,
    bibliography: Mapping[str, Entry],
    front: Front,
) -> tuple[Document, Tex]:
    """Write the document in TeX: for PDFLaTeX, or for LuaLaTeX where only that can print it.

    Returns:
        The document, and its medium, which knows its fonts and what no font here has.
    """
    medium = Tex()
    document = write_document(study, facts, language, medium, bibliography, front)
    if medium.foreign - find_missing(medium.foreign) and can_write_scripts():
        medium = Tex(Faces(medium.foreign))
        document = write_document(study, facts, language, medium, bibliography, front)
    return document, medium


def _write_title_line(medium: Medium, line: str) -> tuple[bool, str]:
    """Return whether a line of a title page is a large one, and what prints it."""
    text = line.removeprefix("# ")
    return text != line, medium.name("text/title-page", medium.escape(text.strip()))


class _Pass:
    """One pass over the template."""

    def __init__(self, writer: Writer, front: Front) -> None:
        self.writer = writer
        self.front = front
        self.floats: list[Table | Figure] = [*list_tables().values(), *list_figures().values()]
        self.tables: dict[str, str] = {}

    def render(self) -> str:
        """Return the document's body."""
        writer, medium = self.writer, self.writer.medium
        # The document has all that its writer has, and what follows.
        own = {name: getattr(writer, name) for name in dir(writer) if not name.startswith("_")}
        own["study"] = {**writer.study, "ai_assistance": self.front.ai_assistance}
        return _read_template().render(
            own,
            p=self.write_paragraph,
            abstract=lambda caller: medium.abstract(writer.say("Summary"), _tidy(caller())),
            sentence=_capitalise,
            descriptions=medium.descriptions,
            slot=self.fill_slot,
            listed=self.list_texts,
            measure_name=lambda measure: write_measure(writer, measure),
            setting=lambda key, name: write_setting(writer, key, name),
            setting_name=lambda key: write_setting_name(writer, key),
            setting_word=lambda key: _uncapitalise(write_setting_name(writer, key)),
            claim_text=lambda claim: say_text(writer, f"text/{claim['name']}", claim["texts"]),
            claim_needs=self.name_needs,
            claim_limits=lambda claim: say_text(writer, f"limits/{claim['name']}", claim["limits"]),
            own_sections=self.write_own_sections,
            references=self.write_references,
            sources=lambda: write_sources(writer, self.front.files),
        )

    def write_paragraph(self, *slots: str, caller: Callable[[], str]) -> str:
        """Return a paragraph and what stands in places after it, to which its last words lead."""
        standing = [own for name in slots for own in self._find_floats(name)]
        said = " ".join([caller(), *map(self._mention, standing)])
        floats = "".join(map(self._write_float, standing))
        return self.writer.medium.paragraph(_tidy(said), list(map(_label, standing))) + floats

    def fill_slot(self, name: str) -> str:
        """Return the tables and figures that stand in a place, after a paragraph on them."""
        return self.write_paragraph(name, caller=str)

    def _find_floats(self, slot: str) -> list[Table | Figure]:
        return [
            own
            for own in self.floats
            if own.slot == slot and own.stands(self.writer) and self._is_due(own)
        ]

    def _is_due(self, own: Table | Figure) -> bool:
        return isinstance(own, Table) or own.name in self.writer.study["figures"]

    def _mention(self, own: Table | Figure) -> str:
        return self._say_what(own, self.writer.ref(_label(own)))

    def _say_what(self, own: Table | Figure, name: str) -> str:
        return self.writer.say(own.mention, **{_kind(own): name})

    def _write_float(self, own: Table | Figure) -> str:
        writer, medium = self.writer, self.writer.medium
        number = writer.count_float(_kind(own), _label(own))
        name = writer.say("Table") if isinstance(own, Table) else writer.say("Figure")
        caption = Caption(_label(own), name, number, own.caption(writer))
        if isinstance(own, Figure):
            caption = replace(caption, shows=self._say_what(own, f"{name} {number}"))
            return medium.figure(caption, Path(f"{own.name}-{writer.language.code}"))
        with writer.in_table():
            grid = own.build(writer)
            self.tables[own.name] = medium.table(None, grid)
        return medium.table(caption, grid)

    def list_texts(self, quantity: str) -> str:
        """Return the values of a fact that has several."""
        values: list[str] = []
        while self.writer.has(quantity, len(values)):
            values.append(self.writer.num(quantity, len(values)))
        return self.writer.joined(values)

    def name_needs(self, claim: Mapping[str, Any]) -> str:
        """Return what a claim lacks: networks by name, measures in words."""
        writer = self.writer
        missing = list(dict.fromkeys(claim["missing"]))
        if not missing or PER_DOUBLING in missing:
            return say_text(writer, f"needs/{claim['name']}", claim["needs"])
        return writer.joined(
            [
                writer.say("the measure “%(name)s”", name=write_measure(writer, name))
                if name in RUN_MEASURES
                else writer.say("tuned networks")
                if name == TUNED
                else writer.name(
                    f"missing/{name}", title_network(name) if name in CATALOGUE else name
                )
                for name in missing
            ]
        )

    def write_own_sections(self) -> str:
        """Return the sections that the user wrote."""
        writer, medium = self.writer, self.writer.medium
        parts = []
        for place, (heading, text) in enumerate(self.front.sections):
            title = writer.name(f"own/{place}", heading)
            parts.append(writer.section(1, title, f"own-{place}"))
            for paragraph in re.split(r"\n\s*\n", text):
                parts.append(medium.paragraph(self._write_own(f"own/{place}", paragraph)))
        return "".join(parts)

    def _write_own(self, id: str, text: str) -> str:
        """Return a text of the user's, in which ``[@key]`` cites."""
        parts = []
        for part in re.split(r"(\[@[^]\s]+\])", text):
            key = part[2:-1]
            if part.startswith("[@") and key in self.writer.bibliography:
                parts.append(self.writer.cite(key))
            elif part.strip():
                parts.append(self.writer.name(id, part))
        return " ".join(parts)

    def write_references(self) -> str:
        """Return the list of what is cited, in the order in which it is."""
        writer, medium = self.writer, self.writer.medium
        items = []
        for place, key in enumerate(writer.before.cited):
            items.append((key, str(place + 1), _write_entry(writer, key)))
        heading = writer.section(1, writer.say("References"), "references", counted=False)
        return heading + medium.references(items)


def _kind(own: Table | Figure) -> str:
    return "table" if isinstance(own, Table) else "figure"


def _label(own: Table | Figure) -> str:
    return f"{_kind(own)[:3]}:{own.name}"


def _write_entry(writer: Writer, key: str) -> str:
    entry, id = writer.bibliography[key], f"entry/{encode_id(key)}"
    names = ", ".join(entry.authors) + (" et al." if entry.is_shortened else "")
    start = writer.name(id, f"{names.removesuffix('.')}. {_end(entry.title)}")
    parts = [writer.medium.emphasise(writer.name(id, entry.venue)) if entry.venue else ""]
    parts.append(writer.name(id, entry.year) if entry.year else "")
    if entry.note or entry.address:
        shown = writer.medium.escape(entry.note or entry.address)
        link = writer.medium.link(entry.address, shown) if entry.address else ""
        parts.append(link or writer.name(id, entry.note))
    return f"{start} {', '.join(filter(None, parts))}."


def _end(sentence: str) -> str:
    return sentence if sentence.endswith(("?", "!", ".")) else f"{sentence}."


def _tidy(text: str) -> str:
    """Return a paragraph in one line."""
    return " ".join(text.split())


def _uncapitalise(name: str) -> str:
    """Return a name as it stands within a sentence; those with further capitals stay."""
    return name if re.search("[A-Z]", name[1:]) else name[:1].lower() + name[1:]


def _capitalise(text: str) -> str:
    r"""Return a part of a sentence as a whole one, with a capital letter and a full stop.

    What begins with a mark, as the name of a network does, stays as it is.
    """
    text = text.strip()
    return f"{text[:1].upper()}{text[1:]}." if text[:1].isalpha() else f"{text}."


@cache
def _read_template() -> Template:
    """Return the document, whose messages come in the language and the medium of its context."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        undefined=StrictUndefined,
        autoescape=False,
    )
    environment.policies["ext.i18n.trimmed"] = True
    install: Any = environment
    install.install_gettext_callables(_say, _say_count, newstyle=True)
    return environment.get_template("document.j2")


@pass_context
def _say(context: Context, message: str) -> str:
    return write_literal(context["medium"], context["language"].say(message))


@pass_context
def _say_count(context: Context, one: str, many: str, count: float) -> str:
    return write_literal(context["medium"], context["language"].say_count(one, many, count))


def _read_page(ending: str) -> Template:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        **PAGE_MARKS,  # type: ignore[arg-type]
    )
    return environment.get_template(f"page.{ending}.j2")
