"""The page: the findings, the tables, the curves, and what the script looks images up in.

The page allows itself no network: its policy names its one script and its one style by their hash,
and pictures stand in it.
"""

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from timbang.evidence.claims import TUNED
from timbang.explorer import curves
from timbang.explorer.copies import Copies
from timbang.explorer.counting import Suspect, count_confusions
from timbang.explorer.material import Images, Material
from timbang.explorer.pictures import Places, Sheets
from timbang.explorer.voice import Voice
from timbang.languages.messages import message
from timbang.report.media.medium import encode_id
from timbang.resources import REPORT

TEMPLATES = REPORT / "templates"
# In bytes, of the whole page.
LARGEST_PAGE = 5_000_000
# So many groups of duplicates are listed; the others are found by their images.
MOST_GROUPS = 500
# Darker cells hold more of their row; so many shades are told apart.
SHADES = 9
# Probabilities are kept in thousandths.
THOUSANDTHS = 1000
# Of the parts, in the order of PARTS: training, validation, and the test part's images.
LETTERS = "tve"
# Of the table of runs: the column, its head, and its decimals, None for a share.
RUN_COLUMNS = (
    ("accuracy", message("Accuracy"), None),
    ("loss", message("Loss"), 3),
    ("test_accuracy", message("Test accuracy"), None),
    ("test_loss", message("Test loss"), 3),
    ("train_accuracy", message("Training accuracy"), None),
    ("train_loss", message("Training loss"), 3),
    ("leak_difference", message("Difference by leaks"), None),
    ("training_seconds", message("Seconds of training"), 1),
)
# The facts that stand in the page's own sentences; their ids are encoded as they are.
IN_TEXT = ("ledger.suspects", "duplicates.groups")
# What a contrast says of a contender.
CONCLUSIONS = {
    "higher": message("more accurate"),
    "lower": message("less accurate"),
    "equal": message("equal within the margin"),
}
OPEN, NOT_COMPARED = message("open"), message("not compared")
# What the script says, by the name that it knows it by.
SCRIPT_WORDS = {
    "replicate": message("Replicate"),
    "part": message("Part"),
    "leak": message("Leaked"),
    "yes": message("yes"),
    "no": message("no"),
    "train": message("training"),
    "validation": message("validation"),
    "test": message("test"),
    "label": message("Label"),
    "more": message("Show more"),
    "none": message("No image has this name."),
    "found": message("Images found: %(count)s"),
    "cell": message("Predictions: %(count)s; images: %(images)s"),
    "in_replicates": message("replicates %(names)s"),
    "back": message("Back to the cell"),
    "duplicates": message("Duplicates of this image"),
    "answers": message("What every run said of this image"),
    "tuned": message("tuned"),
    "diverged": message("diverged"),
    "picture": message("Picture of this image"),
}


@dataclass(frozen=True)
class Article:
    """The document in one language, whose places are its own on the page."""

    code: str
    body: Markup


@dataclass(frozen=True)
class Page:
    """What the page is made of besides the pictures.

    ``tables`` are the rows of ``runs.csv``, and of ``tuned/runs.csv`` where there is tuning, by the
    file's name. ``suspects`` are of ``images.csv``, ``copies`` of ``audit.json``. ``study`` is what
    the document says of the study besides facts.
    """

    title: str
    study: Mapping[str, Any]
    voice: Voice
    articles: Sequence[Article]
    material: Material
    tables: Mapping[str, Sequence[Mapping[str, Any]]]
    suspects: Sequence[Suspect]
    copies: Sequence[Copies]
    places: Places


def read_article(code: str, page: str) -> Article:
    """Take the document out of ``report-<code>.html``.

    Args:
        code: of the language. It goes before all names of places, which several articles share.
        page: the content of the file.
    """
    body = page.partition("<main>")[2].rpartition("</main>")[0]

    def rename(tag: re.Match[str]) -> str:
        # In a tag a quotation mark of others is escaped, so these are attributes.
        return re.sub(r' (id="|href="#)', rf" \g<1>{code}-", tag[0])

    body = re.sub(r"<[a-z][^<>]*>", rename, body)
    # The page has a heading above these.
    return Article(code, Markup(re.sub(r"(</?h)([1-5])\b", _lower, body)))


