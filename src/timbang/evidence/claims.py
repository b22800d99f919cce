"""Claims as data: a sentence, what it is measured by, and what is said for each verdict."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml

from timbang.errors import TimbangError
from timbang.evidence.design import About
from timbang.study.messages import suggest
from timbang.study.plain_yaml import read_plain_yaml


class Verdict(StrEnum):
    """What is said of a claim."""

    SUPPORTED = "supported"
    REFUTED = "refuted"
    INCONCLUSIVE = "inconclusive"
    NOT_TESTED = "not_tested"


class Expectation(StrEnum):
    """What a test expects of the difference, first minus second."""

    GREATER = "greater"
    NO_GREATER = "no_greater"
    EQUAL = "equal"


# The language of a text that is given in one only; a report's catalogue may have it in others.
SOURCE_LANGUAGE = "en"
_LANGUAGE = re.compile(r"[a-z]{2,3}")
# The word for a claim that comes with the library.
PUBLISHED = "published"
# What networks are trained by: the study's recipe, or what each has chosen.
RECIPES = DEFAULT, TUNED = "default", "tuned"


@dataclass(frozen=True)
class Comparison:
    """A paired comparison of two contenders by one measure of their runs.

    ``measure`` is a column of ``runs.csv``; ``margin`` is in the measure's unit, and None stands
    for the study's margin of accuracy.
    """

    measure: str
    first: str
    second: str
    expect: Expectation
    margin: float | None


@dataclass(frozen=True)
class Claim:
    """A sentence with its tests, all of which must hold for it to be supported.

    ``number`` is that of the published study's list, as ``10a``; None for one of the user's own.
    ``topic`` is the part of the discussion that takes it up: ``residual``, ``size``,
    ``preactivation`` or None.
    ``about`` is what it is said of, and ``recipe`` whether of the study's recipe (``default``) or
    of ``tuned`` networks; None for what the study asks.
    ``statement`` and, for each verdict, ``texts`` are by language. ``needs`` says in words, by
    language, what a study must have for the claim to be tested, and ``limits`` what the claim says
    and its tests do not.
    """

    name: str
    number: str | None
    topic: str | None
    about: About | None
    recipe: str | None
    statement: Mapping[str, str]
    tests: tuple[Comparison, ...]
    texts: Mapping[str, Mapping[str, str]]
    needs: Mapping[str, str]
    limits: Mapping[str, str]


def read_claims(paths: Sequence[Path]) -> list[Claim]:
    """Read the claims of files, one a file, by their numbers.

    Raises:
        TimbangError: a file is no claim; the message names file and key.
    """
    claims = [read_claim(path) for path in paths]
    return sorted(claims, key=lambda claim: _place_of(claim.number))


def read_claim(path: Path) -> Claim:
    """Read one claim.

    Raises:
        TimbangError: it is none.
    """
    try:
        content = read_plain_yaml(path)
    except (OSError, ValueError, yaml.YAMLError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise TimbangError(f"{path}: cannot be read as YAML ({reason})") from None
    return make_claim(path.stem, content, str(path))


def make_claim(name: str, content: Any, place: str) -> Claim:
    """Make a claim of what was read from YAML.

    Args:
        name: what the claim is called in ``verdicts.json``.
        content: a mapping with ``statement``, ``tests``, ``texts``, perhaps ``number``, ``topic``,
            ``about``, ``recipe``, ``needs``, ``limits``.
        place: names the content in messages.

    Raises:
        TimbangError: a key is missing, unknown or of the wrong kind.
    """
    others = ("number", "topic", "about", "recipe", "needs", "limits")
    _check_keys(content, ("statement", "tests", "texts"), others, place)
    tests = content["tests"]
    if not isinstance(tests, list) or not tests:
        raise TimbangError(f"{place}: tests: is not a list of at least one test")
    return Claim(
        name=name,
        number=str(content["number"]) if "number" in content else None,
        topic=str(content["topic"]) if "topic" in content else None,
        about=_read_about(content.get("about"), f"{place}: about"),
        recipe=_read_recipe(content.get("recipe"), f"{place}: recipe"),
        statement=_read_words(content["statement"], f"{place}: statement"),
        tests=tuple(
            _make_test(test, f"{place}: tests.{number}") for number, test in enumerate(tests)
        ),
        texts=_read_texts(content["texts"], f"{place}: texts"),
        needs=_read_words(content.get("needs", ""), f"{place}: needs"),
        limits=_read_words(content["limits"], f"{place}: limits") if "limits" in content else {},
    )


def check_names(
    claim: Claim, contenders: Sequence[str] | None, measures: Sequence[str], place: str
) -> None:
    """Check that a claim speaks of what a study has.

    Args:
        claim: the claim.
        contenders: the names of the study's contenders; None where others may be named.
        measures: the measures that its runs may have, columns of ``runs.csv``.
        place: names the claim in messages.

    Raises:
        TimbangError: a test names another contender or measure; the message names test and key.
    """
    for number, test in enumerate(claim.tests):
        for key, name, kind, known in (
            ("measure", test.measure, "measure", measures),
            ("first", test.first, "contender", contenders),
            ("second", test.second, "contender", contenders),
        ):
            if known is not None and name not in known:
                raise TimbangError(
                    f"{place}: tests.{number}.{key}: {name!r} is not a {kind}"
                    f"{suggest(name, list(known))}; allowed: {', '.join(known)}"
                )


def choose_claims(
    wanted: Any, shipped: Mapping[str, Path], contenders: Sequence[str], measures: Sequence[str]
) -> tuple[list[Path], dict[str, Any]]:
    """Find the claims that a study names, and check that they speak of what it has.

    Args:
        wanted: ``claims`` of the configuration: ``published``, names of shipped claims, or a
            mapping of names to ``published`` or to a claim of the user's own.
        shipped: the files of the published study's claims, by name.
        contenders: the names of the study's contenders. With ``published`` alone the claims on
            others are not tested; each that is named must be on these.
        measures: the measures that claims may name.

    Returns:
        The files of the shipped ones, and the user's own by name.

    Raises:
        TimbangError: a name is none of the shipped claims, or a claim is wrong.
    """
    if wanted == PUBLISHED:
        for path in shipped.values():
            check_names(read_claim(path), None, measures, str(path))
        return list(shipped.values()), {}
    chosen = wanted if isinstance(wanted, Mapping) else dict.fromkeys(wanted, PUBLISHED)
    own = {name: claim for name, claim in chosen.items() if claim != PUBLISHED}
    paths = []
    for name in chosen.keys() - own.keys():
        if name not in shipped:
            raise TimbangError(
                f"claims: {name!r} is not a claim of the published study"
                f"{suggest(name, list(shipped))}; allowed: {', '.join(shipped)}"
            )
        paths.append(shipped[name])
        check_names(read_claim(shipped[name]), contenders, measures, f"claims.{name}")
    for name, content in own.items():
        check_names(
            make_claim(name, content, f"claims.{name}"), contenders, measures, f"claims.{name}"
        )
    return sorted(paths), own


def _place_of(number: str | None) -> tuple[bool, int, str]:
    """Return what claims are sorted by: 2 before 10a before 10b, those without a number last."""
    digits = "".join(filter(str.isdigit, number or ""))
    return number is None, int(digits or 0), number or ""


def _read_about(content: Any, place: str) -> About | None:
    if content is not None and content not in list(About):
        raise TimbangError(f"{place}: {content!r} is not allowed; allowed: {', '.join(About)}")
    return None if content is None else About(content)


def _read_recipe(content: Any, place: str) -> str | None:
    if content not in (None, *RECIPES):
        raise TimbangError(f"{place}: {content!r} is not allowed; allowed: {', '.join(RECIPES)}")
    return None if content is None else str(content)


def _make_test(content: Any, place: str) -> Comparison:
    _check_keys(content, ("measure", "first", "second", "expect"), ("margin",), place)
    if content["expect"] not in list(Expectation):
        raise TimbangError(
            f"{place}.expect: {content['expect']!r} is not allowed; allowed: "
            f"{', '.join(Expectation)}"
        )
    margin = content.get("margin")
    if margin is not None and not (isinstance(margin, int | float) and margin >= 0):
        raise TimbangError(f"{place}.margin: {margin!r} is not allowed; allowed: 0 or more")
    for key in ("measure", "first", "second"):
        if not isinstance(content[key], str):
            raise TimbangError(f"{place}.{key}: {content[key]!r} is not a text")
    return Comparison(**{"margin": margin, **content, "expect": Expectation(content["expect"])})


def _read_texts(content: Any, place: str) -> dict[str, dict[str, str]]:
    needed = [verdict for verdict in Verdict if verdict != Verdict.NOT_TESTED]
    _check_keys(content, needed, (Verdict.NOT_TESTED,), place)
    return {
        verdict.value: _read_words(content.get(verdict, ""), f"{place}.{verdict}")
        for verdict in Verdict
    }


def _read_words(content: Any, place: str) -> dict[str, str]:
    """Return a text by language; one alone counts as English, which a catalogue may translate."""
    if isinstance(content, str):
        return {SOURCE_LANGUAGE: content}
    if not isinstance(content, Mapping) or not content:
        raise TimbangError(f"{place}: is neither a text nor one by language (en: text)")
    for language in content:
        if not _LANGUAGE.fullmatch(str(language)):
            raise TimbangError(f"{place}: {language!r} is no code of a language, as en or id")
    return {str(language): str(text) for language, text in content.items()}


def _check_keys(content: Any, needed: Sequence[str], others: Sequence[str], place: str) -> None:
    if not isinstance(content, Mapping):
        raise TimbangError(f"{place}: is not a mapping (key: value)")
    for key in needed:
        if key not in content:
            raise TimbangError(f"{place}: {key}: missing")
    for key in content:
        if key not in (*needed, *others):
            allowed = ", ".join((*needed, *others))
            raise TimbangError(f"{place}: {key!r}: unknown key; allowed: {allowed}")
