"""Every figure stands for any study: nothing cut, every mark to be read back, the same bytes."""

import itertools
import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import babel
import matplotlib
import numpy as np
import pandas as pd
import pytest
from pypdfium2 import PdfDocument
from torch import nn

from timbang.facts.fact import Facts, Unit
from timbang.languages.catalogue import Language, read_language
from timbang.networks import zoo
from timbang.records.tables import MANIFEST_COLUMNS
from timbang.report.figures import list_figures, style
from timbang.report.figures.blocks import BLOCKS, KERNELS
from timbang.report.figures.classes import count_classes
from timbang.report.figures.curves import spread_out
from timbang.report.figures.duplicates import choose_groups, choose_pairs
from timbang.report.figures.figure import Drawing
from timbang.report.figures.samples import choose_samples
from timbang.report.media.html import Html
from timbang.report.writer import Numbering, Writer

FIGURES = list_figures()
ENGLISH = read_language("en")
# Numbers as another language writes them, with the words of English.
COMMAS = Language("id", "indonesian", babel.Locale.parse("id"), ENGLISH.translations)
HOSTILE = [r"a_b & 50% \input{x} $ # ~ ^ { }", "$x^2$", "x" * 90, "many words " * 20, "ü", "<&>"]
NETWORKS = ["plain34", "resnet34", "multipath34", "preact34", "twinpath34", "resnet50", "plain50"]
MEASURES = ("train_loss", "validation_loss", "train_accuracy", "validation_accuracy")
PARTS = ("train", "validation", "test")

# A study's files, written by hand


def make_study(
    folder,
    contenders=3,
    replicates=2,
    classes=3,
    *,
    titles=None,
    labels=None,
    diverged=0,
    epochs=3,
    trials=4,
):
    """Write the files of a study, and return what its figures are drawn from."""
    rng = np.random.default_rng(0)
    names = [f"c{place}" for place in range(contenders)]
    labels = sorted(labels or (f"class {place:03}" for place in range(classes)))
    runs = pd.DataFrame(itertools.product(names, range(replicates)))
    runs.columns = ["contender", "replicate"]
    runs["diverged"] = runs.index >= len(runs) - diverged
    runs["parameters"] = 10**6 * (2 + runs["contender"].str[1:].astype(int))
    for measure in ("accuracy", "leaked_accuracy", "clean_accuracy", "gap"):
        runs[measure] = np.where(runs["diverged"], np.nan, rng.uniform(0.3, 0.99, len(runs)))
    wide = runs.pivot(index="replicate", columns="contender", values="accuracy")
    contrasts = []
    for name in names[1:]:
        known = (wide[name] - wide["c0"]).dropna()
        reach = 0.1 if len(known) >= 5 else np.nan
        row = {"measure": "accuracy", "first": name, "second": "c0", "mean": known.mean()}
        row |= {"pairs": len(wide), "finished": len(known)}
        for kind, factor in (("", 1.0), ("like_", 1.0), ("these_", 0.5)):
            row[f"{kind}low"] = known.mean() - factor * reach
            row[f"{kind}high"] = known.mean() + factor * reach
        contrasts.append(row)
    columns = None if contrasts else ["measure", "first"]
    pd.DataFrame(contrasts, columns=columns).to_csv(folder / "contrasts.csv", index=False)
    runs.to_csv(folder / "runs.csv", index=False)
    return Drawing(
        language=ENGLISH,
        files={
            "runs": folder / "runs.csv",
            "decisive_runs": folder / "runs.csv",
            "twin_runs": folder / "runs.csv",
            "contrasts": folder / "contrasts.csv",
            **write_fairness(folder, names, trials, rng),
            **write_runs(folder, names, min(replicates, 3), labels, epochs, rng),
            **write_images(folder, labels, replicates, rng),
            **write_answers(folder, names, labels, rng),
        },
        titles=dict(zip(names, titles or (f"Network {name}" for name in names), strict=True)),
        networks=dict(zip(names, itertools.cycle(NETWORKS))),
        weighed=names,
        reference="c0",
        margin=0.02,
        published={"c0": 0.9},
        names=("study", "another"),
    )


