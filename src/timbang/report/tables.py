"""The tables: each function returns one as TeX, with numbers aligned on the decimal."""

from collections.abc import Mapping, Sequence

import pandas as pd
from pylatex import LongTable, NoEscape, Tabular

from timbang.languages.texts import Texts
from timbang.report.tex import TeX, cell, escape_tex, number
from timbang.study.published import Published, PublishedResult

# Number columns as siunitx takes them: digits before and after the decimal mark.
PERCENT, LOSS, MILLIONS, COUNT = "3.1", "3.3", "4.2", "6.1"


def tabulate_stage_one(row: Mapping, published: PublishedResult | None, texts: Texts) -> TeX:
    """Return Table 1: a contender's final accuracy and loss, training and validation.

    Args:
        row: the contender's row of ``summary.csv``.
        published: its published figures, which get columns of their own.
        texts: the words of the language.
    """
    words = texts["tables"]
    table = _start_scores("l", words["part"], [], published is not None, words)
    for part, prefix in (("training", "train_"), ("validation", "")):
        values = _accuracy_and_loss(row, prefix)
        if published:
            values += _published_cells(published, prefix or "validation_")
        _add_row(table, [words[part]], values)
    return _finish(table)


def tabulate_stage_two(
    plain: Mapping,
    reference: Mapping,
    titles: Mapping[str, str],
    published: Published | None,
    texts: Texts,
) -> TeX:
    """Return Table 2: the plain network against the reference, with the difference.

    The difference is the mean over replicates of the paired difference, reference minus plain,
    in percentage points and nats, computed before rounding.
    """
    words = texts["tables"]
    results = [_published_result(published, row["contender"]) for row in (plain, reference)]
    table = _start_scores("l", words["network"], [], any(results), words)
    for row, result in zip((plain, reference), results, strict=True):
        values = _accuracy_and_loss(row)
        if any(results):
            values += _published_cells(result)
        _add_row(table, [escape_tex(titles[row["contender"]])], values)
    values = [
        cell(-100 * plain["accuracy_difference"], 1),
        *([TeX("")] * 3),
        cell(-plain["loss_difference"], 3),
        TeX(""),
    ]
    if any(results):
        values += _published_difference(*results)
    table.add_hline()
    _add_row(table, [words["difference"]], values)
    return _finish(table)


def tabulate_contenders(
    summary: Sequence[Mapping],
    titles: Mapping[str, str],
    published: Published | None,
    texts: Texts,
) -> TeX:
    """Return Table 3: validation accuracy and loss, parameters and time of every contender."""
    words = texts["tables"]
    results = {row["contender"]: _published_result(published, row["contender"]) for row in summary}
    costs = [("parameters_short", r"$10^6$", MILLIONS), ("time_short", "s", "5.1")]
    table = _start_scores("L", words["network"], costs, any(results.values()), words)
    for row in summary:
        values = [
            *_accuracy_and_loss(row),
            cell(row["parameters"] / 1e6, 2),
            cell(row["training_seconds_mean"], 1),
        ]
        if any(results.values()):
            values += _published_cells(results[row["contender"]])
        _add_row(table, [escape_tex(titles[row["contender"]])], values)
    return _finish(table)


def tabulate_test(summary: Sequence[Mapping], titles: Mapping[str, str], texts: Texts) -> TeX:
    """Return accuracy and loss of every contender on the test images."""
    words = texts["tables"]
    table = _start_scores("L", words["network"], [], False, words)
    for row in summary:
        _add_row(table, [escape_tex(titles[row["contender"]])], _accuracy_and_loss(row, "test_"))
    return _finish(table)


