"""What the second reader finds: numbers that stand in the files, and faults."""

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal

from timbang.reader.derivations import Value
from timbang.reader.printed import Number, Passage

IN_PLACE, ANYWHERE, NO_RESULT = "in its place", "anywhere", "no result"


@dataclass(frozen=True)
class Match:
    """A printed number that was found again: in which file, by which derivation, and how.

    ``how`` is ``IN_PLACE`` where sentence, row or figure say what the number is, ``ANYWHERE``
    where it equals some number of some file, ``NO_RESULT`` where it is a name or the like; its
    derivation is then the reason, and ``value`` is None.
    """

    language: str
    page: int
    text: str
    source: str
    derivation: str
    how: str
    where: str
    value: Decimal | None = None


@dataclass(frozen=True)
class Fault:
    """Something that the report says and the files do not, with the words around it.

    ``page`` is 0 where it is no matter of one page.
    """

    language: str
    page: int
    what: str
    around: str = ""

    def __str__(self) -> str:
        page = f", page {self.page}" if self.page else ""
        around = f": … {self.around} …" if self.around else ""
        return f"{self.language}{page}: {self.what}{around}"


@dataclass
class Findings:
    """What was found in one language.

    ``said`` counts what both languages must say equally often besides the numbers: how often a
    comparison ends with higher, lower or equal, and each citation and reference.
    """

    language: str
    matches: list[Match] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    said: Counter[str] = field(default_factory=Counter)

    def match(
        self, page: int, number: Number, value: Value, where: str, how: str = IN_PLACE
    ) -> None:
        """Note a number that was found again."""
        self.matches.append(
            Match(
                self.language,
                page,
                number.text,
                value.source,
                value.derivation,
                how,
                where,
                number.value,
            )
        )

    def check(self, page: int, number: Number, value: Value, where: str, around: str) -> None:
        """Note a number as found if it is the value rounded, else as a fault."""
        if number.is_rounded_from(value.number):
            self.match(page, number, value, where)
        else:
            self.fault(page, f"{where}: {number.text} is not {value}", around)

    def pass_over(self, page: int, text: str, reason: str, where: str) -> None:
        """Note a number that is no result."""
        self.matches.append(Match(self.language, page, text, "", reason, NO_RESULT, where))

    def fault(self, page: int, what: str, around: str = "") -> None:
        """Note a fault."""
        self.faults.append(Fault(self.language, page, what, around))

    def fault_at(self, passage: Passage, span: tuple[int, int], what: str) -> None:
        """Note a fault at a place of a text."""
        self.fault(passage.page(span[0]), what, passage.around(*span))

    def count_said(self) -> Counter[str]:
        """Return how often each number is stated that is a result, and what is in ``said``."""
        numbers = (match.value for match in self.matches if match.value is not None)
        return self.said + Counter(f"number {value:f}" for value in numbers)
