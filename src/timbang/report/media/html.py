"""The document in HTML: one page that needs nothing beside itself."""

import base64
import io
import re
from collections.abc import Collection, Sequence
from html import escape, unescape
from itertools import groupby
from pathlib import Path

from PIL import Image

from timbang.printable import show
from timbang.report.media.medium import Caption, Grid, encode_id

FORMULAS = {
    "residual": "<i>y</i> = <i>F</i>(<i>x</i>) + <i>x</i>",
    "plain": "<i>y</i> = <i>F</i>(<i>x</i>)",
    "variance": "<i>s</i>²/<i>J</i>",
    "squared": "<i>s</i>²",
    "validation": "<i>n</i><sub>v</sub>",
    "training": "<i>n</i><sub>t</sub>",
    "replicates": "<i>J</i>",
    "freedom": "<i>J</i> − 1",
    "p": "<i>p</i>",
    "n": "<i>n</i>",
    "at_most": "≤",
}
# Of photographs inside a figure on a page, as a camera keeps them.
QUALITY = 80
NUMBER = re.compile(rb"-?\d+\.\d{3,}")


class Html:
    """HTML for ``report/templates/page.html.j2``. Figures are read from a folder.

    Args:
        folder: where the files of figures lie.
        lost: characters that no font had when the figures were drawn.
    """

    ending = "html"

    def __init__(self, folder: Path, lost: Collection[str] = ()) -> None:
        self.folder = folder
        self.lost = lost

    def escape(self, text: object) -> str:
        """Return what shows a text literally."""
        return escape(show(" ".join(str(text).split("\n"))))

    def prose(self, text: str) -> str:
        """Return a text of the document's own."""
        return escape(text, quote=False)

    def emphasise(self, text: str) -> str:
        """Return a text in italics."""
        return f"<em>{text}</em>"

    def code(self, text: str) -> str:
        """Return a text as a typewriter writes."""
        return f"<code>{text}</code>"

    def value(self, id: str, form: str, text: str, *, is_linked: bool, is_first: bool) -> str:
        """Return a number that names its fact, with a link and at its first place a target."""
        own = encode_id(id)
        if not is_linked:
            return f'<span class="v" data-id="{own}">{text}</span>'
        target = f' id="u.{own}"' if is_first else ""
        return f'<a class="v" data-id="{own}" href="#v.{own}"{target}>{text}</a>'

    def source(self, id: str, text: str) -> str:
        """Return a number of the appendix, with its target and the way back."""
        own = encode_id(id)
        return f'<span id="v.{own}"><a href="#u.{own}">{text}</a></span>'

    def name(self, id: str, text: str) -> str:
        """Return a text that was written elsewhere, in its own direction of writing."""
        # In which language the user's classes are called, nobody has said.
        unknown = ' lang=""' if id.startswith("class/") else ""
        return f"<bdi{unknown}>{text}</bdi>" if text else ""

    def citation(self, entries: Sequence[tuple[str, str]]) -> str:
        """Return numbers in brackets."""
        inner = ", ".join(
            f'<a href="#cite.{encode_id(key)}">{number}</a>' for key, number in entries
        )
        return f"[{inner}]"

    def reference(self, label: str, text: str) -> str:
        """Return a number that leads to its place."""
        return f'<a href="#at.{encode_id(label)}">{text}</a>'

    def link(self, address: str, text: str) -> str:
        """Return a text that leads to an address; any but one of the web is a text alone."""
        if not address.startswith(("https://", "http://")):
            return text
        return f'<a href="{escape(address)}">{text}</a>'

    def formula(self, name: str) -> str:
        """Return a formula."""
        return FORMULAS[name]

    def section(self, level: int, number: str, title: str, label: str) -> str:
        """Return a heading with its target."""
        shown = f"{number}&ensp;{title}" if number else title
        return f'\n<h{level + 1} id="at.{encode_id(label)}">{shown}</h{level + 1}>\n'

    def paragraph(self, text: str, leads_to: Sequence[str] = ()) -> str:
        """Return a paragraph, which leads to figures and tables; nothing for one without text."""
        return f"<p>{text}</p>\n" if text else ""

    def arrange(self, body: str) -> str:
        """Return a body as it is: it has no pages."""
        return body

    def abstract(self, heading: str, text: str) -> str:
        """Return the summary."""
        return f'<section class="summary"><h2>{heading}</h2><p>{text}</p></section>\n'

    def references(self, entries: Sequence[tuple[str, str, str]]) -> str:
        """Return the list of references."""
        items = "".join(f'<li id="cite.{encode_id(key)}">{text}</li>' for key, _, text in entries)
        return f'<ol class="references" lang="en">{items}</ol>\n'

    def descriptions(self, items: Sequence[tuple[str, str]]) -> str:
        """Return a list of terms, or of points where the terms are empty."""
        if any(term for term, _ in items):
            inner = "".join(f"<dt>{term}</dt><dd>{text}</dd>" for term, text in items)
            return f"<dl>{inner}</dl>\n"
        return f"<ul>{''.join(f'<li>{text}</li>' for _, text in items)}</ul>\n"

    def picture(self, file: Path) -> str:
        """Return a picture inside the page."""
        content = file.read_bytes()
        kind = "png" if content.startswith(b"\x89PNG") else "jpeg"
        encoded = base64.b64encode(content).decode()
        return f'<img class="logo" alt="" src="data:image/{kind};base64,{encoded}">'

    def figure(self, caption: Caption, file: Path) -> str:
        """Return a figure with its picture inside the page."""
        content = (self.folder / file.with_suffix(".svg").name).read_bytes()
        picture = base64.b64encode(shrink_numbers(shrink_photographs(content))).decode()
        # Of a text of the page an attribute's.
        shows = escape(unescape(caption.shows))
        return (
            f'<figure id="at.{encode_id(caption.label)}"><img alt="{shows}" '
            f'src="data:image/svg+xml;base64,{picture}">'
            f"<figcaption><b>{caption.name} {caption.number}.</b> {caption.text}</figcaption>"
            "</figure>\n"
        )

    def table(self, caption: Caption | None, grid: Grid) -> str:
        """Return a table that scrolls sideways by itself where the page is narrow."""
        lines, above, own = [], "", ""
        if caption is not None:
            label = encode_id(caption.label)
            text = f"<b>{caption.name} {caption.number}.</b> {caption.text}"
            # Beside the table, not in it: a caption as wide as a wide table would scroll with it.
            above = f'<p class="caption" id="of.{label}">{text}</p>'
            own = f' aria-labelledby="of.{label}"'
        groups = [(name, len(list(own))) for name, own in groupby(grid.columns, lambda c: c.group)]
        lines.append("<thead>")
        if any(name for name, _ in groups):
            heads = "".join(
                f'<th scope="colgroup" colspan="{span}">{name}</th>' for name, span in groups
            )
            lines.append(f"<tr>{heads}</tr>")
        heads = "".join(
            f'<th scope="col" class="{column.align}">{column.head}</th>' for column in grid.columns
        )
        lines.append(f"<tr>{heads}</tr></thead><tbody>")
        for row in grid.rows:
            if grid.is_heading(row):
                head = f'<th scope="rowgroup" colspan="{len(grid.columns)}">{row.cells[0]}</th>'
                lines.append(f"<tr>{head}</tr>")
                continue
            cells = "".join(
                f'<td class="{column.align}">{cell}</td>'
                for column, cell in zip(grid.columns, row.cells, strict=True)
            )
            lines.append(f"<tr{' class=rule' if row.rule else ''}>{cells}</tr>")
        target = f' id="at.{encode_id(caption.label)}"' if caption is not None else ""
        body = f'<div class="scroll"><table{own}>{"".join(lines)}</tbody></table></div>'
        return f'<div class="table"{target}>{above}{body}</div>\n'


