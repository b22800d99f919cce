"""What is counted in the predictions, and what the image ledger says of suspects."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from timbang.explorer.material import NO_ANSWER, Material
from timbang.records.tables import class_indices, sorted_classes
from timbang.scores import ledger

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
    """An image whose label is not the likeliest class: its place, and its row of ``images.csv``.

    ``believed`` is the place of the likeliest class.
    """

    image: int
    believed: int
    row: dict[str, Any]


def find_suspects(images: pd.DataFrame) -> Sequence[Suspect]:
    """Return the first ``MOST_SUSPECTS`` of the ledger's suspects, the least believed first.

    Args:
        images: the table that ``tabulate_images`` returns, in the order of the material's images.
    """
    suspects = ledger.find_suspects(images).head(MOST_SUSPECTS)
    believed = class_indices(suspects["believed"], sorted_classes(images["label"]))
    rows = suspects.to_dict("records")
    return [
        Suspect(int(image), int(place), {str(name): value for name, value in row.items()})
        for image, place, row in zip(suspects.index, believed, rows, strict=True)
    ]
