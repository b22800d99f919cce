"""What a report says of a study besides numbers: names, findings, and which of them are due."""

from collections.abc import Mapping, Sequence
from typing import Any

from timbang.evidence.design import Design, Splits
from timbang.evidence.fairness import FEWEST_TRIALS
from timbang.evidence.planner import Remedy
from timbang.evidence.verdicts import ACCURACY, LATE_ACCURACY, Finding
from timbang.facts.evidence import STILL_LEARNING, foresee
from timbang.facts.fact import Facts
from timbang.facts.fairness import letter_recipes, name_recipe
from timbang.facts.ledger import MOST_SUSPECTS
from timbang.facts.results import Results
from timbang.facts.runs import list_settings
from timbang.networks.catalogue import CATALOGUE
from timbang.networks.relations import (
    depth_of,
    differ_in_shortcuts_alone,
    family_of,
    find_plain,
    layout_of,
)
from timbang.networks.titles import title_contender
from timbang.probes.measures import PROBE_MEASURES
from timbang.records.tables import sorted_classes, usable_images
from timbang.scores.ledger import find_suspects
from timbang.scores.stability import LAST_EPOCHS
from timbang.study.study import Study
from timbang.study.variants import OWN

DECIDED = (Finding.HIGHER, Finding.LOWER, Finding.EQUAL)
OPEN = (Finding.UNDECIDED, Finding.FEW, Finding.SINGLE)
MOST_LISTED_PROBLEMS = 40
# A validation loss spikes where its highest mean is so many times that of the first epoch.
SPIKE = 2
# Of the parameters of the reference, what a network has more or less to be told.
OTHER_SIZE = 0.02
PUBLISHED_SIDE = 224


