"""config/README.md, the schema and the dataclasses agree, and every shipped study is valid."""

import re
from dataclasses import MISSING, asdict, fields
from pathlib import Path

import pytest
import yaml
from made import make_recipe
from write_key_tables import write_tables

from timbang.evidence.claims import choose_claims
from timbang.networks.catalogue import find_fault, network_names
from timbang.report.settings import PUBLISHED_SETTINGS
from timbang.scores.measures import CLAIM_MEASURES
from timbang.sources.choice import find_source
from timbang.sources.torchvision_catalogue import CATALOGUE
from timbang.study.reading import read_study
from timbang.study.study import Report, Study
from timbang.study.words import Contender, Data, Recipe, Split

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "config" / "README.md").read_text(encoding="utf-8")
SCHEMA = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text())
SHIPPED = sorted((ROOT / "config").glob("*.yaml"))


# Keys whose names Python keeps for itself, and what they are called there.
FIELDS = {"from": "column", "vary": "varied"}
# Sections that are there only where they are asked for, by what they need.
ASKED_FOR = {"tuning": {"over": {"epochs": [1, 2]}}, "learning_curve": {"shares": [0.5]}}
MUST_BE_GIVEN = ("study", "data.source", "tuning.over", "learning_curve.shares")


def load(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def read(config):
    return read_study(config, SCHEMA, find_source, find_fault)


def resolve(schema):
    if "$ref" in schema:
        return {**SCHEMA["$defs"][schema["$ref"].rsplit("/", 1)[1]], **schema}
    return schema


def schema_keys():
    """Every key that holds a value, as `data.source`, with its schema."""
    keys = {}
    for name, schema in SCHEMA["properties"].items():
        inner = resolve(schema)
        if name != "contenders" and "properties" in inner:
            keys |= {f"{name}.{key}": resolve(own) for key, own in inner["properties"].items()}
        else:
            keys[name] = inner
    one = SCHEMA["properties"]["contenders"]["additionalProperties"]["properties"]
    return keys | {f"contenders.*.{key}": resolve(own) for key, own in one.items()}


def documented_keys():
    """Every row of the tables of keys: key, meaning, allowed, default, what runs again."""
    rows = {}
    for line in PAGE.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if len(cells) == 5 and re.fullmatch(r"\|? ?`[a-z0-9_.*]+`", cells[0]):
            key = cells[0].strip("| `")
            assert key not in rows, f"{key} is explained twice"
            rows[key] = cells
    return rows


def default_of(key):
    """What a study has for a key that its configuration leaves out."""
    study = read({"study": "smallest", "data": {"source": "digits"}} | ASKED_FOR)
    section, _, own = key.rpartition(".")
    match key:
        case "replicates":
            return len(study.replicates)
        case "width":
            return study.contenders[0].width
        case "contenders":
            return [contender.name for contender in study.contenders]
    value = getattr(getattr(study, section) if section else study, FIELDS.get(own, own))
    return list(value) if isinstance(value, tuple) else value


def yaml_examples():
    return re.findall(r"^ *```yaml\n(.*?)^ *```", PAGE, flags=re.MULTILINE | re.DOTALL)


def dedent(text):
    indent = len(text) - len(text.lstrip(" "))
    return "\n".join(line[indent:] for line in text.splitlines())


def test_every_key_is_explained_and_no_other():
    assert documented_keys().keys() == schema_keys().keys()


def test_the_tables_are_written_from_the_schema():
    assert write_tables(PAGE, SCHEMA) == PAGE, "run `make key-tables`"


@pytest.mark.parametrize("key", [key for key in schema_keys() if "*" not in key])
def test_the_schema_gives_the_default_that_counts(key):
    own = schema_keys()[key]
    assert ("default" in own) != ("x-default" in own) or key in ("claims", "contrasts")
    if key not in (*MUST_BE_GIVEN, "contrasts"):
        counts = default_of(key)
        is_nothing = counts in ({}, []) and "default" not in own
        assert own.get("default") == (None if is_nothing else counts)


def test_the_page_names_every_network():
    rows = PAGE.split("### Networks")[1].split("###")[0]
    assert sorted(re.findall(r"`([a-z]+[0-9]+(?:-cifar)?)`", rows)) == sorted(network_names())


def test_the_page_names_every_data_set_of_torchvision():
    (names,) = re.findall(r"data sets for classification: (.*)\.$", PAGE, flags=re.MULTILINE)
    assert names.split(", ") == list(CATALOGUE)


@pytest.mark.parametrize("kind", [Data, Split, Recipe])
def test_the_schema_and_the_dataclasses_have_the_same_keys(kind):
    section = kind.__name__.lower()
    inner = resolve(SCHEMA["properties"][section])
    keys = [FIELDS.get(key, key) for key in inner["properties"]]
    assert [field.name for field in fields(kind)] == keys


@pytest.mark.parametrize("kind", [Data, Split, Recipe, Contender, Report, Study])
def test_the_words_of_a_study_have_no_defaults_of_their_own(kind):
    assert [f.name for f in fields(kind) if f.default is not MISSING] == []
    assert [f.name for f in fields(kind) if f.default_factory is not MISSING] == []


def test_the_default_recipe_is_the_published_one():
    published = {
        "epochs": 15,
        "batch_size": 32,
        "optimizer": "adam",
        "learning_rate": 1e-3,
        "weight_decay": 1e-4,
        "horizontal_flip": 0.5,
        "schedule": "constant",
        "auto_augment": "none",
        "precision": "float32",
    }
    recipe = asdict(make_recipe())
    assert {key: recipe[key] for key in published} == published
    # Of no account with a constant schedule.
    others = {key: recipe[key] for key in recipe if key not in (*published, "step_factor")}
    assert not any(others.values()), others


def test_there_are_complete_examples_in_the_page_and_they_are_valid():
    examples = [yaml.safe_load(dedent(text)) for text in yaml_examples()]
    assert len(examples) >= 3
    for example in examples:
        # An example of a few keys is a part of a study.
        study = read({"study": "s", "data": {"source": "digits"}} | example)
        assert isinstance(study, Study)
        choose_claims(
            study.claims,
            {path.stem: path for path in (ROOT / "report/claims").glob("*.yaml")},
            [contender.name for contender in study.contenders],
            CLAIM_MEASURES,
        )


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_study_is_valid(path):
    assert isinstance(read(load(path)), Study)


@pytest.mark.parametrize("path", [*SHIPPED, ROOT / ".test/config/config.yaml"], ids=str)
def test_editors_find_the_schema_of_every_shipped_study(path):
    first = path.read_text(encoding="utf-8").splitlines()[0]
    schema = first.removeprefix("# yaml-language-server: $schema=")
    assert (path.parent / schema).samefile(ROOT / "workflow/schemas/config.schema.yaml")


def test_the_shipped_studies_have_folders_of_their_own():
    names = [load(path)["study"] for path in SHIPPED]
    assert len(set(names)) == len(names)


def test_food_is_the_published_study():
    study = read(load(ROOT / "config/food.yaml"))
    assert study.recipe == make_recipe()
    assert all(contender.recipe == make_recipe() for contender in study.contenders)
    assert all(contender.width == 1.0 for contender in study.contenders)
    assert [contender.network for contender in study.contenders] == [
        "plain34",
        "resnet34",
        "multipath34",
        "preact34",
    ]
    assert study.data.image_size == 224
    assert study.split.scheme == "published"
    assert len(study.replicates) == 7
    assert (ROOT / study.report.published).is_file()


def test_food_writes_its_recipe_out():
    written = load(ROOT / "config/food.yaml")["recipe"]
    assert tuple(written) == PUBLISHED_SETTINGS


def test_food_quick_is_the_same_data_small_and_without_leaks():
    food, quick = (read(load(ROOT / f"config/{name}.yaml")) for name in ("food", "food-quick"))
    assert (quick.data.table, quick.data.images) == (food.data.table, food.data.images)
    assert quick.data.image_size == 64
    assert all(contender.width == 0.25 for contender in quick.contenders)
    assert (quick.split.scheme, quick.split.validation) == ("grouped", 0.2)
    assert quick.report.published is None


@pytest.mark.parametrize("page", [*sorted(ROOT.glob("docs/*.md")), ROOT / "README.md"], ids=str)
def test_links_between_pages_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if "://" in target or target == "docs/example-report.png":  # drawn from a real run
            continue
        assert (page.parent / target).exists(), target
