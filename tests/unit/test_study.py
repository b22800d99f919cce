"""A configuration becomes a study, and each mistake in it becomes one line."""

import copy
import datetime
from dataclasses import asdict
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from made import make_data, make_recipe

from timbang.errors import TimbangError
from timbang.networks.catalogue import find_fault
from timbang.sources.choice import find_source
from timbang.study.paths import check_paths
from timbang.study.reading import read_study, restore_study
from timbang.study.variants import list_changes

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text())
SMALLEST = "{study: s, data: {source: digits}}"


def read(text):
    return read_study(yaml.safe_load(text), SCHEMA, find_source, find_fault)


def errors(text):
    with pytest.raises(TimbangError) as caught:
        read(text)
    return str(caught.value).splitlines()


def with_part(**parts):
    return yaml.safe_dump(yaml.safe_load(SMALLEST) | parts, sort_keys=False)


def test_smallest_configuration_has_the_defaults():
    study = read(SMALLEST)
    assert study.replicates == tuple(range(7))
    assert study.seeds == 1
    assert [c.name for c in study.contenders] == [c.network for c in study.contenders]
    assert [c.name for c in study.contenders] == ["plain34", "resnet34", "multipath34", "preact34"]
    assert study.reference == "resnet34"
    assert (study.split.scheme, study.split.validation) == ("grouped", 0.2)
    assert (study.data.image_size, study.data.on_problem) == (224, "stop")
    assert (study.data.filename_column, study.data.label_column) == ("filename", "label")
    assert {c.width for c in study.contenders} == {1.0}
    assert {c.recipe for c in study.contenders} == {make_recipe()}
    assert study.report.languages == ("id", "en")


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
    assert (plain.network, plain.width, plain.recipe) == ("resnet34", 0.5, make_recipe(epochs=3))
    assert (wide.network, wide.width) == ("plain34", 2.0)
    assert wide.recipe == make_recipe(epochs=3, learning_rate=0.01)


def test_list_and_mapping_of_contenders_mean_the_same():
    names = ["resnet34", "preact34"]
    as_list = read(with_part(contenders=names))
    assert as_list == read(with_part(contenders={name: {} for name in names}))


def test_configuration_is_not_changed():
    config = yaml.safe_load("{study: s, data: {source: digits}, report: {date: 2025-10-03}}")
    before = copy.deepcopy(config)
    read_study(config, SCHEMA, find_source, find_fault)
    assert config == before


@pytest.mark.parametrize("written", ["2025-10-03", "'2025-10-03'"])
def test_date_may_be_quoted_or_not(written):
    study = read(f"{{study: s, data: {{source: digits}}, report: {{date: {written}}}}}")
    assert study.report.date == datetime.date(2025, 10, 3)


def with_data(*lines):
    return yaml.safe_dump({"study": "s", "data": yaml.safe_load("\n".join(lines))})


