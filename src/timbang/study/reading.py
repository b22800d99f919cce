"""Reading a study from its configuration."""

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from itertools import product
from typing import Any, TypeVar

from jsonschema import Draft202012Validator

from timbang.errors import TimbangError
from timbang.study.checks import (
    Source,
    find_contradictions,
    find_infinite,
    find_parameters_faults,
    find_seed_faults,
    find_split_faults,
    find_unprintable,
)
from timbang.study.messages import explain, place_of
from timbang.study.schema import fill_in
from timbang.study.study import LearningCurve, Report, Study, Tuning
from timbang.study.tuning import find_tuning_faults
from timbang.study.words import Contender, Data, Recipe, Split

Word = TypeVar("Word", Data, Split, Recipe)


def read_study(
    config: Mapping[str, Any],
    schema: Mapping[str, Any],
    find_source: Callable[[Data, str], Source],
    find_network_fault: Callable[[str, float], str | None],
) -> Study:
    """Check a configuration and turn it into a study.

    Args:
        config: the configuration as read from YAML; it is not changed.
        schema: the JSON schema of ``workflow/schemas/config.schema.yaml``.
        find_source: says by data and name of a study where its images come from.
        find_network_fault: says what is wrong with a network's name or its width, or None.

    Raises:
        TimbangError: one line for each thing that is wrong, with its key and what is allowed.
    """
    config = _with_dates_as_text(config)
    errors = sorted(Draft202012Validator(schema).iter_errors(config), key=place_of)
    lines = [line for error in errors for line in explain(error)]
    lines += find_infinite(config)
    lines += find_unprintable(config)
    if lines:
        raise TimbangError("\n".join(lines))
    filled = fill_in(config, schema, schema)
    study = _build_study(filled)
    source = find_source(study.data, study.name)
    lines = [
        *find_contradictions(study, source, find_network_fault),
        *find_parameters_faults(filled["contenders"]),
        *find_split_faults(study, source, config.get("split", {})),
        *find_seed_faults(study),
        *find_tuning_faults(study, filled, schema),
    ]
    if lines:
        raise TimbangError("\n".join(lines))
    return study


def restore_study(content: Mapping[str, Any]) -> Study:
    """Return a study that ``dataclasses.asdict`` took apart."""
    return Study(
        **{
            **content,
            "data": Data(**content["data"]),
            "split": Split(**content["split"]),
            "recipe": Recipe(**content["recipe"]),
            "contenders": tuple(
                Contender(**{**own, "recipe": Recipe(**own["recipe"])})
                for own in content["contenders"]
            ),
            "tuning": content["tuning"] and Tuning(**content["tuning"]),
            "learning_curve": (
                content["learning_curve"] and LearningCurve(**content["learning_curve"])
            ),
            "report": Report(**content["report"]),
        }
    )


def _build_study(config: Mapping[str, Any]) -> Study:
    recipe = _make(Recipe, config["recipe"])
    contenders = config["contenders"]
    if not isinstance(contenders, Mapping):
        contenders = {name: {} for name in contenders}
    report = config["report"]
    own_contenders = tuple(
        Contender(
            name=name,
            network=own.get("network", name),
            width=float(own.get("width", config["width"])),
            recipe=replace(recipe, **own.get("recipe", {})),
            parameters_of=_measure_of(own.get("parameters_of"), contenders, config["width"]),
        )
        for name, own in contenders.items()
    )
    return Study(
        name=config["study"],
        data=_make(Data, config["data"]),
        split=_build_split(config["split"]),
        replicates=tuple(range(config["replicates"])),
        seeds=config["seeds"],
        recipe=recipe,
        width=float(config["width"]),
        contenders=own_contenders,
        reference=config["reference"],
        contrasts=tuple(
            config.get("contrasts", [name for name in contenders if name != config["reference"]])
        ),
        margin=float(config["margin"]),
        about=config["about"],
        diverged=config["diverged"],
        tuning=_build_tuning(config.get("tuning"), contenders),
        varied=tuple(
            changes
            for changes in _cross(config.get("vary", {}))
            if any(own.change(changes) != own for own in own_contenders)
        ),
        learning_curve=_build_learning_curve(config.get("learning_curve")),
        claims=config["claims"],
        on_suspects=config["on_suspects"],
        probes=tuple(config["probes"]),
        device=config["device"],
        threads=config["threads"],
        checkpoint_seconds=float(config["checkpoint_seconds"]),
        report=Report(
            languages=tuple(report["languages"]),
            title=_by_language(report.get("title", {}), report["languages"]),
            authors=tuple(report["authors"]),
            course=_by_language(report.get("course", {}), report["languages"]),
            date=_read_date(report.get("date")),
            ai_assistance=_by_language(report.get("ai_assistance", {}), report["languages"]),
            sections=tuple(report["sections"]),
            bibliography=report.get("bibliography"),
            logo=report.get("logo"),
            title_page=report.get("title_page"),
            published=report.get("published"),
            compare_with=report.get("compare_with"),
        ),
    )


def _build_tuning(config: Mapping[str, Any] | None, contenders: Mapping[str, Any]) -> Tuning | None:
    if config is None:
        return None
    over = {
        name: {
            key: tuple(own.get("tuning", {}).get(key, values))
            for key, values in config["over"].items()
        }
        for name, own in contenders.items()
    }
    return Tuning(**{**config, "over": over})


def _cross(axes: Mapping[str, Sequence[Any]]) -> tuple[dict[str, Any], ...]:
    """Return all combinations of the values of axes; none without axes."""
    if not axes:
        return ()
    return tuple(dict(zip(axes, values, strict=True)) for values in product(*axes.values()))


def _build_learning_curve(config: Mapping[str, Any] | None) -> LearningCurve | None:
    if config is None:
        return None
    return LearningCurve(shares=tuple(sorted(config["shares"])), by=config["by"])


def _measure_of(
    name: str | None, contenders: Mapping[str, Any], width: float
) -> tuple[str, float] | None:
    """Return network and width of the contender of that name, None where there is no name."""
    if name is None:
        return None
    other = contenders.get(name, {})
    return other.get("network", name), float(other.get("width", width))


def _make(kind: type[Word], given: Mapping[str, Any]) -> Word:
    """Make a word of a study; what has no default and is not given is None."""
    values: dict[str, Any] = {field.name: given.get(field.name) for field in fields(kind)}
    return kind(**values)


def _build_split(config: Mapping[str, Any]) -> Split:
    split = _make(Split, {"column" if key == "from" else key: config[key] for key in config})
    if split.column is not None:
        return replace(split, scheme="from")
    if split.folds is not None:
        return replace(split, validation=(1 - split.test) / split.folds)
    return split


def _by_language(text: str | Mapping[str, str], languages: Sequence[str]) -> dict[str, str]:
    return dict.fromkeys(languages, text) if isinstance(text, str) else dict(text)


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
