"""From images with hostile class names to the PDFs, which say what the files say."""

import base64
import json
import math
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from pages import read_text
from PIL import Image

ROOT = Path(__file__).parents[2]
HOSTILE = r"a_b & 50% \input{x} $ # ~ ^ { }"
CLASSES = [HOSTILE, "NA", "<b>kucing</b>"]

pytestmark = pytest.mark.skipif(
    not (shutil.which("pdflatex") or shutil.which("tectonic")), reason="no TeX engine"
)


@pytest.fixture(scope="module")
def study(project, tmp_path_factory) -> Path:
    """Run a tiny study with hostile labels, title and authors; one file is no image.

    Each network is trained twice on each of its two splits, by two tuned recipes, by another one
    for all, and on half of the images.
    """
    folder = tmp_path_factory.mktemp("hostile report")
    (folder / "images {y}").mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (24, 12, 12, 3), dtype=np.uint8)
    for number, values in enumerate(pixels):
        Image.fromarray(values).save(folder / "images {y}" / f"{number}.png")
    (folder / "images {y}" / "note.jpg").write_text("not an image")
    (folder / "page {z}.txt").write_text(f"# Page\n\n{HOSTILE}\nof 2026\n")
    names = [*(f"{number}.png" for number in range(24)), "note.jpg"]
    labels = [CLASSES[number % 3] for number in range(25)]
    pd.DataFrame({"filename": names, "label": labels}).to_csv(folder / "t {x}.csv", index=False)
    config = {
        "study": "hostile",
        "data": {
            "source": "table",
            "table": "t {x}.csv",
            "images": "images {y}",
            "image_size": 8,
            "on_problem": "skip",
        },
        "replicates": 2,
        "seeds": 2,
        "width": 0.125,
        "recipe": {"epochs": 1, "batch_size": 8},
        "contenders": {"plain34": {"tuning": {"optimizer": ["sgd", "adamw"]}}, "resnet34": {}},
        "tuning": {
            "trials": 2,
            "over": {"learning_rate": [0.0001, 0.01], "optimizer": ["adam", "sgd"]},
            "share": 0.3,
        },
        "vary": {"label_smoothing": [0.1]},
        "learning_curve": {"shares": [0.5], "by": "steps"},
        "on_suspects": "drop",
        "report": {
            "languages": ["en"],
            "title": HOSTILE,
            "authors": [r"R. \def & Co", "Siti {x} {wildcards.language}"],
            "date": "2025-10-03",
            "title_page": "page {z}.txt",
            "published": str(ROOT / "report" / "published.yaml"),
        },
    }
    return make_report(project, folder, config)


@pytest.fixture(scope="module")
def odd_study(project, tmp_path_factory) -> Path:
    """Run a study of one replicate without a plain network, with 13 classes and leaks.

    It is compared with the same study on a split without leaks.
    """
    folder = tmp_path_factory.mktemp("odd")
    pixels = np.random.default_rng(1).integers(0, 256, (26, 12, 12, 3), dtype=np.uint8)
    for number, values in enumerate([*pixels, *pixels]):
        image = folder / "images" / f"class {number % 13}" / f"{number}.png"
        image.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(values).save(image)
    config = {
        "study": "odd",
        "data": {"source": "folder", "folder": "images", "image_size": 8},
        "split": {"scheme": "stratified", "validation": 0.5},
        "replicates": 1,
        "width": 0.125,
        "recipe": {"epochs": 1, "batch_size": 8},
        "contenders": {
            "preact34": {},
            "longer": {"network": "preact34", "recipe": {"epochs": 2}, "width": 0.15},
        },
        "reference": "preact34",
        "report": {"compare_with": "clean"},
    }
    twin = {"study": "clean", "split": {"validation": 0.5}, "report": {"languages": ["en"]}}
    make_report(project, folder, config | twin, "results/clean/summary.csv")
    return make_report(project, folder, config)


