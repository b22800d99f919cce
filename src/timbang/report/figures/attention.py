"""Where the networks look, each map beside that of the untrained network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from timbang.languages.messages import message
from timbang.report.figures.figure import Drawing, Figure
from timbang.report.figures.samples import GAP, WIDEST_NAME, choose_evenly, show_pictures

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure as Drawn

# What fits on the width and the height of a page; the caption says three and six.
MOST_NETWORKS, MOST_CLASSES = 3, 6
# In inches: the heads above the columns, and the numbers below each image.
HEADS, LINE = 0.42, 0.12
WORDS = 2 * LINE + 0.03
# What stands below: the measure, under the map or under the control, and in which line.
FALLS = (("fall_marked", 0, 0), ("fall_random", 0, 1), ("fall_control", 1, 0))
# How much of an overlaid picture is the map.
SHARE = 0.6


def _draw(drawing: Drawing) -> Drawn:
    """Draw a row an image: the image, and of each network its map and that before training."""
    from timbang.facts.fact import Unit
    from timbang.images.pixels import PixelFile
    from timbang.records.tables import read_manifest, sorted_classes, usable_images
    from timbang.report.figures import style

    run, looks = find_looks(drawing)
    classes = sorted_classes(usable_images(read_manifest(drawing.path("manifest")))["label"])
    # All networks of a replicate have the same validation images.
    chosen = choose_images(next(iter(looks.values()), []))
    pixels = PixelFile(drawing.path("pixels"))
    labels = style.wrap_labels([classes[own["label"]] for _, own in chosen], WIDEST_NAME)
    left = max((style.measure_block(own, style.SMALL) for own in labels), default=0.0) + 3 * GAP
    columns = 1 + 2 * len(looks)
    cell = min(
        (style.TEXT_WIDTH - left) / columns,
        (style.TEXT_HEIGHT - HEADS) / max(len(chosen), 1) - WORDS,
        1.0,
    )
    bottom = (cell + WORDS) * len(chosen) + GAP
    figure = style.new_figure(bottom + HEADS, is_laid_out=False)
    look = {"ha": "center", "va": "bottom", "fontsize": style.SMALLEST}
    below = {**look, "va": "top"}
    for place, name in enumerate(looks):
        across = left + (2 + 2 * place) * cell
        title = style.wrap_label(drawing.titles[name], 2 * cell - GAP, style.SMALLEST, 2)
        style.add_text(figure, across, bottom + 0.14, title, **look)
        for side, head in ((-0.5, drawing.say("trained")), (0.5, drawing.say("untrained"))):
            head = style.wrap_label(head, cell - GAP, style.SMALLEST, 1)
            style.add_text(figure, across + side * cell, bottom + GAP / 2, head, **look)
    for (number, image), label in zip(chosen, labels, strict=True):
        bottom -= cell + WORDS
        middle = bottom + WORDS + cell / 2
        own_look = {"ha": "right", "va": "center", "fontsize": style.SMALL}
        style.add_text(figure, left - 2 * GAP, middle, label, **own_look)
        picture = pixels[image["row"]]
        shown = [picture]
        for place, (name, entries) in enumerate(looks.items()):
            entry = entries[number]
            shown += [overlay(picture, entry["map"]), overlay(picture, entry["control"])]
            for measure, column, line in FALLS:
                across = left + (1.5 + 2 * place + column) * cell
                top = bottom + WORDS - GAP / 2 - line * LINE
                # A map that marks nothing has no part to delete.
                fall = entry[measure]
                if fall is None:
                    style.add_text(figure, across, top, "–", **below)
                    continue
                words = style.write_number(fall, Unit.POINTS, drawing.language)
                text = style.add_text(figure, across, top, words, **below)
                style.mark_datum(text, "t", f"attention.{measure}/{name}/{run}/{number}")
        show_pictures(figure, shown, left, bottom + WORDS, cell)
    pixels.file.close()
    return figure


def find_looks(drawing: Drawing) -> tuple[int, dict[str, list[Mapping[str, Any]]]]:
    """Return what up to three networks looked at in one run, and the place of that run.

    It is the run in which most networks have maps, the first of equal ones: one that diverged has
    none.
    """
    probes = drawing.contents("probes")
    by_run = [
        {
            name: own["attention"]
            for name, own in zip(drawing.weighed, runs, strict=True)
            if own.get("attention")
        }
        for runs in zip(*(probes[name] for name in drawing.weighed), strict=True)
    ]
    place = max(range(len(by_run)), key=lambda at: (len(by_run[at]), -at))
    return place, dict(list(by_run[place].items())[:MOST_NETWORKS])


def choose_images(entries: Sequence[Mapping[str, Any]]) -> list[tuple[int, Mapping[str, Any]]]:
    """Return the first image of each of up to six classes, evenly chosen, with its number."""
    first: dict[int, tuple[int, Mapping[str, Any]]] = {}
    for number, entry in enumerate(entries):
        first.setdefault(entry["label"], (number, entry))
    images = list(first.values())
    return [images[int(at)] for at in choose_evenly(len(images), MOST_CLASSES)] if images else []


def overlay(picture: np.ndarray, values: Sequence[Sequence[float]]) -> np.ndarray:
    """Return a picture in grey, uint8 [H, W, 3], under a map whose largest value is 1."""
    import numpy as np
    from matplotlib import colormaps
    from PIL import Image

    height, width = picture.shape[:2]
    cells = Image.fromarray(np.asarray(values, dtype=np.float32))
    heat = np.asarray(cells.resize((width, height), Image.Resampling.BILINEAR)).clip(0, 1)
    coloured = colormaps["inferno"](heat)[:, :, :3]
    grey = picture.mean(axis=2, keepdims=True) / 255
    mixed: np.ndarray = (255 * (SHARE * coloured + (1 - SHARE) * grey)).round().astype(np.uint8)
    return mixed


FIGURE = Figure(
    name="attention",
    slot="attention",
    needs=("probes", "manifest", "pixels"),
    shows="where the networks look, beside where they look before training",
    draw=_draw,
    mention=message("%(figure)s shows such maps beside their controls."),
    caption=lambda writer: writer.say(
        "Maps of up to three networks in one replicate, each beside that of the same network "
        "before training, on a validation image of up to six classes, chosen by its place in the "
        "list. The brighter, the more the map marks. Below each stands how many percentage points "
        "the probability of the trained network's answer loses when the fifth of the image that "
        "the map marks most is deleted; below that of the trained network also what it loses "
        "without random parts as large. A map that marks nothing has a dash."
    ),
    due=lambda study: "attention" in study.probes,
    stands=lambda writer: any(
        writer.has("fall_marked.mean", name) for name in writer.study["weighed"]
    ),
)
