"""Finished studies made up at random, raw files and all, for the second reader to read.

Nothing is planted in them: any number of networks, replicates and classes, hostile names, files
left out, leaks, published numbers, another study, divergence, probes, folds, a test part, tuned
recipes, further ones and shares of the images.
"""

import json
import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
import yaml

from timbang.evidence.claims import DEFAULT, Claim
from timbang.evidence.fairness import Variants
from timbang.evidence.fairness_tables import tabulate_fairness
from timbang.evidence.judging import (
    describe_verdicts,
    judge_study,
    list_claims,
    make_scale,
    read_scores_of,
)
from timbang.evidence.looks import record_look
from timbang.evidence.suspects import decide_without
from timbang.evidence.verdicts import read_contrasts, tabulate_decisions
from timbang.evidence.weighing import ReadScores, Scale
from timbang.facts.collecting import collect_facts
from timbang.facts.description import describe_study
from timbang.facts.fact import Facts, read_facts
from timbang.facts.fairness import Fairness
from timbang.facts.results import Results
from timbang.languages.catalogue import read_language
from timbang.networks.titles import title_contender
from timbang.records.tables import (
    TEST,
    VALIDATION,
    read_filled,
    read_manifest,
    read_rows,
    read_split,
)
from timbang.records.writing import write_json, write_table
from timbang.report.bibliography import read_bibliography
from timbang.report.compile import compile_document, find_engine
from timbang.report.document import describe_front, write_tex
from timbang.report.figures import list_figures
from timbang.report.figures.figure import Drawing, Figure
from timbang.report.figures.style import STYLE, save_figure
from timbang.scores.calibration import tabulate_reliability
from timbang.scores.ledger import (
    list_doubted,
    read_ledger,
    tabulate_confusions,
    tabulate_images,
)
from timbang.scores.predictions import make_predictions, read_predictions
from timbang.scores.scoring import score_run
from timbang.scores.summary import (
    add_doubling,
    collect_runs,
    summarise_classes,
    summarise_runs,
)
from timbang.sources.choice import find_source
from timbang.study.published import read_published
from timbang.study.reading import read_study
from timbang.study.runs import label_run
from timbang.study.study import Study
from timbang.study.variants import OWN, TUNED, list_shares, list_trials, list_varied
from timbang.tuning.choice import Trial, choose_all, score_trial
from timbang.tuning.recipes import draw_recipes
from timbang.tuning.variants import measure_doubling, score_variant_run

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text())
NETWORKS = [
    f"{kind}{n}"
    for kind in ("plain", "resnet", "preact", "multipath", "twinpath")
    for n in (18, 34)
]
HOSTILE = [
    "{{ 7*7 }} {% raw %}",
    r"a_b & 50% \input{x} $ # ~ ^ { }",
    "<b>kucing</b>",
    "NA",
    "007",
    "1e5",
    "=HYPERLINK(1)",
    "nasi goreng 12 x 3",
    "a very long label of forty characters 40",
    "50%",
    "3,141.59",
    "é ñ – “quoted” ’",
]
# Not drawn: they show pictures, which made-up studies have none of.
PICTURES = ("samples", "duplicates", "hardest", "surest")


@dataclass(frozen=True)
class MadeUp:
    """A made-up study: its folder, its configuration and its claims."""

    folder: Path
    study: Study
    claims: Sequence[Claim]


def make_up(seed: int, home: Path, **chosen: Any) -> MadeUp:
    """Write a study's files below ``home/results``; the same for the same seed.

    Args:
        seed: of all that is random.
        home: where it goes.
        **chosen: keys of the configuration that are not random.
    """
    dice = random.Random(seed)
    config = _choose_config(dice) | _choose_fairness(random.Random(-seed))
    config |= {"on_suspects": "drop" if seed % 3 == 0 else "report"} | chosen
    if config["split"].get("resample", True) and 1 < config["replicates"] < 30:
        # Of its own, so that all else is as it would be without; a large study would take long.
        seeds = random.Random(seed).choice([1, 1, 2, 3])
        is_small = seeds * config["replicates"] * len(config["contenders"]) <= 100
        config = {"seeds": seeds if is_small else 1} | config
    study = read_study(config, SCHEMA, find_source, lambda network, width: None)
    twin = study.report.compare_with
    if twin:
        other = read_study(
            {**config, "study": twin, "report": {}},
            SCHEMA,
            find_source,
            lambda network, width: None,
        )
        _write_study(other, dice, home / "results" / twin)
    folder = home / "results" / study.name
    claims = list_claims(sorted((ROOT / "report/claims").glob("*.yaml")), {})
    claims = claims if study.claims == "published" else []
    _write_study(study, dice, folder)
    _judge(study, claims, folder)
    return MadeUp(folder, study, claims)


