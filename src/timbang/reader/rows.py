"""The rows that each kind of table must have, from the result files."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from timbang.languages.texts import Texts
from timbang.reader.derivations import Place, Results, Value, derive
from timbang.study.schema import defaults_of

NAN = float("nan")
SCORES = ("mean", "sd", "min", "max")
# The settings that every report lists; others where they are not the default.
ALWAYS_LISTED = (
    "epochs", "batch_size", "optimizer", "learning_rate", "weight_decay", "horizontal_flip",
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """A row: its label and its cells, None where a dash is due.

    A row that ``has_ranges`` has cells of a mean and in brackets a range, which count as three.
    A row that ``is_setting`` has one number, unrounded, or words and no cells. A row that
    ``is_text`` is all label, over several lines.
    """

    label: str
    cells: tuple[Value | None, ...]
    is_setting: bool = False
    is_text: bool = False
    has_ranges: bool = False


def expect_rows(
    kind: str,
    results: Results,
    titles: Mapping[str, str],
    plain: str,
    texts: Texts,
    language: str,
) -> list[Row]:
    """Return the rows of a kind of table; none where the kind is unknown.

    Args:
        kind: a key of ``CAPTIONS``.
        results: what the files of the study say.
        titles: the contenders' names in print.
        plain: the plain contender that is set against the reference, "" if there is none.
        texts: the words of the language.
        language: ``en`` or ``id``.
    """
    words = texts["tables"]
    names = list(results.summary)
    reference = results.study.reference

    def of_each(contenders: Sequence[str], cells: Callable[[str], list[Value]]) -> list[Row]:
        return [_row(titles[name], cells(name)) for name in contenders]

    def derived(*keys: str, factor: float = 1) -> Callable[[str], list[Value]]:
        return lambda name: [derive(key, results, Place(name), factor) for key in keys]

    def scores(name: str, prefix: str = "") -> list[Value]:
        accuracies = derived(*(f"{prefix}accuracy_{s}" for s in SCORES), factor=100)
        return accuracies(name) + derived(f"{prefix}loss_mean", f"{prefix}loss_sd")(name)

    def published(name: str, prefix: str, among: Sequence[str]) -> list[Value]:
        return _published_cells(results, name, prefix, among)

    match kind:
        case "settings":
            return _expect_settings(results, texts)
        case "networks":
            return of_each(
                names, derived("millions", "mega_multiply_adds", "images_per_second_mean")
            )
        case "stage one":
            return [
                _row(
                    words[part],
                    scores(plain, own) + published(plain, own or "validation_", [plain]),
                )
                for part, own in (("training", "train_"), ("validation", ""))
            ]
        case "stage two":
            pair = (plain, reference)
            first, second = (published(name, "validation_", pair) for name in pair)
            place = Place(reference, plain)
            differences = [
                derive("accuracy_difference", results, place, 100),
                derive("loss_difference", results, place),
                *(
                    Value(b.number - a.number, a.source, f"{b.derivation} - {a.derivation}")
                    for a, b in zip(first, second, strict=True)
                ),
            ]
            return [
                _row(titles[plain], scores(plain) + first),
                _row(titles[reference], scores(reference) + second),
                _row(words["difference"], differences),
            ]
        case "contenders":
            costs = derived("millions", "training_seconds_mean")
            return of_each(
                names,
                lambda name: scores(name) + costs(name) + published(name, "validation_", names),
            )
        case "test":
            return of_each(names, lambda name: scores(name, "test_"))
        case "leaks":
            measures = ("leaked_accuracy", "clean_accuracy", "leak_difference")
            keys = [f"{measure}_{word}" for measure in measures for word in ("mean", "sd")]
            return of_each(names, derived(*keys, factor=100))
        case "late":
            measures = ("accuracy", "late_accuracy", "swing")
            keys = [f"{measure}_{word}" for measure in measures for word in ("mean", "sd")]
            return of_each(names, derived(*keys, factor=100))
        case "claims":
            return [
                Row(" ".join(write_claim(claim, texts, language)), (), is_text=True)
                for claim in results.verdicts or []
            ]
        case "replication":
            return _expect_replication(results, texts, language)
        case "twin":
            keys = [f"{of}accuracy_{word}" for of in ("", "other_") for word in ("mean", "sd")]
            both = [name for name in names if name in (results.other or {})]
            return of_each(both, derived(*keys, "other_difference", factor=100))
        case "classes":
            return _expect_classes(results)
    return []


def write_claim(claim: Mapping[str, Any], texts: Texts, language: str) -> tuple[str, str, str]:
    """Return a claim's number or name, its statement and its verdict in words.

    The verdict by the last epochs follows in brackets where it is another.
    """
    words = texts["verdicts"]
    verdict, late = claim["verdict"], claim["verdict_of_last_epochs"]
    said = words[verdict] if late == verdict else f"{words[verdict]} ({words[late]})"
    return claim["number"] or claim["name"], claim["statement"][language], said


def _row(label: str, cells: Sequence[Value]) -> Row:
    return Row(label, tuple(None if np.isnan(cell.number) else cell for cell in cells))


def _published_cells(results: Results, name: str, prefix: str, among: Sequence[str]) -> list[Value]:
    """Return published accuracy and loss; none where no contender of the table has any."""
    known = results.published.results if results.published else {}
    if not any(other in known for other in among):
        return []
    cells = []
    for measure, factor in (("accuracy", 100), ("loss", 1)):
        number = getattr(known.get(name), prefix + measure, None)
        said = f"{prefix}{measure} of {name}"
        cells.append(Value(NAN if number is None else factor * number, "published numbers", said))
    return cells


def _expect_replication(results: Results, texts: Texts, language: str) -> list[Row]:
    """Return the published run, the runs of others, and this study's with their ranges."""
    published, words = results.published, texts["tables"]
    if published is None:
        return []
    shown = [name for name in results.summary if name in published.results]
    sources = [
        (words["published_run"], {n: r.validation_accuracy for n, r in published.results.items()}),
        *((other.source[language], other.accuracies) for other in published.others),
    ]
    rows = [
        _row(
            source,
            [
                Value(100 * accuracies.get(name, NAN), "published numbers", f"accuracy of {name}")
                for name in shown
            ],
        )
        for source, accuracies in sources
    ]
    own = [
        derive(f"accuracy_{word}", results, Place(name), 100)
        for name in shown
        for word in ("mean", "min", "max")
    ]
    return [*rows, Row(words["this_study"], tuple(own), has_ranges=True)]


