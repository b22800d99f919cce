"""A published study's numbers, to stand beside this study's own."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from timbang.errors import TimbangError
from timbang.study.plain_yaml import read_plain_yaml

# What reading another file raises.
FAULTS = (
    OSError,
    ValueError,
    yaml.YAMLError,
    RecursionError,
    LookupError,
    TypeError,
    AttributeError,
)


@dataclass(frozen=True)
class PublishedResult:
    """One published run: fractions, nats and seconds; None where nothing was published."""

    validation_accuracy: float
    validation_loss: float | None = None
    train_accuracy: float | None = None
    train_loss: float | None = None
    parameters: int | None = None
    unused_parameters: int = 0
    seconds: float | None = None


@dataclass(frozen=True)
class OtherRun:
    """Single runs of others: where they come from, by language, and accuracies by contender."""

    source: Mapping[str, str]
    accuracies: Mapping[str, float]


@dataclass(frozen=True)
class Published:
    """A published study: how it is cited, its title and its results by contender.

    ``images`` is the number of its images, which tells its data set from others; ``others`` are
    runs by others that may stand beside it.
    """

    citation: str
    title: str
    results: Mapping[str, PublishedResult]
    images: int | None = None
    others: tuple[OtherRun, ...] = ()


def read_published(path: str | None) -> Published | None:
    """Read published numbers, or return None where no path is given.

    Raises:
        TimbangError: the file is not of the form of ``report/published.yaml``.
    """
    if not path:
        return None
    try:
        return _read(read_plain_yaml(Path(path)))
    except FAULTS as error:
        reason = " ".join(str(error).split())[:300]
        raise TimbangError(
            f"report.published: {path} is not of the form of report/published.yaml ({reason})"
        ) from None


def _read(content: Any) -> Published:
    results = {str(name): PublishedResult(**row) for name, row in content["results"].items()}
    others = tuple(OtherRun(**row) for row in content.get("others", ()))
    numbers = [
        *(value for result in results.values() for value in vars(result).values()),
        *(accuracy for run in others for accuracy in run.accuracies.values()),
        content.get("images"),
    ]
    for value in numbers:
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise ValueError(f"{str(value)[:50]!r} is no number")
        if value is not None and not 0 <= value < 1e12:
            raise ValueError(f"{value} is no such number")
    texts = [content["citation"], content["title"], *(v for r in others for v in r.source.values())]
    for text in texts:
        if not isinstance(text, str) or not text.replace("\n", "").isprintable():
            raise ValueError(f"{str(text)[:50]!r} is no text that can be printed")
    return Published(
        citation=content["citation"],
        title=content["title"],
        results=results,
        images=content.get("images"),
        others=others,
    )
