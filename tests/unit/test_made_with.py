"""A record says what a result was made with; what differs is told, and only that made again."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timbang.errors import TimbangError
from timbang.records.made_with import (
    Reminder,
    check_inputs,
    check_runs,
    copy_equal,
    describe_difference,
    describe_remade,
    hash_record,
    make_record,
    read_json,
    write_record,
)

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
RECORDS = st.dictionaries(st.text(), VALUES, max_size=5)


@given(RECORDS)
def test_a_record_comes_back_as_it_was(tmp_path_factory, record):
    file = tmp_path_factory.getbasetemp() / "record.json"
    write_record(file, record)
    assert hash_record(read_json(file)) == hash_record(record)
    assert describe_difference(read_json(file), record) == ""


@given(RECORDS, RECORDS)
def test_records_that_differ_have_other_hashes(first, second):
    if describe_difference(first, second):
        assert hash_record(first) != hash_record(second)


def test_inputs_are_held_against_their_hashes(tmp_path):
    split = tmp_path / "split.csv"
    split.write_text("a")
    record = make_record({"size": 32}, {"split": split})
    check_inputs(record, {"split": split}, tmp_path / "run.json")
    split.write_text("b")
    for found in (record, {}):
        with pytest.raises(TimbangError, match=r"run\.json: was made from another split than"):
            check_inputs(found, {"split": split}, tmp_path / "run.json")


def test_the_order_of_keys_and_the_kind_of_list_do_not_count():
    assert hash_record({"a": (1, 2), "b": 1}) == hash_record({"b": 1, "a": [1, 2]})


def test_differences_are_told_in_a_few_words():
    found = {"code": 64 * "a", "recipe": {"epochs": 2, "ema": 0}, "size": 32}
    wanted = {"code": 64 * "b", "recipe": {"epochs": 3, "ema": 0}, "size": 32}
    assert describe_difference(found, wanted) == "another code; recipe.epochs 2, now 3"
    many = describe_difference({}, {name: 1 for name in "abcdef"})
    assert many.endswith("c None, now 1 and 3 more")
    assert describe_remade({"a": "x", "b": "x", "c": "y"}) == [
        "made again: a and 1 more (x)",
        "made again: c (y)",
    ]


@pytest.mark.parametrize("content", ["", "[]", "3", "{", "\0", '{"made_with": 3}'])
def test_a_damaged_record_is_none(tmp_path, content):
    file = tmp_path / "a.json"
    file.write_text(content)
    assert not isinstance(read_json(file).get("made_with"), dict)
    assert read_json(tmp_path / "absent.json") == {}


class Folder:
    """A workflow's folder with one product and its record."""

    def __init__(self, path):
        self.path = path
        self.product, self.record = path / "product", path / "record.json"
        self.product.write_text("made")
        self.input = path / "input"
        self.input.write_text("read")
        self.inputs = make_record({}, {"input": self.input})["inputs"]
        write_record(self.record, make_record({"size": 32}, {"input": self.input}))

    def remind(self, is_active=True):
        hidden = self.path / ".snakemake"
        return Reminder(hidden / "new", hidden / "home", self.path / ".home.json", is_active)


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)


def test_a_product_is_made_again_where_its_record_is_another(folder):
    reminder = folder.remind()
    before = reminder.path.read_text()
    made = folder.product, folder.record
    assert not reminder.is_of_another_study(*made, {"size": 32}, folder.inputs)
    assert not reminder.is_of_another_study(*made, {"size": 32}, {})
    assert reminder.path.read_text() == before
    assert reminder.is_of_another_study(*made, {"size": 48}, folder.inputs)
    assert reminder.path.read_text() != before
    assert reminder.reasons == {str(folder.product): "size 32, now 48"}


def test_a_product_is_made_again_where_an_input_is_another(folder):
    reminder = folder.remind()
    folder.input.write_text("changed")
    inputs = make_record({}, {"input": folder.input})["inputs"]
    assert reminder.is_of_another_study(folder.product, folder.record, {"size": 32}, inputs)
    assert reminder.reasons == {str(folder.product): "another input"}


def test_a_product_that_is_not_there_needs_no_reminder(folder):
    folder.product.unlink()
    reminder = folder.remind()
    assert not reminder.is_of_another_study(folder.product, folder.record, {}, {})
    assert not reminder.is_from_elsewhere(folder.product)


def test_results_are_at_home_once_they_have_settled(folder):
    os.utime(folder.product, (10**9, 10**9))
    assert folder.remind().is_from_elsewhere(folder.product)
    reminder = folder.remind()
    reminder.settle()
    # What was there on arrival is still to be made again in the next call.
    assert folder.remind().is_from_elsewhere(folder.product)
    folder.product.write_text("made here")
    assert not folder.remind().is_from_elsewhere(folder.product)
    (folder.path / ".snakemake" / "home").unlink()
    assert folder.remind().is_from_elsewhere(folder.product)


def test_a_job_looks_at_nothing(folder):
    reminder = folder.remind(is_active=False)
    assert not reminder.is_of_another_study(folder.product, folder.record, {}, {})
    assert not reminder.is_from_elsewhere(folder.product)
    assert not reminder.path.exists()


def test_a_folder_that_cannot_be_written_is_named(folder):
    (folder.path / ".snakemake").write_text("")
    with pytest.raises(TimbangError, match="cannot be written"):
        folder.remind()


def test_runs_of_another_study_are_named():
    runs, paths = [{"made_with": "a"}, {"made_with": "b"}, {}], ["1.json", "2.json", "3.json"]
    check_runs(runs[:2], paths[:2], ["a", "b"])
    with pytest.raises(TimbangError, match=r"2\.json: is of another study's run"):
        check_runs(runs[:2], paths[:2], ["a", "c"])
    with pytest.raises(TimbangError, match=r"3\.json"):
        check_runs(runs, paths, ["a", "b", "c"])


def test_products_of_another_study_that_was_made_with_the_same_are_copied(tmp_path):
    """None of a study that was made with something else, was edited since, or has lost a file."""

    def make(study, made_with):
        folder = tmp_path / study / "data"
        folder.mkdir(parents=True)
        for name in ("a.csv", "b.json"):
            (folder / name).write_text(f"{study}'s")
        write_record(folder / "a.made-with.json", make_record(made_with, {}))
        return folder

    folders = {name: make(name, {"size": 1}) for name in ("edited", "lost", "same")}
    folders["other"] = make("other", {"size": 2})
    later = folders["edited"].joinpath("a.made-with.json").stat().st_mtime_ns + 1
    os.utime(folders["edited"] / "b.json", ns=(later, later))
    (folders["lost"] / "a.csv").unlink()
    own = tmp_path / "own" / "data"
    own.mkdir(parents=True)
    products, record = [own / "a.csv", own / "b.json"], own / "a.made-with.json"
    assert not copy_equal(products, record, {"size": 3}, {})
    assert list(own.iterdir()) == []
    assert copy_equal(products, record, {"size": 1}, {})
    assert [product.read_text() for product in products] == ["same's"] * 2
    assert read_json(record) == make_record({"size": 1}, {})
    assert len(list(own.iterdir())) == 3
