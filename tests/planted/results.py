"""Finished studies with a known truth: every file that tables and report are made from.

A scenario says how far each contender lies from the reference, how noisy its runs are, which of
them diverged, and what the measures behind the claims are. The files are written as the workflow
writes them, and its own scripts make tables and report of them.
"""

import json
import math
import runpy
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import yaml
from matplotlib.figure import Figure

from timbang.networks.catalogue import find_fault
from timbang.networks.relations import differ_in_shortcuts_alone, find_plain
from timbang.networks.titles import title_contender
from timbang.probes.measures import PROBE_MEASURES
from timbang.report.networks import describe_networks
from timbang.sources.choice import find_source
from timbang.study.reading import read_study
from timbang.study.words import Study

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "workflow" / "scripts"
SCHEMA = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text())
FIGURES = ("curves", "accuracies", "confusion", "classes", "duplicates", "leaks", "twin")
MADE_WITH = "sha256:0123456789abcdef"
TRAIN, VALIDATION = 800, 200
BASE = 0.6
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
class Scenario:
    """A study with a known truth, and the verdicts that it must lead to, by the claims' numbers."""

    name: str
    plants: Mapping[str, Plant]
    verdicts: Mapping[str, str] = field(default_factory=dict)
    replicates: int = 7
    fixed: bool = False
    published: bool = False
    values: Mapping[str, float] = field(default_factory=dict)

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
        }
        if self.published:
            config["report"] = {"published": str(ROOT / "report" / "published.yaml")}
        return read_study(config, SCHEMA, find_source, find_fault)

    def accuracies(self, name: str) -> list[float]:
        """Return the accuracy of each replicate, NaN where it diverged."""
        if name in self.values:
            return [self.values[name]] * self.replicates
        plant = self.plants[name]
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
        **{
            measure: value + (0 if measure == "rises" else wobble * max(1.0, abs(value)))
            for measure, value in plant.measures.items()
        },
    }
    if is_lost:
        scores = dict.fromkeys(scores)
    rest = {name: None for name in PROBE_MEASURES if name not in scores}
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


class Named(SimpleNamespace):
    """What Snakemake gives a script: names, some of which may be missing."""

    def get(self, name: str, default: Any = None) -> Any:
        """Return what has that name."""
        return getattr(self, name, default)

    def items(self) -> Any:
        """Return names and values."""
        return vars(self).items()

    def __getitem__(self, place: int) -> Any:
        """Return the value at a place."""
        return list(vars(self).values())[place]


def call_script(name: str, **parts: Any) -> None:
    """Run one of the workflow's scripts as Snakemake would."""
    snakemake = SimpleNamespace(
        **{
            key: Named(**value) if isinstance(value, dict) else value
            for key, value in parts.items()
        }
    )
    runpy.run_path(str(SCRIPTS / name), init_globals={"snakemake": snakemake})


