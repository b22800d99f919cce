"""The vocabulary of a study as frozen dataclasses, read from its configuration."""

import datetime
import difflib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from timbang.errors import TimbangError

LANGUAGES = ("id", "en")
TRUTH_VALUES = {True: "true", False: "false", None: "null"}


@dataclass(frozen=True)
class Data:
    """Where the images come from and what becomes of them.

    ``image_size`` is the side in pixels of the square that every image is resized to.
    """

    source: str
    folder: str | None = None
    table: str | None = None
    images: str | None = None
    filename_column: str = "filename"
    label_column: str = "label"
    image_size: int = 224
    on_problem: str = "stop"


@dataclass(frozen=True)
class Split:
    """How the images are divided; ``validation`` is the wanted share of validation images."""

    scheme: str = "stratified"
    validation: float = 0.2


@dataclass(frozen=True)
class Recipe:
    """How a network is trained; the defaults are the published study's."""

    epochs: int = 15
    batch_size: int = 32
    optimizer: str = "adam"
    learning_rate: float = 0.001
    weight_decay: float = 0.0001
    horizontal_flip: float = 0.5


@dataclass(frozen=True)
class Contender:
    """A network with its recipe, by name. ``width`` multiplies every number of channels."""

    name: str
    network: str
    width: float
    recipe: Recipe


@dataclass(frozen=True)
class Report:
    """What the report says about itself. Texts are keyed by language."""

    languages: tuple[str, ...]
    title: Mapping[str, str]
    authors: tuple[str, ...]
    course: Mapping[str, str]
    date: datetime.date | None
    ai_assistance: Mapping[str, str]
    published: str | None


@dataclass(frozen=True)
class Study:
    """One configuration file: the contenders, what they are weighed on, and how often."""

    name: str
    data: Data
    split: Split
    replicates: tuple[int, ...]
    recipe: Recipe
    width: float
    contenders: tuple[Contender, ...]
    reference: str
    device: str
    threads: int
    report: Report

    def contender(self, name: str) -> Contender:
        """Return the contender of that name, which must exist."""
        return next(contender for contender in self.contenders if contender.name == name)


def read_study(
    config: Mapping[str, Any], schema: Mapping[str, Any], networks: tuple[str, ...]
) -> Study:
    """Check a configuration and turn it into a study.

    Args:
        config: the configuration as read from YAML; it is not changed.
        schema: the JSON schema of ``workflow/schemas/config.schema.yaml``.
        networks: the names of the networks that can be trained.

    Raises:
        TimbangError: one line for each thing that is wrong, with its key and what is allowed.
    """
    config = _with_dates_as_text(config)
    errors = sorted(Draft202012Validator(schema).iter_errors(config), key=_place)
    lines = [line for error in errors for line in _explain(error)]
    lines += _find_infinite(config)
    if lines:
        raise TimbangError("\n".join(lines))
    filled = _with_defaults(config, schema)
    study = _build_study(filled)
    lines = [*_find_contradictions(study, networks)]
    if lines:
        raise TimbangError("\n".join(lines))
    return study


def _build_study(config: Mapping[str, Any]) -> Study:
    recipe = Recipe(**config["recipe"])
    contenders = config["contenders"]
    if not isinstance(contenders, Mapping):
        contenders = {name: {} for name in contenders}
    report = config["report"]
    return Study(
        name=config["study"],
        data=Data(**config["data"]),
        split=Split(**config["split"]),
        replicates=tuple(range(config["replicates"])),
        recipe=recipe,
        width=float(config["width"]),
        contenders=tuple(
            Contender(
                name=name,
                network=own.get("network", name),
                width=float(own.get("width", config["width"])),
                recipe=replace(recipe, **own.get("recipe", {})),
            )
            for name, own in contenders.items()
        ),
        reference=config["reference"],
        device=config["device"],
        threads=config["threads"],
        report=Report(
            languages=tuple(report["languages"]),
            title=_by_language(report.get("title", {})),
            authors=tuple(report["authors"]),
            course=_by_language(report.get("course", {})),
            date=_read_date(report.get("date")),
            ai_assistance=_by_language(report.get("ai_assistance", {})),
            published=report.get("published"),
        ),
    )


