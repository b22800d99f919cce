"""What is counted in the predictions: confusions, and the images that most runs get wrong."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from timbang.report.explorer.material import NO_ANSWER, Material

MOST_SUSPECTS = 100


def count_confusions(material: Material, series: int) -> np.ndarray:
    """Return the confusion matrix of a series over all its runs, int [classes, classes].

    Rows are true classes, columns predicted ones. Validation images count alone, as in the report.
    """
    classes = len(material.images.classes)
    counts = np.zeros((classes, classes), dtype=np.int64)
    for run in material.runs:
        if run.series == series:
            answers = run.answers
            counted = answers.validated & (answers.predicted != NO_ANSWER)
            labels = material.images.labels[answers.images[counted]]
            np.add.at(counts, (labels, answers.predicted[counted]), 1)
    return counts


@dataclass(frozen=True)
class Suspect:
    """An image that runs get wrong: ``wrong`` of ``asked`` runs, most often as ``taken_for``.

    ``own`` is the mean probability that the runs give to its label.
    """

    image: int
    wrong: int
    asked: int
    taken_for: int
    own: float


def find_suspects(material: Material) -> Sequence[Suspect]:
    """Return the images to whose label all runs together give the least probability.

    Those that at least half of the runs get wrong, the least probable first, at most
    ``MOST_SUSPECTS``. A wrong label looks like that, and so does a hard image.
    """
    images = material.images
    shape = len(images.names), len(images.classes)
    votes, probability = np.zeros(shape, dtype=np.int64), np.zeros(shape[0])
    for run in material.runs:
        answered = run.answers.predicted != NO_ANSWER
        places = run.answers.images[answered]
        np.add.at(votes, (places, run.answers.predicted[answered]), 1)
        np.add.at(probability, places, run.answers.own[answered])
    asked = votes.sum(axis=1)
    wrong = asked - votes[np.arange(shape[0]), images.labels]
    votes[np.arange(shape[0]), images.labels] = -1
    found = np.flatnonzero((wrong > 0) & (2 * wrong >= asked))
    own = probability[found] / asked[found]
    return [
        Suspect(
            int(place),
            int(wrong[place]),
            int(asked[place]),
            int(votes[place].argmax()),
            float(probability[place] / asked[place]),
        )
        for place in found[np.argsort(own, kind="stable")][:MOST_SUSPECTS]
    ]
