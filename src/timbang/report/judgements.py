"""Contrasts and verdicts in words. No other part of the report says which of two is ahead."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from timbang.evidence.claims import Verdict
from timbang.evidence.contrasts import Design
from timbang.evidence.planner import count_needed, plan
from timbang.languages.texts import Texts, join_words
from timbang.report.tex import TeX, escape_tex, number

# Of the measures that claims speak of: the factor and the digits of print.
MEASURES = {
    "accuracy": (100, 1),
    "late_accuracy": (100, 1),
    "recall_spread": (100, 1),
    "zoom_drop": (100, 1),
}
OTHER_MEASURE = (1, 3)
SMALLEST_P = 0.001


def describe_contrasts(
    rows: Sequence[Mapping[str, Any]], titles: Mapping[str, str], texts: Texts
) -> dict[str, Any]:
    """Return what the template may name of the contrasts by accuracy.

    Returns:
        ``judgements`` by contender, sentences with numbers; ``conclusion_of`` by contender, whole
        sentences without; and ``conclusions``, the same as parts of one sentence.
    """
    return {
        "judgements": {row["first"]: write_contrast(row, titles, texts) for row in rows},
        "conclusions": [write_conclusion(row, titles, texts) for row in rows],
        "conclusion_of": {
            row["first"]: write_conclusion(row, titles, texts, is_whole=True) for row in rows
        },
    }


def write_contrast(row: Mapping[str, Any], titles: Mapping[str, str], texts: Texts) -> TeX:
    """Return a sentence on a row of ``contrasts.csv``: what it decides, with its numbers."""
    form = texts["judgements"][row["says"]]
    return TeX(form.format(**_fill(row, titles, texts)))


def write_conclusion(
    row: Mapping[str, Any], titles: Mapping[str, str], texts: Texts, is_whole: bool = False
) -> TeX:
    """Return a sentence on a row of ``contrasts.csv`` without its numbers.

    A whole sentence begins with a capital letter, unless it begins with a contender's name.
    """
    form = texts["conclusions"][row["says"]]
    form = form[0].upper() + form[1:] if is_whole else form
    return TeX(form.format(**_fill(row, titles, texts)))


def describe_claims(
    verdicts: Sequence[Mapping[str, Any]], titles: Mapping[str, str], language: str, texts: Texts
) -> list[dict[str, Any]]:
    """Return what the template may name of each claim.

    Args:
        verdicts: the entries of ``verdicts.json``.
        titles: the contenders' names in print.
        language: ``en`` or ``id``.
        texts: the words of the language.
    """
    words = texts["verdicts"]
    described = []
    for own in verdicts:
        late = own["verdict_of_last_epochs"]
        described.append(
            {
                "name": own["name"],
                "number": own["number"],
                "statement": own["statement"][language],
                "verdict": own["verdict"],
                "word": TeX(words[own["verdict"]]),
                "late_word": TeX(words[late]) if late != own["verdict"] else None,
                "text": own["texts"][language],
                "needs": own["needs"][language] or join_words(_list_missing(own), texts),
                "tests": [
                    write_test(test, titles, texts) for test in own["tests"] if "mean" in test
                ],
            }
        )
    return described


def _list_missing(verdict: Mapping[str, Any]) -> list[str]:
    """Return the contenders and measures that the tests of a claim lack, each once."""
    return list(dict.fromkeys(test["missing"] for test in verdict["tests"] if test["missing"]))


def count_verdicts(verdicts: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Return how many claims have each verdict."""
    return {kind.value: sum(own["verdict"] == kind for own in verdicts) for kind in Verdict}


def write_test(test: Mapping[str, Any], titles: Mapping[str, str], texts: Texts) -> TeX:
    """Return the numbers of a claim's test in words."""
    form = "test" if test["low"] is not None else "test_without_interval"
    if test["mean"] is None:
        form = "test_without_pairs"
    return TeX(texts["judgements"][form].format(**_fill(test, titles, texts)))


def describe_plan(
    replicates: int, contrasts: int, design: Design, rows: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return what the replicates could decide, and how many would decide what they did not.

    Args:
        replicates: the number of replicates.
        contrasts: the number of contrasts.
        design: how the replicates hang together.
        rows: the rows of ``contrasts.csv`` by accuracy.

    Returns:
        ``can_decide``; ``needed``, the replicates without which nothing can be decided;
        ``detectable`` in standard deviations; ``overlap``; and ``undecided``, for each contrast
        that stayed open its ``first``, ``second`` and ``needed`` replicates (None: no number
        suffices).
    """
    made = plan(replicates, max(contrasts, 1), design)
    return {
        "can_decide": made.can_decide,
        "needed": made.needed,
        "detectable": made.detectable if math.isfinite(made.detectable) else None,
        "is_fixed": design.splits == "fixed",
        "undecided": [
            {
                "first": row["first"],
                "second": row["second"],
                "needed": count_needed(row["mean"] / row["sd"], max(contrasts, 1), design),
            }
            for row in rows
            if row["says"] in ("undecided", "few") and row["sd"] > 0
        ],
    }


def _fill(row: Mapping[str, Any], titles: Mapping[str, str], texts: Texts) -> dict[str, str]:
    """Return what the sentences name, as TeX."""
    factor, digits = MEASURES.get(row["measure"], OTHER_MEASURE)

    def shown(key: str) -> str:
        value = row[key]
        return number(factor * value if value is not None else None, digits)

    def signed(key: str) -> str:
        value = row[key]
        sign = "+" if value is not None and round(factor * value, digits) > 0 else ""
        return number(factor * value if value is not None else None, digits).replace(
            r"\num{", rf"\num{{{sign}", 1
        )

    mean = row["mean"]
    return {
        "measure": texts["measures"].get(row["measure"], escape_tex(row["measure"])),
        "first": escape_tex(titles.get(row["first"], row["first"])),
        "second": escape_tex(titles.get(row["second"], row["second"])),
        "size": number(abs(factor * mean) if mean is not None else None, digits),
        "mean": signed("mean"),
        "low": signed("low"),
        "high": signed("high"),
        "min": signed("min"),
        "max": signed("max"),
        "margin": shown("margin"),
        "pairs": str(row["pairs"]),
        "p": write_p(row["p_adjusted"]),
    }


def write_p(p: float | None) -> TeX:
    """Return a p value with its sign of equality: ``= 0.031``, or ``< 0.001``."""
    if p is None or math.isnan(p):
        return TeX("--")
    if p < SMALLEST_P:
        return TeX(rf"{{}}<\num{{{SMALLEST_P}}}")
    return TeX(rf"{{}}=\num{{{p:.3f}}}")