def tabulate_replication(
    summary: Sequence[Mapping],
    titles: Mapping[str, str],
    published: Published,
    language: str,
    texts: Texts,
) -> TeX:
    """Return validation accuracies of the published run, of others, and of this study, per cent.

    This study's are mean and range over its replicates.

    Args:
        summary: the rows of ``summary.csv``.
        titles: the contenders' names in print.
        published: the published study and the runs of others.
        language: ``en`` or ``id``.
        texts: the words of the language.
    """
    words = texts["tables"]
    shown = [row for row in summary if row["contender"] in published.results]
    table = Tabular("p{52mm}" + "r" * len(shown), width=len(shown) + 1, booktabs=True)
    _add_row(table, [words["source"], *(escape_tex(titles[row["contender"]]) for row in shown)], [])
    table.add_hline()
    rows = [
        (
            words["published_run"],
            {name: result.validation_accuracy for name, result in published.results.items()},
        ),
        *((escape_tex(other.source[language]), other.accuracies) for other in published.others),
    ]
    for source, accuracies in rows:
        values = [accuracies.get(row["contender"]) for row in shown]
        _add_row(
            table,
            [source, *(number(None if x is None else 100 * x, 1) for x in values)],
            [],
        )
    table.add_hline()
    own = [
        TeX(
            rf"{number(100 * row['accuracy_mean'], 1)} ({number(100 * row['accuracy_min'], 1)}"
            rf"--{number(100 * row['accuracy_max'], 1)})"
        )
        for row in shown
    ]
    _add_row(table, [words["this_study"], *own], [])
    return _finish(table)


def tabulate_late(summary: Sequence[Mapping], titles: Mapping[str, str], texts: Texts) -> TeX:
    """Return the accuracy after the last epoch beside that of the last epochs, and their swing."""
    measures = ("accuracy", "late_accuracy", "swing")
    return _tabulate_spreads(summary, titles, measures, "L", texts)


def tabulate_claims(claims: Sequence[Mapping], texts: Texts) -> TeX:
    """Return the verdict on each claim.

    Args:
        claims: what ``timbang.report.judgements.describe_claims`` returns.
        texts: the words of the language.
    """
    words = texts["tables"]
    table = LongTable("lp{98mm}p{34mm}", width=3)
    continued = r"\multicolumn{3}{l}{\tablename~\thetable{} (" + words["continued"] + r")}\\"
    for caption, end in ((r"\claimscaption", r"\endfirsthead"), (continued, r"\endhead")):
        table.append(NoEscape(caption + r"\toprule"))
        _add_row(table, ["", words["claim"], words["verdict"]], [])
        table.append(NoEscape(r"\midrule" + end))
    table.append(NoEscape(r"\bottomrule\endfoot"))
    for claim in claims:
        verdict = claim["word"]
        if claim["late_word"]:
            verdict = TeX(f"{verdict} ({claim['late_word']})")
        _add_row(
            table,
            [escape_tex(claim["number"] or claim["name"]), escape_tex(claim["statement"]), verdict],
            [],
        )
    return _finish(table)


def tabulate_leaks(summary: Sequence[Mapping], titles: Mapping[str, str], texts: Texts) -> TeX:
    """Return the leak ledger: accuracy on leaked and on clean validation images, in per cent."""
    measures = ("leaked_accuracy", "clean_accuracy", "leak_difference")
    return _tabulate_spreads(summary, titles, measures, "l", texts)


def tabulate_twin(
    here: Sequence[Mapping],
    there: Mapping[str, Mapping],
    names: tuple[str, str],
    titles: Mapping[str, str],
    texts: Texts,
) -> TeX:
    """Return the validation accuracies of two studies side by side, in per cent.

    The difference is that of the means, this study minus the other, computed before rounding;
    the runs of two studies are not paired.

    Args:
        here: the rows of this study's ``summary.csv``, of contenders that both studies have.
        there: the other study's rows, by contender.
        names: of this study and of the other.
        titles: the contenders' names in print.
        texts: the words of the language.
    """
    words = {**texts["tables"], "here": escape_tex(names[0]), "there": escape_tex(names[1])}
    table = _new_table("l", [PERCENT] * 5)
    _add_group_heads(table, [("here", 2), ("there", 2), ("difference", 1)], words)
    _add_heads(
        table, [words["network"]], [*[words["mean"], words["sd"]] * 2, words["of_the_means"]]
    )
    for row in here:
        other = there[row["contender"]]
        values = [
            *(
                cell(100 * side[f"accuracy_{w}"], 1)
                for side in (row, other)
                for w in ("mean", "sd")
            ),
            cell(100 * (row["accuracy_mean"] - other["accuracy_mean"]), 1),
        ]
        _add_row(table, [escape_tex(titles[row["contender"]])], values)
    return _finish(table)


