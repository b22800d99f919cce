"""The contrasts once more, without the images whose labels the networks doubt.

Which images these are the predictions have said, so what is found without them was decided after
looking: it is told beside the contrasts that decide and decides nothing.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

from timbang.evidence.design import Design
from timbang.evidence.sampling import IMAGE_MEANS
from timbang.evidence.verdicts import ACCURACY, Decision, decide_contrasts
from timbang.evidence.weighing import ReadScores, Scale


def decide_without(
    scale: Scale, read_scores: ReadScores, pairs: Sequence[tuple[str, str]]
) -> list[Decision]:
    """Return the decisions on the study's contrasts by accuracy on some of the validation images.

    They are a family of their own: Holm's correction is over them alone.

    Args:
        scale: what contenders are weighed by, on all images.
        read_scores: the scores on the images that are kept.
        pairs: first and second contender of each contrast.
    """
    return decide_contrasts(_keep(scale, read_scores), pairs, ACCURACY)


def _keep(scale: Scale, read_scores: ReadScores) -> Scale:
    """Return a scale by the images that are kept; a replicate that keeps none is left out."""
    part, _ = IMAGE_MEANS[ACCURACY]
    runs = scale.runs.assign(seed=scale.runs.get("seed", 0))
    kept, accuracies = [], []
    for name, replicate, seed in zip(
        runs["contender"], runs["replicate"], runs["seed"], strict=True
    ):
        right = read_scores(name, part)[replicate][seed].right
        kept.append(len(right))
        accuracies.append(float(right.mean()) if len(right) else math.nan)
    runs = runs.assign(accuracy=accuracies, validation_images=kept)
    runs = runs[runs["validation_images"] > 0]
    # With nothing left there is no resolution, and nothing is asked for one.
    images = float(runs["validation_images"].mean()) if len(runs) else 1.0
    design = Design(scale.design.splits, scale.design.train_images, images)
    return replace(scale, runs=runs, design=design, read_scores=read_scores)