def _expect_settings(results: Results, texts: Texts) -> list[Row]:
    """Return the settings that every report lists, in their order, with unrounded numbers."""
    recipe = results.study.recipe
    settings: list[tuple[str, Any]] = [("image_size", results.study.data.image_size)]
    settings += [(key, value) for key, value in vars(recipe).items()]
    settings += [("width", results.study.width)]
    settings += [(key, None) for key in ("loss_function", "normalisation", "initialisation")]
    settings += [("selection", None)]
    default = defaults_of("recipe")
    return [
        Row(
            _label_setting(texts["settings"][key]),
            (Value(float(value), "configuration", key),) if _is_number(key, value, texts) else (),
            is_setting=True,
        )
        for key, value in settings
        if key not in default or key in ALWAYS_LISTED or value != default[key]
    ]


def _label_setting(words: str) -> str:
    """Return how a setting's row begins, up to a sign that is no letter."""
    return words.partition(" ($")[0]


def _is_number(key: str, value: object, texts: Texts) -> bool:
    is_word = value in texts["choices"].get(key, {})
    return isinstance(value, int | float) and not isinstance(value, bool) and not is_word


def _expect_classes(results: Results) -> list[Row]:
    columns = [f"{m}_{s}" for m in ("precision", "recall", "f1") for s in ("mean", "sd")]
    rows = []
    classes = results.classes[results.classes["contender"].isin(results.study.weighed)]
    for own in classes.to_dict("records"):
        of = f"of {own['contender']}, {own['label']}"
        cells = [Value(own["support_mean"], "per_class.csv", f"support_mean {of}")]
        cells += [
            Value(100 * own[column], "per_class.csv", f"{column} {of}, times 100")
            for column in columns
        ]
        rows.append(_row(str(own["label"]), cells))
    return rows
