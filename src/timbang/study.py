"""The vocabulary of a study as frozen dataclasses, read from its configuration."""

import datetime
import difflib
import math
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from timbang.errors import TimbangError

LANGUAGES = ("id", "en")
# Of each source, the keys below data that it needs and those that it permits besides.
SOURCE_KEYS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "digits": ((), ()),
    "folder": (("folder",), ()),
    "table": (("table", "images"), ()),
    "archive": (("archive",), ("sha256", "folder", "table", "images")),
    "torchvision": (("dataset",), ("root",)),
}
# What a script element of HTML ends or begins anew with.
HTML_ESCAPE = re.compile(r"</?script|<!--", re.IGNORECASE)
TRUTH_VALUES = {True: "true", False: "false", None: "null"}


@dataclass(frozen=True)
class Data:
    """Where the images come from and what becomes of them.

    ``image_size`` is the side in pixels of the square that every image is resized to,
    ``largest_image`` the number of pixels above which an image is not decoded, and
    ``largest_archive`` the bytes above which an archive is not unpacked. Two images within
    ``duplicate_distance`` bits of perceptual hash and with ``duplicate_evidence`` nats or more
    are near-duplicates.
    """

    source: str
    folder: str | None = None
    table: str | None = None
    images: str | None = None
    archive: str | None = None
    sha256: str | None = None
    dataset: str | None = None
    root: str | None = None
    filename_column: str = "filename"
    label_column: str = "label"
    image_size: int = 224
    on_problem: str = "stop"
    largest_image: int = 100_000_000
    largest_archive: int = 50_000_000_000
    duplicate_distance: int = 12
    duplicate_evidence: float = 40.0


@dataclass(frozen=True)
class Split:
    """How the images are divided.

    ``validation`` and ``test`` are wanted shares of all images. With ``folds`` the validation
    parts of that many replicates cover all images but those of the test part, and ``validation``
    is the share of one fold. ``column`` (``from`` in the configuration) names the column of the
    user's table that divides the images; ``scheme`` is then ``from``. Without ``resample`` every
    replicate has the split of replicate 0.
    """

    scheme: str = "grouped"
    validation: float = 0.2
    test: float = 0.0
    folds: int | None = None
    column: str | None = None
    resample: bool = True

    @property
    def is_fixed(self) -> bool:
        """Whether all replicates share one split."""
        return self.scheme in ("published", "from") or not self.resample


@dataclass(frozen=True)
class Recipe:
    """How a network is trained; the defaults are the published study's, all else is off.

    ``momentum`` None stands for the optimiser's own. ``random_resized_crop`` is the least share
    of the area that is kept, ``mixup`` and ``cutmix`` are the alpha of their Beta distributions,
    ``gradient_clip`` is the largest norm, ``ema`` the decay of the moving average of the weights.
    ``precision`` is that of the forward pass, ``tf32`` permits a GPU to round the factors of
    float32 products, ``compile`` lets torch compile the network.
    """

    epochs: int = 15
    batch_size: int = 32
    optimizer: str = "adam"
    learning_rate: float = 0.001
    weight_decay: float = 0.0001
    horizontal_flip: float = 0.5
    momentum: float | None = None
    schedule: str = "constant"
    warmup_epochs: float = 0.0
    step_epochs: int | None = None
    step_factor: float = 0.1
    label_smoothing: float = 0.0
    mixup: float = 0.0
    cutmix: float = 0.0
    dropout: float = 0.0
    random_resized_crop: float = 0.0
    auto_augment: str = "none"
    gradient_clip: float = 0.0
    ema: float = 0.0
    weights: str | None = None
    precision: str = "float32"
    tf32: bool = False
    compile: bool = False


@dataclass(frozen=True)
class Contender:
    """A network with its recipe, by name.

    ``width`` multiplies every number of channels. With ``parameters_of``, the network and width
    of another contender, the width is solved instead so that both have as many parameters.
    """

    name: str
    network: str
    width: float
    recipe: Recipe
    parameters_of: tuple[str, float] | None = None


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
    compare_with: str | None


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
    contrasts: tuple[str, ...]
    margin: float
    claims: Mapping[str, Any]
    probes: tuple[str, ...]
    device: str
    threads: int
    checkpoint_seconds: float
    report: Report

    def contender(self, name: str) -> Contender:
        """Return the contender of that name, which must exist."""
        return next(contender for contender in self.contenders if contender.name == name)

    @property
    def weighed(self) -> tuple[str, ...]:
        """The reference and the contenders that are tested against it, in their order.

        The others are controls: claims may name them, and tables and figures show them.
        """
        return tuple(c.name for c in self.contenders if c.name in (self.reference, *self.contrasts))


