"""Each network by the study's recipe and by its own choice, and what both comparisons say."""

from timbang.languages.messages import message
from timbang.report.media.medium import Column, Grid, Row
from timbang.report.tables.table import Measure, Table, fill_cells, head_columns, say_findings
from timbang.report.writer import Writer


def _build(writer: Writer) -> Grid:
    study = writer.study
    own, tuned = writer.say("By the recipe of the study"), writer.say("Tuned")
    is_tuned = study["decides"] == "tuned"
    by_default = "other.accuracy" if is_tuned else "contrast.accuracy"
    by_choice = "contrast.accuracy" if is_tuned else "other.accuracy"
    accuracy, difference = writer.say("accuracy"), writer.say("difference")
    ends = {"mean": difference, "low": writer.say("low"), "high": writer.say("high")}
    measures = []
    for family, mean, contrast in (
        (own, "accuracy.mean", by_default),
        (tuned, "tuned.accuracy.mean", by_choice),
    ):
        measures.append(Measure(accuracy, mean, family))
        measures += [
            Measure(head, f"{contrast}.{end}", family, signed=True) for end, head in ends.items()
        ]
    columns = [
        Column(writer.say("Network"), "l"),
        *head_columns(measures),
        Column(writer.say("by the recipe"), "l", writer.say("Conclusion")),
        Column(writer.say("tuned"), "l", writer.say("Conclusion")),
    ]
    decisive, other = study["findings"], study["other_findings"]
    both = (other, decisive) if is_tuned else (decisive, other)
    rows = []
    for name in study["weighed"]:
        said = say_findings(writer, *(own.get(name, "") for own in both))
        if name == study["reference"]:
            said = ["–", "–"]
        rows.append(Row([writer.title(name), *fill_cells(writer, measures, name), *said]))
    return Grid(columns, rows, widths=[24])


TABLE = Table(
    name="tuned",
    slot="tuned",
    build=_build,
    mention=message("%(table)s sets both comparisons side by side."),
    caption=lambda writer: writer.sentences(
        writer.say(
            "Mean validation accuracy by the recipe of the study and by the recipe of each "
            "network's choice, with the difference from %(reference)s in percentage "
            "points and its %(confidence)s interval, and what each comparison says."
        ),
        not writer.study["is_fixed"]
        and (
            writer.say("The intervals are those on these images.")
            if writer.study["about"] == "these_images"
            else writer.say("The intervals are those for images like these.")
        ),
    ),
    stands=lambda writer: bool(writer.study["tuning"]),
)
