"""The gate: every number that a report prints, against what the raw files say."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from timbang.reader.pages import SOURCE, VALUE, Piece, read_pieces
from timbang.reader.printed import Marks, find_marks, holds_digit, parse_number, squeeze
from timbang.reader.quantities import Quantity, look_up
from timbang.reader.raw import RawResults

# How a value is written, at the end of its id: in millions, without decimals or with one, with a
# sign in any case, hours as such or as minutes; and what it is multiplied by for that.
FORMS = {
    "millions": Decimal("1e-6"),
    "whole": Decimal(1),
    "tenths": Decimal(1),
    "signed": Decimal(1),
    "hours": Decimal(1),
    "minutes": Decimal(60),
}
_FORM = re.compile(rf"@({'|'.join(FORMS)})$")
SHOWN = 60


@dataclass(frozen=True)
class Checked:
    """What came of checking a file.

    ``faults`` are lines for a person, ``numbers`` is how many numbers, texts and marks were
    compared, ``ids`` whose they are, and ``notes`` say what could not be compared.
    """

    faults: tuple[str, ...]
    numbers: int
    ids: frozenset[str]
    notes: tuple[str, ...] = ()


def check_report(pdf: Path, language: str, results: RawResults) -> Checked:
    """Check every number and every digit of a PDF.

    Args:
        pdf: the report.
        language: its language, as locales are named: ``en``, ``id``, ``pt_BR``.
        results: the raw files of the study.

    Raises:
        TimbangError: the PDF cannot be read.
        OSError: a raw file cannot be read.
    """
    return check_pieces(read_pieces(pdf), pdf.name, language, results)


def check_pieces(pieces: Iterable[Piece], name: str, language: str, results: RawResults) -> Checked:
    """Check what was read of a PDF, which is named so in the lines of faults."""
    marks = find_marks(language)
    faults = []
    ids = set()
    numbers = 0
    for piece in pieces:
        if piece.kind in (VALUE, SOURCE):
            numbers += 1
            id, _ = split_forms(piece.id)
            ids |= {id} if piece.kind == VALUE else set()
            fault = find_fault(piece.text, piece.id, marks, results, piece.kind == SOURCE)
        else:
            is_stray = not piece.kind and holds_digit(piece.text)
            fault = "a digit that no mark accounts for" if is_stray else None
        if fault:
            faults.append(f"{name}, page {piece.page}: {_show(piece.text)}: {fault}")
    if not ids:
        faults.append(f"{name}: no number in it is marked")
    return Checked(tuple(faults), numbers, frozenset(ids))


def compare_languages(ids: Mapping[str, frozenset[str]]) -> list[str]:
    """Return a line for each id that a report prints in one language and not in another.

    Args:
        ids: those that ``check_report`` found, by language.
    """
    every = frozenset[str]().union(*ids.values())
    return [
        f"{id} is printed in {', '.join(sorted(ids.keys() - lacking))}, not in {language}"
        for id in sorted(every)
        if (lacking := {name for name, own in ids.items() if id not in own})
        for language in sorted(lacking)
    ]


def read_ids(numbers: Path) -> frozenset[str]:
    """Return the ids that a report was found to print, from ``numbers-<language>.txt``."""
    _, *ids = numbers.read_text(encoding="utf-8").splitlines()
    return frozenset(ids)


def split_forms(id: str) -> tuple[str, Decimal]:
    """Return the id of a fact, and what its value is multiplied by in the form that is written.

    >>> split_forms("parameters/resnet34@millions")
    ('parameters/resnet34', Decimal('0.000001'))
    """
    scale = Decimal(1)
    while form := _FORM.search(id):
        scale *= FORMS[form[1]]
        id = id[: form.start()]
    return id, scale


def find_fault(
    text: str, id: str, marks: Marks, results: RawResults, is_source: bool = False
) -> str | None:
    """Return what is wrong with a printed value; None where it is that of its id.

    Args:
        text: as it is printed.
        id: its id, with the form in which it is written.
        marks: the marks of the language.
        results: the raw files.
        is_source: whether it stands in its line of the appendix.
    """
    plain, form = split_forms(id)
    quantity = look_up(results, plain)
    if quantity is None:
        return f"{id}: the raw files have no such thing"
    if isinstance(quantity.value, str):
        is_right = squeeze(text) == squeeze(quantity.value)
        return None if is_right else f"{id} is {quantity.value}"
    printed = parse_number(text, marks)
    if printed is None:
        return f"{id} is {_write(quantity)}, this is no number"
    exact, scale = Decimal(quantity.value), 100 if printed.is_percent else quantity.scale
    if is_source:
        # The appendix may give a value as it stands in its file, or as it is printed.
        scales = {scale} if printed.is_percent else {1, scale}
        is_right = any(printed.shortens(exact * own, quantity.noise) for own in scales)
    else:
        is_right = printed.states(exact * scale * form)
    return None if is_right else f"{id} is {_write(quantity)}"


def _write(quantity: Quantity) -> str:
    unit = {"share": "%", "points": " points"}.get(quantity.unit, "")
    return f"{float(quantity.value) * quantity.scale:.6g}{unit}"


def _show(text: str) -> str:
    """Return a text in one line, of a long one what stands round its first digit."""
    plain = " ".join(text.split())
    place = next((at for at, letter in enumerate(plain) if holds_digit(letter)), 0)
    start = max(place - SHOWN // 2, 0)
    return plain[start : start + SHOWN]
