"""The second reader computes from raw files what the library's scores and summaries say."""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from timbang.evidence.claims import make_claim
from timbang.evidence.images import ImageScores
from timbang.evidence.judging import judge_study, make_scale, read_scores_of
from timbang.evidence.suspects import decide_without
from timbang.evidence.verdicts import describe_decision
from timbang.probes.falls import ATTENTION_MEASURES
from timbang.probes.measures import PROBE_MEASURES
from timbang.reader.quantities import look_up
from timbang.reader.raw import MEASURES, RawResults, Twin
from timbang.records.tables import MANIFEST_COLUMNS, read_split
from timbang.resources import SCHEMA
from timbang.scores.ledger import list_doubted, tabulate_images
from timbang.scores.measures import RUN_MEASURES
from timbang.scores.predictions import make_predictions, read_predictions
from timbang.scores.scoring import score_run
from timbang.scores.summary import (
    CLASS_MEASURES,
    STATISTICS,
    collect_runs,
    summarise_classes,
    summarise_runs,
)
from timbang.sources.choice import find_source
from timbang.study.published import OtherRun, Published, PublishedResult
from timbang.study.reading import read_study

SCHEMA = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))
HOSTILE = (
    "{{ 7*7 }} {% raw %}",
    r"a_b & 50% \input{x}",
    "NA",
    "01",
    "1e5",
    "probability:x",
    'a,b"c',
    "new\nline",
    "日本語 ١٢",
)
# Recorded of a run also where it diverged; summary.csv and the specification differ on these.
OF_TRAINING = ("training_seconds", "images_per_second")


def make_config(contenders, replicates, **own):
    return {
        "study": "small",
        "data": {"source": "digits"},
        "contenders": list(contenders),
        "replicates": replicates,
        **own,
    }


def make_results(
    folder: Path,
    *,
    contenders=("plain34", "resnet34"),
    replicates=3,
    labels=("a", "b", "c"),
    lost=(),
    test=0,
    epochs=4,
    seed=0,
    claims=None,
    doubted=0,
    **own,
) -> RawResults:
    """Write the raw files of a made-up study and return them.

    ``lost`` are pairs of contender and replicate that diverged, ``test`` how many images of each
    class are in the test part, ``doubted`` how many images all runs take for another class;
    ``own`` are keys of the configuration.
    """
    study = read_study(
        make_config(contenders, replicates, **own), SCHEMA, find_source, lambda *_: None
    )
    rng = np.random.default_rng(seed)
    manifest = make_manifest(labels, rng)
    (folder / "data").mkdir(parents=True)
    manifest.to_csv(folder / "data/manifest.csv", index=False)
    audit = {
        "criterion": {"distance": 12, "evidence": 40.0},
        "chains": 1,
        "one_coloured": ["x.png"],
        "tiny": [],
        "elongated": ["y.png", "z.png"],
        "closest": {"joined": [{}], "apart": []},
    }
    (folder / "data/audit.json").write_text(json.dumps(audit))
    usable = manifest[manifest["problem"] == ""]
    for replicate in study.replicates:
        split = draw_split(usable, rng, test)
        (folder / "splits").mkdir(exist_ok=True)
        split.to_csv(folder / f"splits/{replicate}.csv", index=False)
        for contender in study.contenders:
            is_lost = (contender.name, replicate) in lost
            run = folder / "runs" / contender.name / str(replicate)
            run.mkdir(parents=True)
            known = set(usable["filename"][:doubted])
            write_run(run, contender, replicate, split, epochs, is_lost, study.probes, rng, known)
    own_claims = [make_claim(name, claim, name) for name, claim in (claims or {}).items()]
    return RawResults(folder, study, claims=own_claims)


