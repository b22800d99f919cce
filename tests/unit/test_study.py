"""A configuration becomes a study, and each mistake in it becomes one line."""

import copy
import datetime
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from timbang.errors import TimbangError
from timbang.networks.catalogue import network_names
from timbang.study import Recipe, read_study

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text())
SMALLEST = "{study: s, data: {source: digits}}"


def read(text):
    return read_study(yaml.safe_load(text), SCHEMA, network_names())


def errors(text):
    with pytest.raises(TimbangError) as caught:
        read(text)
    return str(caught.value).splitlines()


def with_part(**parts):
    return yaml.safe_dump(yaml.safe_load(SMALLEST) | parts, sort_keys=False)


def test_smallest_configuration_has_the_defaults():
    study = read(SMALLEST)
    assert study.replicates == tuple(range(7))
    assert [c.name for c in study.contenders] == [c.network for c in study.contenders]
    assert [c.name for c in study.contenders] == ["plain34", "resnet34", "multipath34", "preact34"]
    assert study.reference == "resnet34"
    assert (study.split.scheme, study.split.validation) == ("stratified", 0.2)
    assert (study.data.image_size, study.data.on_problem) == (224, "stop")
    assert (study.data.filename_column, study.data.label_column) == ("filename", "label")
    assert {c.width for c in study.contenders} == {1.0}
    assert {c.recipe for c in study.contenders} == {Recipe()}
    assert study.report.languages == ("id", "en")


def test_default_recipe_is_the_published_one():
    assert Recipe() == Recipe(
        epochs=15,
        batch_size=32,
        optimizer="adam",
        learning_rate=1e-3,
        weight_decay=1e-4,
        horizontal_flip=0.5,
    )


@pytest.mark.parametrize("name", ["config.yaml", "food.yaml"])
def test_shipped_studies_are_valid(name):
    path = ROOT / "config" / name
    if not path.exists():
        pytest.skip(f"{name} is not there")
    assert len(read(path.read_text()).contenders) == 4


def test_recipe_of_a_contender_changes_only_what_it_names():
    study = read(
        with_part(
            recipe={"epochs": 3},
            width=0.5,
            contenders={
                "resnet34": {},
                "wide": {"network": "plain34", "width": 2, "recipe": {"learning_rate": 0.01}},
            },
        )
    )
    plain, wide = study.contender("resnet34"), study.contender("wide")
    assert (plain.network, plain.width, plain.recipe) == ("resnet34", 0.5, Recipe(epochs=3))
    assert (wide.network, wide.width) == ("plain34", 2.0)
    assert wide.recipe == Recipe(epochs=3, learning_rate=0.01)


def test_list_and_mapping_of_contenders_mean_the_same():
    names = ["resnet34", "preact34"]
    as_list = read(with_part(contenders=names))
    assert as_list == read(with_part(contenders={name: {} for name in names}))


def test_configuration_is_not_changed():
    config = yaml.safe_load("{study: s, data: {source: digits}, report: {date: 2025-10-03}}")
    before = copy.deepcopy(config)
    read_study(config, SCHEMA, network_names())
    assert config == before


@pytest.mark.parametrize("written", ["2025-10-03", "'2025-10-03'"])
def test_date_may_be_quoted_or_not(written):
    study = read(f"{{study: s, data: {{source: digits}}, report: {{date: {written}}}}}")
    assert study.report.date == datetime.date(2025, 10, 3)


