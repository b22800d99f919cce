"""What is said of a configuration that its schema refuses: key, fault, and what is allowed."""

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema.exceptions import ValidationError

TRUTH_VALUES = {True: "true", False: "false", None: "null"}


def place_of(error: ValidationError) -> str:
    """Return the key that an error speaks of, as ``data.image_size``."""
    return ".".join(map(word, error.absolute_path))


def word(key: object) -> str:
    """Return a key as it is written, or quoted where it would not print in one line."""
    return str(key) if str(key).isprintable() else repr(key)


def explain(error: ValidationError) -> Iterator[str]:
    """Yield one line for each fault that a schema error speaks of: key, fault, what is allowed."""
    place = place_of(error)
    prefix = f"{place}: " if place else ""
    schema = _schema(error)
    instance: Any = error.instance
    match error.validator:
        case "additionalProperties":
            known = list(schema["properties"])
            for key in instance:
                if key not in known:
                    yield (
                        f"{f'{place}.' if place else ''}{word(key)}: unknown key"
                        f"{suggest(str(key), known)}; allowed: {', '.join(known)}"
                    )
        case "required":
            missing = [key for key in schema["required"] if key not in instance]
            yield f"{f'{place}.' if place else ''}{missing[0]}: missing, and it has no default"
        case "anyOf" if faults := _alternative(error):
            for fault in faults:
                yield from explain(fault)
        case _:
            shown = TRUTH_VALUES[instance] if _is_truth(instance) else repr(instance)
            known = [own for own in schema.get("enum", ()) if isinstance(own, str)]
            meant = suggest(instance, known) if isinstance(instance, str) else ""
            yield f"{prefix}{shown} is not allowed{meant}; {_allowed(error)}"


def _alternative(error: ValidationError) -> list[ValidationError]:
    """Return the faults of the one alternative whose kind of value this is, if there is one."""
    faults: dict[Any, list[ValidationError]] = {}
    for own in error.context or ():
        faults.setdefault(own.schema_path[0], []).append(own)
    of_kind = [
        own for own in faults.values() if not {"type", "const"} & {e.schema_path[1] for e in own}
    ]
    return of_kind[0] if len(of_kind) == 1 else []


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
        return f"at least {'two are' if error.validator_value == 2 else 'one is'} needed"
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
    limits = [text.format(schema[key]) for key, text in bounds.items() if key in schema]
    between = " and " if "exclusiveMaximum" in schema else " "
    parts = [" or ".join(words[kind] for kind in kinds), between.join(limits)]
    hint = ""
    if isinstance(instance, str) and "number" in kinds and _is_number(instance):
        hint = f" (YAML reads {instance} as text: write {float(instance)})"
    return f"allowed: {' '.join(filter(None, parts))}{hint}"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def suggest(word: str, known: list[str] | tuple[str, ...]) -> str:
    """Return a question that names the known word nearest to one, or nothing."""
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.65)
    return f" (did you mean {close[0]}?)" if close else ""