def _find_infinite(value: Any, place: str = "") -> Iterator[str]:
    """Yield a line for each number that is not finite, which JSON has no word for."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _find_infinite(item, f"{place}.{_word(key)}" if place else _word(key))
    elif isinstance(value, float) and not math.isfinite(value):
        yield f"{place}: {value} is not allowed; allowed: a finite number"


def _find_contradictions(study: Study, networks: tuple[str, ...]) -> Iterator[str]:
    """Yield a line for each thing that the schema alone cannot find."""
    needed = {"folder": ("folder",), "table": ("table", "images"), "digits": ()}
    for key in ("folder", "table", "images"):
        given = getattr(study.data, key) is not None
        if key in needed[study.data.source] and not given:
            yield f"data.{key}: missing; data.source {study.data.source} needs it"
        if given and key not in needed[study.data.source]:
            yield f"data.{key}: has no meaning with data.source {study.data.source}; leave it out"
    names = [contender.name for contender in study.contenders]
    for contender in study.contenders:
        if contender.network not in networks:
            yield (
                f"contenders.{contender.name}: there is no network {contender.network!r}"
                f"{_suggest(contender.network, networks)}; allowed: {', '.join(networks)}"
            )
    if study.reference not in names:
        yield (
            f"reference: {study.reference!r} is not a contender"
            f"{_suggest(study.reference, names)}; allowed: {', '.join(names)}"
        )
    for key in ("title", "course", "ai_assistance"):
        texts = getattr(study.report, key)
        for language in study.report.languages:
            if texts and language not in texts:
                yield f"report.{key}.{language}: missing; report.languages asks for {language}"


def check_paths(data: Data, published: str | None) -> None:
    """Check that what a study reads is there, before a failing step deletes finished results.

    Args:
        data: where the images come from; paths are relative to the working folder.
        published: the file of published numbers, if any.

    Raises:
        TimbangError: one line for each path that is missing or of the wrong kind.
    """
    lines = [
        f"{key}: {path} is not a {kind}; correct the path"
        for key, path, kind in (
            ("data.folder", data.folder, "folder"),
            ("data.images", data.images, "folder"),
            ("data.table", data.table, "file"),
            ("report.published", published, "file"),
        )
        if path and not (Path(path).is_dir() if kind == "folder" else Path(path).is_file())
    ]
    if lines:
        raise TimbangError("\n".join(lines))


def _by_language(text: str | Mapping[str, str]) -> dict[str, str]:
    return dict.fromkeys(LANGUAGES, text) if isinstance(text, str) else dict(text)


def _read_date(text: str | None) -> datetime.date | None:
    if text is None:
        return None
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise TimbangError(f"report.date: {text!r} is not a day of the calendar") from None


def _with_dates_as_text(value: Any) -> Any:
    """YAML reads 2025-10-03 as a date; return a copy in which it is the text again."""
    if isinstance(value, Mapping):
        return {key: _with_dates_as_text(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_dates_as_text(item) for item in value]
    return value.isoformat() if isinstance(value, datetime.date) else value


def _with_defaults(config: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a deep copy of a valid configuration in which the schema's defaults stand."""
    properties = schema.get("properties", {})
    filled = {
        key: _with_defaults(value, properties.get(key, {})) if isinstance(value, Mapping) else value
        for key, value in config.items()
    }
    for key, subschema in properties.items():
        if "default" in subschema and key not in filled:
            default = subschema["default"]
            filled[key] = (
                _with_defaults(default, subschema) if isinstance(default, Mapping) else default
            )
    return filled


def _place(error: ValidationError) -> str:
    return ".".join(map(_word, error.absolute_path))


def _word(key: object) -> str:
    """Return a key as it is written, or quoted where it would not print in one line."""
    return str(key) if str(key).isprintable() else repr(key)


def _explain(error: ValidationError) -> Iterator[str]:
    """Yield one line for each fault that a schema error speaks of: key, fault, what is allowed."""
    place = _place(error)
    prefix = f"{place}: " if place else ""
    schema = _schema(error)
    instance: Any = error.instance
    match error.validator:
        case "additionalProperties":
            known = list(schema["properties"])
            for key in instance:
                if key not in known:
                    yield (
                        f"{f'{place}.' if place else ''}{_word(key)}: unknown key"
                        f"{_suggest(str(key), known)}; allowed: {', '.join(known)}"
                    )
        case "required":
            missing = [key for key in schema["required"] if key not in instance]
            yield f"{f'{place}.' if place else ''}{missing[0]}: missing, and it has no default"
        case _:
            shown = TRUTH_VALUES[instance] if _is_truth(instance) else repr(instance)
            yield f"{prefix}{shown} is not allowed; {_allowed(error)}"


def _schema(error: ValidationError) -> Mapping[str, Any]:
    """Return the part of the schema that refused; the library types it as perhaps not there."""
    return error.schema if isinstance(error.schema, Mapping) else {}


def _is_truth(value: object) -> bool:
    return value is None or isinstance(value, bool)


def _allowed(error: ValidationError) -> str:
    """Say in words what a schema allows."""
    schema = _schema(error)
    instance: Any = error.instance
    if error.validator == "uniqueItems":
        return "each may be named once only"
    if error.validator in ("minItems", "minProperties"):
        return "at least one is needed"
    if "enum" in schema:
        return f"allowed: {', '.join(map(str, schema['enum']))}"
    if "description" in schema:
        return f"allowed: {schema['description']}"
    kinds = schema.get("type", "value")
    kinds = [kinds] if isinstance(kinds, str) else kinds
    words = {
        "integer": "a whole number",
        "number": "a number",
        "string": "a text",
        "array": "a list",
        "object": "a mapping (key: value)",
    }
    bounds = {
        "minimum": "from {}",
        "exclusiveMinimum": "above {}",
        "maximum": "to {}",
        "exclusiveMaximum": "below {}",
    }
    parts = [" or ".join(words[kind] for kind in kinds)]
    parts += [text.format(schema[key]) for key, text in bounds.items() if key in schema]
    hint = ""
    if isinstance(instance, str) and "number" in kinds and _is_number(instance):
        hint = f" (YAML reads {instance} as text: write {float(instance)})"
    return f"allowed: {' '.join(parts)}{hint}"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _suggest(word: str, known: list[str] | tuple[str, ...]) -> str:
    close = difflib.get_close_matches(word, known, n=1)
    return f" (did you mean {close[0]}?)" if close else ""
