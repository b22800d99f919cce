"""What the schema alone cannot find wrong with tuning, further recipes and learning curves."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jsonschema import Draft202012Validator

from timbang.study.checks import find_recipe_faults
from timbang.study.messages import explain
from timbang.study.study import Study

# More combinations of further recipes than anybody looks at.
MOST_VARIED = 200


def find_tuning_faults(
    study: Study, config: Mapping[str, Any], schema: Mapping[str, Any]
) -> Iterator[str]:
    """Yield a line for each thing that is wrong with ``tuning``, ``vary`` or ``learning_curve``.

    Args:
        study: the study.
        config: its configuration, with the defaults.
        schema: the schema of the configuration.
    """
    contenders = config["contenders"]
    own = contenders if isinstance(contenders, Mapping) else {}
    over = config.get("tuning", {}).get("over", {})
    yield from _find_range_faults("tuning.over", over, schema)
    for name, contender in own.items():
        ranges = contender.get("tuning", {})
        place = f"contenders.{name}.tuning"
        if ranges and not over:
            yield f"{place}: has no meaning without tuning.over; add it or leave it out"
        for key in ranges:
            if over and key not in over:
                yield f"{place}.{key}: is not tuned; allowed: {', '.join(over)}"
        yield from _find_range_faults(place, ranges, schema)
    axes = config.get("vary", {})
    yield from _find_value_faults("vary", axes, schema)
    if axes and not study.varied:
        yield "vary: names only what the study has already; add another value, or leave it out"
    if len(study.varied) > MOST_VARIED:
        yield (
            f"vary: {len(study.varied)} combinations are more than {MOST_VARIED}; take fewer "
            "values, or let tuning draw among them"
        )
    yield from _find_combination_faults(study)
    if "width" in axes:
        for contender in study.contenders:
            if contender.parameters_of is not None:
                yield (
                    f"vary.width: {contender.name} has no width of its own, it has as many "
                    "parameters as another; leave out one of the two"
                )


def _find_range_faults(
    place: str, ranges: Mapping[str, Sequence[Any]], schema: Mapping[str, Any]
) -> Iterator[str]:
    yield from _find_value_faults(place, ranges, schema)
    for key, values in ranges.items():
        words = [value for value in values if isinstance(value, str)]
        if words and len(words) < len(values):
            yield f"{place}.{key}: numbers and words cannot be mixed; take either"
        elif not words and len(values) != 2:
            yield f"{place}.{key}: a range has a lowest and a highest value, not {len(values)}"
        elif not words and values[0] > values[1]:
            yield f"{place}.{key}: {values[0]} is above {values[1]}; write the lowest first"


def _find_value_faults(
    place: str, values: Mapping[str, Sequence[Any]], schema: Mapping[str, Any]
) -> Iterator[str]:
    """Yield a line for each value that the key could not have in a recipe."""
    keys = {**schema["$defs"]["recipe"]["properties"], "width": schema["$defs"]["width"]}
    for key, own in values.items():
        validator = Draft202012Validator(keys[key])
        for value in own:
            for error in validator.iter_errors(value):
                yield from (f"{place}.{key}: {line}" for line in explain(error))


def _find_combination_faults(study: Study) -> Iterator[str]:
    """Yield a line for each recipe that contradicts itself by what is varied."""
    found: dict[str, None] = {}
    for contender in study.contenders:
        ranges = study.tuning.over[contender.name] if study.tuning else {}
        trials = [("tuning.over", {key: end}) for key, own in ranges.items() for end in own]
        for place, changes in (*trials, *(("vary", changes) for changes in study.varied)):
            recipe = contender.change(changes).recipe
            for key, fault in find_recipe_faults(recipe):
                said = ", ".join(f"{name} {value}" for name, value in changes.items())
                found[f"{place}: with {said} {key} {fault}"] = None
    yield from found
