"""Every figure stands for any study: of the text's width, and the same bytes each time."""

import itertools
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import pytest
from pypdf import PdfReader

from timbang.languages.texts import read_texts
from timbang.report.figures.accuracies import draw_accuracies
from timbang.report.figures.classes import count_classes, draw_classes
from timbang.report.figures.confusion import draw_confusion
from timbang.report.figures.curves import draw_curves
from timbang.report.figures.duplicates import (
    PicturedPair,
    choose_groups,
    choose_pairs,
    draw_duplicates,
)
from timbang.report.figures.leaks import draw_leaks
from timbang.report.figures.probes import draw_probes
from timbang.report.figures.samples import choose_samples, draw_samples
from timbang.report.figures.style import (
    STYLE,
    count_legend_columns,
    mark,
    save_figure,
    wrap_labels,
)
from timbang.report.figures.twin import draw_twin

ROOT = Path(__file__).resolve().parents[2]
TEXTS = {language: read_texts(ROOT / f"report/texts/{language}.yaml") for language in ("id", "en")}
EN = TEXTS["en"]
HOSTILE = [r"a_b & 50% \input{x} $ # ~ ^ { }", "$x^2$", "x" * 90, "many words " * 20, "ü", "<&>"]


def names(count, kind="plain"):
    if kind == "hostile":
        return (HOSTILE + [f"{HOSTILE[i % 6]} {i}" for i in range(count)])[:count]
    return [f"name {place}" for place in range(count)]


def marks(titles):
    return {title: mark(place) for place, title in enumerate(titles)}


def history(epochs, seed):
    rng = np.random.default_rng(seed)
    columns = ("train_loss", "validation_loss", "train_accuracy", "validation_accuracy")
    return pd.DataFrame({"epoch": range(1, epochs + 1)} | {c: rng.random(epochs) for c in columns})


def curves(titles, epochs=4, replicates=2, texts=EN):
    runs = {title: [history(epochs, r) for r in range(replicates)] for title in titles}
    return draw_curves(runs, marks(titles), texts)


def accuracies(titles, replicates=3, published=(), texts=EN):
    values = {title: [0.5 + 0.1 * r for r in range(replicates)] for title in titles}
    return draw_accuracies(values, marks(titles), {t: 0.7 for t in published}, texts)


def confusion(titles, classes, texts=EN):
    rng = np.random.default_rng(0)
    size = len(classes)
    return draw_confusion({t: rng.integers(0, 9, (size, size)) for t in titles}, classes, texts)


def classes(labels, texts=EN, test=0):
    numbers = np.arange(len(labels)) + 1.5
    return draw_classes(
        pd.DataFrame(
            {
                "label": labels,
                "train": 4 * numbers,
                "validation": numbers,
                "test": test * numbers,
                "groups": numbers.astype(int),
            }
        ),
        texts,
    )


def samples(labels, each=3):
    pixels = np.random.default_rng(0).integers(0, 256, (each, 12, 12, 3), dtype=np.uint8)
    return draw_samples(pixels, {label: np.arange(each) for label in labels})


def duplicates(groups, joined, apart, texts=EN):
    pixels = np.random.default_rng(0).integers(0, 256, (9, 12, 12, 3), dtype=np.uint8)
    pair = PicturedPair((0, 1), 41.2)
    return draw_duplicates(
        pixels,
        [(n, list(range(min(n, 8)))) for n in groups],
        [pair] * joined,
        [pair] * apart,
        texts,
    )


def leaks(titles, replicates=3, texts=EN, **values):
    runs = pd.DataFrame({"leaked_accuracy": [0.9] * replicates, "clean_accuracy": 0.5} | values)
    return draw_leaks({title: runs for title in titles}, texts)


def twin(titles, texts=EN):
    return draw_twin({title: ([0.5, 0.6], [0.4]) for title in titles}, ("a_b", "$c$"), texts)


def probes(titles, texts=EN, replicates=2):
    def run(replicate):
        return {
            "layers": [{"norm": 10.0**-place} for place in range(4)],
            "gradients": [{"epoch": e, "gradient_cosine": 0.9 + 0.01 * e} for e in (1, 2)],
            "scales": {str(f): 0.5 + 0.01 * replicate for f in (0.75, 1.0, 1.33)},
        }

    runs = pd.DataFrame({"contender": titles, "parameters": 21e6, "gap": 0.25, "diverged": False})
    return draw_probes(
        {title: [run(r) for r in range(replicates)] for title in titles},
        runs,
        {title: title for title in titles},
        marks(titles),
        texts,
    )


