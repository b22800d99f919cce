"""The specification curve: each comparison under every recipe, from the worst to the best."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from timbang.languages.messages import message
from timbang.report.figures.figure import Drawing, Figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawn

    from timbang.report.writer import Writer

# More comparisons have no room on a page; the table of the files has them.
MOST_SHOWN = 8
MOST_LETTERS = 12


def _draw(drawing: Drawing) -> Drawn:
    """Draw a panel a contender: the differences by recipe in rising order, with intervals."""
    import numpy as np

    from timbang.facts.fairness import letter_recipes, name_recipe
    from timbang.records.tables import read_rows
    from timbang.report.figures import style

    table = read_rows(drawing.path("recipes"))
    letters = letter_recipes(table["variant"])
    looks = style.mark_all(drawing.titles)
    names = [name for name in drawing.titles if name in set(table["first"])][:MOST_SHOWN]
    across = min(2, len(names))
    down = -(-len(names) // across)
    figure = style.new_figure(0.5 + 1.9 * down)
    panels = np.atleast_1d(figure.subplots(down, across, squeeze=False)).ravel()
    for axes, name in zip(panels, names, strict=False):
        own = table[table["first"] == name].reset_index(drop=True)
        margin = 100 * drawing.margin
        band = axes.axhspan(-margin, margin, color="0.88", linewidth=0, zorder=0)
        style.mark_datum(band, "y", "setting.margin")
        axes.axhline(0, color="black", linewidth=0.6, zorder=1)
        for place, row in own.iterrows():
            subject = f"{name}/{name_recipe(row['variant'])}"
            if np.isfinite(row["low"]):
                ends = [100 * row["low"], 100 * row["high"]]
                axes.plot([place, place], ends, color="0.35", linewidth=0.9, zorder=2)
                for column in ("low", "high"):
                    look: dict[str, Any] = {"color": "0.35", "markersize": 4, "zorder": 2}
                    (end,) = axes.plot(place, 100 * row[column], "_", **look)
                    style.mark_datum(end, "y", f"recipe.{column}/{subject}")
            of_dot: dict[str, Any] = {"color": looks[name].color, "markersize": 4.5, "zorder": 3}
            (dot,) = axes.plot(place, 100 * row["mean"], looks[name].marker, **of_dot)
            style.mark_datum(dot, "y", f"recipe.mean/{subject}")
        every = -(-len(own) // MOST_LETTERS)
        shown = range(0, len(own), every)
        axes.set_xticks(shown, [letters[own["variant"][place]] for place in shown])
        axes.set_xlim(-0.7, len(own) - 0.3)
        axes.set_title(style.wrap_label(drawing.titles[name], 2.3, style.NORMAL, 2))
        axes.grid(axis="y", **style.GRID)
    for axes in panels[len(names) :]:
        axes.set_visible(False)
    figure.supylabel(
        style.wrap_label(
            drawing.say("Difference in validation accuracy (percentage points)"), 1.9 * down, 9, 2
        ),
        fontsize=style.NORMAL,
    )
    style.print_numbers(figure, drawing.language)
    return figure


def _caption(writer: Writer) -> str:
    return writer.sentences(
        writer.say(
            "Difference in validation accuracy from %(reference)s under every recipe (letters), in "
            "rising order: the mean over the replicates (%(n)s = %(replicates)s)."
        ),
        writer.replicates >= 5
        and writer.say(
            "The bars are %(confidence)s intervals that hold for all recipes of a pair together."
        ),
        writer.say(
            "Within the grey band, the margin of %(margin)s percentage points either way, a "
            "difference counts as negligible."
        ),
    )


FIGURE = Figure(
    name="specification",
    slot="recipes",
    needs=("recipes",),
    shows="every comparison under every recipe",
    draw=_draw,
    mention=message("%(figure)s shows the differences by recipe."),
    caption=_caption,
    due=lambda study: bool(study.contrasts and (study.tuning or study.varied)),
    stands=lambda writer: bool(writer.study["curves"]),
)
