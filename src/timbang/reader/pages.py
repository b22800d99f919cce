"""What a finished PDF prints: its text in pieces, and how each is marked.

A mark is marked content, ``/V <</I (id)>> BDC ... EMC`` in the stream of a page. What lies within a
form, as a figure does, is no text of the page.
"""

import ctypes
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pypdfium2
import pypdfium2.raw as pdfium

# The kinds of marks: a fact's value in prose or table, and the value in the appendix's line of a
# fact. Besides there are N, a name or a text of the user's; C, a citation; R, the number of a
# section, a figure or a table; P, that of a page.
VALUE, SOURCE = "V", "A"
KINDS = (VALUE, SOURCE, "N", "C", "R", "P")
_ESCAPED = re.compile(rb"=([0-9A-F]{2})")


@dataclass(frozen=True)
class Piece:
    """Text of one mark, or between marks, where ``kind`` is empty; ``page`` counts from 1."""

    page: int
    text: str
    kind: str = ""
    id: str = ""


def read_pieces(path: Path) -> list[Piece]:
    """Return the pieces of a PDF in the order of its pages' streams; a mark may go over lines."""
    pieces: list[Piece] = []
    document = pypdfium2.PdfDocument(path)
    try:
        for number, page in enumerate(document, 1):
            pieces += _read_page(page, number)
            page.close()
    finally:
        document.close()
    return pieces


def decode_id(encoded: str) -> str:
    """Return an id from its form in PDF and SVG, where ``=XX`` stands for a byte of its UTF-8.

    >>> decode_id("recall.mean/a/caf=C3=A9")
    'recall.mean/a/café'
    """
    plain = _ESCAPED.sub(lambda match: bytes.fromhex(match[1].decode()), encoded.encode())
    return plain.decode("utf-8", "replace")


def _read_page(page: pypdfium2.PdfPage, number: int) -> Iterator[Piece]:
    """Yield a page's pieces; texts of one mark, and neighbours without any, are joined."""
    texts: dict[tuple[int, str, str], list[str]] = {}
    gap = 0
    textpage = page.get_textpage()
    for shown in page.get_objects(
        filter=[pdfium.FPDF_PAGEOBJ_TEXT], max_depth=1, textpage=textpage
    ):
        mark = _innermost_mark(shown)
        gap -= mark is not None
        texts.setdefault(mark or (gap, "", ""), []).append(shown.extract())
    for (_, kind, id), own in texts.items():
        yield Piece(number, ("" if kind else " ").join(own), kind, id)
    textpage.close()


def _innermost_mark(shown: pypdfium2.PdfObject) -> tuple[int, str, str] | None:
    """Return what tells a mark from all others of the page, its kind and its id."""
    for place in reversed(range(pdfium.FPDFPageObj_CountMarks(shown))):
        mark = pdfium.FPDFPageObj_GetMark(shown, place)
        kind = _read_text(partial(pdfium.FPDFPageObjMark_GetName, mark))
        if kind in KINDS:
            id = _read_text(partial(pdfium.FPDFPageObjMark_GetParamStringValue, mark, b"I"))
            return ctypes.addressof(mark.contents), kind, decode_id(id)
    return None


def _read_text(read: Callable[..., int]) -> str:
    """Return a text that PDFium writes into a buffer of as many bytes as it says it needs."""
    size = ctypes.c_ulong()
    if not read(None, 0, size):
        return ""
    buffer = (pdfium.FPDF_WCHAR * (size.value // 2))()
    read(buffer, size.value, size)
    return bytes(buffer).decode("utf-16-le").rstrip("\0")
