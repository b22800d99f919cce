"""The blocks that the networks are built of, drawn from a list of their layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from timbang.languages.messages import message
from timbang.networks.catalogue import CATALOGUE
from timbang.networks.titles import FAMILY_TITLES
from timbang.report.figures.figure import Drawing, Figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawn

    from timbang.report.writer import Writer

# What may stand in a path: convolutions by their kernel, batch normalisation, the rectifier.
POINT, SMALL, LARGE, NORM, RELU = "point", "small", "large", "BN", "ReLU"
KERNELS = {POINT: 1, SMALL: 3, LARGE: 5}
# In inches: a layer's box and its distance to the next, the room of a sum, of the input and the
# output, between paths, beside them for a shortcut, between blocks, and of a line of a title.
BOX, STEP, SUM, END, BETWEEN, SHORTCUT, GAP, HEAD = 0.18, 0.27, 0.25, 0.3, 0.1, 0.24, 0.22, 0.17
RADIUS = 0.07
# In points, the first that lets the blocks stand in the fewest lines.
SIZES = (8.0, 7.5, 7.0)


@dataclass(frozen=True)
class Block:
    """A block: the layers of its paths, those after the sum, and whether it has a shortcut.

    The outputs of several paths are concatenated.
    """

    paths: Sequence[Sequence[str]]
    after: Sequence[str] = ()
    has_shortcut: bool = True

    def middle(self, box: float) -> float:
        """Return how far its middle is from its left end, with boxes of that width."""
        return (len(self.paths) * (box + BETWEEN) - BETWEEN) / 2

    def width(self, box: float) -> float:
        """Return its width with boxes of that width."""
        return 2 * self.middle(box) + (SHORTCUT if self.has_shortcut else 0)

    @property
    def height(self) -> float:
        """Its height."""
        steps = max(map(len, self.paths)) + len(self.after) + (len(self.paths) > 1)
        return 2 * END + STEP * steps + (SUM if self.has_shortcut else 0) - 0.08


def _path(*kernels: str) -> list[str]:
    """Return convolutions with BN after each and ReLU between them."""
    return [layer for kernel in kernels for layer in (kernel, NORM, RELU)][:-1]


def _path_before(*kernels: str) -> list[str]:
    """Return convolutions with BN and ReLU before each."""
    return [layer for kernel in kernels for layer in (NORM, RELU, kernel)]


# By family and whether it is the bottleneck: timbang/networks/blocks.py as a picture.
BLOCKS = {
    ("plain", False): Block([[*_path(SMALL, SMALL), RELU]], has_shortcut=False),
    ("resnet", False): Block([_path(SMALL, SMALL)], [RELU]),
    ("multipath", False): Block([_path(SMALL, SMALL), _path(LARGE, LARGE)], [RELU]),
    ("twinpath", False): Block([_path(SMALL, SMALL), _path(SMALL, SMALL)], [RELU]),
    ("preact", False): Block([_path_before(SMALL, SMALL)]),
    ("plain", True): Block([[*_path(POINT, SMALL, POINT), RELU]], has_shortcut=False),
    ("resnet", True): Block([_path(POINT, SMALL, POINT)], [RELU]),
    ("preact", True): Block([_path_before(POINT, SMALL, POINT)]),
}
Kind = tuple[str, bool]


def _draw(drawing: Drawing) -> Drawn:
    """Draw the block of each family of the study, side by side as far as they fit."""
    from timbang.report.figures import style

    own = [CATALOGUE[name] for name in drawing.networks.values() if name in CATALOGUE]
    kinds = list(dict.fromkeys((each.family, each.bottleneck) for each in own))
    words = {
        kernel: drawing.say("%(side)s×%(side)s conv.") % {"side": side}
        for kernel, side in KERNELS.items()
    } | {NORM: NORM, RELU: RELU}
    boxes = {size: max(style.measure(word, size) for word in words.values()) for size in SIZES}
    size = min(SIZES, key=lambda size: len(_fill_lines(kinds, boxes[size] + 0.12)))
    box = boxes[size] + 0.12
    words[""] = drawing.say("concatenation")
    titles = {}
    for kind in kinds:
        name = FAMILY_TITLES[kind[0]]
        shown = drawing.say("%(family)s, bottleneck") % {"family": name} if kind[1] else name
        titles[kind] = style.wrap_label(shown, BLOCKS[kind].width(box) + 0.6 * GAP, lines=2)
    lines = _fill_lines(kinds, box)
    heads = [HEAD * max(titles[kind].count("\n") + 1 for kind in line) for line in lines]
    heights = [max(BLOCKS[kind].height for kind in line) for line in lines]
    figure = style.new_figure(sum(heads) + sum(heights), is_laid_out=False)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set(xlim=(0, style.TEXT_WIDTH), ylim=(sum(heads) + sum(heights), 0))
    top = 0.0
    for line, head, height in zip(lines, heads, heights, strict=True):
        taken = sum(BLOCKS[kind].width(box) for kind in line)
        left = gap = (style.TEXT_WIDTH - taken) / (len(line) + 1)
        for kind in line:
            middle = left + BLOCKS[kind].middle(box)
            look = {"ha": "center", "va": "bottom", "fontsize": style.SMALL}
            axes.text(middle, top + head - 0.04, titles[kind], look)
            _draw_block(_Pen(axes, words, box, size), BLOCKS[kind], left, top + head)
            left += BLOCKS[kind].width(box) + gap
        top += head + height
    return figure


def _fill_lines(kinds: Sequence[Kind], box: float) -> list[list[Kind]]:
    """Divide blocks into lines that fit the width of the text."""
    from timbang.report.figures.style import TEXT_WIDTH

    lines: list[list[Kind]] = [[]]
    for kind in kinds:
        taken = sum(BLOCKS[own].width(box) + GAP for own in (*lines[-1], kind))
        if lines[-1] and taken > TEXT_WIDTH:
            lines.append([])
        lines[-1].append(kind)
    return lines


def _draw_block(pen: _Pen, block: Block, left: float, top: float) -> None:
    """Draw a block from its input down to its output."""
    middle = left + block.middle(pen.width)
    start, fork, level = top + 0.13, top + 0.19, top + END
    pen.write(middle, top + 0.07, "x")
    ends = []
    for place, layers in enumerate(block.paths):
        centre = left + pen.width / 2 + place * (pen.width + BETWEEN)
        pen.arrow((middle, start), (middle, fork), (centre, fork), (centre, level))
        ends.append((centre, pen.stack(centre, level, layers)))
    after = ends[0][1]
    level = after + STEP - BOX
    if len(ends) > 1:
        for end in ends:
            pen.arrow(end, (end[0], level))
        pen.box(middle, level, "", 2 * block.middle(pen.width))
        after = level + BOX
    if block.has_shortcut:
        centre = after + STEP - BOX + RADIUS
        side = left + block.width(pen.width) - 0.06
        pen.arrow((middle, after), (middle, centre - RADIUS))
        pen.arrow((middle, fork), (side, fork), (side, centre), (middle + RADIUS, centre), head="<")
        pen.sum(middle, centre)
        after = centre + RADIUS
    if block.after:
        pen.arrow((middle, after), (middle, after + STEP - BOX))
        after = pen.stack(middle, after + STEP - BOX, block.after)
    pen.arrow((middle, after), (middle, after + 0.13))
    pen.write(middle, after + 0.2, "y")


@dataclass(frozen=True)
class _Pen:
    """Draws the parts of blocks; lengths in inches from the left and from the top."""

    axes: Axes
    words: Mapping[str, str]
    width: float
    size: float

    def write(self, across: float, down: float, letter: str) -> None:
        look = {"ha": "center", "va": "center", "fontsize": 9, "style": "italic"}
        self.axes.text(across, down, letter, look)

    def stack(self, centre: float, top: float, layers: Sequence[str]) -> float:
        """Draw layers one below the other; return where the last one ends."""
        for place, layer in enumerate(layers):
            upper = top + place * STEP
            if place:
                self.arrow((centre, upper - STEP + BOX), (centre, upper))
            self.box(centre, upper, layer, self.width)
        return top + (len(layers) - 1) * STEP + BOX

    def box(self, centre: float, top: float, layer: str, width: float) -> None:
        from matplotlib.patches import FancyBboxPatch

        from timbang.report.figures.style import mark_datum

        corner = centre - width / 2 + 0.03, top + 0.03
        fill = "#cfe2f3" if layer in KERNELS else "0.93" if layer == NORM else "white"
        box = FancyBboxPatch(corner, width - 0.06, BOX - 0.06, boxstyle="round,pad=0.03")
        box.set(facecolor=fill, edgecolor="0.35", linewidth=0.6)
        self.axes.add_patch(box)
        look = {"ha": "center", "va": "center_baseline", "fontsize": self.size}
        text = self.axes.text(centre, top + BOX / 2, self.words[layer], look)
        if layer in KERNELS:
            mark_datum(text, "t", f"constant.kernel.{layer}")

    def arrow(self, *points: tuple[float, float], head: str = "v") -> None:
        """Draw a line through points; its ``head`` is a marker whose tip is at the end."""
        across, down = zip(*points, strict=True)
        self.axes.plot(across, down, color="0.2", linewidth=0.7, zorder=1)
        tip = (across[-1] + 0.02, down[-1]) if head == "<" else (across[-1], down[-1] - 0.02)
        self.axes.plot(*tip, head, color="0.2", markersize=3, markeredgewidth=0)

    def sum(self, across: float, down: float) -> None:
        """Draw a plus in a circle."""
        plus: Any = {"markersize": 5, "color": "0.2", "markeredgewidth": 0.7, "zorder": 3}
        circle = plus | {"markersize": 2 * RADIUS * 72, "markerfacecolor": "white", "zorder": 2}
        self.axes.plot(across, down, "o", **circle)
        self.axes.plot(across, down, "+", **plus)


def _caption(writer: Writer) -> str:
    families = set(writer.study["families"])
    return writer.sentences(
        writer.say(
            "The blocks that the networks are built of, from their input *x* down to their output "
            "*y*: convolutions (conv.), batch normalisation (BN) and rectifiers (ReLU)."
        ),
        bool(families - {"plain"})
        and writer.say(
            "The line on the right is the shortcut, which the circled plus adds; where the "
            "shape changes it is a %(side)s×%(side)s convolution.",
            side=writer.num("constant.kernel.point"),
        ),
        bool(families & {"multipath", "twinpath"})
        and writer.say("Each of two paths has half of the block's channels."),
    )


FIGURE = Figure(
    name="blocks",
    slot="networks",
    needs=(),
    shows="the blocks of the networks",
    draw=_draw,
    mention=message("%(figure)s shows the blocks of the networks."),
    caption=_caption,
    due=lambda study: any(own.network in CATALOGUE for own in study.contenders),
)
