"""Write the tables of keys in config/README.md from the schema of the configuration.

    make key-tables

A table stands between `<!-- keys: SECTION -->` and `<!-- end of keys -->`.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "config" / "README.md"
SCHEMA = ROOT / "workflow" / "schemas" / "config.schema.yaml"
HEADER = "| key | meaning | allowed | default | what runs again |\n|---|---|---|---|---|\n"
TABLE = re.compile(r"(?<=<!-- keys: )([a-z_]+)( -->\n).*?(?=<!-- end of keys -->)", re.DOTALL)


def write_tables(page: str, schema: Mapping[str, Any]) -> str:
    """Return the page with its tables as the schema has them."""

    def write_table(found: re.Match[str]) -> str:
        rows = [write_row(key, own) for key, own in list_keys(schema, found[1])]
        return f"{found[1]}{found[2]}{HEADER}{''.join(rows)}"

    return TABLE.sub(write_table, page)


def list_keys(schema: Mapping[str, Any], section: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each key of a section, as ``data.source``, and its own part of the schema.

    The section ``study`` has the keys that are no section; ``contenders`` those of one contender.
    """
    own = schema["properties"]
    if section == "study":
        for key, part in own.items():
            if "properties" not in resolve(part, schema):
                yield key, resolve(part, schema)
    elif section == "contenders":
        one = own["contenders"]["additionalProperties"]["properties"]
        for key, part in one.items():
            yield f"contenders.*.{key}", resolve(part, schema)
    else:
        for key, part in resolve(own[section], schema)["properties"].items():
            yield f"{section}.{key}", resolve(part, schema)


def resolve(part: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a part of the schema with what it refers to."""
    if "$ref" not in part:
        return part
    return {**schema["$defs"][part["$ref"].rpartition("/")[2]], **part}


def write_row(key: str, part: Mapping[str, Any]) -> str:
    """Return the line of one key."""
    default = part.get("x-default") or f"`{write_value(part['default'])}`"
    cells = (f"`{key}`", part["description"], write_allowed(part), default, part["x-reruns"])
    return f"| {' | '.join(cells)} |\n"


def write_allowed(part: Mapping[str, Any]) -> str:
    """Return in words what a part of the schema allows.

    >>> write_allowed({"type": "number", "exclusiveMinimum": 0, "maximum": 1})
    'above 0, up to 1'
    """
    words = part["items"]["enum"] if part.get("type") == "array" and "enum" in part["items"] else ()
    words = part.get("enum", words)
    if part.get("type") == "boolean":
        words = ("true", "false")
    if words:
        return ", ".join(f"`{word}`" for word in words)
    if "x-allowed" in part:
        return str(part["x-allowed"])
    least, above = part.get("minimum"), part.get("exclusiveMinimum")
    most, below = part.get("maximum"), part.get("exclusiveMaximum")
    if least is not None and (most, below) != (None, None):
        return f"{least} to {most}" if below is None else f"{least} to below {below}"
    if least is not None:
        return f"{least} or more"
    return ", ".join(
        f"{word} {bound}"
        for word, bound in (("above", above), ("below", below), ("up to", most))
        if bound is not None
    )


def write_value(value: Any) -> str:
    """Return a value as YAML has it in one line."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return f"[{', '.join(map(write_value, value))}]"
    return json.dumps(value)


def main() -> None:
    schema = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))
    PAGE.write_text(write_tables(PAGE.read_text(encoding="utf-8"), schema), encoding="utf-8")


if __name__ == "__main__":
    main()