def write_runs(folder, names, replicates, labels, epochs, rng):
    files = {kind: {name: [] for name in names} for kind in ("histories", "metrics", "probes")}
    for name, replicate in itertools.product(names, range(replicates)):
        stem = folder / f"{name}-{replicate}"
        history = pd.DataFrame({measure: rng.uniform(0.01, 1, epochs) for measure in MEASURES})
        history.assign(epoch=range(1, epochs + 1)).to_csv(f"{stem}.csv", index=False)
        matrix = rng.poisson(0.2, (len(labels), len(labels))) + 99 * np.eye(len(labels), dtype=int)
        contents = {
            "metrics": {"classes": labels, "confusion_matrix": matrix.tolist()},
            "probes": {
                "layers": [{"norm": 10.0**-place} for place in range(4)],
                "gradients": [{"epoch": e, "gradient_cosine": 0.9 + 0.01 * e} for e in (1, 2)],
                "scales": {str(factor): rng.random() for factor in (0.75, 1.0, 1.33)},
                "attention": [look_at(4 * place, place, rng) for place in range(len(labels))],
            },
        }
        files["histories"][name].append(Path(f"{stem}.csv"))
        for kind, content in contents.items():
            files[kind][name].append(Path(f"{stem}-{kind}.json"))
            files[kind][name][-1].write_text(json.dumps(content), encoding="utf-8")
    return files


def look_at(row, label, rng):
    maps = {name: rng.uniform(0, 1, (4, 4)).tolist() for name in ("map", "control")}
    falls = {name: rng.uniform(-1, 1) for name in ("fall_marked", "fall_random")}
    falls["fall_control"] = None if row % 8 else rng.uniform(-1, 1)
    return {"row": row, "label": label, "predicted": 0, "probability": 0.5, **maps, **falls}


def write_fairness(folder, names, trials, rng):
    """Write what other recipes, more trials and fewer images say."""
    tables = {"recipes": [], "budgets": [], "learning": []}
    variants = ["runs", *(f"trials/{place}" for place in range(trials)), "varied/0"]
    for name in names:
        for place, variant in enumerate(variants if name != "c0" else ()):
            mean = 0.1 * place - 0.2
            own = {"first": name, "variant": variant, "mean": mean}
            tables["recipes"].append(own | {"low": mean - 0.1, "high": mean + 0.1})
        for place in range(trials):
            mean = 0.5 + 0.3 * place / trials
            own = {"contender": name, "trials": place + 1, "mean": mean}
            tables["budgets"].append(own | {"low": mean - 0.05, "high": mean + 0.05})
        for share, images in (("shares/0.5", 143.5), ("runs", 287)):
            own = {"contender": name, "variant": share, "images": images}
            tables["learning"].append(own | {"mean": rng.uniform(0.3, 0.9)})
    for name, rows in tables.items():
        columns = None if rows else ["first", "variant", "mean", "low", "high"]
        pd.DataFrame(rows, columns=columns).to_csv(folder / f"{name}.csv", index=False)
    return {name: folder / f"{name}.csv" for name in tables}


def write_images(folder, labels, replicates, rng):
    """Write four images a class, two of them copies, and nine copies more of the last class."""
    owners = np.repeat([*labels, labels[-1]], [4] * len(labels) + [9])
    groups = np.append(np.repeat(np.arange(3 * len(labels)), [2, 1, 1] * len(labels)), [10**6] * 9)
    names = [f"{place}.png" for place in range(len(owners))]
    images = pd.DataFrame({"filename": names, "label": owners, "group": groups})
    files = {name: folder / name for name in ("manifest.csv", "pixels.npy", "audit.json")}
    manifest = images.reindex(columns=list(MANIFEST_COLUMNS)).assign(problem="")
    manifest.to_csv(files["manifest.csv"], index=False)
    np.save(files["pixels.npy"], rng.integers(0, 256, (len(owners), 8, 8, 3), dtype=np.uint8))
    change = {"mirrored": 1, "turned": 3, "stretched": 5, "cropped": 8, "set": 40}
    pair = {"images": ["0.png", "4.png"], "evidence": 38.25, "change": change}
    audit = {
        "duplicates": [{"images": names[-9:]}, {"images": names[:2]}],
        "closest": {"joined": [pair], "apart": [{**pair, "evidence": 12.0}]},
    }
    files["audit.json"].write_text(json.dumps(audit), encoding="utf-8")
    splits = [folder / f"split-{replicate}.csv" for replicate in range(replicates)]
    for path in splits:
        parts = rng.choice(PARTS, len(owners), p=[0.6, 0.3, 0.1])
        images.assign(part=parts, leaked=False).to_csv(path, index=False)
    return {name.split(".")[0]: path for name, path in files.items()} | {"splits": splits}


