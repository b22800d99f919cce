"""The second reader reads a figure back: a mark that is moved, changed or lost is found."""

import re
import xml.etree.ElementTree as ET

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure
from test_reader_results import make_results

from timbang.reader.drawn import RESOLUTION, check_figure
from timbang.reader.quantities import look_up

SVG = "{http://www.w3.org/2000/svg}"
NAMES = ("ResNet-34", "class 12 of a long name that is broken")
ET.register_namespace("", SVG[1:-1])
ET.register_namespace("xlink", "http://www.w3.org/1999/xlink")


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results") / "small"
    return make_results(folder, replicates=6, seed=5, test=2, lost=[("plain34", 2)], epochs=8)


def value(results, id):
    found = look_up(results, id)
    return np.nan if found is None else found.value * found.scale


def draw_runs(results, axes):
    for row, name in enumerate(("plain34", "resnet34")):
        for replicate in range(6):
            id = f"run.accuracy/{name}/{replicate}"
            if np.isfinite(value(results, id)):
                marker = "os^DvP"[replicate]
                axes.scatter(value(results, id), row, marker=marker, gid=f"m;0;x;{id}")
        id = f"accuracy.mean/{name}"
        axes.plot([value(results, id)] * 2, [row - 0.3, row + 0.3], gid=f"m;0;x;{id}")
        axes.text(90, row, f"{value(results, id):.1f}\u2009%", gid=f"m;0;t;{id}")
    axes.axvspan(-2, 2, gid="m;0;x;setting.margin")
    axes.set_title("ResNet-34")


def draw_curves(results, axes):
    for word in ("mean", "min", "max"):
        ids = [f"curve.train_loss.{word}/plain34/{epoch}" for epoch in range(1, 9)]
        losses = [value(results, id) for id in ids]
        look = {"marker": "o", "markevery": 3} if word == "mean" else {}
        gid = f"m;1;y;{ids[0][:-2]}/*"
        axes.plot(range(1, 9), losses, gid=gid, **look)
    axes.set_yscale("log")
    axes.set_yticks([0.1, 0.5, 1.0, 2.0])
    axes.yaxis.set_minor_formatter("")


def draw_classes(results, axes):
    for place in range(3):
        left = 0.0
        for part in ("train", "validation", "test"):
            id = f"class.part/{part}/{place}"
            (bar,) = axes.barh([place], [value(results, id)], left=left)
            bar.set_gid(f"m;2;w;{id}")
            left += value(results, id)
    axes.text(1, 0, "3×3 convolution", gid="m;2;t;constant.kernel.small")
    axes.set_xlabel("class 12 of a long…")


def draw(results, path, *, ticks=True):
    figure = Figure(figsize=(6, 6), layout="constrained")
    panels = figure.subplots(3)
    for function, axes in zip((draw_runs, draw_curves, draw_classes), panels, strict=True):
        function(results, axes)
    figure.draw_without_rendering()
    for number, axes in enumerate(panels):
        axes.set_gid(f"a;{number};{axes.get_xscale()};{axes.get_yscale()}")
        for way, axis in (("x", axes.xaxis), ("y", axes.yaxis)):
            low, high = axis.get_view_interval()
            shown = [at for at in axis.get_majorticklocs() if low <= at <= high]
            axis.set_ticks(shown, [f"{at:,.10g}" for at in shown])
            if number == 1 or way == "x":
                for at, tick in zip(shown, axis.get_major_ticks(), strict=False):
                    tick.set_gid(f"t;{number};{way};{float(at)!r}" if ticks else "")
            else:
                axis.set_ticks([])
    with matplotlib.rc_context({"svg.hashsalt": "timbang"}):
        figure.savefig(path, metadata={"Date": None})
    return path


@pytest.fixture(scope="module")
def svg(results, tmp_path_factory):
    return draw(results, tmp_path_factory.mktemp("figures") / "figure-en.svg")


def read_groups(root):
    return {
        group.get("id"): group
        for group in root.iter(f"{SVG}g")
        if group.get("id", "")[:2] in ("m;", "t;")
    }


def parse(path):
    return ET.parse(path, ET.XMLParser(target=ET.TreeBuilder(insert_comments=True)))