def _choose_config(dice: random.Random) -> dict[str, Any]:
    networks = dice.sample(NETWORKS, dice.choice([1, 2, 2, 3, 4, 4, 6, 10]))
    contenders: dict[str, Any] = {name: {} for name in networks}
    if dice.random() < 0.4:
        contenders[f"{networks[0]}-long"] = {
            "network": networks[0],
            "recipe": {"epochs": 9, "learning_rate": 0.0003},
        }
    if dice.random() < 0.3:
        contenders["own"] = {"network": "own.py:Small7", "width": 1}
    folds = dice.choice([None, None, None, 5])
    replicates = 5 * dice.choice([1, 2]) if folds else dice.choice([1, 2, 4, 5, 7, 12, 30])
    split: dict[str, Any] = {"scheme": dice.choice(["grouped", "stratified"])}
    split |= {"folds": folds} if folds else {"resample": dice.random() < 0.8}
    if dice.random() < 0.3:
        split["test"] = 0.1
    report: dict[str, Any] = {"authors": ["Siti 2"], "languages": ["en", "id"]}
    if dice.random() < 0.4:
        report["published"] = str(ROOT / "report" / "published.yaml")
    if dice.random() < 0.25:
        report["compare_with"] = "other2"
    return {
        "study": "made-up-20_26",
        "data": {"source": "digits", "image_size": dice.choice([16, 32, 224])},
        "replicates": replicates,
        "width": dice.choice([0.125, 0.25, 1]),
        "recipe": {"epochs": dice.choice([1, 2, 4, 15]), "mixup": dice.choice([0, 0, 0.2])},
        "contenders": contenders,
        "reference": dice.choice(networks),
        "split": split,
        "probes": ["train_loss", "gradients", "paths"] if dice.random() < 0.3 else [],
        **({"claims": "published"} if dice.random() < 0.5 else {}),
        "report": report,
    }


def _choose_fairness(dice: random.Random) -> dict[str, Any]:
    """Return what asks whether the comparison is fair: of its own, so that all else stays."""
    config: dict[str, Any] = {}
    if dice.random() < 0.4:
        over = {
            "learning_rate": [0.00001, 0.01],
            "batch_size": [8, 64],
            "dropout": [0, 0.5],
            "optimizer": ["adam", "sgd"],
        }
        config["tuning"] = {
            "over": {key: over[key] for key in dice.sample(sorted(over), dice.choice([1, 2, 4]))},
            "trials": dice.choice([2, 3, 5]),
            "scope": dice.choice(["replicate", "study"]),
            "decides": dice.choice(["tuned", "default"]),
        }
    if dice.random() < 0.25:
        config["vary"] = {"label_smoothing": [0.05, 0.1], "schedule": ["cosine", "constant"]}
    if dice.random() < 0.3:
        shares = dice.choice([[0.5], [0.25, 0.5]])
        config["learning_curve"] = {"shares": shares, "by": dice.choice(["epochs", "steps"])}
    return config


def _write_study(study: Study, dice: random.Random, folder: Path) -> None:
    random_numbers = np.random.default_rng(dice.randrange(2**32))
    (folder / "data").mkdir(parents=True)
    images = _make_images(dice)
    manifest = _make_manifest(images, dice)
    write_table(folder / "data/manifest.csv", manifest)
    write_json(folder / "data/audit.json", _audit(manifest))
    usable = manifest[manifest["problem"] == ""].reset_index(drop=True)
    first = None
    for replicate in study.replicates:
        is_same = study.split.is_fixed and first is not None
        split = first if is_same else _divide(usable, study, random_numbers)
        first = split
        write_table(folder / f"splits/{replicate}.csv", split)
        for contender, seed in product(study.contenders, range(study.seeds)):
            lost = dice.random() < 0.04
            _write_run(folder, study, contender, (replicate, seed), split, random_numbers, lost)
    _write_variants(folder, study, np.random.default_rng(len(study.contenders)))