@pytest.fixture(scope="module")
def mixed_study(project, tmp_path_factory) -> Path:
    """Run networks of all kinds once, one of which diverges."""
    folder = tmp_path_factory.mktemp("mixed")
    pixels = np.random.default_rng(2).integers(0, 256, (18, 12, 12, 3), dtype=np.uint8)
    for number, values in enumerate(pixels):
        image = folder / "images" / "ab"[number % 2] / f"{number}.png"
        image.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(values).save(image)
    (folder / "own.py").write_text(
        "from torch import nn\n"
        "def small(classes):\n"
        "    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, classes))\n"
    )
    config = {
        "study": "mixed",
        "replicates": 1,
        "width": 0.125,
        "recipe": {"epochs": 2, "batch_size": 8},
        "contenders": {
            "plain18": {"recipe": {"learning_rate": 1e30}},
            "resnet18": {},
            "multipath18": {},
            "matched": {"network": "resnet18", "parameters_of": "multipath18"},
            "preact50": {},
            "theirs": {"network": "torchvision:squeezenet1_1", "width": 1},
            "own": {"network": "own.py:small", "width": 1},
        },
        "data": {"source": "folder", "folder": "images", "image_size": 32},
        "reference": "resnet18",
        "contrasts": ["multipath18", "preact50"],
        "probes": ["train_loss", "gradients", "scales", "paths", "attention"],
        "report": {"languages": ["en"]},
    }
    return make_report(project, folder, config)