def move(group, way, distance):
    """Move what a group draws; its text stays."""
    side = "xy".index(way)
    for use in group.iter(f"{SVG}use"):
        if way in use.attrib:
            use.set(way, str(float(use.get(way)) + distance))
    for path in group.findall(f"{SVG}path"):
        numbers = iter(range(1000))

        def shift(match, numbers=numbers):
            is_own = next(numbers) % 2 == side
            return str(float(match[0]) + distance * is_own)

        path.set("d", re.sub(r"-?\d+\.?\d*(?:e-?\d+)?", shift, path.get("d")))


def check(tree, tmp_path, results, names=NAMES):
    tree.write(tmp_path / "changed.svg")
    return check_figure(tmp_path / "changed.svg", "en", results, names)


def test_nothing_is_wrong_with_what_is_drawn_right(svg, results):
    checked = check_figure(svg, "en", results, NAMES)
    assert (checked.faults, checked.notes) == ((), ())
    # Eleven runs, two means in place and in print, the margin, three lines, nine bars, a kernel.
    assert checked.numbers == 11 + 4 + 1 + 3 + 9 + 1


def test_every_moved_mark_is_found(svg, results, tmp_path):
    ids = [id for id in read_groups(parse(svg).getroot()) if id[:2] == "m;" and ";t;" not in id]
    assert len(ids) == 11 + 2 + 1 + 3 + 9
    for id in ids:
        way = "x" if id.split(";")[2] == "w" else id.split(";")[2]
        for distance in (-2.5 * RESOLUTION, 1.5 * RESOLUTION):
            tree = parse(svg)
            move(read_groups(tree.getroot())[id], way, distance)
            faults = check(tree, tmp_path, results).faults
            assert faults, id
            assert id.split(";")[3].removesuffix("*") in " ".join(faults)


def test_a_moved_epoch_is_found(svg, results, tmp_path):
    id = "m;1;y;curve.train_loss.min/plain34/*"
    for place in range(8):
        for shift in ((0.0, 1.0), (1.0, 0.0)):
            tree = parse(svg)
            path = read_groups(tree.getroot())[id].find(f"{SVG}path")
            points = re.findall(r"([ML]) (\S+) (\S+)", path.get("d"))
            points[place] = (
                points[place][0],
                *(str(float(own) + by) for own, by in zip(points[place][1:], shift, strict=True)),
            )
            path.set("d", " ".join(" ".join(point) for point in points))
            (fault,) = check(tree, tmp_path, results).faults
            assert f"curve.train_loss.min/plain34/{place + 1}: " in fault


def test_a_bar_that_is_too_long_is_found(svg, results, tmp_path):
    for part in ("train", "validation", "test"):
        tree = parse(svg)
        path = read_groups(tree.getroot())[f"m;2;w;class.part/{part}/1"].find(f"{SVG}path")
        right = max(re.findall(r"[ML] (\S+)", path.get("d")), key=float)
        path.set("d", path.get("d").replace(right, str(float(right) + 1)))
        assert f"class.part/{part}/1: the bar is not" in check(tree, tmp_path, results).faults[0]


def test_every_lost_run_is_found(svg, results, tmp_path):
    for id in [id for id in read_groups(parse(svg).getroot()) if ";run." in id]:
        tree = parse(svg)
        root = tree.getroot()
        parent = next(group for group in root.iter() if read_groups(root)[id] in list(group))
        parent.remove(read_groups(root)[id])
        (fault,) = check(tree, tmp_path, results).faults
        assert fault == f"changed.svg: {id[6:]}: is not drawn"


def test_a_mark_of_nothing_is_found(svg, results, tmp_path):
    tree = parse(svg)
    groups = read_groups(tree.getroot())
    # This run diverged.
    groups["m;0;x;run.accuracy/plain34/1"].set("id", "m;0;x;run.accuracy/plain34/2")
    groups["m;0;x;accuracy.mean/plain34"].remove(
        groups["m;0;x;accuracy.mean/plain34"].find(f"{SVG}path")
    )
    faults = " ".join(check(tree, tmp_path, results).faults)
    assert "run.accuracy/plain34/2: is drawn, but" in faults
    assert "run.accuracy/plain34/1: is not drawn" in faults
    assert "accuracy.mean/plain34: stands at no place" in faults