MISTAKES = {
    "unknown key": (
        "{study: s, data: {source: digits}, replicate: 3}",
        ["replicate: unknown key (did you mean replicates?)", "recipe", "contenders"],
    ),
    "unknown key inside": (
        with_part(recipe={"epoch": 3}),
        ["recipe.epoch: unknown key (did you mean epochs?)", "batch_size"],
    ),
    "number that YAML reads as text": (
        "{study: s, data: {source: digits}, recipe: {learning_rate: 1e-3}}",
        ["recipe.learning_rate: '1e-3'", "a number above 0", "write 0.001"],
    ),
    "text for a number": (
        with_part(replicates="many"),
        ["replicates: 'many'", "a whole number from 1 to 1000"],
    ),
    "truth for a number": (with_part(width=True), ["width: true", "a number above 0 to 16"]),
    "nothing for a number": (with_part(threads=None), ["threads: null", "a whole number"]),
    "too small": (with_part(recipe={"batch_size": 1}), ["recipe.batch_size: 1", "from 2"]),
    "not finite": (
        "{study: s, data: {source: digits}, recipe: {learning_rate: .nan}}",
        ["recipe.learning_rate: nan", "finite"],
    ),
    "infinite": (
        "{study: s, data: {source: digits}, contenders: {resnet34: {recipe: "
        "{weight_decay: .inf}}}}",
        ["contenders.resnet34.recipe.weight_decay: inf", "finite"],
    ),
    "no such choice": (
        with_part(split={"scheme": "random"}),
        ["split.scheme: 'random'", "grouped"],
    ),
    "folder name": (
        "{study: My Study, data: {source: digits}}",
        ["study: 'My Study'", "lower-case letters"],
    ),
    "folder name with a line break": (
        '{study: "s\\n", data: {source: digits}}',
        ["study: 's\\n'", "lower-case letters"],
    ),
    "missing key": ("{study: s}", ["data: missing"]),
    "missing key inside": ("{study: s, data: {}}", ["data.source: missing"]),
    "source without its path": (
        "{study: s, data: {source: folder}}",
        ["data.folder: missing", "folder needs it"],
    ),
    "path without its source": (
        "{study: s, data: {source: digits, images: x}}",
        ["data.images: has no meaning with data.source digits"],
    ),
    "no such network": (
        with_part(contenders=["resnet34", "plain43"]),
        ["contenders.plain43", "did you mean plain34?", "multipath34"],
    ),
    "contender twice": (
        with_part(contenders=["resnet34", "resnet34"]),
        ["contenders: ", "once only"],
    ),
    "no contender": (with_part(contenders=[]), ["contenders: []", "at least one"]),
    "empty contender": (with_part(contenders={"resnet34": None}), ["contenders.resnet34: null"]),
    "reference is no contender": (
        with_part(contenders=["plain34"], reference="preact34"),
        ["reference: 'preact34' is not a contender", "allowed: plain34"],
    ),
    "no such day": (with_part(report={"date": "2025-02-30"}), ["report.date: '2025-02-30'"]),
    "moment for a day": (
        "{study: s, data: {source: digits}, report: {date: 2025-10-03 10:00:00}}",
        ["report.date: ", "2025-10-03"],
    ),
    "title in one language of two": (
        with_part(report={"title": {"id": "Judul"}}),
        ["report.title.en: missing"],
    ),
}


@pytest.mark.parametrize(("text", "parts"), MISTAKES.values(), ids=MISTAKES)
def test_mistake_is_one_line_with_its_key_and_what_is_allowed(text, parts):
    (line,) = errors(text)
    assert line.startswith(parts[0].split(" ")[0])
    for part in parts:
        assert part in line


def test_every_mistake_has_a_line():
    lines = errors(with_part(replicates=0, width="x", recipe={"epoch": 1, "optimiser": "adam"}))
    assert sorted(line.split(":")[0] for line in lines) == [
        "recipe.epoch",
        "recipe.optimiser",
        "replicates",
        "width",
    ]


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)
PLACES = [
    *((key,) for key in SCHEMA["properties"]),
    *(("recipe", key) for key in SCHEMA["$defs"]["recipe"]["properties"]),
    *(("data", key) for key in SCHEMA["properties"]["data"]["properties"]),
    *(("report", key) for key in SCHEMA["properties"]["report"]["properties"]),
]


@given(st.sampled_from(PLACES), ANYTHING)
def test_any_value_is_taken_or_refused_in_lines(place, value):
    config = yaml.safe_load(SMALLEST)
    part = config
    for key in place[:-1]:
        part = part.setdefault(key, {})
    part[place[-1]] = value
    try:
        read_study(config, SCHEMA, network_names())
    except TimbangError as error:
        assert all(line.startswith((*SCHEMA["properties"],)) for line in str(error).splitlines())