def _lower(heading: re.Match[str]) -> str:
    return f"{heading[1]}{int(heading[2]) + 1}"


def describe_images(page: Page, sheets: Sheets | None) -> dict[str, Any]:
    """Return what the script looks images and predictions up in, as JSON can hold it.

    ``parts`` has, a replicate each, a letter an image: that of its part, a capital if it leaked.
    Probabilities are thousandths. What is not a number is null.
    """
    material = page.material
    images = material.images
    words = {
        language.code: {name: language.say(text) for name, text in SCRIPT_WORDS.items()}
        for language in page.voice.languages
    }
    return {
        "languages": [language.code for language in page.voice.languages],
        "words": words,
        "classes": list(images.classes),
        "series": [{"title": own.title, "tuned": own.is_tuned} for own in material.series],
        "names": list(images.names),
        "labels": images.labels.tolist(),
        "sha256": [own[:16] for own in images.sha256],
        "places": page.places.of.tolist(),
        # On the pages by class, the image that is shown for one and for its equals.
        "shown": None if sheets else page.places.list_shown(images.labels),
        "groups": [own.images for own in page.copies],
        "parts": {
            str(replicate): "".join(
                LETTERS[part].upper() if leaked else LETTERS[part]
                for part, leaked in zip(split.parts, split.leaked, strict=True)
            )
            for replicate, split in material.splits.items()
        },
        "runs": [
            {
                "series": run.series,
                "replicate": run.replicate,
                "seed": run.seed,
                "images": run.answers.images.tolist(),
                "predicted": run.answers.predicted.tolist(),
                "surest": _round(run.answers.surest),
                "own": _round(run.answers.own),
                "validated": int(run.answers.validated.sum()),
            }
            for run in material.runs
        ],
        "sheets": sheets and {"side": sheets.side, "columns": sheets.columns},
        "sources": page.voice.list_sources(_find_printed(page)),
    }


def _find_printed(page: Page) -> set[str]:
    """Return the encoded ids of the facts that stand in the articles and in the tables."""
    bodies = "".join(own.body for own in page.articles)
    names = [own["name"] for own in page.study["contenders"]]
    in_tables = {
        encode_id(f"{id}/{name}")
        for columns, _ in _list_comparisons(page.study)
        for id, _ in columns
        for name in names
    }
    return in_tables | set(IN_TEXT) | set(re.findall(r' data-id="([^"]*)"', bodies))


def _round(probabilities: np.ndarray) -> list[int | None]:
    return [round(THOUSANDTHS * own) if own == own else None for own in probabilities.tolist()]


def write_page(page: Page, sheets: Sheets | None) -> str:
    """Return the page.

    Args:
        page: what it is made of.
        sheets: the pictures; None where they stand in pages of their own.
    """
    material = page.material
    style = _read("explorer.css") + _write_style(page, sheets)
    script = _read("explorer.js")
    matrices = [
        (own, place, count_confusions(material, place)) for place, own in enumerate(material.series)
    ]
    given = {
        "page": page,
        "study": page.study,
        "say": page.voice.say,
        "number": page.voice.number,
        "percent": page.voice.percent,
        "fact": page.voice.fact,
        "languages": page.voice.languages,
        "images": material.images,
        "series": material.series,
        "replicates": list(material.splits),
        "panels": curves.draw_panels(material.runs),
        "looks": curves.choose_looks(material.series),
        "sizes": curves,
        "matrices": matrices,
        "shade": _shade,
        "groups": page.copies,
        "most_groups": MOST_GROUPS,
        "is_split": sheets is None,
        "style": Markup(style),
        "script": Markup(script),
        "policy": write_policy(script, style),
        "data": write_data(describe_images(page, sheets)),
    }
    given |= _describe_tables(page)
    return _environment().get_template("explorer.html.j2").render(given)