def test_every_changed_digit_in_a_figure_is_found(svg, results, tmp_path):
    text = svg.read_text()
    comments = list(re.finditer(r"<!-- (.*?) -->", text))
    changed = 0
    for comment in comments:
        if comment[1] in NAMES or comment[1].startswith("class 12"):
            continue
        for place in [at for at in range(*comment.span(1)) if text[at].isdigit()]:
            digit = str((int(text[place]) + 1) % 10)
            (tmp_path / "changed.svg").write_text(text[:place] + digit + text[place + 1 :])
            assert len(check_figure(tmp_path / "changed.svg", "en", results, NAMES).faults) == 1
            changed += 1
    assert changed > 25


def test_a_moved_tick_is_found(svg, results, tmp_path):
    for id in [id for id in read_groups(parse(svg).getroot()) if id[:2] == "t;"]:
        tree = parse(svg)
        move(read_groups(tree.getroot())[id], id.split(";")[2], 2.0)
        assert check(tree, tmp_path, results).faults, id


def test_a_digit_that_is_no_mark_is_found_where_names_are_known(svg, results, tmp_path):
    text = svg.read_text().replace("<!-- ResNet-34 -->", "<!-- ResNet-34: 9 of 10 -->")
    (tmp_path / "changed.svg").write_text(text)
    (fault,) = check_figure(tmp_path / "changed.svg", "en", results, NAMES).faults
    assert fault == "changed.svg: ResNet-34: 9 of 10: a digit that no mark accounts for"
    assert not check_figure(tmp_path / "changed.svg", "en", results).faults


def test_marks_without_ticks_are_told_and_not_compared(results, tmp_path):
    svg = draw(results, tmp_path / "bare-en.svg", ticks=False)
    checked = check_figure(svg, "en", results)
    assert checked.notes == (
        "bare-en.svg: axes 0, x: 14 marks along fewer than two ticks",
        "bare-en.svg: axes 1, y: 3 marks along fewer than two ticks",
        "bare-en.svg: axes 2, x: 9 marks along fewer than two ticks",
    )
    assert (checked.faults, checked.numbers) == ((), 3)


def test_text_may_be_text_in_the_file(results, tmp_path):
    with matplotlib.rc_context({"svg.fonttype": "none"}):
        svg = draw(results, tmp_path / "figure-en.svg")
    assert not check_figure(svg, "en", results, NAMES).faults
    mean = f"{value(results, 'accuracy.mean/plain34'):.1f}"
    svg.write_text(svg.read_text().replace(mean, "12.3"))
    assert "12.3\u2009%: accuracy.mean/plain34 is" in check_figure(svg, "en", results).faults[0]


def test_the_language_of_a_figure_counts(svg, results):
    faults = check_figure(svg, "id", results).faults
    assert len([fault for fault in faults if "this is no number" in fault]) == 2


def test_a_line_that_begins_late_is_read_from_there(results, tmp_path):
    shown = [
        k for k in range(1, 101) if np.isfinite(value(results, f"reliability.right/plain34/{k}"))
    ]
    first = shown[0]
    assert 1 < first < shown[-1] < 101

    def draw_from(start):
        figure = Figure()
        axes = figure.subplots()
        places = range(start, shown[-1] + 1)
        values = [value(results, f"reliability.right/plain34/{k}") for k in places]
        axes.plot(places, values, gid=f"m;0;y;reliability.right/plain34/{start}*")
        axes.set_xlim(0, 100)
        for way, axis in (("x", axes.xaxis), ("y", axes.yaxis)):
            for place, tick in zip(axis.get_majorticklocs(), axis.get_major_ticks(), strict=True):
                tick.set_gid(f"t;0;{way};{place}")
        figure.savefig(tmp_path / "late.svg")
        return check_figure(tmp_path / "late.svg", "en", results)

    with matplotlib.rc_context({"path.simplify": False}):
        assert not draw_from(first).faults
        (fault,) = draw_from(first + 1).faults
    assert "does not begin where it should" in fault
