"""Every comparison that was decided, or was not: difference, interval, p and conclusion."""

from timbang.languages.messages import message
from timbang.report.media.medium import Column, Grid, Row
from timbang.report.tables.table import Table
from timbang.report.writer import Writer


def build(writer: Writer) -> Grid:
    """Return one row a comparison."""
    is_fixed = writer.study["is_fixed"]
    here = writer.say("on this division") if is_fixed else writer.say("on these images")
    elsewhere = writer.say("for images like these")
    columns = [
        Column(writer.say("Network"), "l"),
        Column(writer.say("difference")),
        Column(writer.say("low"), group=here),
        Column(writer.say("high"), group=here),
        Column(writer.say("low"), group=elsewhere),
        Column(writer.say("high"), group=elsewhere),
        Column(writer.say("adjusted p")),
        Column(writer.say("Conclusion"), "l"),
    ]
    words = {
        "higher": writer.say("more accurate"),
        "lower": writer.say("less accurate"),
        "equal": writer.say("equal within the margin"),
    }
    rows = []
    for name in writer.study["tested"]:
        own = [
            writer.cell(f"contrast.accuracy.{key}", name, signed=True)
            for key in ("mean", "these_low", "these_high", "like_low", "like_high")
        ]
        p = writer.cell("contrast.accuracy.p_adjusted", name)
        said = words.get(writer.study["findings"][name], writer.say("open"))
        rows.append(Row([writer.title(name), *own, p, said]))
    return Grid(columns, rows, widths=[30])


def caption(writer: Writer) -> str:
    """Return what stands above the table."""
    return writer.say(
        "Mean difference in validation accuracy from %(reference)s, in percentage points, with its "
        "%(confidence)s intervals on these images and for images like these, and the Holm-adjusted "
        "%(p)s of what is decided; the margin is %(margin)s points.",
        reference=writer.title(writer.study["reference"]),
        confidence=writer.num("constant.confidence", style="whole"),
        p=writer.formula("p"),
        margin=writer.num("setting.margin"),
    )


def stands(writer: Writer) -> bool:
    """Return whether any comparison has an interval."""
    return any(writer.has("contrast.accuracy.low", name) for name in writer.study["tested"])


TABLE = Table(
    name="contrasts",
    slot="accuracy",
    files=("contrasts.csv",),
    build=build,
    mention=message("%(table)s gives each comparison with its conclusion."),
    caption=caption,
    stands=stands,
)