def shrink_photographs(svg: bytes) -> bytes:
    """Return a figure whose pictures are JPEG where that takes less than half the room.

    So it is with photographs; with drawings and with what is transparent it is not.
    """
    return re.sub(rb"data:image/png;base64,([A-Za-z0-9+/=\s]+)", _shrink, svg)


def shrink_numbers(svg: bytes) -> bytes:
    """Return a figure whose attributes have numbers of five digits and no line ends.

    A screen shows no more; in a figure of many lines it is a sixth of its size.
    """
    attributes = re.sub(rb'"[^"<>]*"', lambda own: NUMBER.sub(_round, own[0]), svg)
    return re.sub(rb"\s*\n\s*", b" ", attributes)


def _round(found: re.Match[bytes]) -> bytes:
    return f"{float(found[0]):.5g}".encode()


def _shrink(found: re.Match[bytes]) -> bytes:
    content = base64.b64decode(found[1])
    with Image.open(io.BytesIO(content)) as picture:
        if picture.mode == "RGBA" and picture.getchannel("A").getextrema() != (255, 255):
            return b"".join(found[0].split())
        buffer = io.BytesIO()
        picture.convert("RGB").save(buffer, "JPEG", quality=QUALITY, optimize=True)
    if 2 * buffer.tell() > len(content):
        return b"".join(found[0].split())
    return b"data:image/jpeg;base64," + base64.b64encode(buffer.getvalue())