def write_answers(folder, names, labels, rng):
    """Write reliability diagrams, and what the networks said of the images of ``write_images``."""
    confidence = np.arange(20, 101) / 100
    diagrams = [
        {
            "contender": name,
            "confidence": place,
            "right": place**2,
            "low": place - 0.1,
            "high": place,
        }
        for name, place in itertools.product(names, confidence)
    ]
    pd.DataFrame(diagrams).to_csv(folder / "calibration.csv", index=False)
    images = pd.read_csv(folder / "manifest.csv", dtype=str, keep_default_na=False)
    images = images[["filename", "label", "group"]].assign(
        taken_for=labels[0],
        surest_mistake=labels[0],
        surest_probability=rng.uniform(0, 1, len(images)),
        **{f"probability:{name}": rng.uniform(0, 1, len(images)) for name in names},
    )
    images.to_csv(folder / "images.csv", index=False)
    return {name: folder / f"{name}.csv" for name in ("calibration", "images")}


def long_names(kind, count):
    return [f"{kind} {place:03}, a name of exactly forty letters"[:40] for place in range(count)]


SIZES = {
    "smallest": {"contenders": 1, "replicates": 1, "classes": 2, "epochs": 1},
    "usual": {"contenders": 4, "replicates": 7, "classes": 10, "diverged": 1},
    "largest": {
        "contenders": 12,
        "replicates": 30,
        "trials": 60,
        "titles": long_names("network", 12),
        "labels": long_names("class", 101),
    },
    "hostile": {"contenders": 6, "titles": HOSTILE, "labels": HOSTILE, "diverged": 3},
    "fourteen classes": {"contenders": 12, "replicates": 1, "labels": long_names("class", 14)},
    "thirty classes": {"contenders": 2, "replicates": 1, "labels": long_names("class", 30)},
}
# What is like others is drawn in the usual size alone.
DRAWN = {
    "usual": tuple(FIGURES),
    "smallest": (
        "accuracies",
        "attention",
        "classes",
        "confusion",
        "curves",
        "hardest",
        "samples",
        "surest",
    ),
    "largest": (
        "attention",
        "budget",
        "classes",
        "confusion",
        "curves",
        "forest",
        "hardest",
        "learning_curve",
        "reliability",
        "specification",
        "surest",
        "twin",
    ),
    "hostile": (
        "accuracies",
        "attention",
        "classes",
        "confusion",
        "curves",
        "hardest",
        "reliability",
        "samples",
        "surest",
    ),
    "fourteen classes": ("confusion",),
    "thirty classes": ("confusion",),
}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Return what a size of study is drawn from; its files are written once."""
    known = {}

    def get(size):
        if size not in known:
            known[size] = make_study(tmp_path_factory.mktemp("study"), **SIZES[size])
        return known[size]

    return get


@pytest.fixture(scope="module")
def drawn(study):
    """Return a figure of a size of study, laid out; drawn once."""
    known = {}

    def get(size, name):
        if (size, name) not in known:
            with matplotlib.rc_context(style.STYLE):
                known[size, name] = FIGURES[name].draw(study(size))
                style.settle(known[size, name])
        return known[size, name]

    return get


def save(figure, folder):
    """Return the figure's files as PDF and as SVG."""
    folder.mkdir(exist_ok=True)
    with matplotlib.rc_context(style.STYLE):
        style.save_figure(figure, folder / "figure.pdf", folder / "figure.svg")
    return folder / "figure.pdf", folder / "figure.svg"


