"""What the schema alone cannot find wrong with a configuration."""

import math
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from timbang.study.messages import suggest, word
from timbang.study.study import Study
from timbang.study.words import Recipe

# What a script element of HTML ends or begins anew with.
HTML_ESCAPE = re.compile(r"</?script|<!--", re.IGNORECASE)


class Source(Protocol):
    """What the checks of a study ask of where its images come from."""

    @property
    def has_parts(self) -> bool:
        """Whether a table may say which part of the split each image is in."""
        ...

    def find_faults(self) -> Iterator[str]:
        """Yield a line for each key below ``data`` that does not go with the source."""
        ...


def find_infinite(value: Any, place: str = "") -> Iterator[str]:
    """Yield a line for each number that is not finite, which JSON has no word for."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from find_infinite(item, f"{place}.{word(key)}" if place else word(key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from find_infinite(item, f"{place}.{number}")
    elif isinstance(value, float) and not math.isfinite(value):
        yield f"{place}: {value} is not allowed; allowed: a finite number"


def find_unprintable(value: Any, place: str = "") -> Iterator[str]:
    """Yield a line for each text, keys among them, that could not be printed or shown as it is.

    Snakemake writes parameters and file names into its HTML report as they are (9.27).
    """
    if isinstance(value, Mapping):
        for key, item in value.items():
            below = f"{place}.{word(key)}" if place else word(key)
            yield from find_unprintable(str(key), below)
            yield from find_unprintable(item, below)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from find_unprintable(item, f"{place}.{number}")
    elif isinstance(value, str):
        if any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t" for c in value):
            yield f"{place}: {value!r} holds a control character; take it out"
        if HTML_ESCAPE.search(value):
            yield f"{place}: {value!r} would end a script of an HTML page; write it in other words"


def find_contradictions(
    study: Study, source: Source, find_network_fault: Callable[[str, float], str | None]
) -> Iterator[str]:
    """Yield a line for each thing that the schema alone cannot find."""
    yield from source.find_faults()
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
        for key, fault in find_recipe_faults(contender.recipe):
            yield f"contenders.{contender.name}.recipe.{key}: {fault}"
    if study.report.compare_with == study.name:
        yield f"report.compare_with: {study.name!r} is this study itself; name another one"
    for key in ("title", "course", "ai_assistance"):
        texts = getattr(study.report, key)
        for language in study.report.languages:
            if texts and language not in texts:
                yield f"report.{key}.{language}: missing; report.languages asks for {language}"


def find_parameters_faults(contenders: Any) -> Iterator[str]:
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


def find_recipe_faults(recipe: Recipe) -> Iterator[tuple[str, str]]:
    """Yield key and fault for each setting of a recipe that does not go with another one."""
    if recipe.momentum is not None and recipe.optimizer != "sgd":
        yield "momentum", f"has no meaning with optimizer {recipe.optimizer}; leave it out"
    if recipe.schedule == "step" and recipe.step_epochs is None:
        yield "step_epochs", "missing; schedule step needs it"
    if recipe.schedule != "step" and recipe.step_epochs is not None:
        yield "step_epochs", f"has no meaning with schedule {recipe.schedule}; leave it out"
    if recipe.warmup_epochs >= recipe.epochs and recipe.warmup_epochs:
        yield "warmup_epochs", f"{recipe.warmup_epochs:g} leaves nothing of {recipe.epochs} epochs"


def find_split_faults(study: Study, source: Source, given: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each key of the split that does not go with another key.

    Args:
        study: the study.
        source: where its images come from.
        given: the keys below ``split`` as the user gave them, without the defaults.
    """
    split = study.split
    if split.scheme in ("from", "published"):
        own = "from" if split.scheme == "from" else "scheme"
        shown = "split.from" if own == "from" else "split.scheme published"
        for key in given:
            if key != own:
                yield f"split.{key}: has no meaning with {shown}; leave it out"
        if split.scheme == "from" and not source.has_parts:
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


def find_seed_faults(study: Study) -> Iterator[str]:
    """Yield a line where several runs on one split could not tell the split from the training."""
    if study.seeds == 1:
        return
    if study.split.is_fixed:
        yield (
            f"seeds: {study.seeds} has no meaning where all replicates share one split; take "
            "more replicates"
        )
    elif len(study.replicates) == 1:
        yield f"seeds: {study.seeds} needs several splits to compare; take replicates: 2 or more"