def build_reports(scenario: Scenario, folder: Path) -> dict[str, Path]:
    """Write a scenario's results, and of them tables and reports; return the PDFs by language."""
    write_results(scenario, folder)
    study = scenario.study
    names = [contender.name for contender in study.contenders]
    pairs = [(name, replicate) for name in names for replicate in study.replicates]
    metrics = [str(folder / "runs" / name / str(r) / "metrics.json") for name, r in pairs]
    log = str(folder / "log")
    titles = {own.name: title_contender(own.name, own.network) for own in study.contenders}
    splits = "fixed" if scenario.fixed else "redrawn"
    call_script(
        "summarise_runs.py",
        log={"file": log},
        input={"metrics": metrics},
        output={key: str(folder / f"{key}.csv") for key in ("runs", "summary", "classes")},
        params={"reference": study.reference, "made_with": [MADE_WITH] * len(metrics)},
    )
    call_script(
        "judge_claims.py",
        log={"file": log},
        input={
            "runs": str(folder / "runs.csv"),
            "claims": sorted(map(str, (ROOT / "report/claims").glob("*.yaml"))),
        },
        output={
            "contrasts": str(folder / "contrasts.csv"),
            "verdicts": str(folder / "verdicts.json"),
        },
        params={
            "reference": study.reference,
            "contrasts": list(study.contrasts),
            "margin": study.margin,
            "claims": {},
            "splits": splits,
        },
    )
    plain = find_plain(study.contenders, study.reference)
    tables = ["settings", "networks", "contenders", "classes", "test", "leaks", "late", "claims"]
    tables += ["replication"] if scenario.published else []
    tables += ["stage_one", "stage_two"] if plain else []
    for part in ("tables", "report", "figures"):
        (folder / part).mkdir()
    common = {
        "published": study.report.published,
        "titles": titles,
        "weighed": list(study.weighed),
        "plain": plain,
        "reference": study.reference,
        "recipe": asdict(study.recipe),
        "width": study.width,
        "image_size": study.data.image_size,
        "names": [study.name, None],
    }
    results = {
        "summary": str(folder / "summary.csv"),
        "classes": str(folder / "classes.csv"),
        "verdicts": str(folder / "verdicts.json"),
        "contrasts": str(folder / "contrasts.csv"),
    }
    pdfs = {}
    for language in ("en", "id"):
        texts = {"texts": str(ROOT / f"report/texts/{language}.yaml")}
        call_script(
            "write_tables.py",
            log={"file": log},
            wildcards={"language": language},
            input={**results, **texts},
            output={
                name: str(folder / "tables" / f"{name.replace('_', '-')}-{language}.tex")
                for name in tables
            },
            params=common,
        )
        tex = folder / "report" / f"report-{language}.tex"
        call_script(
            "write_report.py",
            log={"file": log},
            wildcards={"language": language},
            input={
                **results,
                **texts,
                "template": str(ROOT / f"report/templates/report-{language}.tex.j2"),
                "bibliography": str(ROOT / "report/references.bib"),
                "audit": str(folder / "data/audit.json"),
                "manifest": str(folder / "data/manifest.csv"),
                "splits": [str(folder / "splits" / f"{r}.csv") for r in study.replicates],
                "metrics": metrics,
            },
            output={
                "tex": str(tex),
                "bibliography": str(folder / "report" / f"references-{language}.bib"),
            },
            params={
                **common,
                "made_with": [MADE_WITH] * len(metrics),
                "histories": {
                    own.name: [
                        str(folder / "runs" / own.name / str(replicate) / "history.csv")
                        for replicate in study.replicates
                    ]
                    for own in study.contenders
                },
                "title": "",
                "authors": [],
                "course": "",
                "date": None,
                "ai_assistance": "",
                "contenders": [
                    {
                        "name": own.name,
                        "title": titles[own.name],
                        "network": own.network,
                        "width": own.width,
                        "recipe": asdict(own.recipe),
                        "settings": asdict(own.recipe),
                    }
                    for own in study.contenders
                ],
                "networks": describe_networks(study.contenders),
                "margin": study.margin,
                "probes": [],
                "splits": splits,
                "shortcuts_alone": plain is not None
                and differ_in_shortcuts_alone(
                    study.contender(plain), study.contender(study.reference)
                ),
                "replicates": len(study.replicates),
                "source": study.data.source,
                "split": asdict(study.split),
            },
        )
        pdfs[language] = compile_once(tex, folder / "figures")
    return pdfs


def compile_once(tex: Path, figures: Path) -> Path:
    """Compile without bibliography, and with empty figures: only the words count here."""
    empty = figures / "empty.pdf"
    if not empty.exists():
        Figure(figsize=(1, 1)).savefig(empty)
    language = tex.stem.split("-")[1]
    for name in [*(f"{name}-{language}" for name in FIGURES), "samples"]:
        shutil.copy(empty, figures / f"{name}.pdf")
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-no-shell-escape", tex.name],
        cwd=tex.parent,
        capture_output=True,
    )
    assert tex.with_suffix(".pdf").exists(), done.stdout[-2000:]
    return tex.with_suffix(".pdf")
