"""Contrasts, conclusions and verdicts: how they are worded, and what the files say of them."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from timbang.languages.texts import Texts
from timbang.reader.derivations import Results, Value, list_contrasts, paired_difference
from timbang.reader.printed import tex_to_text

# Measures that are printed in points; the others as they are.
IN_POINTS = ("accuracy", "late_accuracy", "recall_spread", "zoom_drop")
OPPOSITE = {"higher": "lower", "lower": "higher"}
# What becomes of a column where first and second change places.
TURNED = {"mean": "mean", "min": "max", "max": "min", "low": "high", "high": "low"}


def list_forms(texts: Texts) -> Iterator[tuple[str, str, str]]:
    """Yield each wording of a judgement: its group of the texts, its name, and as a sentence.

    The group is ``judgements``, ``conclusions`` or ``tests``; the name is what a contrast must
    say for this wording.
    """
    for name, form in texts["judgements"].items():
        yield ("tests" if name.startswith("test") else "judgements"), name, _as_sentence(form)
    for name, form in texts["conclusions"].items():
        sentence = _as_sentence(form)
        if not form.startswith("{"):
            sentence = f"{{{sentence[0]}|{sentence[0].upper()}}}{sentence[1:]}"
        yield "conclusions", name, sentence


def _as_sentence(form: str) -> str:
    """Return a text with ``{}`` as a sentence of ``sentences.py``."""
    slots = {"first": "<c>", "second": "<o>", "measure": "<measure>"}
    keys = ("size", "mean", "min", "max", "low", "high", "margin", "pairs", "p")
    return tex_to_text(form.format(**slots, **{key: f"<j {key}>" for key in keys}))


def find_contrast(results: Results, first: str, second: str) -> Mapping[str, Any] | None:
    """Return the row of ``contrasts.csv`` by accuracy, turned round where it has them so."""
    for row in list_contrasts(results):
        if (row["first"], row["second"]) == (first, second):
            return row
        if (row["first"], row["second"]) == (second, first):
            turned = {key: -row[of] for key, of in TURNED.items()}
            says = OPPOSITE.get(row["says"], row["says"])
            return {**row, **turned, "first": first, "second": second, "says": says}
    return None


def find_test(results: Results, measure: str, first: str, second: str) -> Mapping[str, Any] | None:
    """Return the test of ``verdicts.json`` by that measure of these contenders."""
    for claim in results.verdicts or []:
        for test in claim["tests"]:
            if (test["measure"], test["first"], test["second"]) == (measure, first, second):
                return test
    return None


def find_value(results: Results, row: Mapping[str, Any], key: str, source: str) -> Value:
    """Return a number of a contrast or a test as it is printed; NaN where there is none.

    The mean is computed anew from ``runs.csv`` where that has the measure.
    """
    measure, first, second = row["measure"], row["first"], row["second"]
    of = f"of {measure}, {first} minus {second}"
    if key in ("mean", "size"):
        number = paired_difference(results, first, second, measure)
        derivation, source = f"mean paired difference {of}", "runs.csv"
        if key == "size":
            number, derivation = abs(number), f"size of the {derivation}"
    else:
        column = {"p": "p_adjusted"}.get(key, key)
        known = row[column]
        number = np.nan if known is None else float(known)
        derivation = f"{column} {of}"
    if measure in IN_POINTS and key not in ("p", "pairs"):
        return Value(100 * number, source, f"{derivation}, times 100")
    return Value(number, source, derivation)
