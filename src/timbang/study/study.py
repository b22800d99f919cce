"""A whole study, and what its report says of itself: apart from what is trained.

So a key of the report that is added changes no module that training follows from.
"""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal

from timbang.study.words import Contender, Data, Recipe, Split


@dataclass(frozen=True)
class Report:
    """What the report says about itself. Texts are keyed by language."""

    languages: tuple[str, ...]
    title: Mapping[str, str]
    authors: tuple[str, ...]
    course: Mapping[str, str]
    date: datetime.date | None
    ai_assistance: Mapping[str, str]
    sections: tuple[str, ...]
    bibliography: str | None
    logo: str | None
    title_page: str | None
    published: str | None
    compare_with: str | None


@dataclass(frozen=True)
class Tuning:
    """How each contender's recipe is chosen among trials.

    ``over`` has the ranges of each contender: by key of the recipe the lowest and the highest
    value, or words. ``share`` is the part of a replicate's training images that chooses, ``scope``
    who chooses (``replicate`` or ``study``), ``decides`` which contrasts do (``tuned`` or
    ``default``).
    """

    trials: int
    over: Mapping[str, Mapping[str, tuple[Any, ...]]]
    scope: str
    share: float
    decides: str


@dataclass(frozen=True)
class LearningCurve:
    """On which shares of the training images contenders are trained too, and what is held equal.

    ``by`` is ``epochs`` or ``steps``.
    """

    shares: tuple[float, ...]
    by: str


@dataclass(frozen=True)
class Study:
    """One configuration file: the contenders, what they are weighed on, and how often.

    Each contender has ``seeds`` runs in each replicate, all on the replicate's split. ``varied``
    are further recipes for all contenders, each by what it changes (``width`` or keys of the
    recipe). ``on_suspects`` says what becomes of images whose label is doubted: ``report`` or
    ``drop``.
    """

    name: str
    data: Data
    split: Split
    replicates: tuple[int, ...]
    seeds: int
    recipe: Recipe
    width: float
    contenders: tuple[Contender, ...]
    reference: str
    contrasts: tuple[str, ...]
    margin: float
    about: str
    diverged: str
    tuning: Tuning | None
    varied: tuple[Mapping[str, Any], ...]
    learning_curve: LearningCurve | None
    claims: Any
    on_suspects: str
    probes: tuple[str, ...]
    device: str
    threads: int
    checkpoint_seconds: float
    report: Report

    def contender(self, name: str) -> Contender:
        """Return the contender of that name, which must exist."""
        return next(contender for contender in self.contenders if contender.name == name)

    @property
    def tie(self) -> Literal["redrawn", "folds", "fixed"]:
        """How the splits of the replicates hang together: anew in each, dealt, or one for all."""
        if self.split.is_fixed:
            return "fixed"
        return "folds" if self.split.folds else "redrawn"

    @property
    def decides(self) -> str:
        """Which recipes decide: ``default``, the study's own, or those that were ``tuned``."""
        return self.tuning.decides if self.tuning else "default"

    @property
    def runs(self) -> tuple[tuple[int, int], ...]:
        """Replicate and seed of each run of a contender, in their order."""
        return tuple(product(self.replicates, range(self.seeds)))

    @property
    def weighed(self) -> tuple[str, ...]:
        """The reference and the contenders that are tested against it, in their order.

        The others are controls: claims may name them, and tables and figures show them.
        """
        return tuple(c.name for c in self.contenders if c.name in (self.reference, *self.contrasts))
