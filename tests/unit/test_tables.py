"""The tables print the numbers of the files, rounded once."""

import re
from pathlib import Path

import pandas as pd
import pytest

from timbang.languages.texts import read_texts
from timbang.report import tables
from timbang.report.settings import list_own_settings, list_settings
from timbang.study.published import read_published

ROOT = Path(__file__).parents[2]
TEXTS = read_texts(ROOT / "report" / "texts" / "en.yaml")
TITLES = {"plain34": "Plain-34", "resnet34": "ResNet-34", "a_b": r"50% \x"}


def summary_row(contender: str, accuracy: float, **changes) -> dict:
    row = {
        "contender": contender,
        "replicates": 2,
        "parameters": 21_287_237,
        "multiply_adds": 3.6e9,
    }
    for measure, value in {
        "accuracy": accuracy,
        "loss": 0.5,
        "train_accuracy": accuracy + 0.1,
        "train_loss": 0.25,
        "training_seconds": 12.34,
        "images_per_second": 100.0,
    }.items():
        row |= {f"{measure}_mean": value, f"{measure}_sd": value / 10}
        row |= {f"{measure}_min": value - 0.01, f"{measure}_max": value + 0.01}
    return row | {"accuracy_difference": 0.0, "loss_difference": 0.0} | changes


def cells(tex: str, start: str) -> list[str]:
    line = next(line for line in tex.splitlines() if line.startswith(start))
    return [part.strip() for part in line.split(r"\\")[0].split("&")]


PLAIN = summary_row("plain34", 0.7, accuracy_difference=-0.2049, loss_difference=0.4321)
RESNET = summary_row("resnet34", 0.9049)


def test_stage_one_has_training_and_validation():
    tex = tables.tabulate_stage_one(PLAIN, None, TEXTS)
    assert cells(tex, "Training") == ["Training", "80.0", "8.0", "79.0", "81.0", "0.250", "0.025"]
    assert cells(tex, "Validation")[1:4] == ["70.0", "7.0", "69.0"]


def test_stage_two_gives_the_difference_of_the_reference_to_the_plain_network():
    tex = tables.tabulate_stage_two(PLAIN, RESNET, TITLES, None, TEXTS)
    assert cells(tex, "Difference") == ["Difference", "20.5", "", "", "", "-0.432", ""]


def test_published_figures_stand_in_columns_of_their_own():
    published = read_published(str(ROOT / "report" / "published.yaml"))
    tex = tables.tabulate_stage_two(PLAIN, RESNET, TITLES, published, TEXTS)
    assert cells(tex, "Difference")[-2:] == ["10.4", "-0.208"]
    tex = tables.tabulate_contenders([PLAIN, summary_row("a_b", 0.5)], TITLES, published, TEXTS)
    assert cells(tex, r"50\%")[-2:] == ["{--}", "{--}"]
    plain = tables.tabulate_stage_one(PLAIN, published.results["plain34"], TEXTS)
    assert cells(plain, "Training")[-2:] == ["66.7", "0.838"]


def test_one_replicate_has_dashes_for_its_deviation():
    row = summary_row("plain34", 0.7, accuracy_sd=float("nan"))
    assert cells(tables.tabulate_contenders([row], TITLES, None, TEXTS), "Plain")[2] == "{--}"


@pytest.mark.parametrize("count", [1, 5])
def test_every_row_has_as_many_cells_as_the_table_has_columns(count):
    rows = [summary_row("a_b", 0.1 * n) for n in range(1, count + 1)]
    tex = tables.tabulate_contenders(rows, TITLES, None, TEXTS)
    assert {len(cells(tex, r"50\%"))} == {9}


def test_classes_print_literally_below_their_contender():
    scores = {f"{m}_{s}": 0.5 for m in ("precision", "recall", "f1") for s in ("mean", "sd")}
    rows = [{"contender": "a_b", "label": r"\input{x}", "support_mean": 7.0, **scores}]
    tex = tables.tabulate_classes(pd.DataFrame(rows), TITLES, TEXTS)
    assert r"\textbackslash{}input\{x\}" in tex
    assert not re.search(r"\\input\{", tex)


def test_settings_print_exactly():
    recipe = {"epochs": 15, "learning_rate": 0.001, "weight_decay": 1e-4, "optimizer": "adam"}
    values = [str(value) for _, value in list_settings(recipe, 0.25, 224, TEXTS)]
    assert values[:6] == [
        r"\num{224}", r"\num{15}", r"\num{0.001}", r"\num{0.0001}", "Adam", r"\num{0.25}",
    ]  # fmt: skip
    own = list_own_settings(recipe | {"epochs": 3}, recipe, TEXTS)
    assert own == [r"Epochs: \num{3}"]


def test_leak_ledger_has_both_accuracies_and_their_difference():
    row = summary_row("a_b", 0.7)
    for measure, value in (
        ("leaked_accuracy", 0.92),
        ("clean_accuracy", 0.51),
        ("leak_difference", 0.41),
    ):
        row |= {f"{measure}_mean": value, f"{measure}_sd": value / 10}
    nothing = {key: float("nan") if "lea" in key else value for key, value in row.items()}
    tex = tables.tabulate_leaks([row, nothing | {"contender": "plain34"}], TITLES, TEXTS)
    assert cells(tex, r"50\%")[1:] == ["92.0", "9.2", "51.0", "5.1", "41.0", "4.1"]
    assert cells(tex, "Plain")[1:] == ["{--}"] * 6


def test_twin_gives_the_difference_of_the_means():
    other = summary_row("plain34", 0.6123)
    tex = tables.tabulate_twin([PLAIN], {"plain34": other}, ("a_b", "c"), TITLES, TEXTS)
    assert cells(tex, "Plain")[1:] == ["70.0", "7.0", "61.2", "6.1", "8.8"]
    assert r"a\_\allowbreak{}b" in tex
