"""How the replicates of a study hang together, and what its differences are to speak of."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Splits = Literal["redrawn", "folds", "fixed"]


class About(StrEnum):
    """What a difference is said of.

    ``THESE``: the study's own images, over fresh splits of them, initial weights and orders (with
    one fixed split: that division). ``LIKE_THESE``: other data sets of the same size, drawn from
    where these images come from.
    """

    THESE = "these_images"
    LIKE_THESE = "images_like_these"


@dataclass(frozen=True)
class Design:
    """How the replicates of a study hang together.

    Splits are ``redrawn`` in each replicate, dealt as ``folds``, or one ``fixed`` for all.
    ``train_images`` and ``validation_images`` are the means over replicates.
    """

    splits: Splits
    train_images: float
    validation_images: float

    @property
    def resolution(self) -> float:
        """The smallest difference that two accuracies on the validation images can have."""
        return 1 / self.validation_images