def list_recipes(study: Study) -> dict[str, list[dict[str, Any]]]:
    """Return by contender the recipes that a study tries."""
    if study.tuning is None:
        return {}
    return {name: draw_recipes(own, study.tuning.trials) for name, own in study.tuning.over.items()}


def _write_variants(folder: Path, study: Study, dice: np.random.Generator) -> None:
    """Write the runs by other recipes and on shares of the images, and what was chosen."""
    tried = list_recipes(study)
    for variant in (*list_trials(study), *list_varied(study), *list_shares(study)):
        kind, _, which = variant.partition("/")
        for replicate in study.replicates:
            split = read_split(folder / f"splits/{replicate}.csv")
            is_trained = split["part"] == "train"
            is_left = is_trained & (dice.random(len(split)) < 0.3)
            if kind == "trials":
                parts = split["part"].map({"train": "train", VALIDATION: TEST, TEST: "outside"})
                split["part"] = parts.mask(is_left, VALIDATION)
            if kind == "shares":
                is_out = is_trained & (dice.random(len(split)) > float(which))
                split.loc[is_out, "part"] = "outside"
            for own in study.contenders:
                changes = tried[own.name][int(which)] if kind == "trials" else {}
                lost, where = dice.random() < 0.04, (replicate, 0)
                _write_run(folder, study, own, where, split, dice, lost, variant, changes)
    for name, recipes in tried.items():
        chosen = choose_all(_read_trials(folder, study, name), study.tuning.scope)
        for place, seed in product(range(len(study.replicates)), range(study.seeds)):
            replicate = study.replicates[place]
            split = read_split(folder / f"splits/{replicate}.csv")
            changes, lost = recipes[chosen[place]], dice.random() < 0.04
            own = study.contender(name)
            where = (replicate, seed)
            _write_run(folder, study, own, where, split, dice, lost, TUNED, changes)


def _read_trials(folder: Path, study: Study, name: str) -> list[list[Trial]]:
    files = [
        [folder / trial / name / str(replicate) / "predictions.csv" for trial in list_trials(study)]
        for replicate in study.replicates
    ]
    return [
        [
            score_trial(read_predictions(file, VALIDATION), read_predictions(file, TEST))
            for file in own
        ]
        for own in files
    ]


def _make_images(dice: random.Random) -> list[tuple[str, str]]:
    count = dice.choice([2, 3, 5, 10, 10, 31, 101])
    names = dice.sample(HOSTILE, min(count, len(HOSTILE)))
    names += [f"class {place}" for place in range(count - len(names))]
    images = []
    for place, name in enumerate(names):
        for number in range(dice.randrange(9, 16)):
            images.append((f"{place}/{number:03d} x.png", name))
    return images


def _make_manifest(images: list[tuple[str, str]], dice: random.Random) -> pd.DataFrame:
    rows = []
    for place, (filename, label) in enumerate(images):
        copy = rows[-1] if rows and dice.random() < 0.15 and rows[-1]["label"] == label else None
        is_broken = dice.random() < 0.01
        rows.append(
            {
                "filename": filename,
                "label": label,
                "width": 32 + place % 3,
                "height": 32,
                "contrast": 200,
                "format": "PNG",
                "sha256": copy["sha256"] if copy and dice.random() < 0.3 else f"{place:064x}",
                "pixels_sha256": copy["pixels_sha256"]
                if copy and dice.random() < 0.6
                else f"{place:064x}",
                "phash": f"{place:016x}",
                "group": copy["group"] if copy else place,
                "problem": "cut short at byte 160" if is_broken else "",
                "row": place + 2,
                "part": "",
            }
        )
    table = pd.DataFrame(rows).astype({"group": "Int64"})
    table.loc[table["problem"] != "", "group"] = pd.NA
    return table


