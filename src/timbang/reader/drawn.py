"""What is drawn in a figure, read back from its SVG, against what the raw files say.

A group with the id ``m;<axes>;<way>;<id>`` is a mark: its place along ``x`` or ``y`` is the value
of the id (of a bar or a band one end), or its width is, ``w``, or the number printed in it, ``t``.
An id that ends in ``/*`` is of a line with a point an epoch, or a whole number of another kind,
and in ``/23*`` of one that begins at 23. ``t;<axes>;<x|y>;<value>`` are ticks,
which give places their meaning; ``a;<axes>;<scale of x>;<scale of y>`` says which are logarithmic.
"""

import math
import re
import xml.etree.ElementTree as ET
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path

import numpy as np

from timbang.reader.check import Checked, find_fault
from timbang.reader.pages import decode_id
from timbang.reader.printed import Marks, find_marks, holds_digit, parse_number, squeeze
from timbang.reader.quantities import look_up
from timbang.reader.raw import RawResults

# Lengths in an SVG of matplotlib are points, 72 an inch; less than this cannot be seen.
RESOLUTION = 0.25
_SVG = "{http://www.w3.org/2000/svg}"
_NUMBER = re.compile(r"(?:(?<!\S)[-+−])?\d(?:[\d.,’'\u066b\u066c\u00a0\u202f]*\d)?(?:\s?[%٪])?")
_LINE = re.compile(r"/(\d*)\*$")
_CODE_POINT = re.compile(r"\[u\+((?:10|[0-9a-f])?[0-9a-f]{4})\]")
_COMMAND = re.compile(r"([A-Z])([^A-Za-z]*)", re.IGNORECASE)

Point = tuple[float, float]
# The axes of a figure by their number, and x or y.
Axis = tuple[str, str]


@dataclass
class _Shape:
    """What a group draws: points of lines, closed outlines, markers, and lines of text."""

    line: list[Point] = field(default_factory=list)
    outlines: list[list[Point]] = field(default_factory=list)
    markers: list[Point] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Named:
    """A mark or a tick: its axes, its way, the id or the value that it stands for, its shape."""

    axes: str
    way: str
    id: str
    shape: _Shape

    @property
    def axis(self) -> Axis:
        """The axis along which it is read."""
        return self.axes, "y" if self.way == "y" else "x"

    @property
    def side(self) -> int:
        """The place of that axis in a point."""
        return int(self.way == "y")


@dataclass(frozen=True)
class _Figure:
    """Marks, ticks, the logarithmic axes, and the texts that are neither marks nor ticks."""

    marks: list[_Named]
    ticks: dict[Axis, list[_Named]]
    logarithmic: set[Axis]
    texts: list[str]


@dataclass(frozen=True)
class _Scale:
    """How a place follows from a value, or from its logarithm."""

    start: float
    step: float
    is_log: bool

    def place(self, value: float) -> float:
        """Return the place of a value, NaN where it has none."""
        if self.is_log:
            value = math.log(value) if value > 0 else math.nan
        return self.start + self.step * value


def check_figure(
    svg: Path, language: str, results: RawResults, names: Collection[str] | None = None
) -> Checked:
    """Check every mark of a figure, its ticks, and the digits of its texts.

    Args:
        svg: the figure as matplotlib writes it.
        language: its language.
        results: the raw files of the study.
        names: the names that may stand in it, as titles of contenders and labels; with None,
            digits outside marks and ticks are not looked at.

    Raises:
        OSError: the figure or a raw file cannot be read.
        xml.etree.ElementTree.ParseError: the figure is no SVG.
    """
    marks = find_marks(language)
    figure = _read_figure(svg)
    scales: dict[Axis, _Scale | None] = {}
    faults: list[str] = []
    for axis, ticks in figure.ticks.items():
        faults += [fault for tick in ticks for fault in _check_label(tick, marks)]
        places = {float(tick.id): _readings(tick)[0][0] for tick in ticks if _readings(tick)}
        if len(places) > 1:
            scales[axis] = _fit_scale(places, axis in figure.logarithmic)
            if scales[axis] is None:
                faults.append(f"axes {axis[0]}, {axis[1]}: the ticks are not where they should be")
    lost: Counter[Axis] = Counter()
    for mark in figure.marks:
        if mark.way == "t":
            faults += _check_text(mark, marks, results)
        elif mark.axis not in scales:
            lost[mark.axis] += 1
        elif scale := scales[mark.axis]:
            if _LINE.search(mark.id):
                across = scales.get((mark.axes, "x")) if mark.way == "y" else None
                faults += _check_curve(mark, scale, across, results)
            else:
                faults += _check_place(mark, scale, figure, results)
    faults += _find_missing_runs([mark.id for mark in figure.marks], results)
    faults += _find_strays(figure.texts, names) if names is not None else []
    return Checked(
        tuple(f"{svg.name}: {fault}" for fault in faults),
        len(figure.marks) - lost.total(),
        frozenset(mark.id for mark in figure.marks),
        tuple(
            f"{svg.name}: axes {axes}, {way}: {count} marks along fewer than two ticks"
            for (axes, way), count in lost.items()
        ),
    )


