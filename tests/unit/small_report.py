"""A small study and its report as text, written by hand, for the tests of the second reader."""

from pathlib import Path

import pandas as pd
import yaml

from timbang.languages.texts import read_texts
from timbang.reader.derivations import Results
from timbang.scores.measures import RUN_MEASURES
from timbang.scores.summary import summarise_runs
from timbang.sources.choice import find_source
from timbang.study.reading import read_study

ROOT = Path(__file__).parents[2]
TEXTS = {name: read_texts(ROOT / "report" / "texts" / f"{name}.yaml") for name in ("en", "id")}
CONFIG = {
    "study": "small",
    "data": {"source": "folder", "folder": "images", "image_size": 16},
    "replicates": 2,
    "width": 0.125,
    "recipe": {"epochs": 2, "batch_size": 8},
    "contenders": ["plain34", "resnet34"],
    "reference": "resnet34",
}
# Contender, replicate, accuracy, loss, training accuracy, training loss, seconds, images a second.
RUNS = [
    ("plain34", 0, 0.4125, 1.1874, 0.5236, 1.0218, 41.27, 213.4),
    ("plain34", 1, 0.5377, 0.9461, 0.6183, 0.8745, 43.86, 201.9),
    ("resnet34", 0, 0.7682, 0.6137, 0.8914, 0.3529, 46.53, 188.2),
    ("resnet34", 1, 0.8241, 0.5288, 0.9347, 0.2096, 47.71, 183.6),
]
# Training and validation loss of the first epoch, by run.
FIRST = [(1.3862, 1.4427), (1.2951, 1.3338), (0.9816, 0.8743), (0.9238, 0.7965)]
# Contender, class, support, then mean and s.d. of precision, recall and F1.
CLASSES = [
    ("plain34", "nasi", 21.5, 0.5812, 0.0537, 0.6249, 0.0763, 0.6023, 0.0418),
    ("plain34", "soto", 14.5, 0.3946, 0.0281, 0.3478, 0.0916, 0.3697, 0.0654),
    ("resnet34", "nasi", 21.5, 0.8357, 0.0172, 0.8713, 0.0349, 0.8531, 0.0267),
    ("resnet34", "soto", 14.5, 0.7419, 0.0485, 0.6842, 0.0593, 0.7119, 0.0328),
]
CONFUSION = {"plain34": [[[13, 8], [9, 6]]] * 2, "resnet34": [[[18, 3], [5, 9]]] * 2}
CONTRAST = {
    "measure": "accuracy", "first": "plain34", "second": "resnet34", "replicates": 2, "pairs": 2,
    "mean": -0.32105, "sd": 0.049, "min": -0.3557, "max": -0.2864, "low": -0.5379, "high": -0.1042,
    "p": 0.0124, "p_adjusted": 0.0124, "margin": 0.02, "says": "lower",
}  # fmt: skip
TURNED = {"first": "resnet34", "second": "plain34", "mean": 0.32105, "low": 0.1042, "high": 0.5379}
CLAIMS = [
    {
        "name": "residual-beats-plain",
        "number": "1",
        "statement": {
            "en": "ResNet-34 is more accurate than Plain-34.",
            "id": "ResNet-34 lebih akurat daripada Plain-34.",
        },
        "verdict": "supported",
        "verdict_of_last_epochs": "inconclusive",
        "tests": [{**CONTRAST, **TURNED, "min": 0.2864, "max": 0.3557}],
        "texts": {
            "en": "With these data the residual connections raise the accuracy.",
            "id": "Pada data ini, koneksi residual meningkatkan akurasi.",
        },
        "needs": {"en": "", "id": ""},
    },
    {
        "name": "paths-need-images",
        "number": "2b",
        "statement": {
            "en": "Paths of 3x3 need more than 5,000 images.",
            "id": "Jalur 3x3 memerlukan lebih dari 5.000 citra.",
        },
        "verdict": "not_tested",
        "verdict_of_last_epochs": "not_tested",
        "tests": [{"measure": "gap", "first": "multipath34", "second": "resnet34"}],
        "texts": {"en": "", "id": ""},
        "needs": {
            "en": "plain18 and more than 5,000 images",
            "id": "plain18 dan lebih dari 5.000 citra",
        },
    },
]
SIZES = {"nasi": 87, "soto": 58}
VALIDATION = 36


def make_results() -> Results:
    columns = ["contender", "replicate", "accuracy", "loss", "train_accuracy", "train_loss",
               "training_seconds", "images_per_second"]  # fmt: skip
    runs = pd.DataFrame(RUNS, columns=columns)
    runs.insert(2, "diverged", False)
    runs["parameters"] = runs["contender"].map({"plain34": 334729, "resnet34": 337529})
    runs["multiply_adds"] = runs["contender"].map({"plain34": 1283456, "resnet34": 1291648})
    runs["clean_accuracy"], runs["leaked_images"] = runs["accuracy"], 0.0
    runs["validation_images"] = float(VALIDATION)
    runs = runs.assign(**{name: float("nan") for name in RUN_MEASURES if name not in runs})
    scores = ["precision", "recall", "f1"]
    names = [f"{score}_{word}" for score in scores for word in ("mean", "sd")]
    manifest = pd.DataFrame({"label": [k for k, size in SIZES.items() for _ in range(size)]})
    manifest["filename"] = [f"{row}.png" for row in manifest.index]
    manifest["sha256"] = manifest["pixels_sha256"] = manifest["filename"]
    manifest["group"], manifest["problem"] = manifest.index, ""
    split = manifest[["filename", "label", "group"]].assign(leaked=False, part="train")
    split.loc[split.index % 4 == 0, "part"] = "validation"
    split.loc[split.index[-1], "part"] = "train"
    histories: dict[str, list[pd.DataFrame]] = {}
    for run, (train_loss, loss) in zip(RUNS, FIRST, strict=True):
        history = {"train_loss": [train_loss, run[5]], "validation_loss": [loss, run[3]]}
        histories.setdefault(run[0], []).append(pd.DataFrame(history))
    schema = yaml.safe_load((ROOT / "workflow" / "schemas" / "config.schema.yaml").read_text())
    pair = {"images": ["0.png", "1.png"], "orientation": "upright", "distance": 4}
    summary = summarise_runs(runs, "resnet34").to_dict("records")
    return Results(
        study=read_study(CONFIG, schema, find_source, lambda network, width: None),
        summary={row["contender"]: row for row in summary},
        runs=runs,
        classes=pd.DataFrame(CLASSES, columns=["contender", "label", "support_mean", *names]),
        audit={"problems": [], "duplicates": [], "mixed_groups": 0, "chains": 0,
               "closest": {"joined": [], "apart": [pair | {"evidence": 27.6}]}},
        manifest=manifest,
        splits=[split, split],
        metrics=[
            {"contender": name, "confusion_matrix": matrix, "device_name": "AMD EPYC 7763",
             "platform": "Linux x86_64", "threads": 2,
             "versions": {"python": "3.11.7", "torch": "2.14.1+cpu"},
             "timbang": {"version": "0.2.0", "commit": None, "modified": None}}
            for name, matrices in CONFUSION.items()
            for matrix in matrices
        ],
        histories=histories,
        contrasts=pd.DataFrame([CONTRAST]),
        verdicts=CLAIMS,
        bibliography="@article{he2016deep, year = {2016}, eprint = {1512.03385}}",
    )  # fmt: skip


# The pages as pypdf gives them back, parted by form feeds.
PAGES = {
    name: Path(__file__).with_name(f"small_report-{name}.txt").read_text("utf-8").split("\f\n")
    for name in TEXTS
}