def _audit(manifest: pd.DataFrame) -> dict[str, Any]:
    usable = manifest[manifest["problem"] == ""]
    sizes = usable.groupby("group")["filename"].apply(list)
    duplicates = sorted((own for own in sizes if len(own) > 1), key=len, reverse=True)

    def equal(column: str) -> dict[str, int]:
        counts = usable[column].value_counts()
        more = counts[counts > 1]
        return {"distinct": len(counts), "groups": len(more), "images": int(more.sum())}

    classes = {
        str(name): {"images": len(own), "groups": int(own["group"].nunique())}
        for name, own in sorted(usable.groupby("label"))
    }
    return {
        "images": len(manifest),
        "usable": len(usable),
        "classes": classes,
        "formats": {"PNG": len(usable)},
        "sides": {
            "shortest": int(usable[["width", "height"]].to_numpy().min()),
            "longest": int(usable[["width", "height"]].to_numpy().max()),
        },
        "groups": int(usable["group"].nunique()),
        "duplicate_groups": len(duplicates),
        "duplicate_images": sum(map(len, duplicates)),
        "equal_bytes": equal("sha256"),
        "equal_pixels": equal("pixels_sha256"),
        "criterion": {"distance": 12, "evidence": 40.0},
        "duplicates": [{"images": own, "labels": [], "group": 0} for own in duplicates],
        "mixed_groups": 0,
        "chains": 0,
        "closest": {"joined": [], "apart": []},
        "confirmed": [],
        "one_coloured": [],
        "tiny": [],
        "elongated": [],
        "small_classes": [],
        "problems": [
            {"filename": row["filename"], "row": row["row"], "reason": row["problem"]}
            for row in manifest[manifest["problem"] != ""].to_dict("records")
        ],
    }


def _divide(usable: pd.DataFrame, study: Study, dice: np.random.Generator) -> pd.DataFrame:
    split = usable[["filename", "label", "group"]].copy()
    units = split["group"] if study.split.scheme == "grouped" else pd.Series(split.index)
    drawn = {unit: dice.random() for unit in pd.unique(units)}
    place = units.map(drawn).to_numpy()
    split["part"] = np.where(place < 0.3, VALIDATION, "train")
    if study.split.test:
        # The same in every replicate, as the workflow has it.
        is_test = split["group"].astype(int) % 10 == 0
        split.loc[is_test, "part"] = TEST
    trained = set(split.loc[split["part"] == "train", "group"])
    split["leaked"] = split["group"].isin(trained) & (split["part"] != "train")
    return split


def _write_run(
    folder: Path,
    study: Study,
    contender: Any,
    which: tuple[int, int],
    split: pd.DataFrame,
    dice: np.random.Generator,
    lost: bool,
    variant: str = OWN,
    changes: Mapping[str, Any] | None = None,
) -> None:
    replicate, seed = which
    run = folder / variant / contender.name / label_run(replicate, seed)
    run.mkdir(parents=True)
    classes = sorted(set(split["label"]))
    tables = []
    for part in (VALIDATION, TEST):
        own = split[split["part"] == part]
        if own.empty:
            continue
        logits = dice.normal(size=(len(own), len(classes)))
        truth = own["label"].map({name: place for place, name in enumerate(classes)}).to_numpy()
        logits[np.arange(len(own)), truth] += dice.uniform(0, 4)
        tables.append(make_predictions(own, logits * (np.nan if lost else 1), classes))
    write_table(run / "predictions.csv", pd.concat(tables))
    epochs = 1 if lost else contender.recipe.epochs
    history = pd.DataFrame(
        {
            "epoch": range(1, epochs + 1),
            "train_loss": dice.uniform(0.1, 5, epochs),
            "train_accuracy": dice.uniform(0, 1, epochs),
            "validation_loss": dice.uniform(0.1, 20, epochs) * (np.nan if lost else 1),
            "validation_accuracy": dice.uniform(0, 1, epochs) * (np.nan if lost else 1),
            "learning_rate": 0.001,
            "seconds": 1.5,
            "validation_seconds": 0.25,
        }
    )
    write_table(run / "history.csv", history)
    training = {
        "contender": contender.name,
        "replicate": replicate,
        **({"seed": seed} if seed else {}),
        "network": contender.network,
        "width": contender.width,
        "parameters": 1_000_000 + 1_234 * len(contender.name),
        "multiply_adds": 73_000_000 + len(contender.name),
        "train_images": int((split["part"] == "train").sum()),
        "diverged": {"epoch": 1, "step": 2} if lost else None,
        "training_seconds": float(history["seconds"].sum()),
        "validation_seconds": 1.0,
        "images_per_second": float(dice.uniform(10, 900)),
        "device": "cpu",
        "device_name": "Processor 7000 v2",
        "threads": 1,
        "platform": "Linux x86_64",
        "host": "one",
        "versions": {"python": "3.12.1", "torch": "2.14.1", "numpy": "2.3.0"},
        "timbang": {"version": "0.2.0", "commit": 5 * "0123abcd", "modified": False},
        "made_with": {"contender": asdict(contender), "split": replicate},
        "inputs": {},
    }
    if changes:
        training["changes"] = dict(changes)
    write_json(run / "training.json", training)
    if variant not in (OWN, TUNED):
        return
    probed: dict[str, float] = {}
    if study.probes:
        probed = {
            "clean_train_loss": float(dice.uniform(0, 2)),
            "clean_train_accuracy": float(dice.uniform(0, 1)),
            "gradient_cosine": float(dice.uniform(-1, 1)),
            "gradient_lipschitz": float(dice.normal()),
        }
        if contender.network.startswith(("multipath", "twinpath")):
            for place in ("first", "second"):
                probed[f"without_{place}_path"] = float(dice.uniform(0, 1))
        looks = [
            {"epoch": epoch, "gradient_cosine": float(dice.uniform(-1, 1))} for epoch in (1, 2, 3)
        ]
        layers = [{"name": str(n), "norm": float(dice.uniform(0.1, 9))} for n in range(4)]
        content = {"measures": {} if lost else probed, "gradients": looks, "layers": layers}
        write_json(run / "probes.json", content)
    metrics = score_run(
        training=training,
        history=history,
        validation=read_predictions(run / "predictions.csv", VALIDATION),
        test=read_predictions(run / "predictions.csv", TEST),
        split=read_split(folder / f"splits/{replicate}.csv"),
        probed={} if lost else probed,
    )
    write_json(run / "metrics.json", metrics, allow_nan=False)


