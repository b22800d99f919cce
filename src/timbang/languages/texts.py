"""The words of the report's figures, tables and sentences, one file per language."""

import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

Texts = Mapping[str, Any]


def read_texts(path: Path) -> Texts:
    """Read the texts of a language, a nested mapping of words."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def write_date(day: datetime.date, texts: Texts) -> str:
    """Return a date as the language writes it, as in "3 Oktober 2025"."""
    return texts["date"].format(day=day.day, month=texts["months"][day.month - 1], year=day.year)


def write_tick(value: float, texts: Texts) -> str:
    """Return the number of an axis' tick, unrounded, with the language's decimal mark."""
    # The place of a tick is a multiple of a step, and next to zero where it should be zero.
    return f"{round(value, 12):g}".replace(".", texts["decimal_mark"])


def write_count(count: int, texts: Texts) -> str:
    """Return a small count as a word where the language has one for it, else as digits."""
    words = texts["counts"]
    return words[count] if count < len(words) else str(count)


def join_words(words: list[str], texts: Texts) -> str:
    """Return a list in prose: "a", "a and b", "a, b and c"."""
    if len(words) < 2:
        return "".join(words)
    last = texts["and_two"] if len(words) == 2 else texts["and_many"]
    return ", ".join(words[:-1]) + last + words[-1]
