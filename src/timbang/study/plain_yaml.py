"""Reading small YAML files of the user's own without the costs that YAML can hide."""

from pathlib import Path
from typing import Any

import yaml

from timbang.errors import TimbangError

# What a person writes takes a hundredth of these bytes, and five levels.
MOST_BYTES, MOST_LEVELS = 1_000_000, 20
# libyaml takes a tenth of the time; a PyYAML that was built without it reads by itself.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_plain_yaml(path: Path) -> Any:
    """Read a YAML file without aliases, a few of which may be gigabytes.

    Raises:
        ValueError: it is no file, too large, too deeply nested, or has aliases.
        OSError: it cannot be read.
        yaml.YAMLError: it is not YAML.
    """
    if not path.is_file():
        raise ValueError("it is not a file")
    if (size := path.stat().st_size) > MOST_BYTES:
        raise ValueError(f"it has {size:,} bytes")
    text = path.read_text(encoding="utf-8")
    level = 0
    for event in yaml.parse(text, LOADER):
        level += isinstance(event, yaml.CollectionStartEvent)
        level -= isinstance(event, yaml.CollectionEndEvent)
        if level > MOST_LEVELS:
            raise ValueError(f"it is nested deeper than {MOST_LEVELS} levels")
        if isinstance(event, yaml.AliasEvent):
            raise ValueError("it has aliases; write out what they stand for")
    return yaml.load(text, LOADER)


def read_config(path: Path) -> dict[str, Any]:
    """Read a configuration.

    Raises:
        TimbangError: it is no mapping, or a key stands twice in it.
        OSError: it cannot be read.
        ValueError: it is not text.
        yaml.YAMLError: it is not YAML.
    """
    refuse_repeated_keys(path)
    content = yaml.load(path.read_text(encoding="utf-8"), LOADER)
    if not isinstance(content, dict):
        raise TimbangError(f"{path}: is not a mapping (key: value)")
    return content


def refuse_repeated_keys(path: Path) -> None:
    """Refuse a YAML file in which a key stands twice, of which YAML would take the second one.

    Raises:
        TimbangError: there is such a key; the message names file, key and both lines.
        OSError: it cannot be read.
        ValueError: it is not text.
        yaml.YAMLError: it is not YAML.
    """
    seen, waiting = set(), [yaml.compose(path.read_text(encoding="utf-8"), LOADER)]
    while waiting:
        node = waiting.pop()
        # What an alias stands for is a node that was seen.
        if id(node) in seen or not isinstance(node, yaml.CollectionNode):
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            waiting += node.value
            continue
        lines: dict[str, int] = {}
        for key, value in node.value:
            waiting.append(value)
            line = key.start_mark.line + 1
            if first := lines.get(str(key.value)):
                raise TimbangError(
                    f"{path}, line {line}: {key.value} stands in line {first} too; keep one"
                )
            lines[str(key.value)] = line