def _judge(study: Study, claims: Sequence[Claim], folder: Path) -> None:
    variants = _score_variants(study, folder)
    _summarise(study, folder, variants=variants)
    _list_images(study, folder)
    scales = [_weigh(study, folder, OWN)]
    if study.tuning:
        _summarise(study, folder, TUNED)
        scales.append(_weigh(study, folder, TUNED))
        scales.sort(key=lambda own: own.recipe != study.decides)
    scale = scales[0]
    pairs = [(name, study.reference) for name in study.contrasts]
    judgement = judge_study(scale, claims, pairs, *scales[1:])
    write_table(folder / "contrasts.csv", judgement.tabulate(study.decides))
    if study.on_suspects == "drop":
        suspects = list_doubted(read_ledger(folder / "images.csv"))["filename"]
        own = decide_without(scale, _read_scores(study, folder, scale.recipe, suspects), pairs)
        write_table(folder / "without_suspects.csv", tabulate_decisions(own))
    write_json(folder / "verdicts.json", describe_verdicts(judgement.verdicts, folder / "runs.csv"))
    looks: list[dict[str, Any]] = []
    for count in sorted({len(study.replicates), *_draw_looks(study)}):
        seen = scale.runs[scale.runs["replicate"].isin(study.replicates[:count])]
        looks = record_look(looks, {study.decides: seen}, study.decides, {})
    write_json(folder / "looks.json", looks)
    _weigh_variants(study, folder)
    twin = study.report.compare_with
    if twin:
        _summarise(study, folder.parent / twin)


def _list_images(study: Study, folder: Path) -> None:
    answers = {
        own.name: [
            (
                replicate,
                read_predictions(
                    folder / "runs" / own.name / label_run(replicate, seed) / "predictions.csv",
                    VALIDATION,
                ),
            )
            for replicate, seed in study.runs
        ]
        for own in study.contenders
    }
    divisions = {r: read_split(folder / f"splits/{r}.csv") for r in study.replicates}
    write_table(folder / "calibration.csv", tabulate_reliability(divisions, answers))
    write_table(folder / "images.csv", tabulate_images(divisions, answers))
    write_table(folder / "confusions.csv", tabulate_confusions(answers))


def _read_scores(
    study: Study, folder: Path, recipe: str, left_out: Collection[str] = ()
) -> ReadScores:
    variant = OWN if recipe == DEFAULT else recipe
    splits = {r: folder / f"splits/{r}.csv" for r in study.replicates}
    predictions = {
        own.name: {
            r: [
                folder / variant / own.name / label_run(r, seed) / "predictions.csv"
                for seed in range(study.seeds)
            ]
            for r in study.replicates
        }
        for own in study.contenders
    }
    return read_scores_of(predictions, splits, left_out)


def _weigh(study: Study, folder: Path, variant: str) -> Scale:
    recipe = DEFAULT if variant == OWN else variant
    return make_scale(
        read_rows(folder / "runs.csv" if variant == OWN else folder / variant / "runs.csv"),
        study.tie,
        study.margin,
        study.about,
        study.diverged,
        read_split(folder / f"splits/{study.replicates[0]}.csv")["label"].nunique(),
        _read_scores(study, folder, recipe),
        recipe,
    )