def read_study(
    config: Mapping[str, Any],
    schema: Mapping[str, Any],
    find_network_fault: Callable[[str, float], str | None],
) -> Study:
    """Check a configuration and turn it into a study.

    Args:
        config: the configuration as read from YAML; it is not changed.
        schema: the JSON schema of ``workflow/schemas/config.schema.yaml``.
        find_network_fault: says what is wrong with a network's name or its width, or None.

    Raises:
        TimbangError: one line for each thing that is wrong, with its key and what is allowed.
    """
    config = _with_dates_as_text(config)
    errors = sorted(Draft202012Validator(schema).iter_errors(config), key=_place)
    lines = [line for error in errors for line in _explain(error)]
    lines += _find_infinite(config)
    lines += _find_unprintable(config)
    if lines:
        raise TimbangError("\n".join(lines))
    filled = _with_defaults(config, schema)
    study = _build_study(filled)
    lines = [
        *_find_contradictions(study, find_network_fault),
        *_find_parameters_faults(filled["contenders"]),
        *_find_split_faults(study, config.get("split", {})),
    ]
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
        split=_build_split(config["split"]),
        replicates=tuple(range(config["replicates"])),
        recipe=recipe,
        width=float(config["width"]),
        contenders=tuple(
            Contender(
                name=name,
                network=own.get("network", name),
                width=float(own.get("width", config["width"])),
                recipe=replace(recipe, **own.get("recipe", {})),
                parameters_of=_measure_of(own.get("parameters_of"), contenders, config["width"]),
            )
            for name, own in contenders.items()
        ),
        reference=config["reference"],
        contrasts=tuple(
            config.get("contrasts", [name for name in contenders if name != config["reference"]])
        ),
        margin=float(config["margin"]),
        claims=config["claims"],
        probes=tuple(config["probes"]),
        device=config["device"],
        threads=config["threads"],
        checkpoint_seconds=float(config["checkpoint_seconds"]),
        report=Report(
            languages=tuple(report["languages"]),
            title=_by_language(report.get("title", {})),
            authors=tuple(report["authors"]),
            course=_by_language(report.get("course", {})),
            date=_read_date(report.get("date")),
            ai_assistance=_by_language(report.get("ai_assistance", {})),
            published=report.get("published"),
            compare_with=report.get("compare_with"),
        ),
    )


def _measure_of(
    name: str | None, contenders: Mapping[str, Any], width: float
) -> tuple[str, float] | None:
    """Return network and width of the contender of that name, None where there is no name."""
    if name is None:
        return None
    other = contenders.get(name, {})
    return other.get("network", name), float(other.get("width", width))


def _build_split(config: Mapping[str, Any]) -> Split:
    split = Split(**{"column" if key == "from" else key: config[key] for key in config})
    if split.column is not None:
        return replace(split, scheme="from")
    if split.folds is not None:
        return replace(split, validation=(1 - split.test) / split.folds)
    return split


