"""The document in TeX. Numbers and names are marked, so that a reader of the PDF can tell them."""

import re
from collections.abc import Sequence
from itertools import groupby, pairwise
from pathlib import Path

from pylatex import LongTable, NoEscape, Tabular

from timbang.errors import TimbangError
from timbang.report.media.medium import Caption, Column, Grid, Row, encode_id
from timbang.report.scripts import Faces
from timbang.report.tex import ISOLATES, add_fonts, escape_tex, find_foreign

FORMULAS = {
    "residual": r"$y=F(x)+x$",
    "plain": r"$y=F(x)$",
    "variance": "$s^2/J$",
    "squared": "$s^2$",
    "validation": r"$n_\mathrm{v}$",
    "training": r"$n_\mathrm{t}$",
    "replicates": "$J$",
    "freedom": "$J-1$",
    "p": r"\emph{p}",
    "n": r"\emph{n}",
    "at_most": r"$\leq$",
}
_PROSE = {
    "\\": r"\textbackslash{}",
    **{character: f"\\{character}" for character in "{}#$%&_"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "\N{MINUS SIGN}": r"\ensuremath{-}",
    "\N{MULTIPLICATION SIGN}": r"\ensuremath{\times}",
    "\N{LESS-THAN OR EQUAL TO}": r"\ensuremath{\leq}",
    "\N{NO-BREAK SPACE}": "~",
    "\N{NARROW NO-BREAK SPACE}": r"\,",
}
# Names of files and places in them, which may be broken after a slash.
PLACES = ("file", "at")
# What stands between words: blanks, and where a direction of writing begins and ends.
_BETWEEN = (" ", *ISOLATES.values())
# In TeX, where a hyphen or an underscore takes more than a character.
LONG_WORD = 16
# Lines of the rows below a heading, with it, that no page parts; more would leave too much of one
# empty.
MOST_TOGETHER = 13
HEADINGS = {1: "section", 2: "subsection", 3: "subsubsection"}


class Tex:
    """TeX for ``report/templates/page.tex.j2``, which defines the commands used here.

    ``foreign`` are the characters met so far that PDFLaTeX cannot print, ``lost`` those of them
    that stand as code points.

    Args:
        faces: the fonts of LuaLaTeX; without, the document is one for PDFLaTeX.
    """

    ending = "tex"

    def __init__(self, faces: Faces | None = None) -> None:
        self.faces = faces
        self.foreign: set[str] = set()

    @property
    def lost(self) -> set[str]:
        """The characters that no font has, so that their code points stand for them."""
        faces = self.faces
        return {own for own in self.foreign if faces is None or not faces.knows(own)}

    def escape(self, text: object) -> str:
        """Return what prints a text literally; blanks at its ends stay, one each."""
        given = str(text)
        self.foreign |= find_foreign(given)
        inner = escape_tex(given, self.faces)
        before = " " if given[:1].isspace() and inner else ""
        after = " " if given[-1:].isspace() else ""
        return f"{before}{inner}{after}"

    def prose(self, text: str) -> str:
        """Return a text of the document's own, in which dashes and quotes are typographic."""
        plain = re.sub(
            r"[\\\\{}#$%&_~^\u2212\u00d7\u2264\u00a0\u202f]", lambda found: _PROSE[found[0]], text
        )
        self.foreign |= find_foreign(plain)
        return add_fonts(plain.replace("'", "’"), self.faces) if self.faces else plain

    def emphasise(self, text: str) -> str:
        """Return a text in italics."""
        return rf"\emph{{{text}}}"

    def code(self, text: str) -> str:
        """Return a text as a typewriter writes."""
        return rf"\timbangcode{{{text}}}"

    def value(self, id: str, form: str, text: str, *, is_linked: bool, is_first: bool) -> str:
        """Return a marked number, with a link and at its first place a target.

        ``form`` says how it is written, as ``@signed``; often it is empty.
        """
        own = encode_id(id)
        marked = _mark("V", id + form, text)
        if is_linked:
            marked = rf"\timbangsource{{v.{own}}}{{{marked}}}"
        target = rf"\hypertarget{{u.{own}}}{{}}" if is_first else ""
        return rf"\mbox{{{target}{marked}}}"

    def source(self, id: str, text: str) -> str:
        """Return a marked number of the appendix, with its target and the way back."""
        own = encode_id(id)
        return rf"\hypertarget{{v.{own}}}{{}}\hyperlink{{u.{own}}}{{{_mark('A', id, text)}}}"

    def name(self, id: str, text: str) -> str:
        """Return a marked text, word by word: a mark must end on the page where it begins."""
        text = text.replace("/", r"/\allowbreak ") if id in PLACES else text
        parts = re.split(
            r"( |\\timbang(?:rtl|ltr|end)\{\})", " ".join(filter(None, text.split(" ")))
        )
        return "".join(part if part in _BETWEEN else _mark_word(id, part) for part in parts if part)

    def citation(self, entries: Sequence[tuple[str, str]]) -> str:
        """Return numbers in brackets."""
        inner = ", ".join(
            rf"\hyperlink{{cite.{encode_id(key)}}}{{{_mark('C', key, number)}}}"
            for key, number in entries
        )
        return rf"\mbox{{[{inner}]}}"

    def reference(self, label: str, text: str) -> str:
        """Return a marked number that leads to its place."""
        return rf"\hyperlink{{at.{encode_id(label)}}}{{{_mark('R', label, text)}}}"

    def link(self, address: str, text: str) -> str:
        """Return a text that leads to an address."""
        safe = "".join(c if c.isalnum() or c in "/:.-_" else f"\\%{ord(c):02X}" for c in address)
        return rf"\href{{{safe}}}{{{_mark('N', f'address/{address}', text)}}}"

    def formula(self, name: str) -> str:
        """Return a formula, marked since it may hold digits."""
        return _mark("N", f"formula/{name}", FORMULAS[name])

    def section(self, level: int, number: str, title: str, label: str) -> str:
        """Return a heading with its target and its bookmark."""
        marked = _mark("R", label, number) + r"\quad " if number else ""
        # What an appendix shows stands before the next.
        flush = "\n\\timbangflush" if label.startswith("app:") else ""
        return (
            f"{flush}\n\\timbangheading{{{HEADINGS[level]}}}{{{level}}}{{{marked}}}"
            f"{{{number}}}{{{title}}}{{at.{encode_id(label)}}}\n"
        )

    def paragraph(self, text: str, leads_to: Sequence[str] = ()) -> str:
        """Return a paragraph, which leads to figures and tables; nothing for one without text."""
        labels = list(map(encode_id, leads_to))
        before = "".join(rf"\timbangleads{{{label}}}" for label in labels)
        after = "".join(rf"\timbangpage{{m}}{{{label}}}" for label in labels)
        return f"\n{before}{text}{after}\n" if text else ""

    def arrange(self, body: str) -> str:
        """Return a body in which what may begin a page stands before a paragraph's headings."""
        headings, leads = r"((?:\s*\\timbangheading\{.*\n)+)", r"((?:\\timbangleads\{.*?\})+)"
        return re.sub(rf"{headings}\s*{leads}", r"\n\2\1\n", body)

    def abstract(self, heading: str, text: str) -> str:
        """Return the summary."""
        name = rf"\renewcommand{{\abstractname}}{{{heading}}}"
        return f"\n{name}\\begin{{abstract}}\\noindent\n{text}\n\\end{{abstract}}\n"

    def references(self, entries: Sequence[tuple[str, str, str]]) -> str:
        """Return the list of references, in English as they are."""
        lines = []
        for key, number, text in entries:
            target = rf"\hypertarget{{cite.{encode_id(key)}}}{{}}{_mark('C', key, f'[{number}]')}"
            lines.append(rf"\item[{target}] {text}")
        return "\n".join(
            [
                "\n{\\small\\begin{list}{}{\\setlength{\\leftmargin}{8mm}\\setlength{\\labelwidth}{6mm}"
                "\\setlength{\\itemsep}{2pt}\\setlength{\\parsep}{0pt}}\\selectlanguage{english}",
                *lines,
                "\\end{list}}\n",
            ]
        )

    def descriptions(self, items: Sequence[tuple[str, str]]) -> str:
        """Return a list of terms, or of points where the terms are empty."""
        kind = "description" if any(term for term, _ in items) else "itemize"
        lines = [
            rf"\item[{{{term}}}] {text}" if kind == "description" else rf"\item {text}"
            for term, text in items
        ]
        return "\n".join([f"\n\\begin{{{kind}}}", *lines, f"\\end{{{kind}}}\n"])

    def picture(self, file: Path) -> str:
        """Return a picture no higher than a logo is; one whose name TeX cannot take is refused."""
        if re.search(r"[\\\\{}#%$&~^\"]", file.as_posix()):
            raise TimbangError(f"report.logo: TeX cannot read a path like {file}; rename it")
        return rf"\includegraphics[height=18mm]{{\detokenize{{{file.as_posix()}}}}}"

    def figure(self, caption: Caption, file: Path) -> str:
        """Return a figure at its own size; ``file`` is without its ending."""
        return (
            "\n\\begin{figure}[!htbp]\\centering\n"
            f"\\timbangfigure{{{file.with_suffix('.pdf').as_posix()}}}\n"
            f"\\caption*{{{_write_caption(caption)}}}\n\\end{{figure}}\n"
        )

    def table(self, caption: Caption | None, grid: Grid) -> str:
        """Return a table with rules above, below and under the heads."""
        if grid.is_long:
            return _write_long(caption, grid)
        table = Tabular(_columns(grid), width=len(grid.columns), booktabs=True)
        _add_heads(table, grid)
        table.append(NoEscape(r"\midrule"))
        _add_rows(table, grid)
        body = table.dumps()
        if caption is None:
            return f"\n\\begin{{center}}\\small\n{body}\n\\end{{center}}\n"
        return (
            "\n\\begin{table}[!htbp]\\centering\\small\n"
            f"\\caption*{{{_write_caption(caption)}}}\n\\timbangfit{{{body}}}\n\\end{{table}}\n"
        )


def _mark(kind: str, id: str, text: str) -> str:
    return rf"\timbangmark{{{kind}}}{{{encode_id(id)}}}{{{text}}}"


def _mark_word(id: str, word: str) -> str:
    """Return a marked word; one with a digit is not broken, unless it is long."""
    mark = _mark("N", id, word)
    # At a hyphen of its own either.
    return rf"\mbox{{{mark}}}" if re.search(r"\d", word) and len(word) < LONG_WORD else mark


def _write_caption(caption: Caption) -> str:
    number = _mark("R", caption.label, caption.number)
    label = encode_id(caption.label)
    place = rf"\timbangtarget{{at.{label}}}\timbangpage{{f}}{{{label}}}"
    return rf"{place}\textbf{{{caption.name} {number}.}} {caption.text}"


def _write_long(caption: Caption | None, grid: Grid) -> str:
    table = LongTable(_columns(grid), width=len(grid.columns))
    if caption is not None:
        table.append(NoEscape(rf"\caption*{{{_write_caption(caption)}}}\\"))
    for end in (r"\endfirsthead", r"\endhead"):
        table.append(NoEscape(r"\toprule"))
        _add_heads(table, grid)
        table.append(NoEscape(rf"\midrule{end}"))
    table.append(NoEscape(r"\bottomrule\endfoot"))
    _add_rows(table, grid)
    return f"\n\\timbangflush\n{{\\small\n{table.dumps()}\n}}\n"


def _columns(grid: Grid) -> str:
    widths = iter(grid.widths)
    letters = []
    for column in grid.columns:
        width = next(widths, None) if column.align == "l" else None
        letters.append(
            rf">{{\raggedright\arraybackslash}}p{{{width}mm}}" if width else column.align
        )
    return "".join(letters)


def _add_heads(table: Tabular, grid: Grid) -> None:
    groups = [(name, len(list(own))) for name, own in groupby(grid.columns, lambda c: c.group)]
    if any(name for name, _ in groups):
        cells, rules, place = [], [], 1
        for name, span in groups:
            cells.append(rf"\multicolumn{{{span}}}{{c}}{{{name}}}")
            if name:
                rules.append(rf"\cmidrule(lr){{{place}-{place + span - 1}}}")
            place += span
        table.append(NoEscape(" & ".join(cells) + r"\\" + "".join(rules)))
    table.append(NoEscape(" & ".join(map(_head, grid.columns)) + r"\\"))


def _head(column: Column) -> str:
    return column.head if column.align == "l" else rf"\multicolumn{{1}}{{r}}{{{column.head}}}"


def _add_rows(table: Tabular, grid: Grid) -> None:
    kept = _keep_together(grid)
    for place, row in enumerate(grid.rows):
        if row.rule:
            table.append(NoEscape(r"\midrule"))
        end = r"\\*" if place in kept else r"\\"
        table.append(NoEscape(_write_row(row, grid) + end))


def _keep_together(grid: Grid) -> set[int]:
    """Return the rows below which no page ends: headings, and all but the last of few below one."""
    headings = [place for place, row in enumerate(grid.rows) if grid.is_heading(row)]
    kept = set(headings)
    for start, end in pairwise([*headings, len(grid.rows)]):
        if (end - start) * grid.row_lines <= MOST_TOGETHER:
            kept.update(range(start, end - 1))
    return kept


def _write_row(row: Row, grid: Grid) -> str:
    if grid.is_heading(row):
        return rf"\addlinespace\multicolumn{{{len(grid.columns)}}}{{l}}{{\emph{{{row.cells[0]}}}}}"
    return " & ".join(row.cells)