def _score_variants(study: Study, folder: Path) -> pd.DataFrame | None:
    """Return the table of the study's variants; None where it has none."""
    names = [*list_trials(study), *list_varied(study), *list_shares(study)]
    if not names:
        return None
    rows = []
    for variant, own, replicate in product((*names, OWN), study.contenders, study.replicates):
        run = folder / variant / own.name / str(replicate)
        predictions = [
            read_predictions(run / "predictions.csv", part) for part in (VALIDATION, TEST)
        ]
        training = json.loads((run / "training.json").read_text())
        rows.append(score_variant_run(variant, training, *predictions))
    write_table(folder / "variants.csv", pd.DataFrame(rows))
    return read_rows(folder / "variants.csv")


def _weigh_variants(study: Study, folder: Path) -> Fairness | None:
    """Write the tables of ``fairness/``; return what the facts are made of."""
    if not (folder / "variants.csv").exists():
        return None
    variants, tried = read_rows(folder / "variants.csv"), list_recipes(study)
    split = read_split(folder / f"splits/{study.replicates[0]}.csv")
    chosen = {
        name: [
            json.loads((folder / TUNED / name / str(r) / "training.json").read_text())["changes"]
            for r in study.replicates
        ]
        for name in tried
    }
    tables = tabulate_fairness(
        Variants(
            variants,
            1 / split["label"].nunique(),
            1 / int((split["part"] == VALIDATION).sum()),
        ),
        [own.name for own in study.contenders],
        study.reference,
        study.contrasts,
        study.margin,
        tried,
        chosen,
        study.varied,
        measure_doubling(variants) if study.learning_curve else None,
    )
    for name, table in tables.items():
        write_table(folder / f"fairness/{name}.csv", table)
    files = {name: folder / f"fairness/{name}.csv" for name in tables}
    seconds = variants["training_seconds"].sum()
    if study.tuning:
        files["tuned"] = folder / TUNED / "summary.csv"
        seconds += read_rows(folder / TUNED / "runs.csv")["training_seconds"].sum()
    changed = [*(study.tuning.over[study.reference] if study.tuning else ())]
    changed += [key for recipe in study.varied for key in recipe]
    names = ("recipes", "pairs", "budgets", "choices", "learning", "doubling", "prospects", "tuned")
    return Fairness(
        **{name: read_filled(files[name]) if name in files else [] for name in names},
        others=read_contrasts(folder / "contrasts.csv", is_decisive=False),
        settings=list(dict.fromkeys(changed)),
        seconds=float(seconds),
    )