def with_table(**parts):
    data = {"source": "table", "table": "t.csv", "images": "i"}
    return yaml.safe_dump({"study": "s", "data": data} | parts)


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
    "name of a claim": (
        with_part(claims={"my claim": {"tests": []}}),
        ["claims: 'my claim' is not allowed", "lower-case letters"],
    ),
    "claim that is named twice": (
        with_part(claims=["a", "a"]),
        ["claims: ['a', 'a'] is not allowed", "each may be named once only"],
    ),
    "nothing for a number": (with_part(threads=None), ["threads: null", "a whole number"]),
    "too small": (with_part(recipe={"batch_size": 1}), ["recipe.batch_size: 1", "from 2"]),
    "not finite": (
        "{study: s, data: {source: digits}, recipe: {learning_rate: .nan}}",
        ["recipe.learning_rate: nan", "finite"],
    ),
    "no such choice": (
        with_part(split={"scheme": "random"}),
        ["split.scheme: 'random'", "grouped"],
    ),
    "folder name with a line break": (
        '{study: "s\\n", data: {source: digits}}',
        ["study: 's\\n'", "lower-case letters"],
    ),
    "missing key": ("{study: s}", ["data: missing"]),
    "source without its path": (
        "{study: s, data: {source: folder}}",
        ["data.folder: missing", "folder needs it"],
    ),
    "path without its source": (
        "{study: s, data: {source: digits, images: x}}",
        ["data.images: has no meaning with data.source digits"],
    ),
    "checksum that is none": (
        with_data("source: archive", "archive: a.zip", "sha256: ABC"),
        ["data.sha256: 'ABC'", "64 hexadecimal digits"],
    ),
    "fetched archive without a checksum": (
        with_data("source: archive", "archive: 'https://example.org/a.zip'"),
        ["data.sha256: missing", "sha256sum"],
    ),
    "URL of another kind": (
        with_data("source: archive", "archive: 'ftp://example.org/a.zip'"),
        ["data.archive: 'ftp://example.org/a.zip'", "http://, https:// or file:///"],
    ),
    "folder beside the archive": (
        with_data("source: archive", "archive: a.zip", "folder: a/../../b"),
        ["data.folder: 'a/../../b'", "inside the archive"],
    ),
    "data set that has no name": (
        with_data("source: torchvision", "dataset: CIFAR-10"),
        ["data.dataset: 'CIFAR-10'", "torchvision.datasets, as CIFAR10"],
    ),
    "no such network": (
        with_part(contenders=["resnet34", "plain43"]),
        [
            "contenders.plain43",
            "did you mean plain34?",
            "multipath, twinpath with a depth",
            "config/README.md",
        ],
    ),
    "contender twice": (
        with_part(contenders=["resnet34", "resnet34"]),
        ["contenders: ", "once only"],
    ),
    "no contender": (with_part(contenders=[]), ["contenders: []", "at least one"]),
    "reference is no contender": (
        with_part(contenders=["plain34"], reference="preact34"),
        ["reference: 'preact34' is not a contender", "allowed: plain34"],
    ),
    "contrast is no contender": (
        with_part(contenders=["plain34", "resnet34"], contrasts=["plane34"]),
        ["contrasts: 'plane34' is not a contender (did you mean plain34?); allowed: plain34"],
    ),
    "contrast is the reference": (
        with_part(contenders=["plain34", "resnet34"], contrasts=["resnet34"]),
        ["contrasts: 'resnet34' is the reference", "leave it out"],
    ),
    "share beside the user's own split": (
        with_table(split={"from": "set", "validation": 0.2}),
        ["split.validation: has no meaning with split.from", "leave it out"],
    ),
    "one's own split without a table": (
        with_part(split={"from": "set"}),
        ["split.from: needs a table of labels", "data.source digits has none"],
    ),
    "test part of the published split": (
        with_part(split={"scheme": "published", "test": 0.1}),
        ["split.test: has no meaning with split.scheme published"],
    ),
    "folds that are not drawn anew": (
        with_part(split={"folds": 7, "resample": False}),
        ["split.resample: false", "split.folds"],
    ),
    "folds of another share": (
        with_part(split={"folds": 7, "validation": 0.2}),
        ["split.validation: 0.2 contradicts split.folds 7", "0.143"],
    ),
    "folds that replicates do not fill": (
        with_part(split={"folds": 5}),
        ["replicates: 7 does not fill whole folds of 5; take 5 or 10"],
    ),
    "seeds of one split for all": (
        with_part(seeds=2, split={"resample": False}),
        ["seeds: 2 has no meaning where all replicates share one split"],
    ),
    "seeds of one replicate": (
        with_part(seeds=3, replicates=1),
        ["seeds: 3 needs several splits", "replicates: 2 or more"],
    ),
    "too many seeds": (with_part(seeds=21), ["seeds: 21", "a whole number from 1 to 20"]),
    "word for a truth": (
        with_part(split={"resample": "sometimes"}),
        ["split.resample: 'sometimes'", "allowed: true or false"],
    ),
    "nothing to train on": (
        with_part(split={"validation": 0.4, "test": 0.6}),
        ["split.test: 0.6", "leave nothing to train on"],
    ),
    "no such day": (with_part(report={"date": "2025-02-30"}), ["report.date: '2025-02-30'"]),
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


def test_folds_say_how_large_the_validation_part_is():
    assert read(with_part(split={"folds": 7})).split.validation == pytest.approx(1 / 7)
    split = read(with_part(split={"folds": 7, "test": 0.3, "validation": 0.1})).split
    assert (split.validation, split.test, split.folds) == (pytest.approx(0.1), 0.3, 7)


