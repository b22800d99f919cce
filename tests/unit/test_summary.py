"""What the runs say together, by hand and against numpy."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from timbang.errors import TimbangError
from timbang.probes.falls import ATTENTION_MEASURES
from timbang.probes.measures import PROBE_MEASURES
from timbang.records.writing import write_table
from timbang.scores.measures import RUN_MEASURES
from timbang.scores.summary import (
    check_summary,
    collect_runs,
    name_runs,
    sum_matrices,
    summarise_classes,
    summarise_runs,
)

FRACTIONS = st.floats(0, 1)


def metrics(contender, replicate, accuracy, loss=0.5, **classes):
    return {
        "contender": contender,
        "replicate": replicate,
        "diverged": None,
        "parameters": 10,
        "multiply_adds": 20,
        "host": "one",
        "device_name": "EPYC",
        "made_with": "sha256:0",
        "accuracy": accuracy,
        "loss": loss,
        "train_accuracy": 0.9,
        "train_loss": 0.1,
        "test_accuracy": None,
        "test_loss": None,
        "training_seconds": 2.0,
        "images_per_second": 100.0,
        "train_images": 40,
        "validation_images": 10,
        "leaked_images": 0,
        "leaked_accuracy": None,
        "clean_accuracy": accuracy,
        "leak_difference": None,
        "late_accuracy": accuracy,
        "swing": 0.0,
        "largest_rise": 0.0,
        "rises": 0,
        "gap": 0.4,
        "recall_spread": 0.1,
        "brier": 0.3,
        "miscalibration": 0.02,
        "discrimination": 0.1,
        "uncertainty": 0.2,
        **dict.fromkeys((*PROBE_MEASURES, *ATTENTION_MEASURES)),
        "per_class": {
            label: {"precision": p, "recall": r, "f1": f, "support": s}
            for label, (p, r, f, s) in classes.items()
        },
    }


def summary(runs, reference):
    return summarise_runs(collect_runs(runs), reference).set_index("contender")


def test_statistics_by_hand():
    table = summary([metrics("a", r, x) for r, x in enumerate([0.5, 0.7, 0.9])], "a")
    row = table.loc["a"]
    assert row["replicates"] == 3
    assert row[["accuracy_mean", "accuracy_sd", "accuracy_min", "accuracy_max"]].tolist() == (
        pytest.approx([0.7, 0.2, 0.5, 0.9])
    )
    assert row["training_seconds_mean"] == 2.0


def test_runs_that_diverged_are_counted_and_left_out():
    nothing = {"diverged": {"epoch": 1, "step": 2}, "loss": None, "train_accuracy": None}
    runs = [metrics("a", 0, 0.5), metrics("a", 1, 0.7), metrics("a", 2, None) | nothing]
    runs += [metrics("b", 0, None) | nothing, metrics("b", 1, 0.8), metrics("b", 2, 0.9)]
    runs += [metrics("c", replicate, None) | nothing for replicate in range(3)]
    table = summary(runs, "a")
    assert table["diverged"].tolist() == [1, 1, 3]
    assert table["replicates"].tolist() == [3, 3, 3]
    assert table.loc["a", "accuracy_mean"] == pytest.approx(0.6)
    assert table.loc["b", "accuracy_mean"] == pytest.approx(0.85)
    # Only in replicate 1 did neither diverge.
    assert table.loc["b", "accuracy_difference"] == pytest.approx(0.1)
    assert np.isnan(table.loc["c", ["accuracy_mean", "accuracy_difference"]].astype(float)).all()


def test_confusion_matrices_of_finished_runs_are_summed():
    runs = [
        {"classes": ["x", "y"], "confusion_matrix": matrix}
        for matrix in ([[1, 2], [3, 4]], None, [[1, 0], [0, 1]])
    ]
    assert sum_matrices(runs).tolist() == [[2, 2], [3, 5]]
    assert sum_matrices(runs[1:2]).tolist() == [[0, 0], [0, 0]]


def test_leaks_are_summarised_over_the_runs_that_have_any():
    runs = [metrics("a", replicate, 0.7) for replicate in range(3)]
    for run, leaked in zip(runs, (0.8, 1.0, None), strict=True):
        run["leaked_accuracy"] = leaked
    row = summary(runs, "a").loc["a"]
    assert row["leaked_accuracy_mean"] == pytest.approx(0.9)
    assert row["clean_accuracy_mean"] == pytest.approx(0.7)
    assert np.isnan(row["leak_difference_mean"])


def test_difference_is_paired_by_replicate_not_by_place():
    runs = [
        metrics("a", 1, 0.8, 0.2),
        metrics("a", 0, 0.6, 0.4),
        metrics("b", 0, 0.5, 0.7),
        metrics("b", 1, 0.9, 0.1),
    ]
    table = summary(runs, "a")
    assert table.loc["b", "accuracy_difference"] == pytest.approx((-0.1 + 0.1) / 2)
    assert table.loc["b", "loss_difference"] == pytest.approx((0.3 - 0.1) / 2)
    assert table.loc["a", "accuracy_difference"] == 0


def test_deviation_of_one_replicate_is_empty(tmp_path):
    table = summarise_runs(collect_runs([metrics("a", 0, 0.5)]), "a")
    write_table(tmp_path / "summary.csv", table)
    read = pd.read_csv(tmp_path / "summary.csv", dtype=str, keep_default_na=False)
    assert read["accuracy_sd"].tolist() == [""]
    assert read["accuracy_mean"].tolist() == ["0.5"]


def test_runs_of_a_replicate_are_paired_by_seed_and_a_replicate_counts_once():
    nothing = {"diverged": {"epoch": 1, "step": 2}, "loss": None, "train_accuracy": None}
    runs = [metrics("a", r, x) | {"seed": s} for r, s, x in ((0, 1, 0.4), (0, 0, 0.6), (1, 0, 0.5))]
    runs += [metrics("a", 1, 0.9) | {"seed": 1}]
    runs += [metrics("b", r, x) for r, x in ((0, 0.7), (1, 0.9))]
    runs += [metrics("b", 0, 0.8) | {"seed": 1}, metrics("b", 1, None) | nothing | {"seed": 1}]
    table = collect_runs(runs)
    assert list(table.columns[:4]) == ["contender", "replicate", "seed", "diverged"]
    assert name_runs(table[table["contender"] == "b"]) == ["0", "1", "0-1", "1-1"]
    row = summarise_runs(table, "a").set_index("contender").loc["b"]
    assert row[["replicates", "runs", "diverged"]].tolist() == [2, 4, 1]
    assert row["accuracy_mean"] == pytest.approx((0.7 + 0.8 + 0.9) / 3)
    # In replicate 0 by 0.1 and 0.4, in replicate 1 by 0.4 in the one pair that is left.
    assert row["accuracy_difference"] == pytest.approx((0.25 + 0.4) / 2)


def test_one_run_a_replicate_needs_no_column_for_it():
    table = collect_runs([metrics("a", r, 0.5) for r in (0, 1)])
    assert "seed" not in table
    assert "runs" not in summarise_runs(table, "a")
    assert name_runs(table) == ["0", "1"]


def test_contenders_keep_their_order():
    runs = [metrics(name, r, 0.5) for name in ("z", "a", "m") for r in (0, 1)]
    assert list(summary(runs, "m").index) == ["z", "a", "m"]


@given(st.lists(st.tuples(FRACTIONS, FRACTIONS), min_size=2, max_size=9))
def test_statistics_are_numpys(pairs):
    runs = [metrics("a", r, a) for r, (a, _) in enumerate(pairs)]
    runs += [metrics("b", r, b) for r, (_, b) in enumerate(pairs)]
    table = summary(runs, "a")
    a, b = np.array(pairs).T
    assert table.loc["b", "accuracy_sd"] == pytest.approx(np.std(b, ddof=1))
    assert table.loc["b", "accuracy_difference"] == pytest.approx(np.mean(b - a), abs=1e-12)
    assert {f"{measure}_{s}" for measure in RUN_MEASURES for s in ("mean", "min")} <= set(table)


def test_class_scores_by_hand():
    runs = [
        metrics("a", 0, 0.5, NA=(1.0, 0.5, 0.6, 4), x=(0.2, 0.2, 0.2, 5)),
        metrics("a", 1, 0.5, NA=(0.0, 0.5, 0.8, 5), x=(0.4, 0.4, 0.4, 5)),
    ]
    table = summarise_classes(runs).set_index("label")
    assert list(table.index) == ["NA", "x"]
    assert table.loc["NA", "support_mean"] == 4.5
    assert table.loc["NA", "precision_mean"] == 0.5
    assert table.loc["NA", "f1_sd"] == pytest.approx(0.2 / np.sqrt(2))
    assert table.loc["x", ["recall_min", "recall_max"]].tolist() == [0.2, 0.4]


def test_a_summary_of_other_runs_is_refused():
    runs = [metrics(name, r, x) for name, r, x in (("a", 0, 0.5), ("a", 1, 0.7), ("b", 0, 0.2))]
    rows = summarise_runs(collect_runs(runs), "a").to_dict("records")
    check_summary(rows, runs, "summary.csv")
    runs[2]["accuracy"] = 0.5
    with pytest.raises(TimbangError, match=r"summary\.csv: is not of these runs"):
        check_summary(rows, runs, "summary.csv")
    for own in runs[2:]:
        own["accuracy"] = None
    lost = summarise_runs(collect_runs(runs), "a").to_dict("records")
    check_summary(lost, runs, "summary.csv")