def _draw_looks(study: Study) -> list[int]:
    """Return at how many replicates the study was looked at before: sometimes at half of them."""
    count = len(study.replicates)
    return [count // 2] if count > 3 and len(study.contenders) % 2 else []


def _summarise(
    study: Study, folder: Path, variant: str = OWN, variants: pd.DataFrame | None = None
) -> None:
    metrics = [
        json.loads((folder / variant / own.name / label_run(*run) / "metrics.json").read_text())
        for own in study.contenders
        for run in study.runs
    ]
    runs = collect_runs(metrics)
    if study.learning_curve and variants is not None:
        runs = add_doubling(runs, measure_doubling(variants))
    home = folder if variant == OWN else folder / variant
    write_table(home / "runs.csv", runs)
    write_table(home / "summary.csv", summarise_runs(runs, study.reference))
    write_table(home / "per_class.csv", summarise_classes(metrics))


def list_due_figures(study: Study) -> dict[str, Figure]:
    """Return the figures that a made-up study has."""
    return {
        name: own for name, own in list_figures().items() if own.due(study) and name not in PICTURES
    }


def collect(made: MadeUp) -> Facts:
    """Collect the facts of a made-up study, and write them as the workflow does."""
    study, folder = made.study, made.folder
    runs = _list_runs(made)
    twin = study.report.compare_with
    results = Results(
        audit=json.loads((folder / "data/audit.json").read_text()),
        manifest=read_manifest(folder / "data/manifest.csv"),
        splits={r: read_split(folder / f"splits/{r}.csv") for r in study.replicates},
        split_settings=asdict(study.split),
        image_size=study.data.image_size,
        training={
            name: {run.name: json.loads((run / "training.json").read_text()) for run in own}
            for name, own in runs.items()
        },
        histories={
            name: {run.name: pd.read_csv(run / "history.csv") for run in own}
            for name, own in runs.items()
        },
        runs=read_rows(_decisive_runs(made)),
        summary=read_rows(folder / "summary.csv").to_dict("records"),
        classes=read_rows(folder / "per_class.csv"),
        images=read_ledger(folder / "images.csv"),
        confusions=read_ledger(folder / "confusions.csv"),
        contrasts=read_contrasts(folder / "contrasts.csv"),
        verdicts=json.loads((folder / "verdicts.json").read_text()),
        looks=json.loads((folder / "looks.json").read_text()),
        published=read_published(study.report.published),
        twin=read_rows(folder.parent / twin / "summary.csv").to_dict("records") if twin else [],
        fairness=_weigh_variants(study, folder),
        without_suspects=read_contrasts(folder / "without_suspects.csv")
        if study.on_suspects == "drop"
        else None,
    )
    facts = collect_facts(
        results,
        study.reference,
        study.margin,
        study.tie,
        twin,
        study.tuning,
        study.learning_curve,
    )
    described = describe_study(study, results, facts, study.tie) | {
        "figures": list(list_due_figures(study))
    }
    write_json(folder / "facts.json", {"study": described, "files": {}, "facts": facts.as_rows()})
    return facts


def _decisive_runs(made: MadeUp) -> Path:
    return made.folder / ("tuned/runs.csv" if made.study.decides == TUNED else "runs.csv")


def _list_runs(made: MadeUp) -> dict[str, list[Path]]:
    return {
        own.name: [made.folder / "runs" / own.name / label_run(*run) for run in made.study.runs]
        for own in made.study.contenders
    }


def build_report(made: MadeUp, code: str) -> tuple[Path, list[Path]]:
    """Draw the figures and write and compile the report of a made-up study in a language."""
    study, folder = made.study, made.folder
    language = read_language(code)
    runs, figures = _list_runs(made), list_due_figures(study)
    twin = study.report.compare_with
    published = read_published(study.report.published)
    splits = [folder / f"splits/{r}.csv" for r in study.replicates]
    drawing = Drawing(
        language=language,
        files={
            "histories": {name: [run / "history.csv" for run in own] for name, own in runs.items()},
            "metrics": {name: [run / "metrics.json" for run in own] for name, own in runs.items()},
            "probes": {name: [run / "probes.json" for run in own] for name, own in runs.items()},
            "splits": splits,
            "runs": folder / "runs.csv",
            "decisive_runs": _decisive_runs(made),
            **{own: folder / f"fairness/{own}.csv" for own in ("recipes", "budgets", "learning")},
            "contrasts": folder / "contrasts.csv",
            "calibration": folder / "calibration.csv",
            "images": folder / "images.csv",
            "audit": folder / "data/audit.json",
            "manifest": folder / "data/manifest.csv",
            "twin_runs": folder.parent / twin / "runs.csv" if twin else [],
        },
        titles={own.name: title_contender(own.name, own.network) for own in study.contenders},
        networks={own.name: own.network for own in study.contenders},
        weighed=study.weighed,
        reference=study.reference,
        margin=study.margin,
        published={n: own.validation_accuracy for n, own in published.results.items()}
        if published
        else {},
        names=(study.name, twin),
    )
    drawn = []
    with matplotlib.rc_context(STYLE):
        for name, own in figures.items():
            stem = folder / "figures" / f"{name}-{code}"
            stem.parent.mkdir(exist_ok=True)
            save_figure(own.draw(drawing), stem.with_suffix(".pdf"), stem.with_suffix(".svg"))
            drawn.append(stem.with_suffix(".svg"))
    collect(made)
    content, facts = read_facts(folder / "facts.json")
    report = asdict(study.report) | {"date": None}
    front = describe_front(report, {"runs.csv": "0" * 64}, language)
    bibliography = read_bibliography([ROOT / "report" / "references.bib"])
    document, medium = write_tex(content["study"], facts, language, bibliography, front)
    tex = folder / "report" / f"report-{code}.tex"
    tex.parent.mkdir(exist_ok=True)
    if medium.faces:
        medium.faces.copy(tex.with_name(f"report-{code}-fonts"))
    tex.write_text(document.text, encoding="utf-8")
    pdf, _ = compile_document(tex, find_engine(), tex.parent)
    return pdf, drawn