def _find_infinite(value: Any, place: str = "") -> Iterator[str]:
    """Yield a line for each number that is not finite, which JSON has no word for."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _find_infinite(item, f"{place}.{_word(key)}" if place else _word(key))
    elif isinstance(value, float) and not math.isfinite(value):
        yield f"{place}: {value} is not allowed; allowed: a finite number"


def _find_unprintable(value: Any, place: str = "") -> Iterator[str]:
    """Yield a line for each text, keys among them, that could not be printed or shown as it is.

    Snakemake writes parameters and file names into its HTML report as they are (9.27).
    """
    if isinstance(value, Mapping):
        for key, item in value.items():
            below = f"{place}.{_word(key)}" if place else _word(key)
            yield from _find_unprintable(str(key), below)
            yield from _find_unprintable(item, below)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _find_unprintable(item, f"{place}.{number}")
    elif isinstance(value, str):
        if any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t" for c in value):
            yield f"{place}: {value!r} holds a control character; take it out"
        if HTML_ESCAPE.search(value):
            yield f"{place}: {value!r} would end a script of an HTML page; write it in other words"


def _find_contradictions(
    study: Study, find_network_fault: Callable[[str, float], str | None]
) -> Iterator[str]:
    """Yield a line for each thing that the schema alone cannot find."""
    yield from _find_source_faults(study.data)
    names = [contender.name for contender in study.contenders]
    for contender in study.contenders:
        fault = find_network_fault(contender.network, contender.width)
        if fault is not None:
            yield f"contenders.{contender.name}: {fault}"
    if study.reference not in names:
        yield (
            f"reference: {study.reference!r} is not a contender"
            f"{suggest(study.reference, names)}; allowed: {', '.join(names)}"
        )
    for name in study.contrasts:
        if name == study.reference:
            yield f"contrasts: {name!r} is the reference, which all are compared with; leave it out"
        elif name not in names:
            others = [other for other in names if other != study.reference]
            yield (
                f"contrasts: {name!r} is not a contender{suggest(name, others)}; "
                f"allowed: {', '.join(others)}"
            )
    for contender in study.contenders:
        for key, fault in _find_recipe_faults(contender.recipe):
            yield f"contenders.{contender.name}.recipe.{key}: {fault}"
    if study.report.compare_with == study.name:
        yield f"report.compare_with: {study.name!r} is this study itself; name another one"
    for key in ("title", "course", "ai_assistance"):
        texts = getattr(study.report, key)
        for language in study.report.languages:
            if texts and language not in texts:
                yield f"report.{key}.{language}: missing; report.languages asks for {language}"


def _find_parameters_faults(contenders: Any) -> Iterator[str]:
    """Yield a line for each ``parameters_of`` that names no contender of a width of its own."""
    if not isinstance(contenders, Mapping):
        return
    for name, own in contenders.items():
        other = own.get("parameters_of")
        if other is None:
            continue
        place = f"contenders.{name}.parameters_of"
        if other not in contenders or other == name:
            others = [known for known in contenders if known != name]
            hint = suggest(other, others)
            yield f"{place}: {other!r} is no other contender{hint}; allowed: {', '.join(others)}"
        elif "parameters_of" in contenders[other]:
            yield f"{place}: {other}'s own width is solved; name a contender that has a width"
        if "width" in own:
            yield f"contenders.{name}.width: has no meaning with parameters_of; leave it out"
        if any(mark in own.get("network", name) for mark in ":/"):
            yield f"{place}: has no meaning with {own['network']}, which has one width only"


def _find_recipe_faults(recipe: Recipe) -> Iterator[tuple[str, str]]:
    """Yield key and fault for each setting of a recipe that does not go with another one."""
    if recipe.momentum is not None and recipe.optimizer != "sgd":
        yield "momentum", f"has no meaning with optimizer {recipe.optimizer}; leave it out"
    if recipe.schedule == "step" and recipe.step_epochs is None:
        yield "step_epochs", "missing; schedule step needs it"
    if recipe.schedule != "step" and recipe.step_epochs is not None:
        yield "step_epochs", f"has no meaning with schedule {recipe.schedule}; leave it out"
    if recipe.warmup_epochs >= recipe.epochs and recipe.warmup_epochs:
        yield "warmup_epochs", f"{recipe.warmup_epochs:g} leaves nothing of {recipe.epochs} epochs"


def _find_split_faults(study: Study, given: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each key of the split that does not go with another key.

    Args:
        study: the study.
        given: the keys below ``split`` as the user gave them, without the defaults.
    """
    split = study.split
    if split.scheme in ("from", "published"):
        own = "from" if split.scheme == "from" else "scheme"
        shown = "split.from" if own == "from" else "split.scheme published"
        for key in given:
            if key != own:
                yield f"split.{key}: has no meaning with {shown}; leave it out"
        if split.scheme == "from" and not (study.data.table or study.data.source == "torchvision"):
            yield (
                f"split.from: needs a table of labels, and data.source {study.data.source} has "
                "none; use split.scheme"
            )
        return
    if split.folds is not None:
        if not split.resample:
            yield "split.resample: false has no meaning with split.folds; leave one of them out"
        if "validation" in given and abs(given["validation"] - split.validation) > 0.005:
            yield (
                f"split.validation: {given['validation']} contradicts split.folds {split.folds}, "
                f"whose share is {split.validation:.3g}; leave it out"
            )
        number = len(study.replicates)
        if number % split.folds:
            below = number - number % split.folds
            take = f"{below} or {below + split.folds}" if below else f"{split.folds}"
            yield f"replicates: {number} does not fill whole folds of {split.folds}; take {take}"
    if split.validation + split.test >= 1 - 1e-9:
        yield (
            f"split.test: {split.test} and split.validation {split.validation} leave nothing to "
            "train on; lower one of them"
        )


def _find_source_faults(data: Data) -> Iterator[str]:
    """Yield a line for each key that does not go with the source or with another key."""
    needed, permitted = SOURCE_KEYS[data.source]
    for key in sorted({key for keys in SOURCE_KEYS.values() for key in keys[0] + keys[1]}):
        given = getattr(data, key) is not None
        if key in needed and not given:
            yield f"data.{key}: missing; data.source {data.source} needs it"
        if given and key not in needed + permitted:
            yield f"data.{key}: has no meaning with data.source {data.source}; leave it out"
    if data.source == "archive" and data.archive is not None:
        yield from _find_archive_faults(data, data.archive)