CASES = {
    "curves 1 1 1": lambda: curves(names(1), epochs=1, replicates=1),
    "curves 2": lambda: curves(names(2)),
    "curves 28": lambda: curves(names(28), epochs=15),
    "curves hostile": lambda: curves(names(6, "hostile")),
    "curves id": lambda: curves(names(2), texts=TEXTS["id"]),
    "accuracies 1 1": lambda: accuracies(names(1), replicates=1),
    "accuracies 2 published": lambda: accuracies(names(2), published=names(1)),
    "accuracies 28": lambda: accuracies(names(28)),
    "accuracies hostile": lambda: accuracies(names(6, "hostile"), texts=TEXTS["id"]),
    "confusion 1 2": lambda: confusion(names(1), names(2)),
    "confusion 2 5": lambda: confusion(names(2), names(5)),
    "confusion 4 40": lambda: confusion(names(4), names(40)),
    "confusion 28 2": lambda: confusion(names(28), names(2)),
    "confusion hostile": lambda: confusion(names(2, "hostile"), names(6, "hostile")),
    "classes 2": lambda: classes(names(2)),
    "classes 5": lambda: classes(names(5), texts=TEXTS["id"]),
    "classes with a test part": lambda: classes(names(3), test=1),
    "classes 40": lambda: classes(names(40)),
    "classes 200": lambda: classes(names(200)),
    "classes hostile": lambda: classes(names(6, "hostile")),
    "samples 2": lambda: samples(names(2)),
    "samples 12": lambda: samples(names(12), each=8),
    "samples one image a class": lambda: samples(names(5), each=1),
    "duplicates none": lambda: duplicates([], 0, 0),
    "duplicates only apart": lambda: duplicates([], 0, 3, TEXTS["id"]),
    "duplicates all": lambda: duplicates([40, 9, 3, 2, 2], 8, 8),
    "leaks 1 1": lambda: leaks(names(1), replicates=1),
    "leaks none": lambda: leaks(names(2), leaked_accuracy=[float("nan")] * 3),
    "leaks 28": lambda: leaks(names(28)),
    "leaks hostile": lambda: leaks(names(6, "hostile"), texts=TEXTS["id"]),
    "twin 1": lambda: twin(names(1)),
    "twin hostile": lambda: twin(names(6, "hostile"), TEXTS["id"]),
    "probes 2": lambda: probes(names(2), TEXTS["id"]),
    "probes 28": lambda: probes(names(28)),
    "probes hostile": lambda: probes(names(6, "hostile")),
    "probes none": lambda: probes(names(2), replicates=0),
    "samples hostile": lambda: samples(names(6, "hostile")),
}


def save(draw, folder):
    """Draw and save a figure; return the bytes of its PDF and its SVG."""
    pdf, svg = folder / "figure.pdf", folder / "figure.svg"
    with matplotlib.rc_context(STYLE):
        save_figure(draw(), pdf, svg)
    return pdf.read_bytes(), svg.read_bytes()


@pytest.mark.parametrize("draw", CASES.values(), ids=CASES)
@pytest.mark.filterwarnings("error")
def test_figure_is_as_wide_as_the_text(draw, tmp_path):
    save(draw, tmp_path)
    (page,) = PdfReader(tmp_path / "figure.pdf").pages
    assert float(page.mediabox.width) / 72 * 25.4 == pytest.approx(160, abs=0.01)
    assert float(page.mediabox.height) / 72 <= 9.01


REPEATED = [
    "curves 1 1 1",
    "accuracies hostile",
    "confusion 1 2",
    "classes 5",
    "samples 2",
    "duplicates all",
]


@pytest.mark.parametrize("name", REPEATED)
def test_figure_is_the_same_bytes_each_time(name, tmp_path):
    assert save(CASES[name], tmp_path) == save(CASES[name], tmp_path)


@pytest.mark.parametrize("language", ["id", "en"])
def test_axes_have_the_decimal_mark_of_the_language(language):
    """Values close together have ticks with decimals, counts never have."""
    texts, titles, accuracy = TEXTS[language], names(2), 0.031
    values = {title: [accuracy, accuracy + 0.006] for title in titles}
    runs = pd.DataFrame({"leaked_accuracy": [accuracy], "clean_accuracy": accuracy + 0.006})
    flat = history(4, 0) * 0 + accuracy + 0.006 * history(4, 0)
    figures = [
        draw_accuracies(values, marks(titles), {}, texts),
        draw_leaks({title: runs for title in titles}, texts),
        draw_twin({title: ([accuracy], [accuracy + 0.006]) for title in titles}, ("a", "b"), texts),
        draw_curves({title: [flat] for title in titles}, marks(titles), texts),
        probes(titles, texts),
    ]
    other = "." if language == "id" else ","
    for figure in figures:
        figure.draw_without_rendering()
        assert texts["decimal_mark"] in texts_of(figure)
        assert other not in texts_of(figure)
    few = classes(names(2), texts)
    few.draw_without_rendering()
    assert not {"0.5", "0,5"} & set(texts_of(few).split())