def make_report(project, folder: Path, config: dict, *targets: str) -> Path:
    """Run a study in a folder up to its PDFs, which the second reader lets pass."""
    (folder / f"{config['study']}.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    status, output = project.snakemake(*targets, config=config, work=folder)
    assert status == 0, output[-3000:]
    return folder / "results" / config["study"]


def read_pdf(path: Path) -> str:
    return re.sub(r"\s", "", read_text(path)).replace("’", "'")


def test_hostile_texts_are_printed_as_written(study):
    text = read_pdf(study / "report" / "report-en.pdf")
    for words in (*CLASSES, r"R. \def & Co", "note.jpg", "of 2026"):
        assert re.sub(r"\s", "", words) in text


def test_tex_had_nothing_to_complain_of(study, odd_study, mixed_study):
    reports = [log for own in (study, odd_study, mixed_study) for log in own.glob("report/*/*.log")]
    assert len(reports) == 4
    log = "".join(path.read_text(errors="replace") for path in reports)
    assert not re.search(r"undefined|multiply defined|Missing character|Overfull .hbox", log)


def test_runs_of_a_replicate_share_its_split_and_nothing_else(study):
    runs = pd.read_csv(study / "runs.csv")
    assert (
        runs.groupby("contender")[["replicate", "seed"]]
        .apply(lambda own: own.to_numpy().tolist())
        .tolist()
        == [[[0, 0], [0, 1], [1, 0], [1, 1]]] * 2
    )
    own = study / "runs" / "resnet34"
    folders = [own / name for name in ("0", "0-1", "1", "1-1")]
    assert sorted(own.iterdir()) == sorted(folders)
    made = [json.loads((run / "training.json").read_text()) for run in folders]
    assert [run["made_with"].get("seed") for run in made] == [None, 1, None, 1]
    of_splits = [run["inputs"]["split"] for run in made]
    assert of_splits[0] == of_splits[1] != of_splits[2] == of_splits[3]
    assert len({(run / "weights.safetensors").read_bytes() for run in folders}) == 4


def test_split_and_training_are_told_apart_in_the_report(study):
    accuracies = pd.read_csv(study / "tuned/runs.csv").pivot(
        index=["replicate", "seed"], columns="contender", values="accuracy"
    )
    differences = (accuracies["plain34"] - accuracies["resnet34"]).unstack()
    contrasts = pd.read_csv(study / "contrasts.csv").set_index(["recipe", "measure", "first"])
    own = contrasts.loc[("tuned", "accuracy", "plain34")]
    assert own[["replicates", "pairs"]].tolist() == [2, 2]
    assert own["sd"] == pytest.approx(differences.mean(axis=1).std())
    within = 100 * math.sqrt(differences.var(axis=1).mean())
    text = read_pdf(study / "report" / "report-en.pdf")
    for words in (
        "Eachwastrained4times,2timesineachof2replicates",
        "Ineachreplicateeverynetworkistrained2timesonthesamedivision",
        "Wherethevariationcomesfrom",
        f"{within:.1f}",
    ):
        assert words in text


def test_tuned_networks_stand_beside_those_of_the_studys_recipe(study):
    """The tuned ones decide; the choice of each replicate is what its runs were trained by."""
    for replicate in (0, 1):
        trials = pd.read_csv(study / "tuning/trials/plain34.csv")
        own = trials[(trials["replicate"] == replicate) & trials["chosen"]].iloc[0]
        assert (
            own["inner_accuracy"]
            == trials.loc[trials["replicate"] == replicate, "inner_accuracy"].max()
        )
        for run in (f"{replicate}", f"{replicate}-1"):
            made = json.loads((study / f"tuned/plain34/{run}/training.json").read_text())
            assert made["changes"] == {
                "learning_rate": own["learning_rate"],
                "optimizer": own["optimizer"],
            }
    assert set(pd.read_csv(study / "variants.csv")["variant"]) == {
        "trials/0",
        "trials/1",
        "varied/0",
        "shares/0.5",
        "runs",
    }
    half = json.loads((study / "shares/0.5/resnet34/0/training.json").read_text())
    assert half["made_with"]["contender"]["recipe"]["epochs"] == 2
    text = read_pdf(study / "report" / "report-en.pdf")
    for words in (
        "Isthecomparisonfair?",
        "eachnetworktrainedbytherecipeofitschoice",
        "forthesamenumberofsteps",
        "TherangesofPlain-34areothers",
    ):
        assert words in text


def test_networks_and_divergence_are_described(mixed_study):
    text = read_pdf(mixed_study / "report" / "report-en.pdf")
    for part in (
        "TheonlyrunofPlain-18diverged",
        "ThewidthofmatchedischosensothatithasnearlyasmanyparametersasMulti-PathResNet-18",
        "theirsisthenetworktorchvision:squeezenet1_1withitsauthors'initialisation",
        "ownisdefinedbytheauthorsofthisstudyinown.py:small",
        "Bottleneck",
        "thevalidationaccuracyofMulti-PathResNet-18andPre-activationResNet-50withthat",
        "arecontrolsforclaimsandnottestedhere",
    ):
        assert part in text
    assert "\\" not in text, "TeX that was escaped prints as it is"
    assert "nan" not in re.findall(r"[a-z]+", text.lower())


def test_only_the_named_contrasts_are_tested(mixed_study):
    contrasts = pd.read_csv(mixed_study / "contrasts.csv")
    assert set(contrasts["first"]) == {"multipath18", "preact50"}
    assert set(contrasts["second"]) == {"resnet18"}


def test_runs_that_diverged_are_counted(mixed_study):
    summary = pd.read_csv(mixed_study / "summary.csv").set_index("contender")
    assert summary["diverged"].to_dict() == {name: int(name == "plain18") for name in summary.index}
    metrics = json.loads((mixed_study / "runs/plain18/0/metrics.json").read_text())
    assert metrics["diverged"]["epoch"] == 1
    assert metrics["accuracy"] is None


def test_leak_ledger_is_recomputed_from_the_predictions(odd_study):
    runs = pd.read_csv(odd_study / "runs.csv").set_index("contender")
    split = pd.read_csv(odd_study / "splits" / "0.csv")
    names = set(split.loc[split["leaked"], "filename"])
    text = read_pdf(odd_study / "report" / "report-en.pdf")
    for contender, row in runs.iterrows():
        path = odd_study / "runs" / str(contender) / "0" / "predictions.csv"
        lines = pd.read_csv(path).to_dict("records")
        leaked = [line["label"] == line["predicted"] for line in lines if line["filename"] in names]
        clean = [
            line["label"] == line["predicted"] for line in lines if line["filename"] not in names
        ]
        assert row["leaked_images"] == len(leaked) > 0
        assert row["leaked_accuracy"] == pytest.approx(sum(leaked) / len(leaked))
        assert row["clean_accuracy"] == pytest.approx(sum(clean) / len(clean))
        difference = 100 * (sum(leaked) / len(leaked) - sum(clean) / len(clean))
        assert f"{difference:.1f}".replace("-", "−") in text.replace("-", "−")


def test_twin_stands_beside(odd_study):
    text = read_pdf(odd_study / "report" / "report-en.pdf")
    assert "Thestudy“clean”trainsthesamenetworks" in text
    for row in pd.read_csv(odd_study.parent / "clean" / "summary.csv").to_dict("records"):
        assert f"{100 * row['accuracy_mean']:.1f}" in text
        assert row["leaked_images_mean"] == 0


def test_left_out_files_are_in_the_manifest_and_the_audit(study):
    manifest = pd.read_csv(study / "data" / "manifest.csv", keep_default_na=False)
    audit = json.loads((study / "data" / "audit.json").read_text())
    assert manifest.loc[manifest["problem"] != "", "filename"].tolist() == ["note.jpg"]
    assert [problem["filename"] for problem in audit["problems"]] == ["note.jpg"]


def test_figures_for_the_web_are_there(study):
    assert {path.name for path in (study / "figures").glob("*.svg")} >= {
        "curves-en.svg",
        "accuracies-en.svg",
        "confusion-en.svg",
        "classes-en.svg",
        "samples-en.svg",
        "forest-en.svg",
    }


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ["wasnotmeasured", "differsinitstrainingsetup:epochs2andwidthfactor0.15", "leaked"]),
        ("id", ["tidakdiukur", "0,15", "bocor"]),
    ],
)
def test_one_replicate_own_settings_and_leaks_are_said(odd_study, language, said):
    text = read_pdf(odd_study / "report" / f"report-{language}.pdf")
    for words in said:
        assert words in text