# What a figure looks like


def list_texts(figure):
    """Return all texts that are drawn."""
    texts = [*figure.texts, *(text for own in figure.legends for text in own.get_texts())]
    for axes in figure.axes:
        texts += axes.texts
        if axes.axison:
            both = (axes.xaxis, axes.yaxis)
            ticks = [tick for own in both for tick in own.get_major_ticks()]
            texts += [axes.title, axes._left_title, *(own.label for own in both)]
            texts += [label for tick in ticks for label in (tick.label1, tick.label2)]
    return [text for text in texts if text.get_visible() and text.get_text().strip()]


@pytest.mark.parametrize(
    ("size", "name"), [(size, name) for size, names in DRAWN.items() for name in names]
)
@pytest.mark.filterwarnings("error")
def test_nothing_is_cut_too_small_or_over_another(drawn, size, name):
    figure = drawn(size, name)
    with matplotlib.rc_context(style.STYLE):
        figure.draw_without_rendering()
        texts = list_texts(figure)
        boxes = np.array([text.get_window_extent().extents for text in texts]).reshape(-1, 4)
    size = figure.get_size_inches()
    assert size[0] == style.TEXT_WIDTH
    assert size[1] <= style.TEXT_HEIGHT
    # In points.
    boxes *= 72 / figure.dpi
    is_out = (boxes[:, :2] < -0.3).any(axis=1) | (boxes[:, 2:] > 72 * size + 0.3).any(axis=1)
    assert not [texts[place].get_text() for place in np.flatnonzero(is_out)]
    assert min((text.get_fontsize() for text in texts), default=9) >= style.SMALLEST
    over = (boxes[:, None, :2] < boxes[None, :, 2:] - 0.5).all(axis=2)
    pairs = np.argwhere(np.triu(over & over.T, 1))
    assert not [(texts[one].get_text(), texts[other].get_text()) for one, other in pairs]


@pytest.mark.parametrize("name", ["curves", "duplicates"])
def test_file_is_the_same_each_time_and_as_wide_as_the_text(drawn, study, name, tmp_path):
    with matplotlib.rc_context(style.STYLE):
        again = FIGURES[name].draw(study("usual"))
    first, second = save(drawn("usual", name), tmp_path / "1"), save(again, tmp_path / "2")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    with PdfDocument(first[0]) as document:
        (page,) = document
        width = page.get_width()
    assert width / 72 * 25.4 == pytest.approx(140, abs=0.01)


def test_numbers_are_written_as_the_language_writes_them(study):
    drawing = replace(study("usual"), language=COMMAS)
    for name in ("curves", "forest"):
        with matplotlib.rc_context(style.STYLE):
            figure = FIGURES[name].draw(drawing)
            figure.draw_without_rendering()
        numbers = [own for text in list_texts(figure) if re.search(r"\d", own := text.get_text())]
        assert any("," in number for number in numbers)
        assert not [number for number in numbers if "." in number]
    values = (0, 0.30000000000000004, 2e6, 1e-5, -1000)
    ticks = [style.write_tick(value, COMMAS) for value in values]
    assert ticks == ["0", "0,3", "2·10⁶", "10⁻⁵", "−1.000"]


# Reading a figure's file: what its marks say of the data


def read_marks(svg):
    """Return what the marks of an SVG stand for: values by way and id, or what is printed."""
    parser = ET.XMLParser(target=ET.TreeBuilder(insert_comments=True))
    named = {"a": [], "t": [], "m": []}
    for group in ET.parse(svg, parser).iter():
        kind, *parts = group.get("id", "").split(";", 3)
        if kind in named and len(parts) == 3:
            named[kind].append((parts[0], parts[1], parts[2], group))
    logs = {
        (axes, way) for axes, *own, _ in named["a"] for way in "xy" if own["xy".index(way)] == "log"
    }
    found = {}
    for axes, way, id, group in named["m"]:
        if way == "t":
            found[way, id] = "".join(
                own.text.strip() for own in group.iter() if own.tag is ET.Comment
            )
            continue
        axis = "y" if way == "y" else "x"
        side = "xy".index(axis)
        ticks = [
            (float(value), list_points(own)[0][side])
            for at, to, value, own in named["t"]
            if (at, to) == (axes, axis)
        ]
        values, places = np.array(ticks).T
        slope, start = np.polyfit(places, np.log(values) if (axes, axis) in logs else values, 1)
        read = start + slope * np.array([point[side] for point in list_points(group)])
        read = np.exp(read) if (axes, axis) in logs else read
        ends = [read.max() - read.min()] if way == "w" else [read.max()]
        found[way, id] = list(read) if id.endswith("*") else ends
    return found


