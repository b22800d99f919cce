"""Writes the document's parts: numbers of facts, names, sections, figures, tables, references."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from string import ascii_uppercase
from typing import Any

from timbang.facts.fact import Fact, Facts, Unit
from timbang.languages.catalogue import Language
from timbang.languages.messages import message
from timbang.report.bibliography import Entry
from timbang.report.formats import write_value
from timbang.report.media.choice import Medium, write_literal


@dataclass
class Numbering:
    """What the first pass over the document finds and the second one refers to.

    ``labels`` gives the printed number of each section, figure and table, ``cited`` the keys of
    references in their order.
    """

    labels: dict[str, str] = field(default_factory=dict)
    cited: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Printed:
    """A number as it was printed: the fact, its text, and whether it leads to the appendix."""

    fact: Fact
    text: str
    is_linked: bool


# By the kind of a label, how it is referred to.
REFERENCES = {
    "sec": message("Section %(number)s"),
    "fig": message("Figure %(number)s"),
    "tab": message("Table %(number)s"),
    "app": message("Appendix %(number)s"),
}
# What messages may hold without its being given.
PLACEHOLDERS: Mapping[str, Callable[["Writer"], str]] = {
    "n": lambda writer: writer.formula("n"),
    "p": lambda writer: writer.formula("p"),
    "replicates": lambda writer: writer.num("replicates"),
    "reference": lambda writer: writer.title(writer.study["reference"]),
    "confidence": lambda writer: writer.num("constant.confidence", style="whole"),
    "margin": lambda writer: writer.num("setting.margin"),
    "runs": lambda writer: writer.num_runs(),
    "seeds": lambda writer: writer.num("seeds"),
}


@dataclass
class Writer:
    """Writes one document in one language and medium, and keeps what it wrote.

    ``study`` is what the document says of the study besides facts: ``facts.json`` without them;
    ``bibliography`` are the entries that may be cited, by key, and ``before`` is the numbering of
    an earlier pass, empty in the first.
    """

    study: Mapping[str, Any]
    facts: Facts
    language: Language
    medium: Medium
    bibliography: Mapping[str, Entry]
    before: Numbering

    def __post_init__(self) -> None:
        self.numbering = Numbering()
        self.printed: dict[tuple[str, str], Printed] = {}
        self._counts = {"section": [0, 0, 0], "appendix": [0], "figure": [0], "table": [0]}
        self._in_table = False
        self._titles = {own["name"]: own["title"] for own in self.study["contenders"]}
        self.names = list(self._titles)

    # Facts.

    def has(self, *parts: object) -> bool:
        """Return whether there is a fact; the parts of its id are joined by ``/``."""
        return _join(parts) in self.facts

    def value(self, *parts: object, default: Any = None) -> Any:
        """Return a fact's value, to decide what is said; it is not for printing."""
        return self.facts.value(_join(parts), default)

    def num(self, *parts: object, signed: bool = False, style: str = "") -> str:
        """Return the number of a fact, which leads to its source.

        Args:
            *parts: of its id.
            signed: whether a plus sign is written.
            style: as ``write_value`` knows it.
        """
        id = _join(parts)
        fact = self.facts[id]
        text = write_value(fact, self.language, signed=signed, style=style)
        form = ("@signed" if signed else "") + (f"@{style}" if style else "")
        is_linked = not self._in_table
        is_first = is_linked and (id, "linked") not in self.printed
        key = (id, "linked" if is_linked else "table")
        self.printed.setdefault(key, Printed(fact, text, is_linked))
        # A text comes from elsewhere, a number is the document's own.
        own = self.medium.escape(text) if fact.unit == Unit.TEXT else self.medium.prose(text)
        return self.medium.value(id, form, own, is_linked=is_linked, is_first=is_first)

    def cell(self, *parts: object, signed: bool = False, style: str = "") -> str:
        """Return the number of a fact for a table, a dash where there is none."""
        if not self.has(*parts):
            return self.medium.prose("–")
        return self.num(*parts, signed=signed, style=style)

    def num_p(self, *parts: object) -> str:
        """Return ``p = …`` or ``p < …`` of a fact."""
        text = write_value(self.facts[_join(parts)], self.language)
        blank = self.medium.prose("\u00a0")
        relation = "" if text.startswith("<") else f"={blank}"
        return f"{self.medium.formula('p')}{blank}{relation}{self.num(*parts)}"

    def num_time(self, *parts: object) -> str:
        """Return a fact in hours with its unit, in minutes where it is less than one."""
        if self.value(*parts) < 1:
            return self.say("%(minutes)s minutes", minutes=self.num(*parts, style="minutes"))
        return self.say("%(hours)s hours", hours=self.num(*parts, style="hours"))

    @property
    def replicates(self) -> int:
        """How many replicates there are."""
        return int(self.value("replicates"))

    @property
    def seeds(self) -> int:
        """How often each network was trained in each replicate."""
        return int(self.value("seeds", default=1))

    @property
    def is_repeated(self) -> bool:
        """Whether each network was trained more than once."""
        return self.replicates > 1 or self.seeds > 1

    def num_runs(self) -> str:
        """How often each network was trained, in all replicates together, in print."""
        return self.num("runs" if self.seeds > 1 else "replicates")

    @property
    def any_published(self) -> bool:
        """Whether a published number stands beside one of the study's."""
        return any(self.has("published.accuracy", name) for name in self.names)

    @property
    def any_leak(self) -> bool:
        """Whether some run had leaked and clean validation images."""
        return any(self.has("leak_difference.mean", name) for name in self.names)

    # Words.

    def say(self, message: str, **placeholders: str) -> str:
        """Return a message with what stands in its placeholders, which is in the medium.

        Those of ``PLACEHOLDERS`` need not be given.
        """
        usual = {
            name: write(self)
            for name, write in PLACEHOLDERS.items()
            if f"%({name})s" in message and name not in placeholders
        }
        return write_literal(self.medium, self.language.say(message)) % (usual | placeholders)

    def sentences(self, *said: str | bool) -> str:
        """Return sentences in their order, without those that are ``False``."""
        return " ".join(own for own in said if isinstance(own, str))

    def say_recipe(self, *, decides: bool) -> str | bool:
        """Say by which recipe networks were trained; False where all were by one.

        Args:
            decides: whether the networks are those that decide.
        """
        if not self.study["tuning"]:
            return False
        if decides and self.study["decides"] == "tuned":
            return self.say("Each network is trained by the recipe of its choice.")
        return self.say("The networks are trained by the recipe of the study.")

    def joined(self, items: Sequence[str]) -> str:
        """Return a list in prose of items that are in the medium."""
        places = [f"\x00{place}\x00" for place in range(len(items))]
        text = self.medium.prose(self.language.join(places))
        for place, item in zip(places, items, strict=True):
            text = text.replace(place, item)
        return text

    def titles(self, names: Iterable[str]) -> str:
        """Return the names of contenders in print, as a list in prose."""
        return self.joined([self.title(name) for name in names])

    def title(self, name: str) -> str:
        """Return a contender's name in print; one that the study does not have keeps its own."""
        return self.name(f"contender/{name}", self._titles.get(name, name))

    def label(self, place: int) -> str:
        """Return the name of a class."""
        return self.medium.name(f"class/{place}", self.medium.escape(self.study["classes"][place]))

    def name(self, id: str, text: object) -> str:
        """Return a name or a text that was written elsewhere."""
        return self.medium.name(id, self.medium.escape(text))

    def formula(self, name: str) -> str:
        """Return one of the document's formulas."""
        return self.medium.formula(name)

    # The parts of the document.

    def section(self, level: int, title: str, label: str, *, counted: bool = True) -> str:
        """Return a heading with the next number of its level, the next letter, or none."""
        is_appendix = label.startswith("app:")
        label = label if ":" in label else f"sec:{label}"
        number = self._count("appendix" if is_appendix else "section", level) if counted else ""
        if is_appendix:
            number = ascii_uppercase[int(number) - 1]
        self.numbering.labels[label] = number
        return self.medium.section(level, number, title, label)

    def ref(self, label: str) -> str:
        """Return "Section 2.1", "Figure 3", "Table 4" or "Appendix A", which leads there."""
        link = self.medium.reference(label, self.before.labels.get(label, "0"))
        said = self.language.say(REFERENCES[label.partition(":")[0]])
        # No line ends within it.
        return write_literal(self.medium, said.replace(" ", "\u00a0")) % {"number": link}

    def cite(self, *keys: str) -> str:
        """Return numbers of references, in brackets."""
        for key in keys:
            if key not in self.bibliography:
                raise KeyError(f"no reference is called {key}")
            if key not in self.numbering.cited:
                self.numbering.cited.append(key)
        cited = self.before.cited or self.numbering.cited
        return self.medium.citation(
            [(key, str(cited.index(key) + 1)) for key in keys if key in cited]
        )

    def count_float(self, kind: str, label: str) -> str:
        """Return the next number of a figure or a table, and keep it under its label."""
        number = self._count(kind, 1)
        self.numbering.labels[label] = number
        return number

    @contextmanager
    def in_table(self) -> Iterator[None]:
        """Write numbers that do not lead to the appendix: their table does."""
        self._in_table = True
        try:
            yield
        finally:
            self._in_table = False

    def _count(self, kind: str, level: int) -> str:
        counts = self._counts[kind]
        counts[level - 1] += 1
        counts[level:] = [0] * len(counts[level:])
        return ".".join(map(str, counts[:level]))


def _join(parts: Sequence[object]) -> str:
    return "/".join(map(str, parts))
