"""Finished studies with a known truth: every file that tables and report are made from.

A scenario says how far each contender lies from the reference, how noisy its runs are, which of
them diverged, and what the measures behind the claims are. The files are written as the workflow
writes them, and the library makes the report of them.
"""

import json
import math
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from timbang.evidence.fairness import Variants
from timbang.evidence.fairness_tables import tabulate_fairness
from timbang.evidence.images import ImageScores
from timbang.evidence.judging import describe_verdicts, judge_study, list_claims, make_scale
from timbang.evidence.looks import record_look
from timbang.evidence.verdicts import read_contrasts
from timbang.evidence.weighing import ReadScores
from timbang.facts.collecting import collect_facts
from timbang.facts.description import describe_study
from timbang.facts.fairness import Fairness
from timbang.facts.results import Results
from timbang.languages.catalogue import read_language
from timbang.networks.catalogue import find_fault
from timbang.probes.falls import ATTENTION_MEASURES
from timbang.probes.measures import PROBE_MEASURES
from timbang.records.tables import read_filled, read_manifest, read_rows, read_split
from timbang.records.writing import write_table
from timbang.report.bibliography import read_bibliography
from timbang.report.document import describe_front, write_document
from timbang.report.media.tex import Tex
from timbang.scores.ledger import tabulate_confusions, tabulate_images
from timbang.scores.summary import (
    add_doubling,
    collect_runs,
    summarise_classes,
    summarise_runs,
)
from timbang.sources.choice import find_source
from timbang.study.published import read_published
from timbang.study.reading import read_study
from timbang.study.study import Study
from timbang.tuning.choice import Trial, choose
from timbang.tuning.recipes import draw_recipes
from timbang.tuning.variants import measure_doubling

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text())
MADE_WITH = "sha256:0123456789abcdef"
TRAIN, VALIDATION = 800, 200
BASE = 0.6
SHARES = (0.25, 0.5)
# Replicates differ, but all contenders alike: the splits are easier and harder.
EASE = (0.01, -0.02, 0.0, 0.015, -0.01, 0.005, 0.02, -0.015, 0.01, -0.005)
WOBBLE = (0.005, -0.005, 0.0, 0.005, -0.01, 0.005, 0.0, 0.005, -0.005, 0.0)
NOISE = (0.15, -0.2, 0.05, -0.1, 0.2, -0.15, 0.1, -0.05, 0.15, -0.15)


@dataclass(frozen=True)
class Plant:
    """A contender's truth: its distance from the reference's accuracy, and what else is known.

    ``noisy`` differences spread far, ``exact`` ones not at all. ``measures`` are of every run,
    with a small wobble; ``late`` is the distance of the last epochs, if it is another one.
    """

    effect: float = 0.0
    noisy: bool = False
    exact: bool = False
    diverged: tuple[int, ...] = ()
    measures: Mapping[str, float] = field(default_factory=dict)
    late: float | None = None


@dataclass(frozen=True)
class Landscape:
    """What a contender does by other recipes and with fewer images, as ``Plant.effect`` is.

    ``inner`` are its trials' distances on the images that choose, ``outer`` on the validation
    images, ``shares`` on a quarter and on half of the training images. By what it chooses it is as
    accurate as that trial.
    """

    inner: tuple[float, ...]
    outer: tuple[float, ...]
    shares: tuple[float, ...]


