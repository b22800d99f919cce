"""The text of a PDF, as a person who copies it gets it."""

import re
from pathlib import Path

import pypdfium2


def read_text(path: Path) -> str:
    """Return the text of all pages, without the head that stands on each but the first."""
    with pypdfium2.PdfDocument(path) as document:
        pages = [page.get_textpage().get_text_bounded() for page in document]
    # The head of a page is its title and its number; a sentence may go on below it.
    bodies = [page.partition("\n")[2] if place else page for place, page in enumerate(pages)]
    # PDFium writes one of these for a hyphen at the end of a line.
    return re.sub("[\ufffe\x02]", "-", "\n".join(bodies))
