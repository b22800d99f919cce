"""What a fact is, and how facts are kept: ``facts.json``."""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

Value = int | float | str


class Unit(StrEnum):
    """What a value is measured in; a report prints each unit in one way.

    ``SHARE`` is a fraction, ``POINTS`` the difference of two, ``SD`` counts standard deviations.
    """

    COUNT = "count"
    SHARE = "share"
    POINTS = "points"
    NATS = "nats"
    SECONDS = "seconds"
    RATE = "rate"
    P = "p"
    SD = "sd"
    BITS = "bits"
    NUMBER = "number"
    TEXT = "text"


@dataclass(frozen=True)
class Fact:
    """One value: ``file`` is relative to the study's folder, ``at`` the place in it.

    ``rule`` says in words how the value was made.
    """

    id: str
    value: Value
    unit: Unit
    file: str
    at: str
    rule: str


class Facts:
    """Facts by id. What does not exist, a NaN or None, is no fact."""

    def __init__(self) -> None:
        self._by_id: dict[str, Fact] = {}

    def add(
        self, id: str, value: Value | None, unit: Unit, file: str, at: str, rule: str = "as it is"
    ) -> None:
        """Keep a value under an id, unless there is none.

        Raises:
            ValueError: the id is taken.
        """
        if value is None or (isinstance(value, float) and math.isnan(value)):
            return
        if id in self._by_id:
            raise ValueError(f"two facts are called {id}")
        self._by_id[id] = Fact(id, value, unit, file, at, rule)

    def __contains__(self, id: str) -> bool:
        return id in self._by_id

    def __getitem__(self, id: str) -> Fact:
        return self._by_id[id]

    def __iter__(self) -> Iterator[Fact]:
        return iter(self._by_id.values())

    def value(self, id: str, default: Any = None) -> Any:
        """Return the value of a fact, ``default`` where there is none."""
        return self._by_id[id].value if id in self._by_id else default

    def as_rows(self) -> list[dict[str, Any]]:
        """Return the facts as ``facts.json`` lists them."""
        return [asdict(fact) for fact in self]

    @classmethod
    def of_rows(cls, rows: list[Mapping[str, Any]]) -> "Facts":
        """Return the facts that ``facts.json`` lists."""
        facts = cls()
        for row in rows:
            facts.add(**{**row, "unit": Unit(row["unit"])})
        return facts


def read_facts(path: Path) -> tuple[dict[str, Any], Facts]:
    """Read ``facts.json``: all that it says besides the facts, and the facts."""
    content = json.loads(path.read_text(encoding="utf-8"))
    return content, Facts.of_rows(content.pop("facts"))