@dataclass(frozen=True)
class Scenario:
    """A study with a known truth, and the verdicts that it must lead to, by the claims' numbers.

    ``noise`` says what the answers to single images show: that the differences come from the
    ``images``, which are harder for one network or the other whatever the run, or from the
    ``runs`` alone; without it there are no answers. ``about`` is what the study asks. With
    ``landscapes`` of every contender recipes are tuned, and there is a learning curve.
    """

    name: str
    plants: Mapping[str, Plant]
    verdicts: Mapping[str, str] = field(default_factory=dict)
    replicates: int = 7
    fixed: bool = False
    published: bool = False
    noise: str | None = None
    about: str = "images_like_these"
    values: Mapping[str, float] = field(default_factory=dict)
    landscapes: Mapping[str, Landscape] = field(default_factory=dict)
    decides: str = "tuned"

    @property
    def study(self) -> Study:
        """The configuration of such a study."""
        contenders: dict[str, Any] = {}
        for name in self.plants:
            network, _, extra = name.partition("-")
            contenders[name] = {"network": network} if extra else {}
            if extra == "matched":
                contenders[name]["parameters_of"] = "multipath34"
        config: dict[str, Any] = {
            "study": "planted",
            "data": {"source": "digits", "image_size": 32},
            "replicates": self.replicates,
            "contenders": contenders,
            "split": {"resample": not self.fixed},
            "about": self.about,
        }
        if self.landscapes:
            trials = len(self.landscapes["resnet34"].inner)
            over = {"learning_rate": [0.0001, 0.01]}
            config["tuning"] = {"over": over, "trials": trials, "decides": self.decides}
            config["learning_curve"] = {"shares": list(SHARES)}
        if self.published:
            config["report"] = {"published": str(ROOT / "report" / "published.yaml")}
        return read_study(config, SCHEMA, find_source, find_fault)

    def accuracies(self, name: str, effect: float | None = None) -> list[float]:
        """Return the accuracy of each replicate, by an effect if given; NaN where it diverged."""
        if name in self.values:
            return [self.values[name]] * self.replicates
        plant = self.plants[name]
        plant = plant if effect is None else replace(plant, effect=effect)
        own = []
        for replicate in range(self.replicates):
            place = replicate % len(EASE)
            shift = 0.0 if plant.exact else (NOISE if plant.noisy else WOBBLE)[place]
            shift = 0.0 if name == "resnet34" else shift
            value = BASE + EASE[place] + plant.effect + shift
            is_lost = replicate in plant.diverged
            own.append(math.nan if is_lost else round(value * VALIDATION) / VALIDATION)
        return own


def write_results(scenario: Scenario, folder: Path) -> None:
    """Write what evaluation leaves, from the manifest to the metrics and histories of all runs."""
    study = scenario.study
    (folder / "data").mkdir(parents=True)
    _write_data(folder, study)
    for contender in study.contenders:
        plant = scenario.plants[contender.name]
        for replicate, accuracy in enumerate(scenario.accuracies(contender.name)):
            run = folder / "runs" / contender.name / str(replicate)
            run.mkdir(parents=True)
            metrics = _make_metrics(contender, replicate, accuracy, plant)
            (run / "metrics.json").write_text(json.dumps(metrics, allow_nan=False))
            _make_history(contender.recipe.epochs, accuracy).to_csv(run / "history.csv")