def _read_figure(svg: Path) -> _Figure:
    parser = ET.XMLParser(target=ET.TreeBuilder(insert_comments=True))
    rest = _Shape()
    figure = _Figure([], defaultdict(list), set(), rest.texts)

    def walk(element: ET.Element, shape: _Shape) -> None:
        for child in element:
            tag: object = child.tag
            kind, *parts = child.get("id", "").split(";", 3)
            if kind in ("m", "t") and len(parts) == 3:
                own = _Named(parts[0], parts[1], decode_id(parts[2]), _Shape())
                (figure.marks if kind == "m" else figure.ticks[own.axis]).append(own)
                walk(child, own.shape)
            elif tag is ET.Comment:
                shape.texts.append(unescape(str(child.text).strip()))
            elif tag == f"{_SVG}text":
                shape.texts.append("".join(child.itertext()))
            elif tag == f"{_SVG}use" and "x" in child.attrib:
                shape.markers.append((float(child.attrib["x"]), float(child.attrib["y"])))
            elif tag == f"{_SVG}path":
                _add_path(child.get("d", ""), shape)
            elif tag != f"{_SVG}defs":
                scales = dict(zip("xy", parts[1:], strict=False)) if kind == "a" else {}
                figure.logarithmic.update((parts[0], w) for w in scales if scales[w] == "log")
                walk(child, shape)

    walk(ET.parse(svg, parser).getroot(), rest)
    return figure


def _add_path(content: str, shape: _Shape) -> None:
    points: list[Point] = []
    commands = _COMMAND.findall(content)
    for _, numbers in commands:
        values = [float(number) for number in numbers.split()]
        points += zip(values[::2], values[1::2], strict=True)
    if any(command in "zZ" for command, _ in commands):
        shape.outlines.append(points)
    else:
        shape.line += points


def _readings(named: _Named) -> list[tuple[float, ...]]:
    """Return the place of each part of a shape along its axis; of a box, its middle or an end."""
    shape, side = named.shape, named.side
    if shape.line or shape.markers:
        return [(point[side],) for point in shape.line or shape.markers]
    extents = [_extent(outline, side) for outline in shape.outlines]
    return [((low + high) / 2, low, high) for low, high in extents]


def _extent(points: Sequence[Point], side: int) -> tuple[float, float]:
    places = [point[side] for point in points]
    return min(places), max(places)


def _is_near(first: float, second: float) -> bool:
    return abs(first - second) <= RESOLUTION


def _fit_scale(places: dict[float, float], is_log: bool) -> _Scale | None:
    """Return the scale from the places of ticks by value, None where none fits them all."""
    values = np.array(list(places))
    if is_log and (values <= 0).any():
        return None
    along, found = np.log(values) if is_log else values, np.array(list(places.values()))
    step, start = np.polyfit(along, found, 1)
    fits = np.abs(start + step * along - found).max() <= RESOLUTION
    return _Scale(float(start), float(step), is_log) if fits else None


def _check_label(tick: _Named, marks: Marks) -> Iterator[str]:
    """Yield what is wrong with the label of a tick, if it has one."""
    text = "".join(tick.shape.texts)
    if holds_digit(text):
        printed = parse_number(text, marks)
        value = float(tick.id)
        if printed is None or not math.isclose(printed.value, value, rel_tol=1e-5, abs_tol=1e-9):
            yield f"axes {tick.axes}, {tick.way}: the tick at {value:g} is labelled {text}"


def _check_text(mark: _Named, marks: Marks, results: RawResults) -> Iterator[str]:
    """Yield what is wrong with a printed value, with words round it or without."""
    text = " ".join(mark.shape.texts)
    is_alone = parse_number(text, marks) is not None
    for number in [text] if is_alone else _NUMBER.findall(text) or [text]:
        if fault := find_fault(number, mark.id, marks, results):
            yield f"{text}: {fault}"