@pytest.mark.parametrize(
    "data",
    [
        {"source": "table", "table": "t.csv", "images": "i"},
        {"source": "archive", "archive": "a.zip", "table": "t.csv", "images": "i"},
        {"source": "torchvision", "dataset": "CIFAR10"},
    ],
)
def test_sources_with_a_table_may_have_their_own_split(data):
    split = read(yaml.safe_dump({"study": "s", "data": data, "split": {"from": "set"}})).split
    assert (split.scheme, split.column) == ("from", "set")


@pytest.mark.parametrize("key", ["English", "xxxx", "e n", ""])
def test_a_text_by_language_names_languages(key):
    config = yaml.safe_load(SMALLEST) | {"report": {"title": {key: "x"}}}
    with pytest.raises(TimbangError, match=r"report\.title: .*allowed: the code of"):
        read_study(config, SCHEMA, find_source, find_fault)


def test_paths_of_a_source_must_be_there(tmp_path):
    def lines(**data):
        try:
            check_paths(find_source(make_data(**data), "s").list_paths(), read(SMALLEST).report)
        except TimbangError as error:
            return str(error).splitlines()
        return []

    there = tmp_path / "a b.zip"
    there.write_bytes(b"")
    assert lines(source="archive", archive=str(there), folder="inside") == []
    assert lines(source="archive", archive=there.as_uri()) == []
    assert lines(source="archive", archive="https://a.org/a.zip", table="t", images="i") == []
    assert lines(source="archive", archive="nowhere.zip") == [
        "data.archive: nowhere.zip is not a file; correct the path"
    ]
    assert lines(source="torchvision", dataset="CIFAR10", root=str(tmp_path / "new")) == []
    assert lines(source="torchvision", dataset="CIFAR10", root=str(there)) == [
        f"data.root: {there} is not a folder; correct the path"
    ]
    assert lines(source="folder", folder="nowhere") == [
        "data.folder: nowhere is not a folder; correct the path"
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
    *(("split", key) for key in SCHEMA["properties"]["split"]["properties"]),
]


@given(st.sampled_from(PLACES), ANYTHING)
def test_any_value_is_taken_or_refused_in_lines(place, value):
    config = yaml.safe_load(SMALLEST)
    part = config
    for key in place[:-1]:
        part = part.setdefault(key, {})
    part[place[-1]] = value
    try:
        read_study(config, SCHEMA, find_source, find_fault)
    except TimbangError as error:
        assert all(line.startswith((*SCHEMA["properties"],)) for line in str(error).splitlines())


RECIPE_FAULTS = {
    "momentum of adam": ({"momentum": 0.5}, "momentum: has no meaning with optimizer adam"),
    "step without epochs": ({"schedule": "step"}, "step_epochs: missing; schedule step needs it"),
    "epochs without step": (
        {"step_epochs": 2},
        "step_epochs: has no meaning with schedule constant",
    ),
    "all warm-up": ({"warmup_epochs": 15}, "warmup_epochs: 15 leaves nothing of 15 epochs"),
}


@pytest.mark.parametrize(("recipe", "fault"), RECIPE_FAULTS.values(), ids=RECIPE_FAULTS)
def test_settings_of_a_recipe_that_do_not_go_together_are_named(recipe, fault):
    own = {"plain34": {}, "resnet34": {"recipe": recipe}}
    (line,) = errors(with_part(contenders=own))
    assert line.startswith(f"contenders.resnet34.recipe.{fault}")


# Contenders that are measured by others


def matched(**own):
    return {
        "study": "s",
        "data": {"source": "digits"},
        "contenders": {"resnet34": {}, "multipath34": {"width": 0.5}, "m": own},
    }


def test_parameters_of_another_contender_are_its_network_and_width():
    study = read_study(
        matched(network="resnet34", parameters_of="multipath34"), SCHEMA, find_source, find_fault
    )
    assert study.contender("m").parameters_of == ("multipath34", 0.5)
    assert study.contender("resnet34").parameters_of is None


@pytest.mark.parametrize(
    ("own", "message"),
    [
        ({"parameters_of": "multipath"}, "did you mean multipath34?"),
        ({"parameters_of": "m"}, "'m' is no other contender"),
        ({"parameters_of": "multipath34", "width": 1}, "contenders.m.width: has no meaning"),
        (
            {"parameters_of": "multipath34", "network": "torchvision:resnet18"},
            "has no meaning with torchvision:resnet18",
        ),
    ],
)
def test_mistakes_in_parameters_of_are_told(own, message):
    with pytest.raises(TimbangError) as caught:
        read_study(matched(**{"network": "resnet34", **own}), SCHEMA, find_source, find_fault)
    assert message in str(caught.value)
    assert str(caught.value).startswith("contenders.m.")