def list_points(group):
    """Return the points of a line or a bar, else the places of markers."""
    hidden = {
        own for defs in group.iter() if str(defs.tag).endswith("}defs") for own in defs.iter()
    }
    shown = [own for own in group.iter() if own not in hidden]
    paths = [own.get("d") for own in shown if str(own.tag).endswith("}path")]
    numbers = [float(part) for path in paths for part in path.split() if part not in "MLz"]
    uses = [own for own in shown if str(own.tag).endswith("}use") and "x" in own.attrib]
    markers = [(float(own.get("x")), float(own.get("y"))) for own in uses]
    return list(zip(numbers[::2], numbers[1::2], strict=True)) or markers


def expect_runs(runs, measure, prefix=""):
    """Return where the dots and the bars of a measure belong, and what is printed."""
    values = 100 * runs.set_index(["contender", "replicate"])[measure].dropna()
    expected = {
        ("x", f"{prefix}run.{measure}/{name}/{replicate}"): [value]
        for (name, replicate), value in values.items()
    }
    for name, mean in values.groupby("contender").mean().items():
        expected["x", f"{prefix}{measure}.mean/{name}"] = [mean]
        expected["t", f"{prefix}{measure}.mean/{name}"] = f"{mean:.1f}%"
    return expected


def expect_forest(runs, contrasts):
    wide = 100 * runs.pivot(index="replicate", columns="contender", values="accuracy")
    expected = {("x", "setting.margin"): [2.0], ("t", "contrast.accuracy.finished/c3"): "6"}
    for row in contrasts.to_dict("records"):
        differences = (wide[row["first"]] - wide["c0"]).dropna()
        for replicate, value in differences.items():
            expected["x", f"run.difference/{row['first']}/{replicate}"] = [value]
        for word in ("mean", "low", "high"):
            id = f"contrast.accuracy.{word}/{row['first']}"
            expected["t", id] = f"{100 * row[word]:+.1f}".replace("-", "−")
        for word in ("mean", "these_low", "these_high", "like_low", "like_high"):
            expected["x", f"contrast.accuracy.{word}/{row['first']}"] = [100 * row[word]]
    return expected


def expect_classes(splits):
    expected = {}
    for place, (_, own) in enumerate(pd.concat(map(pd.read_csv, splits)).groupby("label")):
        for part in PARTS:
            expected["w", f"class.part/{part}/{place}"] = [
                (own["part"] == part).sum() / len(splits)
            ]
        expected["x", f"class.groups/{place}"] = [own["group"].nunique()]
        expected["t", f"class.images/{place}"] = str(own["filename"].nunique())
    return expected


def expect_curves(histories):
    expected = {}
    for name, paths in histories.items():
        epochs = pd.concat(map(pd.read_csv, paths)).groupby("epoch")
        for measure, word in itertools.product(MEASURES, ("mean", "min", "max")):
            values = epochs[measure].agg(word) * (100 if "accuracy" in measure else 1)
            expected["y", f"curve.{measure}.{word}/{name}/*"] = list(values)
    return expected


def expect_confusion(metrics):
    expected = {}
    for name, paths in metrics.items():
        counts = sum(np.array(json.loads(path.read_text())["confusion_matrix"]) for path in paths)
        for true, taken in np.argwhere(counts):
            expected["t", f"confusion/{name}/{true}/{taken}"] = str(counts[true, taken])
    return expected