def _value(results: RawResults, id: str) -> float:
    """Return the value of an id in the unit of its axis, NaN where there is none."""
    found = look_up(results, id)
    is_number = found is not None and not isinstance(found.value, str)
    return float(found.value) * found.scale if found and is_number else math.nan


def _check_place(
    mark: _Named, scale: _Scale, figure: _Figure, results: RawResults
) -> Iterator[str]:
    """Yield what is wrong with the place, or the width, of a mark."""
    value = _value(results, mark.id)
    wanted = scale.place(value)
    if math.isnan(wanted):
        yield f"{mark.id}: is drawn, but the raw files have no such thing"
    elif mark.way == "w":
        if not mark.shape.outlines or not all(
            _is_bar(bar, wanted - scale.place(0), scale.place(0), figure)
            for bar in mark.shape.outlines
        ):
            yield f"{mark.id}: the bar is not {value:.6g} wide from where it should begin"
    else:
        readings = _readings(mark)
        if not readings or not all(
            any(_is_near(place, wanted) for place in places) for places in readings
        ):
            found = ", ".join(f"{places[-1]:.2f}" for places in readings[:3]) or "no place"
            yield f"{mark.id}: stands at {found}, not at {wanted:.2f} ({value:.6g})"


def _is_bar(bar: list[Point], width: float, zero: float, figure: _Figure) -> bool:
    """Say whether a bar is so wide, and begins at zero or where one of its row ends."""
    low, high = _extent(bar, 0)
    row = _extent(bar, 1)
    ends = [
        _extent(other, 0)[1]
        for mark in figure.marks
        for other in mark.shape.outlines
        if other is not bar and mark.way == "w" and all(map(_is_near, row, _extent(other, 1)))
    ]
    return _is_near(high - low, width) and any(_is_near(low, end) for end in (zero, *ends))


def _check_curve(
    mark: _Named, scale: _Scale, across: _Scale | None, results: RawResults
) -> Iterator[str]:
    """Yield what is wrong with a line that has a point an epoch."""
    found = _LINE.search(mark.id)
    base, first = _LINE.sub("/", mark.id), int((found and found[1]) or 1)
    wanted: list[float] = []
    while not math.isnan(value := _value(results, f"{base}{first + len(wanted)}")):
        wanted.append(scale.place(value))
    if first > 1 and not math.isnan(_value(results, f"{base}{first - 1}")):
        yield f"{mark.id}: does not begin where it should"
    points = mark.shape.line or mark.shape.markers
    if len(points) != len(wanted):
        yield f"{mark.id}: has {len(points)} points for {len(wanted)} epochs"
        return
    for epoch, (point, place) in enumerate(zip(points, wanted, strict=True), first):
        if not _is_near(point[mark.side], place):
            yield f"{base}{epoch}: stands at {point[mark.side]:.2f}, not at {place:.2f}"
        elif across and not _is_near(point[1 - mark.side], across.place(epoch)):
            yield f"{base}{epoch}: is not drawn at its epoch"
    for marker in mark.shape.markers:
        if not any(all(map(_is_near, marker, point)) for point in points):
            yield f"{mark.id}: a marker lies beside the line"


def _find_missing_runs(ids: Sequence[str], results: RawResults) -> Iterator[str]:
    """Yield a line for each run, or replicate, that is not drawn though others like it are."""
    drawn: dict[str, set[str]] = defaultdict(set)
    for id in ids:
        if id.startswith("run."):
            quantity, _, run = id.rpartition("/")
            drawn[quantity].add(run)
    for quantity, runs in sorted(drawn.items()):
        for run in next(iter(results.runs.values())):
            if run not in runs and look_up(results, f"{quantity}/{run}"):
                yield f"{quantity}/{run}: is not drawn"


def _find_strays(texts: Sequence[str], names: Collection[str]) -> Iterator[str]:
    """Yield a line for each text with a digit that is neither marked nor of a name."""
    known = sorted(filter(None, map(_read_name, names)), key=len, reverse=True)
    for text in filter(holds_digit, texts):
        # A long name may go over several lines, and end in dots.
        left = _read_name(text).strip("….←→")
        if not any(left in name for name in known):
            for name in known:
                left = left.replace(name, "")
            if holds_digit(left):
                yield f"{text}: a digit that no mark accounts for"


def _read_name(text: str) -> str:
    """Return a name squeezed, with characters for their code points, as ``[U+65E5]``."""
    plain = squeeze(text)
    return _CODE_POINT.sub(lambda found: squeeze(chr(int(found[1], 16))), plain)
