"""Two contenders weighed by a measure: their differences, replicate by replicate.

A replicate counts once, by the mean over its runs: several runs on one split are not several
splits.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from timbang.evidence.claims import DEFAULT
from timbang.evidence.contrasts import Contrast, contrast
from timbang.evidence.design import About, Design
from timbang.evidence.images import Cells, ImageScores
from timbang.evidence.sampling import IMAGE_MEANS, Sampling, resolution_of, sampling_of
from timbang.evidence.seeds import pair_seeds

# A run that diverged has learned nothing: by these it scores as one that guesses.
SCORED_AT_CHANCE = ("accuracy", "late_accuracy", "test_accuracy")
# The scores of a contender's runs on the images of a part: by replicate, those of each seed.
ReadScores = Callable[[str, str], Mapping[int, Sequence[ImageScores]]]


@dataclass(frozen=True)
class Weighed:
    """A contrast, and what it would be over the replicates in which neither run diverged."""

    contrast: Contrast
    finished: int
    finished_mean: float


@dataclass(frozen=True)
class Scale:
    """All that a study's contenders are weighed by.

    ``runs`` is the table ``runs.csv``; ``read_scores`` gives the scores of a contender's runs on
    the images of a part (None: they are not at hand). ``margin`` is of accuracies, a fraction.
    ``chance`` is the accuracy that a run which diverged counts with; None leaves its replicate
    out. ``recipe`` says what the networks were trained by: the study's recipe (``default``) or what
    each has chosen (``tuned``).
    """

    runs: pd.DataFrame
    design: Design
    margin: float
    about: About
    chance: float | None
    read_scores: ReadScores | None
    recipe: str = DEFAULT

    def weigh(
        self, measure: str, first: str, second: str, margin: float, about: About | None = None
    ) -> Weighed:
        """Return the contrast of two contenders by a measure.

        Args:
            measure: a column of ``runs``.
            first: the contender whose advantage is asked for.
            second: the other one.
            margin: below which a difference is of no account, in the unit of the measure.
            about: what is to be decided; None for what the study asks.
        """
        chance = self.chance if measure in SCORED_AT_CHANCE else None
        differences = self._pair(measure, first, second, chance)
        finished = self._pair(measure, first, second, None)
        known = finished[finished.notna()]
        own = contrast(
            differences.tolist(),
            self.design,
            margin,
            sampling_of(measure),
            about or self.about,
            self._find_cells(measure, first, second, differences, chance),
            resolution_of(measure, self.design),
        )
        return Weighed(own, len(known), float(known.mean()) if len(known) else math.nan)

    def _pair(self, measure: str, first: str, second: str, chance: float | None) -> pd.Series:
        """Return first minus second by replicate, NaN where no pair of runs has a difference."""
        return pair_seeds(self.runs, measure, first, second, chance).mean(axis=1)

    def _find_cells(
        self,
        measure: str,
        first: str,
        second: str,
        differences: pd.Series,
        chance: float | None,
    ) -> Cells | None:
        """Return the differences image by image of the replicates that have one."""
        if self.read_scores is None or sampling_of(measure) != Sampling.IMAGES:
            return None
        part, score = IMAGE_MEANS[measure]
        own, other = (self.read_scores(name, part) for name in (first, second))
        runs, groups, values = [], [], []
        for replicate in differences.index[differences.notna()]:
            pairs = [
                _score(left, score, chance) - _score(right, score, chance)
                for left, right in zip(own[replicate], other[replicate], strict=True)
            ]
            groups.append(own[replicate][0].groups)
            # A pair without a difference has none on any image.
            values.append(np.nanmean(pairs, axis=0))
            runs.append(np.full(len(groups[-1]), replicate))
        if not runs:
            return None
        return Cells(np.concatenate(runs), np.concatenate(groups), np.concatenate(values))


def _score(scores: ImageScores, name: str, chance: float | None) -> np.ndarray:
    values: np.ndarray = getattr(scores, name)
    return values if chance is None else np.where(np.isnan(values), chance, values)