def test_figures_give_back_the_data(drawn, study, tmp_path):
    """Every value is drawn, nothing else is, and each mark stands where its value is."""
    files = study("usual").files
    runs = pd.read_csv(files["runs"])
    gaps = runs.set_index(["contender", "replicate"])["gap"].dropna()
    expected = {
        "accuracies": expect_runs(runs, "accuracy")
        | {("x", "published.accuracy/c0"): [90.0], ("t", "diverged/c3"): "1"},
        "forest": expect_forest(runs, pd.read_csv(files["contrasts"])),
        "leaks": expect_runs(runs, "leaked_accuracy") | expect_runs(runs, "clean_accuracy"),
        "twin": expect_runs(runs, "accuracy") | expect_runs(runs, "accuracy", "twin."),
        "classes": expect_classes(files["splits"]),
        "curves": expect_curves(files["histories"]),
        "confusion": expect_confusion(files["metrics"]),
        "probes": {("y", f"run.gap/{name}/{r}"): [gap] for (name, r), gap in gaps.items()},
        "duplicates": {
            ("t", "duplicates.size/0"): "9 images",
            ("t", "duplicates.shown/0"): "8 shown",
            ("t", "duplicates.size/1"): "2 images",
            ("t", "pair.evidence/joined/0"): "38.2",
            ("t", "pair.evidence/apart/0"): "12.0",
        },
        "specification": {("y", "setting.margin"): [2.0]}
        | {
            ("y", f"recipe.{word}/{row['first']}/{row['variant'].replace('/', '-')}"): [
                100 * row[word]
            ]
            for row in pd.read_csv(files["recipes"]).to_dict("records")
            for word in ("mean", "low", "high")
        },
        "budget": {
            ("y", f"budget.{word}/{name}/*"): list(100 * own[word])
            for name, own in pd.read_csv(files["budgets"]).groupby("contender")
            for word in ("mean", "low", "high")
        },
        "learning_curve": {
            ("y", f"learning.mean/{name}/{place}"): [100 * mean]
            for name, own in pd.read_csv(files["learning"]).groupby("contender")
            for place, mean in enumerate(own["mean"])
        },
    }
    for name, values in expected.items():
        found = read_marks(save(drawn("usual", name), tmp_path)[1])
        assert set(found) == set(values), name
        for key, value in values.items():
            is_text = key[0] == "t"
            near = value if is_text else pytest.approx(value, rel=1e-4, abs=1e-3)
            assert found[key] == near, (name, key)


def test_one_run_has_no_mean_and_no_band(tmp_path):
    drawing = make_study(tmp_path, contenders=2, replicates=1)
    marks = {}
    for name in ("accuracies", "curves", "forest"):
        with matplotlib.rc_context(style.STYLE):
            marks[name] = read_marks(save(FIGURES[name].draw(drawing), tmp_path)[1])
    assert {id.split("/")[0] for _, id in marks["accuracies"]} == {
        "run.accuracy",
        "published.accuracy",
    }
    assert {id.split("/")[0] for _, id in marks["curves"]} == {f"curve.{m}.mean" for m in MEASURES}
    of_mean = {way for way, id in marks["forest"] if id == "contrast.accuracy.mean/c1"}
    assert of_mean == {"t"}


# When a figure is there, and what is said of it


def test_figures_are_found_without_what_draws_them():
    code = "import sys; from timbang.report.figures import list_figures; print(*list_figures()); "
    code += "print({'numpy', 'pandas', 'matplotlib', 'babel'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    assert done.stdout.splitlines() == [" ".join(sorted(FIGURES)), "set()"]