# The facts of a contender that are tabulated, and whether they bear a sign; and findings by name.
Comparison = tuple[list[tuple[str, bool]], Mapping[str, str]]


def _list_comparisons(study: Mapping[str, Any]) -> list[Comparison]:
    """Return what is tabulated by the study's recipe, and of tuned networks where there are any."""
    decisive, other = ("contrast", study["findings"]), ("other", study.get("other_findings", {}))
    by_default, by_choice = (other, decisive) if study["decides"] == TUNED else (decisive, other)
    columns = [("accuracy.mean", False), ("accuracy.sd", False)]
    columns += [(f"{by_default[0]}.accuracy.{name}", True) for name in ("mean", "low", "high")]
    columns += [(f"{by_default[0]}.accuracy.p_adjusted", False)]
    if not study["tuning"]:
        return [(columns, by_default[1])]
    tuned = [("tuned.accuracy.mean", False)]
    tuned += [(f"{by_choice[0]}.accuracy.{name}", True) for name in ("mean", "low", "high")]
    return [(columns, by_default[1]), (tuned, by_choice[1])]


def _describe_tables(page: Page) -> dict[str, Any]:
    """Return what the tables of accuracies are made from."""
    study, facts, say = page.study, page.voice.facts, page.voice.say
    titles = {own["name"]: own["title"] for own in study["contenders"]}
    rows = [row for table in page.tables.values() for row in table]
    return {
        "titles": titles,
        "reference": titles[study["reference"]],
        "is_tuned": bool(study["tuning"]),
        "has_seeds": any("seed" in row for row in rows),
        "comparisons": _list_comparisons(study),
        "run_columns": [
            own for own in RUN_COLUMNS if any(row.get(own[0]) is not None for row in rows)
        ],
        "value": lambda id: facts.value(id, ""),
        "conclude": lambda findings, name: say(
            CONCLUSIONS.get(findings[name], OPEN) if name in findings else NOT_COMPARED
        ),
    }


def write_class_page(voice: Voice, images: Images, place: int, pictures: Mapping[int, str]) -> str:
    """Return the page of a class's images, for where there are too many for one page.

    Args:
        voice: says what stands on it.
        images: all images.
        place: of the class.
        pictures: the addresses of its pictures, by image.
    """
    style = _read("explorer.css") + _write_language_style(voice)
    return (
        _environment()
        .get_template("explorer-class.html.j2")
        .render(
            say=voice.say,
            languages=voice.languages,
            name=images.classes[place],
            images=images,
            pictures=pictures,
            style=Markup(style),
            policy=write_policy("", style),
        )
    )


def write_policy(script: str, style: str) -> str:
    """Return the page's content security policy: nothing but what it holds, told by its hash."""
    scripts = hash_content(script) if script else "'none'"
    return (
        f"default-src 'none'; img-src data:; style-src {hash_content(style)}; "
        f"script-src {scripts}; base-uri 'none'; form-action 'none'"
    )


def hash_content(text: str) -> str:
    """Return how a policy names the content of an element."""
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def write_data(data: Any) -> Markup:
    """Return data as JSON that ends no element that it stands in."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))


def measure_room(page: Page) -> int:
    """Return how many characters of pictures the page has room for."""
    bare = write_page(page, Sheets(1, 1, [""] * len(page.places.shown)))
    return LARGEST_PAGE - len(bare.encode()) - 1000


def _shade(count: int, row: np.ndarray) -> int:
    return int(np.ceil(SHADES * count / row.sum())) if count else 0


def _write_style(page: Page, sheets: Sheets | None) -> str:
    rules = [_write_language_style(page.voice)]
    for place, address in enumerate(sheets.addresses if sheets else ()):
        rules.append(f'.sheet-{place} {{ background-image: url("{address}"); }}\n')
    return "".join(rules)


def _write_language_style(voice: Voice) -> str:
    """Return the rules that hide all languages but the one that is chosen, without a script."""
    return "".join(
        f'html:has(#show-{own.code}:checked) [data-in]:not([data-in="{own.code}"]) '
        "{ display: none; }\n"
        for own in voice.languages
    )


def _read(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