def test_chain_of_solved_widths_is_refused():
    config = matched(network="resnet34", parameters_of="multipath34")
    config["contenders"]["n"] = {"network": "resnet18", "parameters_of": "m"}
    with pytest.raises(
        TimbangError, match=r"contenders\.n\.parameters_of: m's own width is solved"
    ):
        read_study(config, SCHEMA, find_source, find_fault)


@pytest.mark.parametrize("place", ["data.folder", "data.label_column", "report.authors.0"])
@pytest.mark.parametrize(
    "text", ["a\x1b[2Jb", "a\x9bb", "a</ScRipt ><img src=x>", "a<!-- <script>", "\ud800"]
)
def test_a_text_that_could_not_be_shown_is_refused_by_its_key(place, text):
    section, key = place.split(".")[:2]
    value = [text] if key == "authors" else text
    config = {"study": "a", "data": {"source": "folder", "folder": "b"}}
    config.setdefault(section, {})[key] = value
    with pytest.raises(TimbangError) as caught:
        read_study(config, SCHEMA, find_source, find_fault)
    (line,) = str(caught.value).splitlines()
    assert line.startswith(f"{place}: ")
    assert line.isprintable()


def test_ordinary_texts_may_have_lines_and_less_than_signs():
    text = "One line.\nAnother, with a < b > c <b>bold</b> and {braces}.\n"
    config = {"study": "a", "data": {"source": "digits"}, "report": {"ai_assistance": text}}
    assert read_study(config, SCHEMA, find_source, find_fault).report.ai_assistance["en"] == text


def test_weights_that_are_not_there_are_told_before_anything_runs(tmp_path):
    def check(weights):
        config = {"study": "a", "data": {"source": "digits"}, "contenders": {"resnet34": {}}}
        config["contenders"]["resnet34"]["recipe"] = {"weights": weights}
        study = read_study(config, SCHEMA, find_source, find_fault)
        check_paths([], study.report, None, study.contenders)

    (tmp_path / "there.pt").write_text("")
    check(str(tmp_path / "there.pt"))
    check("torchvision")
    with pytest.raises(TimbangError, match=r"contenders\.resnet34\.recipe\.weights: .*absent\.pt"):
        check(str(tmp_path / "absent.pt"))


TUNED = {"tuning": {"over": {"learning_rate": [0.0001, 0.01]}}}


def test_each_contender_has_the_ranges_of_the_study_or_its_own():
    study = read(
        with_part(
            contenders={"resnet34": {}, "plain34": {"tuning": {"learning_rate": [0.001, 0.1]}}},
            **TUNED,
        )
    )
    assert study.tuning.over == {
        "resnet34": {"learning_rate": (0.0001, 0.01)},
        "plain34": {"learning_rate": (0.001, 0.1)},
    }
    assert (study.tuning.trials, study.tuning.share, study.tuning.scope) == (8, 0.2, "replicate")
    assert study.decides == "tuned"
    assert read(SMALLEST).decides == "default"
    assert restore_study(asdict(study)) == study


def test_further_recipes_are_all_combinations_and_shares_are_sorted():
    study = read(
        with_part(
            vary={"width": [0.25, 0.5], "batch_size": [16, 32]},
            learning_curve={"shares": [0.5, 0.25], "by": "steps"},
        )
    )
    assert [dict(own) for own in study.varied] == [
        {"width": width, "batch_size": size} for width in (0.25, 0.5) for size in (16, 32)
    ]
    assert study.learning_curve.shares == (0.25, 0.5)
    recipe = study.contenders[0].recipe
    assert list_changes(study, "shares/0.25", recipe)["epochs"] == 4 * recipe.epochs
    assert list_changes(study, "varied/3", recipe) == {"width": 0.5, "batch_size": 32}
    assert list_changes(study, "trials/0", recipe) == {}


def test_what_the_study_has_already_is_not_trained_twice():
    own = read(SMALLEST)
    sizes = [own.recipe.batch_size, 2 * own.recipe.batch_size]
    varied = read(with_part(vary={"batch_size": sizes, "width": [own.width]})).varied
    assert [dict(changes) for changes in varied] == [{"batch_size": sizes[1], "width": own.width}]
    another = {"resnet34": {"recipe": {"batch_size": 2 * sizes[1]}}, "plain34": {}}
    assert len(read(with_part(vary={"batch_size": sizes}, contenders=another)).varied) == 2