def _find_archive_faults(data: Data, archive: str) -> Iterator[str]:
    scheme = _scheme(archive)
    if scheme not in ("", "http", "https") and not archive.lower().startswith("file:///"):
        yield (
            f"data.archive: {hide_password(archive)!r} is not allowed; "
            "allowed: a path, or a URL that begins with "
            "http://, https:// or file:///"
        )
    if scheme in ("http", "https") and data.sha256 is None:
        yield "data.sha256: missing; an archive that is fetched needs it, as sha256sum prints it"
    if data.folder is not None and data.table is not None:
        yield "data.folder: has no meaning beside data.table; leave one of them out"
    for key, other in (("table", "images"), ("images", "table")):
        if getattr(data, key) is None and getattr(data, other) is not None:
            yield f"data.{key}: missing; data.{other} needs it"
    for key in ("folder", "table", "images"):
        path = PurePosixPath(getattr(data, key) or "")
        if path.is_absolute() or ".." in path.parts:
            yield f"data.{key}: {str(path)!r} is not allowed; allowed: a path inside the archive"


def archive_path(archive: str) -> Path | None:
    """Return where an archive lies on this machine, or None where it is to be fetched.

    >>> archive_path("data/animals.zip")
    PosixPath('data/animals.zip')
    >>> archive_path("file:///data/my%20animals.zip")
    PosixPath('/data/my animals.zip')
    >>> archive_path("https://example.org/animals.zip") is None
    True
    """
    if _scheme(archive) in ("http", "https"):
        return None
    if _scheme(archive) == "file":
        return Path(unquote(archive[len("file://") :]))
    return Path(archive)


def hide_password(text: str) -> str:
    """Return a text that may hold URLs without the names and passwords in them.

    >>> hide_password("https://me:my/secret@example.org/a.zip: no answer")
    'https://example.org/a.zip: no answer'
    """
    return re.sub(r"(?<=://)\S*@", "", text)


def _scheme(archive: str) -> str:
    """Return what stands before :// in a URL, in small letters, or nothing for a path."""
    scheme, separator, _ = archive.partition("://")
    return scheme.lower() if separator else ""


def check_paths(
    data: Data,
    published: str | None,
    compared: str | None = None,
    contenders: Sequence[Contender] = (),
) -> None:
    """Check that what a study reads is there, before a failing step deletes finished results.

    Args:
        data: where the images come from; paths are relative to the working folder.
        published: the file of published numbers, if any.
        compared: the summary of the study that this one is compared with, if any.
        contenders: those whose weights may come from a file.

    Raises:
        TimbangError: one line for each path that is missing or of the wrong kind.
    """
    lines = [
        f"{key}: {path} is not a {kind}; correct the path"
        for key, path, kind in (
            *_list_paths(data),
            ("report.published", published, "file"),
            *(
                (f"contenders.{own.name}.recipe.weights", own.recipe.weights, "file")
                for own in contenders
                if own.recipe.weights != "torchvision"
            ),
        )
        if path and not (Path(path).is_dir() if kind == "folder" else Path(path).is_file())
    ]
    if compared and not Path(compared).is_file():
        lines.append(f"report.compare_with: {compared} is not there; run that study first")
    if lines:
        raise TimbangError("\n".join(lines))


def _list_paths(data: Data) -> list[tuple[str, str | Path | None, str]]:
    """Return the paths of a source that must be there, each with its key and kind."""
    if data.source == "archive":
        return [("data.archive", archive_path(data.archive or ""), "file")]
    if data.source == "torchvision":
        # A root that is not there is made.
        is_there = data.root is not None and Path(data.root).exists()
        return [("data.root", data.root if is_there else None, "folder")]
    return [
        ("data.folder", data.folder, "folder"),
        ("data.images", data.images, "folder"),
        ("data.table", data.table, "file"),
    ]


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
                        f"{suggest(str(key), known)}; allowed: {', '.join(known)}"
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
    if "x-allowed" in schema:
        return f"allowed: {schema['x-allowed']}"
    kinds = schema.get("type", "value")
    kinds = [kinds] if isinstance(kinds, str) else kinds
    words = {
        "integer": "a whole number",
        "number": "a number",
        "string": "a text",
        "boolean": "true or false",
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


def suggest(word: str, known: list[str] | tuple[str, ...]) -> str:
    """Return a question that names the known word nearest to one, or nothing."""
    close = difflib.get_close_matches(word, known, n=1)
    return f" (did you mean {close[0]}?)" if close else ""