def test_figures_are_due_where_the_study_has_what_they_show():
    def list_due(network="resnet34", probes=(), contrasts=(), twin=None, **fairness):
        configured = SimpleNamespace(
            contenders=[SimpleNamespace(network=network)],
            probes=probes,
            contrasts=contrasts,
            report=SimpleNamespace(compare_with=twin),
            **{"tuning": None, "varied": (), "learning_curve": None} | fairness,
        )
        return {name for name, own in FIGURES.items() if own.due(configured)}

    fair = {"budget", "learning_curve", "specification"}
    usual = set(FIGURES) - {"probes", "attention", "twin", "forest"} - fair
    assert list_due() == usual
    assert list_due("timm:x") == usual - {"blocks"}
    assert list_due(probes=["paths"]) == usual | {"probes"}
    assert list_due(probes=["attention"]) == usual | {"probes", "attention"}
    assert list_due(contrasts=["a"], twin="b") == usual | {"forest", "twin"}
    assert list_due(tuning=True) == usual | {"budget"}
    assert list_due(varied=({},), contrasts=["a"]) == usual | {"forest", "specification"}
    assert list_due(learning_curve=True) == usual | {"learning_curve"}


def make_writer(replicates):
    """Return a writer of a study with so many replicates; one of several has leaks."""
    values = {
        Unit.COUNT: {"replicates": replicates, "classes": 20, "constant.kernel.point": 1},
        Unit.NUMBER: {"criterion.evidence": 30.0},
        Unit.SHARE: {"constant.confidence": 0.95},
        Unit.POINTS: {"setting.margin": 0.02},
    }
    values[Unit.COUNT] |= {
        f"class.{what}/{k}": 9 for what in ("images", "groups") for k in range(20)
    }
    if replicates > 1:
        values[Unit.COUNT] |= {"tuning.trials": 4}
        values[Unit.COUNT] |= {"class.groups/3": 8, "pictured": 3, "diverged/c1": 1}
        values[Unit.POINTS] |= {"leak_difference.mean/c1": 0.1, "fall_marked.mean/c1": 0.2}
        values[Unit.SHARE] |= {"published.accuracy/c1": 0.9, "sure.probability/0": 0.9}
    if replicates >= 5:
        values[Unit.POINTS] |= {"contrast.accuracy.these_low/c1": -0.1}
    facts = Facts()
    for unit, own in values.items():
        for id, value in own.items():
            facts.add(id, value, unit, "", "")
    described = {
        "contenders": [{"name": name, "title": f"Net {name}"} for name in ("c0", "c1")],
        "reference": "c0",
        "weighed": ["c0", "c1"],
        "decides": "default",
        "families": ["plain", "multipath"],
        "probes": ["gradients", "scales"],
        "twin": "another",
        **dict.fromkeys(("tuning", "curves", "learning"), replicates > 1),
        "finished": ["c0", "c1"],
        "mixing": [],
    }
    return Writer(described, facts, ENGLISH, Html(Path()), {}, Numbering())


@pytest.mark.parametrize("replicates", [1, 3, 7])
def test_captions_say_what_is_drawn(replicates):
    writer = make_writer(replicates)
    standing = {name: own for name, own in FIGURES.items() if own.stands(writer)}
    if replicates == 1:
        assert set(FIGURES) - set(standing) == {
            "attention",
            "surest",
            "leaks",
            "duplicates",
            "budget",
            "learning_curve",
            "specification",
        }
    captions = {name: re.sub("<[^>]*>", "", own.caption(writer)) for name, own in standing.items()}
    mentions = [
        re.sub("<[^>]*>", "", writer.say(own.mention, figure=writer.ref(f"fig:{own.name}")))
        for own in standing.values()
    ]
    for text in (*captions.values(), *mentions):
        assert text.endswith(".")
        assert not re.search(r"%\(|contender|weighed|row a class|1 replicates", text)
    several = replicates > 1
    assert ("95%" in captions["forest"], "unknown" in captions["forest"]) == (
        replicates >= 5,
        not several,
    )
    assert ("bands" in captions["curves"], "ring" in captions["accuracies"]) == (several, several)
    assert ("black line" in captions["classes"]) == several
    assert "Twelve" in captions["samples"]


# What is chosen, counted, built and measured


def test_class_counts_are_means_over_replicates():
    images = pd.DataFrame({"label": ["a", "a", "b"], "group": [0, 0, 1]})
    first = images.assign(part=["train", "validation", "train"])
    second = images.assign(part=["train", "test", "validation"])
    counts = count_classes([first, second])
    assert counts.values.tolist() == [["a", 1.0, 0.5, 0.5, 1], ["b", 0.5, 0.5, 0.0, 1]]