def _write_data(folder: Path, study: Study) -> None:
    count = TRAIN + VALIDATION
    manifest = pd.DataFrame(
        {
            "filename": [f"{place}.png" for place in range(count)],
            "label": ["ab"[place % 2] for place in range(count)],
            "width": 32,
            "height": 32,
            "contrast": 200,
            "format": "PNG",
            "sha256": [f"{place:064x}" for place in range(count)],
            "pixels_sha256": [f"{place:064x}" for place in range(count)],
            "phash": [f"{place:016x}" for place in range(count)],
            "group": range(count),
            "problem": "",
            "row": "",
            "part": "",
        }
    )
    manifest.to_csv(folder / "data/manifest.csv", index=False)
    nothing = {"distinct": count, "groups": 0, "images": 0}
    audit = {
        "images": count,
        "usable": count,
        "classes": {name: {"images": count // 2, "groups": count // 2} for name in "ab"},
        "formats": {"PNG": count},
        "sides": {"shortest": 32, "longest": 32},
        "groups": count,
        "duplicate_groups": 0,
        "duplicate_images": 0,
        "equal_bytes": nothing,
        "equal_pixels": nothing,
        "criterion": {"distance": 12, "evidence": 40.0},
        "duplicates": [],
        "mixed_groups": [],
        "chains": [],
        "closest": {"joined": [], "apart": []},
        "confirmed": [],
        "one_coloured": [],
        "tiny": [],
        "elongated": [],
        "small_classes": [],
        "problems": [],
    }
    (folder / "data/audit.json").write_text(json.dumps(audit))
    (folder / "splits").mkdir()
    split = manifest[["filename", "label", "group"]].assign(leaked=False)
    split["part"] = np.where(np.arange(count) < TRAIN, "train", "validation")
    for replicate in study.replicates:
        split.to_csv(folder / "splits" / f"{replicate}.csv", index=False)


def _make_metrics(contender: Any, replicate: int, accuracy: float, plant: Plant) -> dict[str, Any]:
    is_lost = math.isnan(accuracy)
    wobble = WOBBLE[replicate % len(WOBBLE)]
    right = None if is_lost else round(accuracy * VALIDATION / 2)
    late = plant.effect if plant.late is None else plant.late
    scores: dict[str, Any] = {
        "accuracy": accuracy,
        "loss": 1.2 - accuracy,
        "train_accuracy": min(1.0, accuracy + 0.05),
        "train_loss": 1.1 - accuracy,
        "late_accuracy": accuracy + late - plant.effect,
        "swing": 0.05,
        "largest_rise": 0.0,
        "rises": 0,
        "gap": 0.1,
        "recall_spread": 0.1,
        "brier": 0.6,
        "miscalibration": 0.01,
        "discrimination": 0.05,
        "uncertainty": 0.24,
        **{
            measure: value + (0 if measure == "rises" else wobble * max(1.0, abs(value)))
            for measure, value in plant.measures.items()
        },
    }
    if is_lost:
        scores = dict.fromkeys(scores)
    rest = {name: None for name in (*PROBE_MEASURES, *ATTENTION_MEASURES) if name not in scores}
    none = dict.fromkeys(("precision", "recall", "f1"))
    one = {"precision": accuracy, "recall": accuracy, "f1": accuracy}
    return {
        "contender": contender.name,
        "replicate": replicate,
        "network": contender.network,
        "width": contender.width,
        "parameters": 21_287_237,
        "multiply_adds": 74_000_000,
        "host": "one",
        "made_with": MADE_WITH,
        "diverged": {"epoch": 1, "step": 2} if is_lost else None,
        "training_seconds": 12.0,
        "images_per_second": 600.0,
        "train_images": TRAIN,
        "validation_images": VALIDATION,
        "device": "cpu",
        "device_name": "a processor",
        "threads": 1,
        "platform": "Linux x86_64",
        "versions": {"python": "3.12.1", "torch": "2.14.1", "numpy": "2.3.0"},
        "timbang": {"version": "0.2.0", "commit": 5 * "0123abcd", "modified": False},
        "leaked_images": 0,
        "leaked_accuracy": None,
        "clean_accuracy": None if is_lost else accuracy,
        "leak_difference": None,
        "test_accuracy": None,
        "test_loss": None,
        "test_images": None,
        "classes": ["a", "b"],
        "per_class": {
            name: {**(none if is_lost else one), "support": VALIDATION // 2} for name in "ab"
        },
        "confusion_matrix": right and [[right, 100 - right], [100 - right, right]],
        **rest,
        **scores,
    }


def _make_history(epochs: int, accuracy: float) -> pd.DataFrame:
    count = 1 if math.isnan(accuracy) else epochs
    return pd.DataFrame(
        {
            "epoch": range(1, count + 1),
            "train_loss": 1.1 - accuracy,
            "train_accuracy": accuracy,
            "validation_loss": 1.2 - accuracy,
            "validation_accuracy": accuracy,
            "learning_rate": 0.001,
            "seconds": 1.0,
            "validation_seconds": 0.1,
        }
    )


def build_reports(scenario: Scenario, folder: Path) -> dict[str, Path]:
    """Write a scenario's results, and of them the reports; return the PDFs by language.

    Figures are left out: only the words count here.
    """
    texts = write_texts(scenario, folder)
    return {code: _compile_once(tex) for code, tex in texts.items()}


def write_texts(scenario: Scenario, folder: Path) -> dict[str, Path]:
    """Write a scenario's results, and the text of the reports; return the files by language."""
    study, results = make_results(scenario, folder)
    facts = collect_facts(
        results,
        study.reference,
        study.margin,
        study.tie,
        None,
        study.tuning,
        study.learning_curve,
    )
    described = describe_study(study, results, facts, study.tie) | {"figures": []}
    bibliography = read_bibliography([ROOT / "report" / "references.bib"])
    report = asdict(study.report) | {"date": None}
    (folder / "report").mkdir()
    texts = {}
    for code in ("en", "id"):
        language = read_language(code)
        front = describe_front(report, {}, language)
        document = write_document(described, facts, language, Tex(), bibliography, front)
        texts[code] = folder / "report" / f"report-{code}.tex"
        texts[code].write_text(document.text, encoding="utf-8")
    return texts


def make_results(scenario: Scenario, folder: Path) -> tuple[Study, Results]:
    """Write a scenario's results; return its study and what its files hold."""
    write_results(scenario, folder)
    study = scenario.study
    metrics = {
        own.name: {r: _read(folder / f"runs/{own.name}/{r}/metrics.json") for r in study.replicates}
        for own in study.contenders
    }
    every = [run for runs in metrics.values() for run in runs.values()]
    runs = collect_runs(every)
    variants = _plant_variants(scenario, study) if scenario.landscapes else None
    if variants is not None:
        runs = add_doubling(runs, measure_doubling(variants))
    write_table(folder / "runs.csv", runs)
    scale = make_scale(
        read_rows(folder / "runs.csv"),
        study.tie,
        study.margin,
        study.about,
        study.diverged,
        len(every[0]["classes"]),
        _read_scores(scenario) if scenario.noise else None,
    )
    scales = [scale]
    if variants is not None:
        tuned = collect_runs(_tune(scenario, study))
        scales.append(replace(scale, runs=tuned, recipe="tuned"))
        scales.sort(key=lambda own: own.recipe != study.decides)
    judgement = judge_study(
        scales[0],
        list_claims(sorted((ROOT / "report/claims").glob("*.yaml")), {}),
        [(name, study.reference) for name in study.contrasts],
        *scales[1:],
    )
    write_table(folder / "contrasts.csv", judgement.tabulate(study.decides))
    results = Results(
        audit=_read(folder / "data/audit.json"),
        manifest=read_manifest(folder / "data/manifest.csv"),
        splits={r: read_split(folder / f"splits/{r}.csv") for r in study.replicates},
        split_settings=asdict(study.split),
        image_size=study.data.image_size,
        training={
            own.name: {
                r: run | {"made_with": {"contender": asdict(own)}}
                for r, run in metrics[own.name].items()
            }
            for own in study.contenders
        },
        histories={
            name: {r: pd.read_csv(folder / f"runs/{name}/{r}/history.csv") for r in own}
            for name, own in metrics.items()
        },
        runs=runs,
        summary=summarise_runs(runs, study.reference).to_dict("records"),
        classes=summarise_classes(every),
        images=tabulate_images({0: read_split(folder / "splits/0.csv")}, {}),
        confusions=tabulate_confusions({}),
        contrasts=read_contrasts(folder / "contrasts.csv"),
        verdicts=json.loads(json.dumps(describe_verdicts(judgement.verdicts, folder / "runs.csv"))),
        published=read_published(study.report.published),
        looks=record_look([], {"default": runs}, "default", {}),
        twin=[],
        fairness=(
            None if variants is None else _weigh_recipes(study, variants, tuned, folder, scenario)
        ),
    )
    return study, results


def _plant_variants(scenario: Scenario, study: Study) -> pd.DataFrame:
    """Return the table ``variants.csv`` of landscapes."""
    rows = []
    for name, own in scenario.landscapes.items():
        effects: dict[str, tuple[float, float]] = {
            f"trials/{number}": pair
            for number, pair in enumerate(zip(own.inner, own.outer, strict=True))
        }
        effects |= {
            f"shares/{share:g}": (math.nan, effect)
            for share, effect in zip(SHARES, own.shares, strict=True)
        }
        effects["runs"] = math.nan, scenario.plants[name].effect
        for variant, (inner, outer) in effects.items():
            outers = scenario.accuracies(name, outer)
            inners = scenario.accuracies(name, 0 if math.isnan(inner) else inner)
            for replicate in study.replicates:
                share = float(variant.partition("/")[2]) if variant.startswith("shares") else 1
                is_trial = variant.startswith("trials")
                rows.append(
                    {
                        "variant": variant,
                        "contender": name,
                        "replicate": replicate,
                        "diverged": False,
                        "accuracy": outers[replicate],
                        "inner_accuracy": inners[replicate] if is_trial else math.nan,
                        "inner_loss": 1 - inners[replicate] if is_trial else math.nan,
                        "train_images": round(TRAIN * share),
                        "training_seconds": 12.0,
                    }
                )
    return pd.DataFrame(rows)


def _choose(landscape: Landscape) -> int:
    return choose([[Trial(BASE + inner, 1 - inner, 0, 0) for inner in landscape.inner]])


def _tune(scenario: Scenario, study: Study) -> list[dict[str, Any]]:
    """Return the metrics of the tuned runs: as accurate as the trial that was chosen."""
    runs = []
    for contender in study.contenders:
        own = scenario.landscapes[contender.name]
        effect = own.outer[_choose(own)]
        plant = replace(scenario.plants[contender.name], effect=effect)
        for replicate, accuracy in enumerate(scenario.accuracies(contender.name, effect)):
            runs.append(_make_metrics(contender, replicate, accuracy, plant))
    return runs


def _weigh_recipes(
    study: Study, variants: pd.DataFrame, tuned: pd.DataFrame, folder: Path, scenario: Scenario
) -> Fairness:
    names = [own.name for own in study.contenders]
    recipes = draw_recipes(study.tuning.over[study.reference], study.tuning.trials)
    tables = tabulate_fairness(
        Variants(variants, chance=1 / 2, resolution=1 / VALIDATION),
        names,
        study.reference,
        study.contrasts,
        study.margin,
        tried=dict.fromkeys(names, recipes),
        chosen={
            name: [recipes[_choose(scenario.landscapes[name])]] * len(study.replicates)
            for name in names
        },
        varied=study.varied,
        slopes=measure_doubling(variants),
    )
    for name, table in tables.items():
        write_table(folder / f"fairness-{name}.csv", table)
    return Fairness(
        **{name: read_filled(folder / f"fairness-{name}.csv") for name in tables},
        tuned=summarise_runs(tuned, study.reference).to_dict("records"),
        others=read_contrasts(folder / "contrasts.csv", is_decisive=False),
        settings=list(study.tuning.over[study.reference]),
        seconds=float(variants["training_seconds"].sum()),
    )


def _read_scores(scenario: Scenario) -> ReadScores:
    """Return the scores of images: each as its run, or every second one far above and below."""
    groups = np.arange(TRAIN, TRAIN + VALIDATION)

    def read(name: str, part: str) -> dict[int, list[ImageScores]]:
        is_odd = scenario.noise == "images" and name != "resnet34"
        pattern = np.where(groups % 2, 0.5, -0.5) if is_odd else np.zeros(VALIDATION)
        return {
            replicate: [ImageScores(groups, *[accuracy + pattern] * 3)]
            for replicate, accuracy in enumerate(scenario.accuracies(name))
        }

    return read


def _read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def _compile_once(tex: Path) -> Path:
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-no-shell-escape", tex.name],
        cwd=tex.parent,
        capture_output=True,
    )
    assert tex.with_suffix(".pdf").exists(), done.stdout[-2000:]
    return tex.with_suffix(".pdf")