def texts_of(figure):
    return "\n".join(t.get_text() for t in figure.findobj(matplotlib.text.Text))


def test_dollars_print_as_they_are():
    with matplotlib.rc_context(STYLE):
        assert "$x^2$" in texts_of(classes(["$x^2$", "b"]))
        assert all(not t.get_parse_math() for t in classes(["a"]).findobj(matplotlib.text.Text))


def test_marks_of_28_contenders_differ():
    seen = {(m.color, m.marker, m.dashes) for m in map(mark, range(28))}
    assert len(seen) == 28
    for one, other in itertools.pairwise(map(mark, range(29))):
        assert one.color != other.color
        assert one.dashes != other.dashes


def test_legend_of_the_curves_stays_within_the_figure():
    """Drawn: no part of it beyond the edges, whatever the names."""
    for titles in (
        ["Plain-34", "ResNet-34", "Multi-Path ResNet-34", "Pre-activation ResNet-34"],
        [f"resnet34-{word}" for word in ("mixup", "cutmix", "smoothing", "warmup-cosine")] * 2,
        names(28),
    ):
        with matplotlib.rc_context(STYLE):
            figure = curves([f"{title}{place or ''}" for place, title in enumerate(titles)])
            figure.canvas.draw()
            (legend,) = figure.legends
            box = legend.get_window_extent()
        assert box.x0 >= 0
        assert box.x1 <= figure.bbox.width
    assert count_legend_columns(["a"]) == 1


def test_wrapped_labels_are_short():
    for label in wrap_labels(HOSTILE, 16):
        lines = label.split("\n")
        assert 1 <= len(lines) <= 3
        assert max(map(len, lines)) <= 16


def test_curve_is_the_mean_and_the_band_the_range():
    runs = [history(3, seed) for seed in range(4)]
    figure = draw_curves({"a": runs}, marks(["a"]), EN)
    axes = figure.axes[3]
    values = 100 * np.stack([run["validation_accuracy"] for run in runs])
    np.testing.assert_allclose(axes.lines[0].get_ydata(), values.mean(axis=0))
    band = axes.collections[0].get_paths()[0].vertices[:, 1]
    assert band.min() == pytest.approx(values.min())
    assert band.max() == pytest.approx(values.max())


def test_accuracies_show_every_run():
    figure = draw_accuracies({"a": [0.5, 0.5, 0.9]}, marks(["a"]), {}, EN)
    assert figure.axes[0].collections[0].get_offsets()[:, 0].tolist() == [50, 50, 90]


def test_confusion_shows_the_counts():
    figure = draw_confusion({"a": np.array([[7, 0], [3, 11]])}, ["x", "y"], EN)
    shown = [text.get_text() for text in figure.axes[0].texts]
    assert shown == ["7", "3", "11"]


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
    assert list(chosen) == ["a", "b"]
    for label, indices in chosen.items():
        assert set(labels[indices]) == {label}
        assert len(set(groups[indices])) == len(indices) <= 8
    assert len(chosen["a"]) == 8
    assert len(chosen["b"]) == 2


def test_samples_of_many_classes_are_cut_to_twelve():
    chosen = choose_samples(np.array(names(40)), np.arange(40))
    assert len(chosen) == 12


def test_largest_groups_are_shown_from_end_to_end():
    entries = [{"images": [f"{n}.png" for n in range(20)]}, {"images": ["20.png", "21.png"]}]
    rows = {f"{n}.png": n for n in range(22)}
    assert choose_groups({"duplicates": entries}, rows) == [
        (20, [0, 3, 5, 8, 11, 14, 16, 19]),
        (2, [20, 21]),
    ]


def test_no_two_pairs_of_the_same_groups_are_shown():
    pairs = [
        {"images": [f"{first}", f"{second}"], "evidence": evidence}
        for first, second, evidence in ((0, 2, 30.0), (1, 3, 29.0), (2, 4, 28.0))
    ]
    rows = {str(n): n for n in range(5)}
    shown = choose_pairs(pairs, rows, np.array([7, 7, 8, 8, 9]))
    assert shown == [PicturedPair((0, 2), 30.0), PicturedPair((2, 4), 28.0)]


def test_leaks_show_every_run_of_both_kinds():
    axes = leaks(["a"], replicates=2).axes[0]
    shown = [c.get_offsets()[:, 0].tolist() for c in axes.collections if len(c.get_offsets())]
    assert [90, 90] in shown
    assert [50, 50] in shown
