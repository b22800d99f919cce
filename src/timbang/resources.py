"""Where the files lie that the library reads beside its code: in a checkout, or installed with it.

A checkout keeps them where a person looks for them; ``pip install`` puts copies into the package
(pyproject.toml says which).
"""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = _PACKAGE.parents[1]


def _find(place: str) -> Path:
    in_checkout = _CHECKOUT / place
    return in_checkout if (_CHECKOUT / "Snakefile").is_file() else _PACKAGE / "resources" / place


# Templates, texts, claims and the bibliography of the report.
REPORT = _find("report")
# The schema of a study's configuration.
SCHEMA = _find("workflow/schemas/config.schema.yaml")
# The default study.
CONFIG = _find("config/config.yaml")