OVER = "tuning.over.learning_rate"
TUNING_FAULTS = {
    "empty": ({"tuning": {"over": {}}}, "tuning.over: {} is not allowed; at least one is needed"),
    "reversed": ({OVER: [0.1, 0.01]}, f"{OVER}: 0.1 is above 0.01; write the lowest first"),
    "no width": ({OVER: [0.1, 0.1]}, f"{OVER}: [0.1, 0.1] is not allowed; each may be named once"),
    "one end": ({OVER: [0.1]}, f"{OVER}: [0.1] is not allowed; at least two are needed"),
    "three ends": ({OVER: [0.1, 0.2, 0.3]}, f"{OVER}: a range has a lowest and a highest value"),
    "infinite": ({OVER: [0.1, float("inf")]}, f"{OVER}.1: inf is not allowed; allowed: a finite"),
    "out of bounds": ({OVER: [0, 0.1]}, f"{OVER}: 0 is not allowed; allowed: a number above 0"),
    "words and numbers": ({OVER: [0.1, "x"]}, f"{OVER}: 'x' is not allowed; allowed: a number"),
    "half an epoch": (
        {"tuning.over.epochs": [1.5, 3]},
        "tuning.over.epochs: 1.5 is not allowed; allowed: a whole number",
    ),
    "no such word": (
        {"tuning.over.optimizer": ["adam", "none"]},
        "tuning.over.optimizer: 'none' is not allowed; allowed: adam, adamw, sgd",
    ),
    "cannot be tuned": (
        {"tuning.over.weights": ["a", "b"]},
        "tuning.over: 'weights' is not allowed; allowed: epochs, batch_size,",
    ),
    "too many trials": (
        TUNED | {"tuning.trials": 1001},
        "tuning.trials: 1001 is not allowed; allowed: a whole number from 2 to 1000",
    ),
    "no share": (
        TUNED | {"tuning.share": 0},
        "tuning.share: 0 is not allowed; allowed: a number above 0 and below 1",
    ),
    "contradicts itself": (
        {"tuning.over.schedule": ["constant", "step"]},
        "tuning.over: with schedule step step_epochs missing",
    ),
    "not tuned": (
        TUNED | {"contenders": {"resnet34": {"tuning": {"dropout": [0, 0.5]}}}},
        "contenders.resnet34.tuning.dropout: is not tuned; allowed: learning_rate",
    ),
    "nothing is tuned": (
        {"contenders": {"resnet34": {"tuning": {"dropout": [0, 0.5]}}}},
        "contenders.resnet34.tuning: has no meaning without tuning.over",
    ),
    "nothing new": (
        {"width": 0.5, "vary": {"width": [0.5]}},
        "vary: names only what the study has already",
    ),
    "too many combinations": (
        {"vary": {"epochs": list(range(1, 16)), "batch_size": list(range(2, 17))}},
        "vary: 225 combinations are more than 200",
    ),
    "width that is solved": (
        {
            "vary": {"width": [0.5]},
            "contenders": {"resnet34": {}, "plain34": {"parameters_of": "resnet34"}},
        },
        "vary.width: plain34 has no width of its own",
    ),
    "mistyped key": (
        {"tuning.over.learning_rat": [0.1, 0.2]},
        "tuning.over: 'learning_rat' is not allowed (did you mean learning_rate?); allowed: ",
    ),
    "whole share": (
        {"learning_curve": {"shares": [0.5, 1]}},
        "learning_curve.shares.1: 1 is not allowed; allowed: a number above 0 and below 1",
    ),
}


@pytest.mark.parametrize(("parts", "fault"), TUNING_FAULTS.values(), ids=TUNING_FAULTS)
def test_faults_of_tuning_are_told_in_a_line(parts, fault):
    config = copy.deepcopy(yaml.safe_load(SMALLEST))
    for place, value in parts.items():
        *above, key = place.split(".")
        section = config
        for name in above:
            section = section.setdefault(name, {})
        section[key] = copy.deepcopy(value)
    with pytest.raises(TimbangError) as caught:
        read_study(config, SCHEMA, find_source, find_fault)
    assert str(caught.value).splitlines()[0].startswith(fault)
