"""Duplicates as pictures: the largest groups, and the pairs nearest to the criterion."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from timbang.languages.texts import Texts
from timbang.report.figures.samples import shrink_picture
from timbang.report.figures.style import TEXT_WIDTH, new_figure

MOST_GROUPS, MEMBERS_SHOWN = 5, 8
PAIRS_SHOWN, PAIRS_A_LINE = 8, 4
# In inches.
LABEL_WIDTH, TITLE_HEIGHT, MARGIN = 0.25, 0.3, 0.05
CELL = (TEXT_WIDTH - PAIRS_A_LINE * LABEL_WIDTH) / MEMBERS_SHOWN - 0.01

# Pictures side by side, by rows of the pixels, each run of them with a label on its left.
Line = Sequence[tuple[str, Sequence[int]]]


@dataclass(frozen=True)
class PicturedPair:
    """Two rows of the pixels, and how near they are: evidence in nats."""

    rows: tuple[int, int]
    evidence: float


def choose_groups(audit: Mapping[str, Any], rows: Mapping[str, int]) -> list[tuple[int, list[int]]]:
    """Choose the largest groups, and of each up to 8 members evenly over it.

    Args:
        audit: the content of ``audit.json``.
        rows: by file name, the row of the pixels.

    Returns:
        For each group its number of images, and the rows of the members to show.
    """
    chosen = []
    for entry in audit["duplicates"][:MOST_GROUPS]:
        names = entry["images"]
        places = np.unique(np.linspace(0, len(names) - 1, MEMBERS_SHOWN).round().astype(int))
        chosen.append((len(names), [rows[names[place]] for place in places]))
    return chosen


def choose_pairs(
    pairs: Sequence[Mapping[str, Any]], rows: Mapping[str, int], groups: np.ndarray
) -> list[PicturedPair]:
    """Choose up to 8 pairs, no two of the same two groups, in the order given.

    Args:
        pairs: the entries of one side of ``closest`` in ``audit.json``.
        rows: by file name, the row of the pixels.
        groups: int [N], the group of each row.
    """
    chosen: dict[frozenset[int], PicturedPair] = {}
    for pair in pairs:
        first, second = (rows[name] for name in pair["images"])
        of_groups = frozenset((int(groups[first]), int(groups[second])))
        chosen.setdefault(of_groups, PicturedPair((first, second), pair["evidence"]))
    return list(chosen.values())[:PAIRS_SHOWN]


def draw_duplicates(
    pixels: np.ndarray,
    groups: Sequence[tuple[int, Sequence[int]]],
    joined: Sequence[PicturedPair],
    apart: Sequence[PicturedPair],
    texts: Texts,
) -> Figure:
    """Draw groups, a row each, and below them pairs with their evidence.

    Args:
        pixels: uint8 [N, H, W, 3].
        groups: the number of images of each group, and the rows of those to show.
        joined: pairs that count as near-duplicates.
        apart: pairs that do not.
        texts: the words of the language.
    """
    words = texts["figures"]
    blocks: list[tuple[str, Sequence[Line]]] = [
        (words["largest_groups"], [[(f"{n}×", members)] for n, members in groups]),
        (words["pairs_joined"], _arrange_pairs(joined)),
        (words["pairs_apart"], _arrange_pairs(apart)),
    ]
    height = sum(TITLE_HEIGHT + CELL * len(lines) for _, lines in blocks if lines) + MARGIN
    figure = new_figure(height)
    # Placed by hand, since the last digits of the layout's solver differ from time to time.
    figure.set_layout_engine("none")
    top = height
    for title, lines in blocks:
        if lines:
            figure.text(0.01, (top - 0.2) / height, title, fontsize=9)
            top -= TITLE_HEIGHT
        for line in lines:
            top -= CELL
            _draw_line(figure, line, pixels, top / height, CELL / height)
    return figure


def _arrange_pairs(pairs: Sequence[PicturedPair]) -> list[Line]:
    """Lay pairs out in lines, each pair with its evidence on its left."""
    labelled = [(f"{pair.evidence:.0f}", pair.rows) for pair in pairs]
    return [
        labelled[start : start + PAIRS_A_LINE] for start in range(0, len(labelled), PAIRS_A_LINE)
    ]


def _draw_line(
    figure: Figure, line: Line, pixels: np.ndarray, bottom: float, height: float
) -> None:
    """Draw labelled pictures from the left; positions are shares of the figure."""
    left = LABEL_WIDTH / TEXT_WIDTH
    width = CELL / TEXT_WIDTH
    for label, members in line:
        figure.text(left - 0.005, bottom + height / 2, label, ha="right", va="center", fontsize=8)
        for index in members:
            axes = figure.add_axes((left, bottom, 0.95 * width, 0.95 * height))
            axes.imshow(shrink_picture(pixels[index]))
            axes.set_axis_off()
            left += width
        left += LABEL_WIDTH / TEXT_WIDTH