def describe_study(study: Study, results: Results, facts: Facts, splits: Splits) -> dict[str, Any]:
    """Return all that the document asks of a study besides the facts.

    Args:
        study: the configuration: which contenders are weighed, and what the report compares with.
        results: the files, which say what was trained and what came out.
        facts: the facts.
        splits: how the splits of the replicates hang together.
    """
    names = [own.name for own in study.contenders]
    findings, late = (
        {row["first"]: row["says"] for row in results.contrasts if row["measure"] == measure}
        for measure in (ACCURACY, LATE_ACCURACY)
    )
    tested = [name for name in names if name in findings]
    design = Design(splits, facts.value("split.train"), facts.value("split.validation"))
    remedies = {
        row["first"]: foresee(row, len(findings), design).remedy
        for row in results.contrasts
        if row["measure"] == ACCURACY and row["says"] == Finding.UNDECIDED
    }
    plain = find_plain(study.contenders, study.reference)
    finished = [name for name in study.weighed if f"accuracy.mean/{name}" in facts]
    finished = finished or [name for name in names if f"accuracy.mean/{name}" in facts]
    accuracy = {name: facts.value(f"accuracy.mean/{name}") for name in finished}
    classes = sorted_classes(usable_images(results.manifest)["label"])
    several = [name for name in names if facts.value(f"finished/{name}", 0) > 1]
    undecided = [name for name in tested if findings[name] in OPEN]
    return {
        "name": study.name,
        "classes": classes,
        "source": study.data.source,
        "problems": results.audit["problems"][:MOST_LISTED_PROBLEMS],
        "split": dict(results.split_settings),
        "is_fixed": splits == "fixed",
        "varying_split": facts.value("split.train") % 1 != 0
        or len({len(split) for split in _parts(results)}) > 1,
        "reference": study.reference,
        "suspects": find_suspects(results.images)["filename"].head(MOST_SUSPECTS).tolist(),
        "contenders": [
            {
                "name": own.name,
                "title": title_contender(own.name, own.network),
                "network": own.network,
                "family": family_of(own.network),
            }
            for own in study.contenders
        ],
        "weighed": list(study.weighed),
        "rivals": [n for n in study.weighed if n not in (study.reference, plain)],
        "tested": tested,
        "controls": [n for n in names if n not in study.weighed],
        "plain": plain,
        "shortcuts_alone": plain is not None
        and differ_in_shortcuts_alone(study.contender(plain), study.contender(study.reference)),
        "preacts": [
            own.name
            for own in study.contenders
            if family_of(own.network) == "preact"
            and own.name != study.reference
            and depth_of(own.network)
        ],
        "findings": findings,
        "late_otherwise": {
            name: late.get(name, findings[name])
            for name in tested
            if late.get(name, findings[name]) != findings[name] or _is_turned(facts, name)
        },
        "without": None
        if results.without_suspects is None
        else {row["first"]: row["says"] for row in results.without_suspects},
        "decided": [name for name in tested if findings[name] in DECIDED],
        "undecided": undecided,
        "better": [name for name in tested if findings[name] == Finding.HIGHER],
        "need_images": [name for name in undecided if remedies.get(name) == Remedy.IMAGES],
        "need_unknown": [name for name in undecided if remedies.get(name) == Remedy.UNKNOWN],
        "about": study.about,
        "decided_otherwise": any(
            look.get("decides", study.decides) != study.decides for look in results.looks
        ),
        "compared_later": [
            name
            for name in tested
            if any(name not in look["findings"] for look in results.looks[:-1])
        ],
        **_describe_fairness(study, results, facts, names),
        "scored_at_chance": study.diverged == "chance",
        "finished": finished,
        "diverged": [name for name in names if facts.value(f"diverged/{name}", 0)],
        "best": max(finished, key=lambda n: accuracy[n], default=None),
        "worst": min(finished, key=lambda n: accuracy[n], default=None),
        "widest": max(several, key=lambda n: facts.value(f"accuracy.range/{n}"), default=None),
        "leak_example": next(
            (n for n in (study.reference, *names) if f"leak_difference.mean/{n}" in facts), None
        ),
        "undertrained": [n for n in names if facts.value(f"late_gain/{n}", 0) > STILL_LEARNING],
        "has_late": facts.value("setting.epochs") >= 2 * LAST_EPOCHS,
        "numbered": any(own["number"] for own in results.verdicts),
        "tied_lowest": [n for n in finished if _is_tied(facts, "lowest", n, len(classes))],
        "tied_highest": [n for n in finished if _is_tied(facts, "highest", n, len(classes))],
        "level_recalls": [
            name
            for name in finished
            if facts.value(f"recall.lowest/{name}") == facts.value(f"recall.highest/{name}")
        ],
        "lost_classes": any(
            facts.value(f"recall.min/{n}/{place}") == 0
            for n in finished
            for place in range(len(classes))
        ),
        "beyond": [n for n in tested if _is_beyond(facts, n)],
        "spiking": [n for n in finished if _spikes(facts, n)],
        "other_sizes": [
            n
            for n in study.weighed
            if n not in (study.reference, plain)
            and abs(facts.value(f"parameters.excess/{n}", 0)) > OTHER_SIZE
        ],
        **_describe_networks(study, facts),
        **_describe_settings(results, study.reference),
        "mixing": [own.name for own in study.contenders if own.recipe.mixup or own.recipe.cutmix],
        "probes": list(study.probes),
        "published": results.published
        and {"title": results.published.title, "citation": results.published.citation},
        "others": [dict(own.source) for own in results.published.others]
        if results.published
        else [],
        "other_images": results.published is not None
        and results.published.images not in (None, facts.value("images.usable")),
        "other_design": results.image_size != PUBLISHED_SIDE or study.width != 1,
        "twin": study.report.compare_with,
        "shared": [n for n in study.weighed if f"twin.accuracy.mean/{n}" in facts],
        "claims": _describe_claims(results.verdicts),
        "reasons": [
            own["name"]
            for own in results.verdicts
            if own.get("topic") == "residual"
            and own["verdict"] in ("supported", "refuted")
            and any(test["measure"] in PROBE_MEASURES for test in own["tests"])
        ],
        "modified": any(
            run["timbang"]["modified"]
            for runs in results.training.values()
            for run in runs.values()
        ),
    }


def _describe_fairness(
    study: Study, results: Results, facts: Facts, names: Sequence[str]
) -> dict[str, Any]:
    """Return what the document asks of other recipes and shares."""
    own = results.fairness
    if own is None:
        nothing = dict.fromkeys(("tuning", "recipes", "curves", "learning", "prospects"))
        return {"decides": study.decides, **nothing}
    letters = letter_recipes(row["variant"] for row in own.recipes)
    edges = [
        {"name": name, "key": key, "place": place, "end": end}
        for name in names
        for place, key in enumerate(own.settings)
        for end in ("lowest", "highest")
        if study.tuning
        and study.tuning.trials >= FEWEST_TRIALS
        and facts.value(f"choice.at_{end}/{name}/{place}", 0) * 2 > len(study.replicates)
    ]
    return {
        "decides": study.decides,
        "tuning": study.tuning
        and {
            "scope": study.tuning.scope,
            "keys": list(study.tuning.over[study.reference]),
            "own_ranges": [
                name
                for name, ranges in study.tuning.over.items()
                if ranges != study.tuning.over[study.reference]
            ],
        },
        "other_findings": {
            row["first"]: row["says"] for row in own.others if row["measure"] == ACCURACY
        },
        "curves": [row["first"] for row in own.pairs if row["recipes"] > 1],
        "recipes": [
            {"name": name_recipe(variant), "letter": letter} for variant, letter in letters.items()
        ],
        "own_letter": letters.get(OWN),
        "recipe_settings": list(own.settings),
        "edges": edges,
        "learning": study.learning_curve and study.learning_curve.by,
        "prospects": [row["first"] for row in own.prospects],
    }


