"""Reading small YAML files of the user's own without the costs that YAML can hide."""

from pathlib import Path
from typing import Any

import yaml

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
