"""Facts of other recipes, more trials and more images."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from timbang.evidence.verdicts import Finding
from timbang.facts.evidence import CONTRASTS, add_decision
from timbang.facts.fact import Facts, Unit
from timbang.scores.summary import STATISTICS
from timbang.study.study import LearningCurve, Tuning
from timbang.study.variants import OWN, TRIALS, VARIED, kind_of

Rows = Sequence[Mapping[str, Any]]
FOLDER = "fairness"
SECONDS_PER_HOUR = 3600
INTERVAL = ("mean", "low", "high")


@dataclass(frozen=True)
class Fairness:
    """What a study's files hold of other recipes and shares; what it does not have is empty.

    ``recipes`` to ``prospects`` are the rows of the tables in ``fairness/``, ``tuned`` those of the
    tuned networks' ``summary.csv``, ``others`` the contrasts that do not decide. ``settings`` are
    the keys that recipes change, ``seconds`` the training of all runs together.
    """

    recipes: Rows
    pairs: Rows
    budgets: Rows
    choices: Rows
    learning: Rows
    doubling: Rows
    prospects: Rows
    tuned: Rows
    others: Rows
    settings: Sequence[str]
    seconds: float


def name_recipe(variant: str) -> str:
    """Return a variant as it stands in the ids of facts.

    >>> name_recipe("trials/3")
    'trials-3'
    """
    return variant.replace("/", "-")


def letter_recipes(variants: Iterable[str]) -> dict[str, str]:
    """Return the letter of each recipe in print: the study's own, the trials, further ones.

    Letters are as the columns of a spreadsheet: A to Z, AA and so on.

    Args:
        variants: the variants that the recipes are of, in any order.

    >>> letter_recipes(["varied/0", "trials/10", "trials/2", "runs"])
    {'runs': 'A', 'trials/2': 'B', 'trials/10': 'C', 'varied/0': 'D'}
    """
    kinds = OWN, TRIALS, VARIED

    def place_of(variant: str) -> tuple[int, int]:
        return kinds.index(kind_of(variant)), int(variant.partition("/")[2] or 0)

    ordered = sorted(set(variants), key=place_of)
    return {variant: _name_letter(place) for place, variant in enumerate(ordered)}


def _name_letter(place: int) -> str:
    """Return the letters of a place, counted from 0.

    >>> _name_letter(0), _name_letter(25), _name_letter(26), _name_letter(700)
    ('A', 'Z', 'AA', 'ZY')
    """
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def add_fairness(
    facts: Facts, fairness: Fairness, tuning: Tuning | None, curve: LearningCurve | None
) -> None:
    """Add what other recipes, more trials and more images say.

    Args:
        facts: where they go; those of the study's own runs are there.
        fairness: what the files hold.
        tuning: how recipes were chosen, if they were.
        curve: on which shares of the images contenders were trained, if they were.
    """
    _add_recipes(facts, fairness)
    hours = fairness.seconds / SECONDS_PER_HOUR / facts.value("replicates")
    rule = "sum over all runs, over replicates, in hours"
    facts.add("replicate.hours", hours, Unit.NUMBER, "variants.csv", "training_seconds", rule)
    if tuning is not None:
        _add_tuning(facts, fairness, tuning)
    if curve is not None:
        _add_learning(facts, fairness)
    _add_prospects(facts, fairness, hours, curve)


def _add_recipes(facts: Facts, fairness: Fairness) -> None:
    file = f"{FOLDER}/recipes.csv"
    settings: dict[str, Mapping[str, Any]] = {}
    for row in fairness.recipes:
        recipe = name_recipe(row["variant"])
        settings.setdefault(recipe, row)
        for column in INTERVAL:
            at = f"{row['first']}, {row['variant']}, {column}"
            id = f"recipe.{column}/{row['first']}/{recipe}"
            facts.add(id, row[column], Unit.POINTS, file, at)
    for recipe, row in settings.items():
        for place, key in enumerate(fairness.settings):
            value = row.get(key)
            unit = Unit.TEXT if isinstance(value, str) else Unit.NUMBER
            if isinstance(value, float) and value.is_integer():
                value = int(value)
            facts.add(f"recipe.setting/{recipe}/{place}", value, unit, file, f"{recipe}, {key}")
    file = f"{FOLDER}/pairs.csv"
    for row in fairness.pairs:
        name = row["first"]
        for kind in (Finding.HIGHER, Finding.LOWER, Finding.EQUAL, Finding.UNDECIDED):
            facts.add(f"recipes.{kind}/{name}", row[kind], Unit.COUNT, file, f"{name}, {kind}")
        facts.add(f"recipes.count/{name}", row["recipes"], Unit.COUNT, file, f"{name}, recipes")
        facts.add(f"recipes.median/{name}", row["median"], Unit.POINTS, file, f"{name}, median")
        facts.add(f"recipes.p/{name}", row["p"], Unit.P, file, f"{name}, p")


def _add_tuning(facts: Facts, fairness: Fairness, tuning: Tuning) -> None:
    facts.add("tuning.trials", tuning.trials, Unit.COUNT, "config", "tuning.trials")
    facts.add("tuning.share", tuning.share, Unit.SHARE, "config", "tuning.share")
    runs = tuning.trials * facts.value("replicates")
    facts.add("tuning.runs", runs, Unit.COUNT, "config", "tuning.trials", "times replicates")
    file = f"{FOLDER}/choices.csv"
    seconds = {row["contender"]: row["seconds"] for row in fairness.choices}
    hours = sum(seconds.values()) / SECONDS_PER_HOUR
    facts.add("tuning.hours", hours, Unit.NUMBER, file, "seconds", "sum over contenders, in hours")
    peeked = {row["contender"]: row["peeking"] for row in fairness.choices}
    for name, gain in peeked.items():
        facts.add(f"peeking/{name}", gain, Unit.POINTS, file, f"{name}, peeking")
    places = {key: place for place, key in enumerate(fairness.settings)}
    for row in fairness.choices:
        subject = f"{row['contender']}/{places[row['key']]}"
        at = f"{row['contender']}, {row['key']}, "
        for column in ("lowest", "highest", "chosen_lowest", "chosen_highest"):
            facts.add(f"choice.{column}/{subject}", row[column], Unit.NUMBER, file, at + column)
        for column in ("at_lowest", "at_highest"):
            count = None if row[column] is None else int(row[column])
            facts.add(f"choice.{column}/{subject}", count, Unit.COUNT, file, at + column)
        facts.add(f"choice.words/{subject}", row.get("words"), Unit.TEXT, file, at + "words")
    for row in fairness.tuned:
        name = row["contender"]
        for word in STATISTICS:
            at = f"{name}, accuracy_{word}"
            value = row[f"accuracy_{word}"]
            id = f"tuned.accuracy.{word}/{name}"
            facts.add(id, value, Unit.SHARE, "tuned/summary.csv", at)
        diverged = int(row["diverged"])
        at = f"{name}, diverged"
        facts.add(f"tuned.diverged/{name}", diverged, Unit.COUNT, "tuned/summary.csv", at)
        if f"accuracy.mean/{name}" in facts:
            gain = row["accuracy_mean"] - facts.value(f"accuracy.mean/{name}")
            at, rule = f"{name}, accuracy_mean", "minus that by the recipe of the study"
            facts.add(f"tuning.gain/{name}", gain, Unit.POINTS, "tuned/summary.csv", at, rule)
    for row in fairness.others:
        name, measure = row["first"], row["measure"]
        at = f"the other recipe, {measure}, {name}, "
        add_decision(facts, f"other.{measure}", name, row, CONTRASTS, at, measure)
    for row in fairness.budgets:
        for column in INTERVAL:
            id = f"budget.{column}/{row['contender']}/{row['trials']}"
            at = f"{row['contender']}, {row['trials']}, {column}"
            facts.add(id, row[column], Unit.SHARE, f"{FOLDER}/budgets.csv", at)


def _add_learning(facts: Facts, fairness: Fairness) -> None:
    file = f"{FOLDER}/learning.csv"
    sizes = list(dict.fromkeys(row["variant"] for row in fairness.learning))
    facts.add("learning.sizes", len(sizes), Unit.COUNT, file, "variant", "distinct ones")
    for row in fairness.learning:
        name, place = row["contender"], sizes.index(row["variant"])
        at = f"{name}, {row['variant']}, "
        if f"learning.images/{place}" not in facts:
            facts.add(f"learning.images/{place}", row["images"], Unit.COUNT, file, at + "images")
        for column, unit in (
            ("mean", Unit.SHARE),
            ("sd", Unit.POINTS),
            ("difference", Unit.POINTS),
            ("low", Unit.POINTS),
            ("high", Unit.POINTS),
        ):
            facts.add(f"learning.{column}/{name}/{place}", row[column], unit, file, at + column)
    file = f"{FOLDER}/doubling.csv"
    for row in fairness.doubling:
        name = row["contender"]
        for column in ("mean", "difference", "low", "high"):
            at = f"{name}, {column}"
            facts.add(f"doubling.{column}/{name}", row[column], Unit.POINTS, file, at)
        for column in ("doubled", "doubled_low", "doubled_high"):
            facts.add(f"{column}/{name}", row[column], Unit.SHARE, file, f"{name}, {column}")


def _add_prospects(
    facts: Facts, fairness: Fairness, hours: float, curve: LearningCurve | None
) -> None:
    """Add what would decide what is open, and the hours that it would take.

    ``hours`` are those of a replicate.
    """
    file, place = "variants.csv", "training_seconds"
    for row in fairness.prospects:
        name = row["first"]
        for source in ("trials", "images"):
            for column in (source, f"{source}_low", f"{source}_high"):
                id, at = f"prospect.{column}/{name}", f"{name}, {column}"
                facts.add(id, row.get(column), Unit.POINTS, f"{FOLDER}/prospects.csv", at)
        if f"plan.needed/{name}" in facts:
            lacking = max(facts.value(f"plan.needed/{name}") - facts.value("replicates"), 0)
            rule = "hours of a replicate, times the replicates that lack"
            id = f"prospect.replicates_hours/{name}"
            facts.add(id, lacking * hours, Unit.NUMBER, file, place, rule)
    if curve is not None:
        # By steps twice the images are gone through half as often.
        factor = 2 if curve.by == "epochs" else 1
        rule = f"hours of a replicate, times replicates, times {factor}"
        whole = factor * hours * facts.value("replicates")
        facts.add("prospect.images_hours", whole, Unit.NUMBER, file, place, rule)
