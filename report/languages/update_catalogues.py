"""Bring the catalogues of messages up to date with what the report says: `make catalogues`.

Messages that are new stand in each `<code>.po` without a translation, those that are gone are taken
out. `python report/languages/update_catalogues.py CODE` begins the catalogue of a language.
"""

import io
import sys
from pathlib import Path

import yaml
from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po

from timbang.languages.catalogue import find_tex_name

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "report" / "languages"
KEYWORDS = {
    "say": None,
    "message": None,
    "say_count": (1, 2),
    "_": None,
    "gettext": None,
    "ngettext": (1, 2),
}
OPTIONS = {"trimmed": "true", "newstyle_gettext": "true", "extensions": "jinja2.ext.do"}


def collect_messages() -> Catalog:
    """Return all messages of the report: of document, explorer, their code, and the claims."""
    messages = Catalog(charset="utf-8")
    folder = ROOT / "report" / "templates"
    templates = [folder / "document.j2", *sorted(folder.glob("explorer*.j2"))]
    sources = [("jinja2.ext:babel_extract", template) for template in templates]
    rooms = [ROOT / "src/timbang" / name for name in ("explorer", "report")]
    code = [path for room in rooms for path in sorted(room.rglob("*.py"))]
    sources += [("python", path) for path in code]
    for method, path in sources:
        with path.open("rb") as file:
            for _, message, comments, context in extract(
                method, file, KEYWORDS, options=OPTIONS if path in templates else {}
            ):
                place = path.relative_to(ROOT).as_posix()
                messages.add(message, None, [(place, 0)], auto_comments=comments, context=context)
    for path in sorted((ROOT / "report" / "claims").glob("*.yaml")):
        claim = yaml.safe_load(path.read_text(encoding="utf-8"))
        limits = [claim["limits"]] if "limits" in claim else []
        for text in (claim["statement"], *claim["texts"].values(), claim["needs"], *limits):
            # What comes from a file is no format, whatever it holds.
            messages.add(text, None, [(path.relative_to(ROOT).as_posix(), 0)])
    return messages


def update(code: str, messages: Catalog) -> str:
    """Return the catalogue of a language with these messages, as its file holds it."""
    path = FOLDER / f"{code}.po"
    known = Catalog(locale=Locale.parse(code), charset="utf-8")
    if path.is_file():
        known = read_po(path.read_bytes().decode("utf-8").splitlines(keepends=True), locale=code)
    own_name = find_tex_name(path.read_text(encoding="utf-8")) if path.is_file() else None
    catalogue = Catalog(
        locale=Locale.parse(code),
        project="Timbang",
        charset="utf-8",
        header_comment=f"# {Locale.parse(code).english_name} messages of Timbang's report.",
    )
    for message in messages:
        if not message.id:
            continue
        own = known.get(message.id, message.context)
        catalogue.add(
            message.id,
            own.string if own is not None and _is_alike(own.id, message.id) else None,
            message.locations,
            flags=own.flags & {"fuzzy"} if own is not None else (),
            user_comments=own.user_comments if own is not None else (),
        )
    buffer = io.BytesIO()
    write_po(buffer, catalogue, width=100, omit_header=True, include_lineno=False)
    plurals = f"nplurals={catalogue.num_plurals}; plural={catalogue.plural_expr};"
    lines = [
        catalogue.header_comment,
        'msgid ""',
        'msgstr ""',
        f'"Language: {code}\\n"',
        '"MIME-Version: 1.0\\n"',
        '"Content-Type: text/plain; charset=utf-8\\n"',
        '"Content-Transfer-Encoding: 8bit\\n"',
        f'"Plural-Forms: {plurals}\\n"',
        f'"X-TeX-Babel: {own_name or code}\\n"',
        "",
        "",
    ]
    return "\n".join(lines) + buffer.getvalue().decode("utf-8").lstrip("\n")


def _is_alike(first: object, second: object) -> bool:
    """Return whether both messages have one form, or both several."""
    return isinstance(first, str) == isinstance(second, str)


def main() -> None:
    """Update the catalogues that are there, or begin those that are named."""
    messages = collect_messages()
    for code in sys.argv[1:] or sorted(path.stem for path in FOLDER.glob("*.po")):
        text = update(code, messages)
        (FOLDER / f"{code}.po").write_text(text, encoding="utf-8")
        print(f"{code}: {len(messages)} messages")


if __name__ == "__main__":
    main()