def make_manifest(labels, rng) -> pd.DataFrame:
    """Return a manifest with twelve images a class, copies and files that are left out."""
    count = 12 * len(labels)
    table = pd.DataFrame({name: [""] * (count + 2) for name in MANIFEST_COLUMNS})
    table["filename"] = [f"{place}.png" for place in range(count + 2)]
    table["label"] = [labels[place % len(labels)] for place in range(count + 2)]
    groups = np.arange(count)
    groups[rng.permutation(count)[: count // 3]] = 0
    groups[-3:] = count
    table["group"] = [*map(str, groups), "", ""]
    table["sha256"] = [str(min(place, count - 4)) for place in range(count + 2)]
    table["pixels_sha256"] = [str(place // 2) for place in range(count + 2)]
    table.loc[count:, "problem"] = "cannot be read"
    return table


def draw_split(usable: pd.DataFrame, rng, test: int) -> pd.DataFrame:
    split = usable[["filename", "label", "group"]].copy()
    order = split.groupby("label").cumcount().to_numpy()
    order = (order + rng.integers(0, 12)) % 12
    split["part"] = np.select([order < test, order < test + 4], ["test", "validation"], "train")
    trained = split.loc[split["part"] == "train", "group"]
    split["leaked"] = (split["part"] != "train") & split["group"].isin(trained)
    return split


def write_run(
    folder, contender, replicate, split, epochs, is_lost, probes, rng, doubted=()
) -> None:
    classes = sorted(set(split["label"]))
    held = split[split["part"] != "train"].sort_values("part", ascending=False)
    logits = rng.normal(size=(len(held), len(classes)))
    logits[np.arange(len(held)), [classes.index(label) for label in held["label"]]] += 1.5
    others = [classes.index(label) - 1 for label in held["label"]]
    logits[np.arange(len(held)), others] += 5.0 * held["filename"].isin(doubted)
    if is_lost:
        logits[:] = np.nan
    answers = make_predictions(held, logits, classes)
    answers.to_csv(folder / "predictions.csv", index=False)
    history = pd.DataFrame(
        {
            "epoch": np.arange(1, epochs + 1),
            "train_loss": rng.uniform(0.1, 2, epochs),
            "train_accuracy": rng.uniform(0.3, 1, epochs),
            "validation_loss": rng.uniform(0.5, 2, epochs),
            "validation_accuracy": rng.uniform(0.3, 1, epochs),
        }
    )
    if is_lost:
        history = history.iloc[:2].copy()
        history.loc[1, ["train_loss", "validation_loss", "validation_accuracy"]] = np.nan
    history.to_csv(folder / "history.csv", index=False)
    training = {
        "contender": contender.name,
        "replicate": replicate,
        "parameters": 332747 + len(contender.name),
        "multiply_adds": 508608,
        "diverged": {"epoch": 2, "step": 1} if is_lost else None,
        "train_images": int((split["part"] == "train").sum()),
        "training_seconds": float(rng.uniform(5, 9)),
        "images_per_second": float(rng.uniform(500, 600)),
        "device": "cpu",
        "device_name": "AMD EPYC",
        "threads": 1 + replicate % 2,
        "platform": "Linux x86_64",
        "versions": {"python": "3.12.1", "torch": "2.14.1+cu130"},
        "timbang": {"version": "0.2.0", "commit": 5 * "0123abcd"},
        "host": "one",
        "made_with": {"contender": asdict(contender)},
    }
    (folder / "training.json").write_text(json.dumps(training))
    if probes:
        measured = {name: float(rng.normal()) for name in (*PROBE_MEASURES, *ATTENTION_MEASURES)}
        (folder / "probes.json").write_text(json.dumps({"measures": measured}))


def score_all(results: RawResults) -> list[dict]:
    """Return the metrics of all runs as the workflow's rule computes them."""
    metrics = []
    for contender in results.study.contenders:
        for replicate in results.study.replicates:
            run = results.folder / "runs" / contender.name / str(replicate)
            probed = {}
            if results.study.probes:
                probed = json.loads((run / "probes.json").read_text())["measures"]
            metrics.append(
                score_run(
                    training=json.loads((run / "training.json").read_text()),
                    history=pd.read_csv(run / "history.csv"),
                    validation=read_predictions(run / "predictions.csv", "validation"),
                    test=read_predictions(run / "predictions.csv", "test"),
                    split=read_split(results.folder / f"splits/{replicate}.csv"),
                    probed=probed,
                )
            )
    return metrics


def number(results, id):
    found = look_up(results, id)
    return np.nan if found is None else found.value


CASES = {
    "plain": {},
    "one replicate": {"replicates": 1},
    "seven": {"replicates": 7, "contenders": ("plain34", "resnet34", "preact34")},
    "fixed": {"replicates": 6, "split": {"resample": False}},
    "diverged": {"replicates": 6, "lost": [("plain34", 1), ("resnet34", 3)]},
    "all diverged": {"lost": [("plain34", r) for r in range(3)]},
    "nothing left": {"replicates": 1, "lost": [("plain34", 0), ("resnet34", 0)]},
    "test part": {"test": 2, "replicates": 2},
    "probes": {"probes": ["train_loss", "gradients", "scales"]},
    "hostile": {"labels": HOSTILE},
    "two classes": {"labels": ("x", "y")},
    "one contender": {"contenders": ("resnet34",), "replicates": 5},
    "long": {"epochs": 9},
    "one epoch": {"epochs": 1},
}


@pytest.fixture(scope="module", params=CASES.values(), ids=CASES.keys())
def results(request, tmp_path_factory):
    return make_results(tmp_path_factory.mktemp("reader") / "small", **request.param)


@pytest.fixture(scope="module")
def metrics(results):
    return score_all(results)


def test_measures_of_runs_are_those_of_the_summary(results, metrics):
    runs = collect_runs(metrics)
    # A run that diverged took seconds as well, which the specification leaves out.
    runs.loc[runs["diverged"], list(OF_TRAINING)] = np.nan
    assert set(MEASURES) == set(RUN_MEASURES)
    for row in summarise_runs(runs, results.study.reference).to_dict("records"):
        name = row["contender"]
        for measure in RUN_MEASURES:
            for word in STATISTICS:
                own = number(results, f"{measure}.{word}/{name}")
                wanted = row[f"{measure}_{word}"]
                assert own == pytest.approx(wanted, rel=1e-12, abs=1e-15, nan_ok=True), measure
        assert number(results, f"diverged/{name}") == row["diverged"]
        assert number(results, f"parameters/{name}") == row["parameters"]
        assert number(results, f"multiply_adds/{name}") == row["multiply_adds"]
    for row in runs.to_dict("records"):
        for measure in ("accuracy", "loss", "train_accuracy", "leaked_accuracy"):
            own = number(results, f"run.{measure}/{row['contender']}/{row['replicate']}")
            assert own == pytest.approx(row[measure], rel=1e-12, nan_ok=True)


def test_scores_of_classes_are_those_of_the_summary(results, metrics):
    classes = summarise_classes(metrics)
    for row in classes.to_dict("records"):
        subject = f"{row['contender']}/{results.classes.index(row['label'])}"
        for measure in CLASS_MEASURES:
            for word in STATISTICS:
                own = number(results, f"{measure}.{word}/{subject}")
                wanted = row[f"{measure}_{word}"]
                assert own == pytest.approx(wanted, rel=1e-12, abs=1e-15, nan_ok=True)
        assert number(results, f"support.mean/{subject}") == pytest.approx(row["support_mean"])
    for name, own in classes.groupby("contender"):
        lowest = number(results, f"recall.lowest/{name}")
        assert lowest == pytest.approx(own["recall_mean"].min(), nan_ok=True)
    for contender in results.study.contenders:
        known = [
            run["confusion_matrix"]
            for run in metrics
            if run["contender"] == contender.name and run["confusion_matrix"]
        ]
        total = sum(map(np.array, known)) if known else np.zeros((2, 2))
        assert number(results, f"confusion/{contender.name}/0/1") == total[0][1]


def scale_of(results, runs):
    """What the evidence weighs by: its own tables, and the files that its rule reads."""
    study, folder = results.study, results.folder
    files = {
        own.name: {r: [folder / f"runs/{own.name}/{r}/predictions.csv"] for r in study.replicates}
        for own in study.contenders
    }
    splits = {r: folder / f"splits/{r}.csv" for r in study.replicates}
    scores = read_scores_of(files, splits)
    settings = (study.tie, study.margin, study.about, study.diverged)
    return make_scale(runs, *settings, len(results.classes), scores)


def test_contrasts_are_those_of_the_evidence(results, metrics):
    runs = collect_runs(metrics)
    study = results.study
    pairs = [(name, study.reference) for name in study.contrasts]
    judged = judge_study(scale_of(results, runs), [], pairs)
    for decision in judged.decisions:
        row = describe_decision(decision)
        for column in (*COLUMNS, "mean", "sd", "min", "max", "finished_mean"):
            own = number(results, f"contrast.{row['measure']}.{column}/{row['first']}")
            assert own == pytest.approx(row[column], rel=1e-9, nan_ok=True), column
        assert number(results, f"contrast.{row['measure']}.pairs/{row['first']}") == row["pairs"]
    assert number(results, "contrasts") == len(pairs)


COLUMNS = (
    *("low", "high", "p", "p_adjusted", "margin", "p_below", "p_above", "p_equal"),
    *("these_low", "these_high", "like_low", "like_high", "floor"),
)


@pytest.mark.parametrize("own", [{"lost": [("plain34", 2)]}, {"split": {"resample": False}}])
def test_contrasts_without_suspects_are_those_of_the_kept_images(tmp_path, own):
    results = make_results(
        tmp_path,
        **{"contenders": ("plain34", "resnet34", "preact34"), "replicates": 6} | own,
        on_suspects="drop",
        doubted=9,
    )
    study, folder = results.study, results.folder
    splits = {r: read_split(folder / f"splits/{r}.csv") for r in study.replicates}
    files = {
        c.name: {r: [folder / f"runs/{c.name}/{r}/predictions.csv"] for r in study.replicates}
        for c in study.contenders
    }
    answers = {
        name: [(r, read_predictions(path, "validation")) for r, (path,) in paths.items()]
        for name, paths in files.items()
    }
    suspects = list_doubted(tabulate_images(splits, answers))["filename"]
    assert len(suspects) > 3
    assert number(results, "without.images") == len(suspects)
    paths = {r: folder / f"splits/{r}.csv" for r in study.replicates}
    scale = scale_of(results, collect_runs(score_all(results)))
    pairs = [(name, study.reference) for name in study.contrasts]
    for decision in decide_without(scale, read_scores_of(files, paths, suspects), pairs):
        row = describe_decision(decision)
        for column in (*COLUMNS, "mean", "sd", "pairs", "finished"):
            found = number(results, f"without.accuracy.{column}/{row['first']}")
            assert found == pytest.approx(row[column], rel=1e-9, nan_ok=True), column
        accuracy = {
            name: [
                (kept["predicted"] == kept["label"]).mean() if kept["predicted"].any() else 1 / 3
                for _, table in answers[name]
                for kept in [table[~table["filename"].isin(suspects)]]
            ]
            for name in pairs[0]
        }
        if row["first"] == pairs[0][0]:
            by_hand = np.subtract(*(accuracy[name] for name in pairs[0])).mean()
            assert row["mean"] == pytest.approx(by_hand)


def test_without_any_image_left_nothing_is_decided(results):
    def read_nothing(contender, part):
        nothing = np.array([])
        scores = ImageScores(nothing, nothing, nothing, nothing)
        return {replicate: [scores] for replicate in results.study.replicates}

    scale = scale_of(results, collect_runs(score_all(results)))
    (decision,) = decide_without(scale, read_nothing, [("plain34", "resnet34")])
    assert decision.says == "none"


def test_numbers_without_suspects_are_unknown_where_nothing_asks_for_them(results):
    assert look_up(results, "without.images") is None


def make_test(first, second, measure="accuracy", expect="greater", **own):
    return {"measure": measure, "first": first, "second": second, "expect": expect, **own}


CLAIMS = {
    "same as a contrast": [make_test("resnet34", "plain34")],
    "its own family": [
        make_test("plain34", "preact34", "loss", margin=0.1),
        make_test("preact34", "plain34", "late_accuracy", "equal", margin=0.5),
        make_test("preact34", "resnet34", expect="no_greater"),
    ],
    "no such network": [make_test("plain50", "plain34")],
    "no probe": [make_test("resnet34", "plain34", "gradient_cosine", margin=0.1)],
}


@pytest.mark.parametrize("own", [{}, {"split": {"resample": False}}, {"lost": [("plain34", 2)]}])
def test_claims_are_judged_as_the_evidence_judges_them(tmp_path, own):
    texts = dict.fromkeys(("supported", "refuted", "inconclusive"), "so")
    claims = {
        name: {"statement": "it is", "tests": tests, "texts": texts}
        for name, tests in CLAIMS.items()
    }
    results = make_results(
        tmp_path,
        contenders=("plain34", "resnet34", "preact34"),
        replicates=6,
        claims=claims,
        **own,
    )
    study = results.study
    pairs = [(name, study.reference) for name in study.contrasts]
    runs = collect_runs(score_all(results))
    judged = judge_study(scale_of(results, runs), results.claims, pairs).verdicts
    for claim in judged:
        for place, outcome in enumerate(claim.outcomes):
            subject = f"{claim.claim.name}/{place}"
            if outcome.decision is None:
                assert look_up(results, f"claim.mean/{subject}") is None
                continue
            row = describe_decision(outcome.decision)
            for column in (*COLUMNS, "mean", "pairs"):
                own_value = number(results, f"claim.{column}/{subject}")
                assert own_value == pytest.approx(row[column], nan_ok=True)
    for kind in ("supported", "refuted", "inconclusive", "not_tested"):
        count = sum(claim.verdict == kind for claim in judged)
        assert number(results, f"claims.{kind}") == count
    assert number(results, "claims") == len(CLAIMS)
    assert look_up(results, "claim.mean/its own family/0").unit == "nats"
    assert look_up(results, "claim.mean/its own family/2").unit == "points"


def test_images_are_counted_from_the_manifest(tmp_path):
    results = make_results(tmp_path)
    # 36 images of three classes and two that cannot be read; twelve share group 0, three the last.
    shared = results.usable["group"].value_counts()
    wanted = {
        "images.files": 38,
        "images.usable": 36,
        "images.left_out": 2,
        "classes": 3,
        "groups": len(shared),
        "duplicates.groups": (shared > 1).sum(),
        "duplicates.images": shared[shared > 1].sum(),
        "duplicates.largest": shared.max(),
        "equal_bytes.groups": 1,
        "equal_bytes.images": 4,
        "equal_pixels.groups": 18,
        "equal_pixels.images": 36,
        "class.images/2": 12,
        "class.images.largest": 12,
        "mixed_groups": 2,
        "criterion.distance": 12,
        "criterion.evidence": 40,
        "chains": 1,
        "pictured": (shared > 1).sum() + 1,
        "one_coloured": 1,
        "tiny": 0,
        "elongated": 2,
        "replicates": 3,
        "contenders": 2,
        "split.train": 24,
        "split.validation": 12,
        "split.test": 0,
        "class.part/validation/1": 4,
    }
    assert {id: number(results, id) for id in wanted} == wanted
    assert look_up(results, "split.folds") is None


def test_leaks_are_found_from_groups_and_pixels(tmp_path):
    results = make_results(tmp_path, test=2)
    leaked, equal, leaked_test, held = [], [], [], 0
    pixels = dict(zip(results.usable["filename"], results.usable["pixels_sha256"], strict=True))
    for replicate in range(3):
        split = read_split(tmp_path / f"splits/{replicate}.csv").to_dict("records")
        groups = {row["group"] for row in split if row["part"] == "train"}
        trained = {pixels[row["filename"]] for row in split if row["part"] == "train"}
        validation = [row for row in split if row["part"] == "validation"]
        held += len(validation)
        leaked.append(sum(row["group"] in groups for row in validation))
        equal.append(sum(pixels[row["filename"]] in trained for row in validation))
        tested = [row for row in split if row["part"] == "test"]
        leaked_test.append(sum(row["group"] in groups for row in tested))
    assert number(results, "split.leaked.min") == min(leaked)
    assert number(results, "split.leaked.max") == max(leaked)
    assert number(results, "split.leaked.share") == sum(leaked) / held
    assert number(results, "split.equal.min") == min(equal)
    assert number(results, "split.equal.max") == max(equal)
    assert number(results, "split.leaked_test") == max(leaked_test)
    assert number(results, "split.test") == 6


def test_histories_are_averaged_over_finished_runs(tmp_path):
    results = make_results(tmp_path, lost=[("plain34", 1)], epochs=7)
    runs = [pd.read_csv(tmp_path / f"runs/plain34/{r}/history.csv") for r in (0, 2)]
    losses = (runs[0]["validation_loss"] + runs[1]["validation_loss"]) / 2
    accuracies = (runs[0]["validation_accuracy"] + runs[1]["validation_accuracy"]) / 2
    first = (runs[0]["train_loss"][0] + runs[1]["train_loss"][0]) / 2
    wanted = {
        "first.train_loss": first,
        "first.loss": losses[0],
        "highest.loss": losses.max(),
        "highest.loss.epoch": losses.argmax() + 1,
        # Three quarters of seven epochs are five.
        "late_gain": accuracies[6] - accuracies[4],
        "finished": 2,
        "diverged": 1,
    }
    assert {id: number(results, f"{id}/plain34") for id in wanted} == pytest.approx(wanted)
    assert number(results, "curve.validation_loss.mean/plain34/3") == pytest.approx(losses[2])
    assert number(results, "curve.validation_loss.max/plain34/3") == pytest.approx(
        max(runs[0]["validation_loss"][2], runs[1]["validation_loss"][2])
    )
    assert look_up(results, "curve.validation_loss.mean/plain34/8") is None
    assert look_up(results, "curve.validation_loss.mean/plain34/0") is None


def test_settings_published_numbers_and_machines_are_told(tmp_path):
    contenders = {"resnet34": {}, "gentle": {"network": "plain18", "recipe": {"mixup": 0.2}}}
    results = make_results(tmp_path, contenders=("resnet34", "plain18"))
    results.published = Published(
        citation="x",
        title="y",
        results={
            "plain18": PublishedResult(0.68, 0.8, parameters=21_287_237, unused_parameters=173_824),
            "resnet34": PublishedResult(0.78, 0.6),
        },
        images=1108,
        others=(OtherRun({"en": "team"}, {"plain18": 0.275}),),
    )
    study = read_study(
        make_config((), 3) | {"contenders": contenders}, SCHEMA, find_source, lambda *_: None
    )
    other = RawResults(tmp_path, study)
    assert number(other, "setting.mixup/gentle") == 0.2
    assert number(other, "setting.mixup") == 0
    assert look_up(other, "setting.optimizer").value == "adam"
    assert look_up(other, "setting.tf32").value == "false"
    assert look_up(other, "setting.step_epochs") is None
    assert look_up(other, "setting.margin").scale == 100
    assert number(other, "setting.image_size") == study.data.image_size
    wanted = {
        "published.images": 1108,
        "published.accuracy/plain18": 0.68,
        "published.unused_parameters/plain18": 173_824,
        "published.other/0/plain18": 0.275,
        "published.difference/plain18": -0.1,
        "published.loss_difference/plain18": 0.2,
        "layout.0.blocks/2": 6,
        "layout.0.channels/3": 512,
        "layout.1.blocks/0": 2,
        "depth/plain18": 18,
        "constant.confidence": 0.95,
        "constant.kernel.stem": 7,
        "parameters.excess/plain18": 332754 / 332755 - 1,
    }
    assert {id: number(results, id) for id in wanted} == pytest.approx(wanted)
    for absent in ("published.train_loss/plain18", "published.accuracy/x", "layout.2.blocks/0"):
        assert look_up(results, absent) is None
    assert look_up(results, "environment.device/0").value == "AMD EPYC (CPU)"
    assert look_up(results, "environment.threads/1").value == "2"
    assert look_up(results, "environment.commit/0").value == "0123abcd0123"
    assert look_up(results, "environment.commit/1") is None


def test_the_twin_is_read_from_its_own_predictions(tmp_path):
    own = make_results(tmp_path / "small", seed=1)
    twin = make_results(tmp_path / "twin", replicates=4, lost=[("plain34", 1)], seed=2)
    runs = collect_runs(score_all(twin))
    runs.to_csv(tmp_path / "twin/runs.csv", index=False)
    results = RawResults(tmp_path / "small", own.study, twin=Twin(tmp_path / "twin"))
    summary = summarise_runs(runs, "resnet34").set_index("contender")
    for word in STATISTICS:
        wanted = summary.loc["plain34", f"accuracy_{word}"]
        assert number(results, f"twin.accuracy.{word}/plain34") == pytest.approx(wanted)
    difference = number(results, "accuracy.mean/plain34") - summary.loc["plain34", "accuracy_mean"]
    assert number(results, "twin.difference/plain34") == pytest.approx(difference)
    assert number(results, "twin.replicates") == 4
    assert number(results, "twin.contenders") == 2
    share = runs["leaked_images"].sum() / runs["validation_images"].sum()
    assert number(results, "twin.leaked.share") == pytest.approx(share)
    assert look_up(own, "twin.replicates") is None


UNKNOWN = (
    "",
    "accuracy",
    "accuracy.mean",
    "accuracy.mean/x",
    "accuracy.median/resnet34",
    "accuracy.sd/resnet34/extra/parts",
    "recall.mean/resnet34/3",
    "recall.mean/resnet34/-1",
    "run.accuracy/resnet34/9",
    "confusion/resnet34/0/-1",
    "contrast.accuracy.mean/resnet34",
    "contrast.loss.mean",
    "claim.mean/x/0",
    "setting.nothing",
    "constant.nothing",
    "test_accuracy.mean/resnet34",
    "gradient_cosine.mean/resnet34",
    "__class__",
)


def test_what_the_study_does_not_have_is_nothing(tmp_path):
    results = make_results(tmp_path)
    assert {id: look_up(results, id) for id in UNKNOWN} == dict.fromkeys(UNKNOWN)


def test_a_lie_in_a_table_of_summaries_is_not_read(tmp_path):
    results = make_results(tmp_path)
    for name in ("runs.csv", "summary.csv", "per_class.csv", "contrasts.csv"):
        (tmp_path / name).write_text("contender,accuracy\nresnet34,0.99\n")
    assert number(results, "accuracy.mean/resnet34") < 0.99


def test_one_run_by_hand(tmp_path):
    results = make_results(tmp_path, contenders=("resnet34",), replicates=1, labels=("x", "y"))
    run = tmp_path / "runs/resnet34/0"
    held = read_split(tmp_path / "splits/0.csv").query("part == 'validation'")
    names = held.sort_values("label")["filename"].tolist()
    # Of four x two are right, of four y three.
    taken = ["x", "x", "y", "y", "y", "y", "y", "x"]
    chances = [0.5 if name == "x" else 0.25 for name in taken]
    rows = [
        f"{name},{'x' if place < 4 else 'y'},validation,{answer},{chance},{1 - chance}"
        for place, (name, answer, chance) in enumerate(zip(names, taken, chances, strict=True))
    ]
    (run / "predictions.csv").write_text(
        "filename,label,part,predicted,probability:x,probability:y\n" + "\n".join(rows)
    )
    wanted = {
        "accuracy.mean/resnet34": 5 / 8,
        "loss.mean/resnet34": -(2 * np.log(0.5) + 2 * np.log(0.25) + 3 * np.log(0.75) + np.log(0.5))
        / 8,
        "recall.mean/resnet34/0": 0.5,
        "recall.mean/resnet34/1": 0.75,
        "precision.mean/resnet34/0": 2 / 3,
        "f1.mean/resnet34/0": 4 / 7,
        "recall_spread.mean/resnet34": 0.25,
        "recall.lowest.class/resnet34": 0,
        "recall.highest.class/resnet34": 1,
        "support.mean/resnet34/1": 4,
        "confusion/resnet34/1/0": 1,
    }
    assert {id: number(results, id) for id in wanted} == pytest.approx(wanted)
