"""Reads a finished report and finds what contradicts the planted truth.

It shares no code with what wrote the report: it knows the sentences that judge, in both
languages, and the truth of the scenario.
"""

import re
import unicodedata
from pathlib import Path

import yaml
from pages import read_text
from results import ROOT, Scenario

from timbang.languages.catalogue import read_language

TITLES = {
    "plain": "Plain",
    "resnet": "ResNet",
    "multipath": "Multi-Path ResNet",
    "twinpath": "Twin-Path ResNet",
    "preact": "Pre-activation ResNet",
}
WORDS = {
    "en": {
        "higher": [
            r"(\w+)isN percentagepointsmoreaccuratethan(\w+)\(",
            r"(\w+)(?:is|are)moreaccuratethan(\w+)",
        ],
        "lower": [
            r"(\w+)isN percentagepointslessaccuratethan(\w+)\(",
            r"(\w+)(?:is|are)lessaccuratethan(\w+)",
        ],
        "verdict": "Claim{},{}",
        "words": {"supported": "supported", "refuted": "refuted", "inconclusive": "inconclusive"},
        "needs": "Claim{}needs",
        "single": "run-to-run variation was not measured",
        "open": ["are too few to tell", "whether others would show the same is unknown"],
    },
    "id": {
        "higher": [
            r"akurasi(\w+)lebihtinggiN poinpersentasedaripadaakurasi(\w+)\(",
            r"(\w+)lebihakuratdaripada(\w+)",
        ],
        "lower": [
            r"akurasi(\w+)lebihrendahN poinpersentasedaripadaakurasi(\w+)\(",
            r"akurasi(\w+)lebihrendahdaripadaakurasi(\w+)",
            r"(\w+)akurasinyalebihrendahdaripada(\w+)",
        ],
        "verdict": "Klaim{},{}",
        "words": {
            "supported": "didukung",
            "refuted": "terbantah",
            "inconclusive": "belum dapat disimpulkan",
        },
        "needs": "Klaim{}memerlukan",
        "single": "variasi antarpelatihan tidak diukur",
        "open": ["belum dapat dibedakan dari", "belum diketahui apakah ulangan lain"],
    },
}
# What the last epochs together would say decides nothing, and may be another thing than the truth.
LATE = re.compile(
    r"(?:Bythemeanofthelast|Berdasarkanrerata)\d+epoch.*?"
    r"(?:fixedinadvance|remainopen|ditetapkansebelumnya|dapatdisimpulkan)\."
)
CLAIMS = [yaml.safe_load(path.read_text()) for path in sorted((ROOT / "report/claims").glob("*"))]


def squash(text: str) -> str:
    """Return a text without what lines and hyphenation do to it."""
    return re.sub(r"[\s\-‐­*]", "", unicodedata.normalize("NFKC", text)).replace("’", "'")


def title(name: str) -> str:
    """Return what a contender is called in print."""
    family, depth, extra = re.fullmatch(r"([a-z]+)(\d+)(-\w+)?", name).groups()
    return name if extra else f"{TITLES[family]}-{depth}"


def find_contradictions(scenario: Scenario, pdf: Path, language: str) -> list[str]:
    """Return what a report says against the truth, or does not say; empty if all is well."""
    text = LATE.sub("", squash(read_text(pdf)))
    # Statements of claims are quoted in the table, whatever their verdict.
    say = read_language(language).say
    for claim in CLAIMS:
        text = text.replace(squash(say(claim["statement"])), "")
    return [
        *_find_wrong_directions(scenario, text, language),
        *_find_wrong_verdicts(scenario, text, language),
        *_find_missing_caution(scenario, text, language),
    ]


def _find_wrong_directions(scenario: Scenario, text: str, language: str) -> list[str]:
    """Every sentence that puts one contender before another must be true, and be allowed."""
    names = {squash(title(name)): name for name in scenario.plants}
    any_name = "|".join(sorted(map(re.escape, names), key=len, reverse=True))
    # Before the verb there may be several.
    any_names = rf"(?:(?:{any_name}),?(?:and|dan)?)+"
    faults = []
    for says in ("higher", "lower"):
        for form in WORDS[language][says]:
            pattern = form.replace(r"(\w+)", f"({any_names})", 1)
            pattern = pattern.replace(r"(\w+)", f"({any_name})").replace("N ", r"[\d.,]+")
            for match in re.finditer(pattern, text):
                second = names[match[2]]
                for first in (names[word] for word in re.findall(any_name, match[1])):
                    if _true_direction(scenario, first, second) != says:
                        faults.append(f"{language}: says {first} is {says} than {second}")
    return faults


def _true_direction(scenario: Scenario, first: str, second: str) -> str | None:
    """Return which of two is ahead, where so many replicates may say so."""
    plants = [scenario.plants[name] for name in (first, second)]
    lost = set(plants[0].diverged) | set(plants[1].diverged)
    if scenario.replicates - len(lost) < 5 or any(own.noisy for own in plants):
        return None
    if scenario.fixed and scenario.replicates < 7:
        return None
    difference = plants[0].effect - plants[1].effect
    return None if difference == 0 else "higher" if difference > 0 else "lower"


def _find_wrong_verdicts(scenario: Scenario, text: str, language: str) -> list[str]:
    words, say = WORDS[language], read_language(language).say
    faults = []
    for number, verdict in scenario.verdicts.items():
        if verdict == "not_tested":
            expected = squash(words["needs"].format(number))
        else:
            expected = squash(words["verdict"].format(number, words["words"][verdict]))
        if expected not in text:
            faults.append(f"{language}: claim {number} is not called {verdict}")
        (claim,) = [own for own in CLAIMS if own["number"] == number]
        for other, said in claim["texts"].items():
            if other != verdict and squash(say(said)) in text:
                faults.append(f"{language}: claim {number} is {verdict}, the text says {other}")
    return faults


def _find_missing_caution(scenario: Scenario, text: str, language: str) -> list[str]:
    words = WORDS[language]
    faults = []
    if scenario.replicates == 1 and squash(words["single"]) not in text:
        faults.append(f"{language}: one replicate, and nothing is said of it")
    finished = [own for own in scenario.plants.values() if len(own.diverged) < scenario.replicates]
    few = scenario.replicates < 5 and len(finished) > 1
    if few and not any(squash(own) in text for own in words["open"]):
        faults.append(f"{language}: too few replicates, and nothing is left open")
    return faults