def _spikes(facts: Facts, name: str) -> bool:
    highest, first = (facts.value(f"{key}.loss/{name}", 0) for key in ("highest", "first"))
    return facts.value(f"highest.loss.epoch/{name}", 1) > 1 and highest > SPIKE * first


def _is_tied(facts: Facts, word: str, name: str, classes: int) -> bool:
    """Return whether several classes have a network's lowest or highest recall."""
    extreme = facts.value(f"recall.{word}/{name}")
    return [facts.value(f"recall.mean/{name}/{at}") for at in range(classes)].count(extreme) > 1


def _is_beyond(facts: Facts, name: str) -> bool:
    """Return whether an interval holds differences that no two accuracies have."""
    ends = (facts.value(f"contrast.{ACCURACY}.{end}/{name}", 0.0) for end in ("low", "high"))
    return any(abs(end) > 1 for end in ends)


def _parts(results: Results) -> list[list[str]]:
    return [
        list(split.loc[split["part"] == "train", "filename"]) for split in results.splits.values()
    ]


def _describe_networks(study: Study, facts: Facts) -> dict[str, Any]:
    own = [contender for contender in study.contenders if contender.network in CATALOGUE]
    layouts: dict[tuple[tuple[int, ...], bool], list[str]] = {}
    for contender in own:
        stages, _, small = layout_of(CATALOGUE[contender.network])
        layouts.setdefault((stages, small), []).append(contender.name)
    foreign = [contender for contender in study.contenders if contender.network not in CATALOGUE]
    return {
        "layouts": [
            {"place": place, "names": names, "stages": len(stages), "small": small}
            for place, ((stages, small), names) in enumerate(layouts.items())
        ],
        "families": sorted({CATALOGUE[contender.network].family for contender in own}),
        "bottleneck": any(CATALOGUE[contender.network].bottleneck for contender in own),
        "foreign": [
            {
                "name": contender.name,
                "network": contender.network,
                "source": "file" if ".py:" in contender.network else "library",
            }
            for contender in foreign
        ],
        "matched": [
            {"name": contender.name, "other": _find_measure(contender.parameters_of, study)}
            for contender in own
            if contender.parameters_of is not None
        ],
        "unused": [
            contender.name
            for contender in own
            if contender.width == 1
            and f"published.unused_parameters/{contender.name}" in facts
            and f"published.parameters/{contender.name}" in facts
        ],
    }


def _find_measure(parameters_of: tuple[str, float], study: Study) -> str:
    return next(
        own.name
        for own in study.contenders
        if (own.network, own.width) == parameters_of and own.parameters_of is None
    )


def _describe_settings(results: Results, reference: str) -> dict[str, Any]:
    made = {
        name: next(iter(runs.values()))["made_with"]["contender"]
        for name, runs in results.training.items()
    }
    common = list_settings(made[reference])
    return {
        "settings": list(common),
        "optimizer": common["optimizer"],
        "one_length": len({list_settings(own)["epochs"] for own in made.values()}) == 1,
        "own_settings": [
            {
                "name": name,
                "settings": [
                    key for key, value in list_settings(own).items() if value != common[key]
                ],
            }
            for name, own in made.items()
            if any(value != common.get(key) for key, value in list_settings(own).items())
        ],
    }


def _is_turned(facts: Facts, contender: str) -> bool:
    """Say whether one replicate has another network ahead by the mean of the last epochs."""
    ids = (f"contrast.{own}.mean/{contender}" for own in ("accuracy", "late_accuracy"))
    last, late = (facts.value(id, 0.0) for id in ids)
    return facts.value("replicates") == 1 and last * late < 0


def _describe_claims(verdicts: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    keys = (
        "name",
        "number",
        "topic",
        "statement",
        "verdict",
        "verdict_of_last_epochs",
        "recipe",
        "verdict_of_other_recipe",
        "texts",
        "needs",
        "limits",
    )
    tests = ("measure", "first", "second", "about", "missing", "verdict")
    return [
        {key: own.get(key) for key in keys}
        | {"tests": [{key: test[key] for key in tests} for test in own["tests"] if "mean" in test]}
        | {"missing": [name for test in own["tests"] for name in test["missing"]]}
        for own in verdicts
    ]