def test_samples_show_no_image_twice():
    labels = np.array(["a"] * 30 + ["b"] * 3)
    groups = np.array([0] * 20 + list(range(1, 11)) + [11, 11, 12])
    chosen = choose_samples(labels, groups)
    assert {label: len(indices) for label, indices in chosen.items()} == {"a": 8, "b": 2}
    for label, indices in chosen.items():
        assert set(labels[indices]) == {label}
        assert len(set(groups[indices])) == len(indices)
    many = np.array([f"class {place}" for place in range(40)])
    assert len(choose_samples(many, np.arange(40))) == 12


def test_largest_groups_are_shown_from_end_to_end():
    entries = [{"images": [f"{n}.png" for n in range(20)]}, {"images": ["20.png", "21.png"]}]
    rows = {f"{n}.png": n for n in range(22)}
    many, two = choose_groups({"duplicates": entries}, rows, ENGLISH)
    assert list(many.rows) == [0, 3, 5, 8, 11, 14, 16, 19]
    assert [text for text, _ in many.labels] == ["20 images", "8 shown"]
    assert (list(two.rows), [text for text, _ in two.labels]) == ([20, 21], ["2 images"])


def test_no_two_pairs_of_the_same_groups_are_shown():
    pairs = [
        {"images": [f"{first}", f"{second}"], "evidence": evidence, "change": {}}
        for first, second, evidence in ((0, 2, 30.0), (1, 3, 29.0), (2, 4, 28.0))
    ]
    rows = {str(n): n for n in range(5)}
    shown = choose_pairs(pairs, rows, np.array([7, 7, 8, 8, 9]), "apart", ENGLISH)
    assert [own.rows for own in shown] == [[0, 2], [2, 4]]
    assert shown[1].labels == [("28.0", "pair.evidence/apart/2")]


@pytest.mark.parametrize(("family", "bottleneck"), BLOCKS)
def test_blocks_are_drawn_as_they_are_built(family, bottleneck):
    drawn = BLOCKS[family, bottleneck]
    built = (zoo.BOTTLENECKS if bottleneck else zoo.BLOCKS)[family](64, 64, 1)
    layers = [layer for path in drawn.paths for layer in path]
    kernels = [own.kernel_size[0] for own in built.modules() if isinstance(own, nn.Conv2d)]
    assert [KERNELS[layer] for layer in layers if layer in KERNELS] == kernels
    assert layers.count("BN") == sum(isinstance(own, nn.BatchNorm2d) for own in built.modules())
    assert drawn.has_shortcut == hasattr(built, "downsample")
    assert (layers[0] == "BN") == (family == "preact")


def test_every_block_can_be_drawn():
    assert set(BLOCKS) == {(own, False) for own in zoo.BLOCKS} | {
        (own, True) for own in zoo.BOTTLENECKS
    }


def test_names_are_broken_where_it_reads_well():
    assert style.wrap_label("Pre-activation ResNet", 0.9) == "Pre-activation\nResNet"
    assert style.wrap_label("resnet34-mixup", 0.6) == "resnet34-\nmixup"
    for label in style.wrap_labels(HOSTILE, 0.9):
        assert label.count("\n") <= 2
        assert style.measure_block(label, style.SMALL) <= 0.9
    assert style.wrap_label("many words " * 20, 0.9).endswith("…")


def test_places_are_moved_apart_and_stay_within_the_panel():
    assert spread_out([0.2, 0.7], 0.1) == [0.2, 0.7]
    for places in ([0.5, 0.5, 0.9], [0.99, 1.0, 1.0], [0.0, 0.0, 0.01, 0.5]):
        moved = spread_out(places, 0.1)
        assert 0 <= min(moved) <= max(moved) <= 1
        assert np.diff(moved).min() >= 0.098


def test_marks_of_28_networks_differ():
    marks = [style.mark(place) for place in range(29)]
    assert len(set(marks)) == 28
    for one, other in itertools.pairwise(marks):
        assert one.color != other.color
        assert one.dashes != other.dashes