def tabulate_networks(summary: Sequence[Mapping], titles: Mapping[str, str], texts: Texts) -> TeX:
    """Return the table of what each network costs: parameters and multiply-adds of one image."""
    words = texts["tables"]
    table = _new_table("l", [MILLIONS, "5.1", "5.1"])
    _add_heads(
        table,
        [words["network"]],
        [words["parameters"], words["multiply_adds"], words["images_per_second"]],
    )
    for row in summary:
        _add_row(
            table,
            [escape_tex(titles[row["contender"]])],
            [
                cell(row["parameters"] / 1e6, 2),
                cell(row["multiply_adds"] / 1e6, 1),
                cell(row["images_per_second_mean"], 1),
            ],
        )
    return _finish(table)


def tabulate_classes(classes: pd.DataFrame, titles: Mapping[str, str], texts: Texts) -> TeX:
    """Return the table of precision, recall and F1 of each class, contender by contender.

    Args:
        classes: the table ``per_class.csv``.
        titles: the contenders' names in print.
        texts: the words of the language.
    """
    words = texts["tables"]
    measures = ("precision", "recall", "f1")
    specs = [COUNT] + [PERCENT] * 6
    width = len(specs) + 1
    table = LongTable("L" + _number_columns(specs), width=width)
    # The document's caption, inside the table, so that no page break parts them.
    continued = (
        rf"\multicolumn{{{width}}}{{l}}{{\tablename~\thetable{{}} ({words['continued']})}}\\"
    )
    for caption, end in ((r"\classescaption", r"\endfirsthead"), (continued, r"\endhead")):
        table.append(NoEscape(caption + r"\toprule"))
        _add_group_heads(table, [(None, 1), *((measure, 2) for measure in measures)], words)
        _add_row(
            table, [words["class"]], _heads([words["support"], *[words["mean"], words["sd"]] * 3])
        )
        table.append(NoEscape(r"\midrule" + end))
    table.append(NoEscape(r"\bottomrule\endfoot"))
    for place, (name, rows) in enumerate(classes.groupby("contender", sort=False)):
        if place:
            table.append(NoEscape(r"\addlinespace"))
        title = rf"\multicolumn{{{width}}}{{l}}{{\emph{{{escape_tex(titles[str(name)])}}}}}\\*"
        table.append(NoEscape(title))
        for row in rows.to_dict("records"):
            values = [cell(row["support_mean"], 1)]
            for measure in measures:
                values += [cell(100 * row[f"{measure}_{s}"], 1) for s in ("mean", "sd")]
            _add_row(table, [escape_tex(row["label"])], values)
    return _finish(table)


def tabulate_settings(rows: Sequence[tuple[str, TeX]], texts: Texts) -> TeX:
    """Return a table of settings and their values; both are TeX."""
    words = texts["tables"]
    table = Tabular("lp{68mm}", width=2, booktabs=True)
    _add_row(table, [words["setting"], words["value"]], [])
    table.add_hline()
    for name, value in rows:
        _add_row(table, [name, value], [])
    return _finish(table)


def _tabulate_spreads(
    summary: Sequence[Mapping],
    titles: Mapping[str, str],
    measures: Sequence[str],
    first: str,
    texts: Texts,
) -> TeX:
    """Return mean and s.d. of accuracies, in per cent; ``first`` is the first column's TeX type."""
    words = texts["tables"]
    table = _new_table(first, [PERCENT, PERCENT] * len(measures))
    _add_group_heads(table, [(measure, 2) for measure in measures], words)
    _add_heads(table, [words["network"]], [words["mean"], words["sd"]] * len(measures))
    for row in summary:
        values = [
            cell(100 * row[f"{measure}_{word}"], 1)
            for measure in measures
            for word in ("mean", "sd")
        ]
        _add_row(table, [escape_tex(titles[row["contender"]])], values)
    return _finish(table)


