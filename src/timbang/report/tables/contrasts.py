"""Every comparison that was decided, or was not: difference, interval, p and conclusion."""

from timbang.languages.messages import message
from timbang.report.media.medium import Column, Grid, Row
from timbang.report.tables.table import Measure, Table, fill_cells, head_columns
from timbang.report.writer import Writer


def _build(writer: Writer) -> Grid:
    is_fixed = writer.study["is_fixed"]
    here = writer.say("on this division") if is_fixed else writer.say("on these images")
    elsewhere = writer.say("for images like these")
    low, high = writer.say("low"), writer.say("high")
    measures = [
        Measure(writer.say("difference"), "contrast.accuracy.mean", signed=True),
        Measure(low, "contrast.accuracy.these_low", here, signed=True),
        Measure(high, "contrast.accuracy.these_high", here, signed=True),
        Measure(low, "contrast.accuracy.like_low", elsewhere, signed=True),
        Measure(high, "contrast.accuracy.like_high", elsewhere, signed=True),
        Measure(writer.say("adjusted p"), "contrast.accuracy.p_adjusted"),
    ]
    columns = [
        Column(writer.say("Network"), "l"),
        *head_columns(measures),
        Column(writer.say("Conclusion"), "l"),
    ]
    words = {
        "higher": writer.say("more accurate"),
        "lower": writer.say("less accurate"),
        "equal": writer.say("equal within the margin"),
    }
    rows = []
    for name in writer.study["tested"]:
        said = words.get(writer.study["findings"][name], writer.say("open"))
        rows.append(Row([writer.title(name), *fill_cells(writer, measures, name), said]))
    return Grid(columns, rows, widths=[30])


TABLE = Table(
    name="contrasts",
    slot="accuracy",
    build=_build,
    mention=message("%(table)s gives each comparison with its conclusion."),
    caption=lambda writer: writer.sentences(
        writer.say(
            "Mean difference in validation accuracy from %(reference)s, in percentage points, with "
            "its %(confidence)s intervals on these images and for images like these, and the "
            "Holm-adjusted %(p)s of no difference for what is decided; the margin is %(margin)s "
            "points."
        ),
        "equal" in writer.study["findings"].values()
        and writer.say(
            "Equality within the margin is decided by %(p)s of its own (%(where)s).",
            where=writer.ref("sec:decides"),
        ),
        writer.say_recipe(decides=True),
    ),
    stands=lambda writer: any(
        writer.has("contrast.accuracy.low", name) for name in writer.study["tested"]
    ),
)