def test_the_number_of_leaks_is_the_split_s(odd_study):
    split = pd.read_csv(odd_study / "splits" / "0.csv")
    assert split["leaked"].sum() > 0
    text = read_pdf(odd_study / "report" / "report-en.pdf")
    leaked, validation = split["leaked"].sum(), (split["part"] == "validation").sum()
    assert f"{leaked}ofthevalidationimages({100 * leaked / validation:.1f}%)areleaked" in text


def would_run(project, results: Path, **change) -> dict[str, int]:
    """Return how many jobs of each rule a dry run announces after a change of the report's keys."""
    config = yaml.safe_load((results.parents[1] / f"{results.name}.yaml").read_text())
    config["report"] |= change
    return project.would_run(config, [], results.parents[1])


def test_what_the_report_says_of_itself_only_rebuilds_the_report(project, odd_study):
    jobs = would_run(project, odd_study, authors=["Siti"], title="Another", date="2026-01-31")
    rules = {"write_report": 2, "compile_report": 2, "check_report": 2}
    assert jobs == rules | {"compare_languages": 1, "write_explorer": 1, "report": 1}
    again = would_run(project, odd_study, languages=["id"]).keys()
    assert again <= {"all", "write_explorer", "report"}


def test_what_was_deleted_is_made_again_though_the_report_stands(project, odd_study):
    """Of a run its predictions, and so all of the run; of the results a table; and a figure."""
    gone = {
        "runs/preact34/0/predictions.csv": "train_network",
        "facts.json": "collect_facts",
        "figures/forest-en.svg": "draw_forest",
    }
    for name, rule in gone.items():
        path = odd_study / name
        aside = path.replace(path.with_suffix(".aside"))
        assert would_run(project, odd_study).get(rule) == 1
        aside.replace(path)


