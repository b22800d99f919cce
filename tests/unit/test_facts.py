"""Facts: what two roads compute alike, what does not exist, and what is kept of each."""

import math

import pandas as pd
import pytest
from made_up import collect, make_up

from timbang.facts.fact import Facts, Unit, read_facts
from timbang.facts.runs import add_histories
from timbang.reader.quantities import look_up
from timbang.reader.study import open_results

# Folds, a test part and all that asks whether a comparison is fair; and redrawn splits with tuning
# that decides, several runs on each, claims, published numbers, a twin and suspects left out.
FAIR = {"probes": ["train_loss", "gradients"]}
CLAIMED = {"contenders": {"resnet34": {}, "plain34": {}}, "reference": "resnet34", "seeds": 2}
CLAIMED |= {"on_suspects": "drop"}


@pytest.mark.parametrize(("seed", "chosen"), [(32, FAIR), (28, CLAIMED)])
def test_every_fact_is_what_the_second_reader_computes_from_the_raw_files(tmp_path, seed, chosen):
    made = make_up(seed, tmp_path, replicates=5, **chosen)
    results = open_results(made.folder, made.study, made.claims)
    facts = list(collect(made))
    assert len(facts) > 100
    for fact in facts:
        found = look_up(results, fact.id)
        assert found is not None, fact.id
        if isinstance(fact.value, str):
            assert found.value == fact.value, fact.id
        else:
            assert math.isclose(found.value, fact.value, rel_tol=1e-9, abs_tol=1e-12), fact.id


def test_facts_say_where_they_come_from_and_come_back_from_their_file(tmp_path):
    made = make_up(2, tmp_path)
    facts = collect(made)
    content, read = read_facts(made.folder / "facts.json")
    assert list(read) == list(facts)
    assert content["study"]["reference"] == made.study.reference
    for fact in facts:
        assert fact.file and fact.at and fact.rule, fact.id
        if fact.file.endswith(".csv") and "*" not in fact.file:
            assert (made.folder / fact.file).is_file(), fact.id


def test_what_does_not_exist_is_no_fact():
    facts = Facts()
    facts.add("a", math.nan, Unit.SHARE, "f", "x")
    facts.add("b", None, Unit.SHARE, "f", "x")
    facts.add("c", 0.0, Unit.SHARE, "f", "x")
    assert [fact.id for fact in facts] == ["c"]
    assert facts.value("a", "none") == "none"


def test_an_id_has_one_value():
    facts = Facts()
    facts.add("a", 1, Unit.COUNT, "f", "x")
    with pytest.raises(ValueError, match="two facts are called a"):
        facts.add("a", 2, Unit.COUNT, "f", "x")


def test_a_single_epoch_has_no_way_from_the_first_to_the_last():
    columns = ["train_loss", "validation_loss", "validation_accuracy"]
    history = pd.DataFrame([[1.5, 1.0, 0.5], [1.0, 0.8, 0.6]], columns=columns)
    facts = Facts()
    add_histories(facts, {"two": {"0": history}, "one": {"0": history.head(1)}})
    assert facts.value("first.train_loss/two") == 1.5
    assert "first.train_loss/one" not in facts
    assert facts.value("first.loss/one") == 1.0
