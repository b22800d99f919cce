"""The numbers inside figures: counts, which stand in the files, and the ticks of axes."""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from timbang.reader.derivations import Results, Value
from timbang.reader.findings import Findings
from timbang.reader.layout import Float
from timbang.reader.printed import Line, Number, parse_number, squeeze

# Figures that name the classes; they have no upright axis of one or two ticks.
LABELLED = ("samples", "classes figure", "confusion")


class FigureReader:
    """Checks the text inside figures.

    Args:
        results: what the files of the study say.
        titles: the contenders' names in print.
        mark: the language's decimal mark.
        number: the regular expression of a number.
        names: regular expressions of names, whose numbers are no results.
        diverged: how the language says that so many of so many runs diverged, with ``{}``.
        findings: takes what is found.
    """

    def __init__(
        self,
        results: Results,
        titles: Mapping[str, str],
        mark: str,
        number: str,
        names: Sequence[re.Pattern[str]],
        diverged: str,
        findings: Findings,
    ) -> None:
        self.results, self.titles = results, titles
        self.mark, self.number, self.names = mark, number, names
        before, between, after = map(re.escape, diverged.split("{}"))
        self.diverged = re.compile(rf"{before}(\d+){between}(\d+){after}")
        self.findings = findings
        usable = results.manifest[results.manifest["problem"] == ""]
        self.labels = sorted(set(map(str, usable["label"])))
        self.sizes = [int((usable["label"] == label).sum()) for label in self.labels]

    def read(self, figure: Float) -> None:
        """Check one figure: what is neither count nor name must be a tick."""
        lines = list(figure.body)
        if figure.kind == "classes figure":
            lines = self._take_sizes(figure, lines)
        elif figure.kind == "confusion":
            lines = self._take_confusion(figure, lines)
        elif figure.kind == "duplicates":
            lines = self._take_evidence(figure, lines)
        if figure.kind in LABELLED:
            lines = self._take_labels(figure, lines)
        run: list[tuple[Line, Number]] = []
        for line in lines:
            if re.fullmatch(r"10[−-]\d+", line.text):
                self.findings.pass_over(line.page, line.text, "a tick of an axis", figure.name)
                continue
            # The ticks of an upright axis stand one below the other, from the lowest up.
            if re.fullmatch(self.number, line.text):
                run.append((line, parse_number(line.text, self.mark)))
                continue
            self._check_ticks(figure, run)
            run = []
            text = self._take_names(figure, line)
            found = [parse_number(each, self.mark) for each in re.findall(self.number, text)]
            if found and re.search(r"[^\W\d_]", text):
                what = f"{figure.name}: {found[0].text} is no count and in no name"
                self.findings.fault(line.page, what, line.text)
            else:
                self._check_ticks(figure, [(line, number) for number in found])
        self._check_ticks(figure, run)

    def _take_names(self, figure: Float, line: Line) -> str:
        """Return a line without names and without the counts of runs that diverged."""
        text = line.text
        for name in self.names:
            text = name.sub("", text)
        found = self.diverged.search(text)
        if found is None:
            return text
        runs = self.results.runs.groupby("contender")["diverged"].agg(["sum", "size"])
        if (int(found[1]), int(found[2])) in set(runs.itertuples(index=False, name=None)):
            for each in found.groups():
                number = parse_number(each, self.mark)
                value = Value(float(each), "runs.csv", "runs that diverged")
                self.findings.match(line.page, number, value, figure.name)
        else:
            self.findings.fault(line.page, f"{figure.name}: no contender diverged so", line.text)
        return self.diverged.sub("", text)

    def _check_ticks(self, figure: Float, run: Sequence[tuple[Line, Number]]) -> None:
        """Accept numbers in even steps, or in the steps 1, 2, 5 of a logarithmic axis."""
        values = [float(number.value) for _, number in run]
        if not values:
            return
        step = values[-1] - values[0]
        even = (
            len(values) > 2 and step > 0 and np.allclose(np.diff(values), step / (len(values) - 1))
        )
        first_digits = {f"{value:e}"[0] for value in values}
        logarithmic = (
            len(values) > 2
            and min(values) > 0
            and first_digits <= {"1", "2", "5"}
            and all(1.9 < b / a < 10.1 for a, b in pairwise(values))
        )
        is_short = figure.kind not in LABELLED and len(values) < 3 and values == sorted(values)
        if even or logarithmic or is_short:
            for line, number in run:
                self.findings.pass_over(line.page, number.text, "a tick of an axis", figure.name)
        else:
            text = " ".join(number.text for _, number in run)
            self.findings.fault(run[0][0].page, f"{figure.name}: no ticks and no counts", text)

    def _take_labels(self, figure: Float, lines: list[Line]) -> list[Line]:
        """Take the classes' names where they stand in a row or one below the other.

        A long name is broken over lines; a piece of it counts as a name if it has letters.
        """
        names = list(map(squeeze, self.labels))
        row = "".join(names)
        taken: set[int] = set()
        for place, line in enumerate(lines):
            below = lines[place : place + len(self.labels)]
            if place in taken:
                continue
            if squeeze(line.text) == row:
                taken.add(place)
            elif [squeeze(each.text) for each in below] == names:
                taken |= set(range(place, place + len(self.labels)))
            elif re.search(r"[^\W\d_]", line.text):
                piece = squeeze(line.text.removesuffix("…"))
                taken |= {place} if any(piece in name for name in names) else set()
        for place in sorted(taken):
            if re.search(r"\d", lines[place].text):
                self.findings.pass_over(
                    lines[place].page, lines[place].text, "the name of a class", figure.name
                )
        return [line for place, line in enumerate(lines) if place not in taken]

    def _take_sizes(self, figure: Float, lines: list[Line]) -> list[Line]:
        """Take the number of images of each class, which stand one below the other."""
        due = self.sizes
        texts = [line.text if re.fullmatch(r"\d+", line.text) else "" for line in lines]
        starts = [
            start
            for start in range(len(lines) - len(due) + 1)
            if all(texts[start : start + len(due)])
        ]
        if not starts:
            return lines

        def count_right(start: int) -> int:
            return sum(text == str(size) for text, size in zip(texts[start:], due, strict=False))

        best = max(starts, key=count_right)
        for line, label, size in zip(lines[best:], self.labels, due, strict=False):
            value = Value(size, "manifest.csv", f"images of {label}")
            number = parse_number(line.text, self.mark)
            self.findings.check(line.page, number, value, figure.name, line.text)
        return lines[:best] + lines[best + len(due) :]

    def _take_confusion(self, figure: Float, lines: list[Line]) -> list[Line]:
        """Take the rows of counts before each contender's title; zeros are not printed."""
        sums: dict[str, np.ndarray] = {}
        for run in self.results.metrics:
            counts = np.array(run["confusion_matrix"] or 0)
            sums[run["contender"]] = sums.get(run["contender"], np.zeros((), int)) + counts
        names = {squeeze(title): name for name, title in self.titles.items()}
        taken: set[int] = set()
        for place, line in enumerate(lines):
            name = names.get(squeeze(line.text), "")
            if sums.get(name, np.zeros(())).ndim != 2:
                continue
            rows = [[str(count) for count in row if count] for row in sums[name]]
            rows = [row for row in rows if row]
            above = lines[max(place - len(rows), 0) : place]
            if len(above) < len(rows) or not all(
                re.fullmatch(r"\d+(?: \d+)*", each.text) for each in above
            ):
                continue
            taken |= set(range(place - len(above), place))
            for each, row in zip(above, rows, strict=False):
                # Numbers of narrow cells run into each other.
                if squeeze(each.text) == "".join(row):
                    value = Value(0, "metrics.json", f"confusion_matrix of {name}, summed")
                    for text in row:
                        number = parse_number(text, self.mark)
                        self.findings.match(each.page, number, value, figure.name)
                else:
                    what = f"{figure.name}: {name} has the row {' '.join(row)}"
                    self.findings.fault(each.page, what, each.text)
        return [line for place, line in enumerate(lines) if place not in taken]

    def _take_evidence(self, figure: Float, lines: list[Line]) -> list[Line]:
        """Take the sizes of the groups and the evidence of the pairs."""
        audit = self.results.audit
        known = {
            "×": {len(entry["images"]) for entry in audit["duplicates"]},
            "": {pair["evidence"] for side in audit["closest"].values() for pair in side},
        }
        rest = []
        for line in lines:
            if not re.fullmatch(r"\d+×?(?: \d+×?)*", line.text):
                rest.append(line)
                continue
            for digits, sign in re.findall(r"(\d+)(×?)", line.text):
                number = parse_number(digits, self.mark)
                what = "images of a group" if sign else "evidence of a pair"
                if any(number.is_rounded_from(each) for each in known[sign]):
                    value = Value(0, "audit.json", what)
                    self.findings.match(line.page, number, value, figure.name)
                else:
                    self.findings.fault(
                        line.page, f"{figure.name}: {digits} is no {what}", line.text
                    )
        return rest