def _start_scores(
    first: str,
    name: str,
    more: Sequence[tuple[str, str, str]],
    with_published: bool,
    words: Mapping[str, str],
) -> Tabular:
    """Return a table that has its heads: accuracy and loss over replicates, and what follows.

    Args:
        first: the TeX type of the first column.
        name: the head of the first column.
        more: further columns: the word above, the unit below, the format of the numbers.
        with_published: whether columns for the published accuracy and loss come last.
        words: the words of the language's tables.
    """
    groups: list[tuple[str | None, int]] = [("accuracy", 4), ("loss", 2)]
    heads = [words[key] for key in ("mean", "sd", "min", "max", "mean", "sd")]
    specs = [PERCENT] * 4 + [LOSS] * 2
    for word, unit, spec in more:
        groups.append((word, 1))
        heads.append(unit)
        specs.append(spec)
    if with_published:
        groups.append(("published", 2))
        heads += [words["accuracy"], words["loss"]]
        specs += [PERCENT, LOSS]
    table = _new_table(first, specs)
    _add_group_heads(table, groups, words)
    _add_heads(table, [name], heads)
    return table


def _accuracy_and_loss(row: Mapping, prefix: str = "") -> list[TeX]:
    return [
        *(cell(100 * row[f"{prefix}accuracy_{s}"], 1) for s in ("mean", "sd", "min", "max")),
        *(cell(row[f"{prefix}loss_{s}"], 3) for s in ("mean", "sd")),
    ]


def _published_result(published: Published | None, contender: str) -> PublishedResult | None:
    return published.results.get(contender) if published else None


def _published_difference(
    first: PublishedResult | None, second: PublishedResult | None
) -> list[TeX]:
    if first is None or second is None:
        return _published_cells(None)
    accuracy = second.validation_accuracy - first.validation_accuracy
    if first.validation_loss is None or second.validation_loss is None:
        return [cell(100 * accuracy, 1), cell(None, 3)]
    return [cell(100 * accuracy, 1), cell(second.validation_loss - first.validation_loss, 3)]


def _published_cells(result: PublishedResult | None, prefix: str = "validation_") -> list[TeX]:
    accuracy = getattr(result, f"{prefix}accuracy", None)
    loss = getattr(result, f"{prefix}loss", None)
    return [cell(None if accuracy is None else 100 * accuracy, 1), cell(loss, 3)]


def _number_columns(specs: Sequence[str]) -> str:
    return "".join(f"S[table-format={spec}]" for spec in specs)


def _new_table(first: str, specs: Sequence[str]) -> Tabular:
    return Tabular(first + _number_columns(specs), width=len(specs) + 1, booktabs=True)


def _add_group_heads(
    table: Tabular, groups: Sequence[tuple[str | None, int]], words: Mapping[str, str]
) -> None:
    """Add a row of heads that span columns, with a rule below each."""
    cells, rules, column = [""], [], 2
    for name, span in groups:
        text = words[name] if name else ""
        cells.append(rf"\multicolumn{{{span}}}{{c}}{{{text}}}")
        if name:
            rules.append(rf"\cmidrule(lr){{{column}-{column + span - 1}}}")
        column += span
    table.append(NoEscape(" & ".join(cells) + r"\\" + "".join(rules)))


def _add_heads(table: Tabular, texts: Sequence[str], numbers: Sequence[str]) -> None:
    _add_row(table, texts, _heads(numbers))
    table.add_hline()


def _heads(names: Sequence[str]) -> list[str]:
    """Return heads of number columns, in braces so that siunitx does not read them."""
    return [f"{{{name}}}" for name in names]


def _add_row(table: Tabular, texts: Sequence[str], numbers: Sequence[str]) -> None:
    table.add_row([NoEscape(text) for text in (*texts, *numbers)])


def _finish(table: Tabular) -> TeX:
    return TeX(table.dumps() + "\n")