def check_report(folder, *arguments):
    """Check the report of the odd study as `make check-report` does."""
    return subprocess.run(
        [sys.executable, "-m", "timbang.reader", "--config", folder / "odd.yaml", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
    )


def test_a_mistyped_path_is_told_before_anything_is_deleted(project, odd_study):
    config = yaml.safe_load((odd_study.parents[1] / "odd.yaml").read_text())
    config["data"]["folder"] = "imagse"
    status, output = project.snakemake(config=config, work=odd_study.parents[1])
    assert status != 0
    assert "data.folder: imagse is not a folder" in output
    assert "Traceback" not in output
    assert (odd_study / "data" / "manifest.csv").is_file()


def test_snakemakes_own_report_holds_the_explorer_and_leads_to_it(project, odd_study):
    work = odd_study.parents[1]
    config = yaml.safe_load((work / "odd.yaml").read_text())
    status, output = project.snakemake("--report", "page.html", config=config, work=work)
    assert status == 0, output[-3000:]
    page = (work / "page.html").read_text(encoding="utf-8")
    explorer = base64.b64encode((odd_study / "report" / "explorer.html").read_bytes()).decode()
    assert page.count(explorer) == 1
    link = f"app.showResultInfo('{odd_study.relative_to(work) / 'report' / 'explorer.html'}')"
    assert re.search(r'href=."javascript:' + re.escape(link), page)


def test_a_report_that_contradicts_the_runs_stays_unchecked(odd_study):
    """One prediction and one file are others than the report was made from."""
    folder = odd_study.parents[1]
    path = odd_study / "runs/preact34/0/predictions.csv"
    before = path.read_text()
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    label, predicted = table.loc[0, "label"], table.loc[0, "predicted"]
    others = sorted(set(table["label"]) - {label})
    table.loc[0, "predicted"] = others[0] if predicted == label else label
    table.to_csv(path, index=False)
    runs = odd_study / "runs.csv"
    table = runs.read_text()
    runs.write_text(table + "\n")
    done = check_report(folder, odd_study)
    runs.write_text(table)
    path.write_text(before)
    assert done.returncode == 1
    assert "accuracy.mean/preact34 is" in done.stderr
    assert "runs.csv is not the file that the report was made from" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_report_that_is_not_there_is_named(odd_study):
    folder, pdf = odd_study.parents[1], odd_study / "report/report-en.pdf"
    unchecked = pdf.replace(pdf.with_name("report-en-unchecked.pdf"))
    failed = check_report(folder)
    aside = unchecked.replace(folder / "aside.pdf")
    missing = check_report(folder)
    aside.replace(pdf)
    assert (failed.returncode, missing.returncode) == (2, 2)
    assert "report-en-unchecked.pdf did not pass the second reader" in failed.stderr
    assert "There is no results/odd/report/report-en.pdf; make the report first" in missing.stderr


def test_languages_that_print_other_numbers_stay_unchecked(project, odd_study):
    """One more number, as one of the languages printed it; the reports come back unharmed."""
    folder = odd_study.parents[1]
    report = odd_study / "report"
    numbers = report / "numbers-id.txt"
    before = numbers.read_text()
    numbers.write_text(before + "accuracy.mean/nobody\n")
    config = yaml.safe_load((folder / "odd.yaml").read_text())
    call = ("--forcerun", "compare_languages", "--allowed-rules", "compare_languages", "report")
    status, output = project.snakemake(*call, config=config, work=folder)
    assert status != 0 and "accuracy.mean/nobody is printed in id, not in en" in output
    assert not [*report.glob("report-??.pdf")]
    for pdf in report.glob("report-??-unchecked.pdf"):
        pdf.replace(pdf.with_name(pdf.name.replace("-unchecked", "")))
    numbers.write_text(before)
    status, output = project.snakemake(*call, config=config, work=folder)
    assert status == 0, output
    assert (report / "languages.txt").read_text() == "the same ids in id, en\n"
