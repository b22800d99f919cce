"""The schema of the configuration: the one place of every key, default, bound and description."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import yaml

from timbang.resources import SCHEMA
from timbang.study.plain_yaml import LOADER


@cache
def read_schema() -> Mapping[str, Any]:
    """Return the schema that comes with the library."""
    return yaml.load(SCHEMA.read_text(encoding="utf-8"), LOADER)


def resolve(part: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a part of the schema with what it refers to."""
    if "$ref" not in part:
        return part
    return {**schema["$defs"][part["$ref"].rpartition("/")[2]], **part}


def fill_in(
    value: Any, part: Mapping[str, Any], schema: Mapping[str, Any], defaults: bool = True
) -> Any:
    """Return a copy of a valid value as its part of the schema describes it, numbers as floats.

    Args:
        value: what the configuration has.
        part: the part of the schema that describes it.
        schema: the whole schema.
        defaults: whether the defaults of keys that are missing are put in.
    """
    part = resolve(part, schema)
    if isinstance(value, Mapping):
        keys = part.get("properties", {})
        others = part.get("additionalProperties") or {}
        filled = {
            # What one contender says is only how it differs from the study.
            key: fill_in(own, keys.get(key, others), schema, defaults and key in keys)
            for key, own in value.items()
        }
        for key, own in keys.items():
            if defaults and key not in filled and "default" in own:
                filled[key] = fill_in(own["default"], own, schema)
        return filled
    if part.get("type") == "number" and isinstance(value, int):
        return float(value)
    return value


def defaults_of(section: str) -> dict[str, Any]:
    """Return the default of each key of a section, as ``data`` or ``recipe``; None where is none.

    >>> defaults_of("split")["scheme"], defaults_of("split")["folds"]
    ('grouped', None)
    """
    schema = read_schema()
    part = resolve(schema["properties"][section], schema)
    return dict.fromkeys(part["properties"]) | fill_in({}, part, schema)
