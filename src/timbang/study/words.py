"""What is trained, on what and how, as frozen dataclasses; the values are the configuration's."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Data:
    """Where the images come from and what becomes of them.

    ``image_size`` is the side in pixels of the square that every image is resized to,
    ``largest_image`` the number of pixels above which an image is not decoded, and
    ``largest_archive`` the bytes above which an archive is not unpacked. Two images within
    ``duplicate_distance`` bits of perceptual hash and with ``duplicate_evidence`` nats or more
    are near-duplicates. ``confirm`` is a table of pairs of which a person says whether they are.
    """

    source: str
    folder: str | None
    table: str | None
    images: str | None
    archive: str | None
    sha256: str | None
    dataset: str | None
    root: str | None
    filename_column: str
    label_column: str
    image_size: int
    on_problem: str
    largest_image: int
    largest_archive: int
    duplicate_distance: int
    duplicate_evidence: float
    confirm: str | None


@dataclass(frozen=True)
class Split:
    """How the images are divided.

    ``validation`` and ``test`` are wanted shares of all images. With ``folds`` the validation
    parts of that many replicates cover all images but those of the test part, and ``validation``
    is the share of one fold. ``column`` (``from`` in the configuration) names the column of the
    user's table that divides the images; ``scheme`` is then ``from``. Without ``resample`` every
    replicate has the split of replicate 0.
    """

    scheme: str
    validation: float
    test: float
    folds: int | None
    column: str | None
    resample: bool

    @property
    def is_fixed(self) -> bool:
        """Whether all replicates share one split."""
        return self.scheme in ("published", "from") or not self.resample


@dataclass(frozen=True)
class Recipe:
    """How a network is trained.

    ``momentum`` None stands for the optimiser's own. ``random_resized_crop`` is the least share
    of the area that is kept, ``mixup`` and ``cutmix`` are the alpha of their Beta distributions,
    ``gradient_clip`` is the largest norm, ``ema`` the decay of the moving average of the weights.
    ``precision`` is that of the forward pass, ``tf32`` permits a GPU to round the factors of
    float32 products, ``compile`` lets torch compile the network.
    """

    epochs: int
    batch_size: int
    optimizer: str
    learning_rate: float
    weight_decay: float
    horizontal_flip: float
    momentum: float | None
    schedule: str
    warmup_epochs: float
    step_epochs: int | None
    step_factor: float
    label_smoothing: float
    mixup: float
    cutmix: float
    dropout: float
    random_resized_crop: float
    auto_augment: str
    gradient_clip: float
    ema: float
    weights: str | None
    precision: str
    tf32: bool
    compile: bool


@dataclass(frozen=True)
class Contender:
    """A network with its recipe, by name.

    ``width`` multiplies every number of channels. With ``parameters_of``, the network and width
    of another contender, the width is solved instead so that both have as many parameters.
    """

    name: str
    network: str
    width: float
    recipe: Recipe
    parameters_of: tuple[str, float] | None

    def change(self, changes: Mapping[str, Any]) -> "Contender":
        """Return the contender with other settings: keys of the recipe by value, and ``width``."""
        recipe = {key: value for key, value in changes.items() if key != "width"}
        width = changes.get("width", self.width)
        return replace(self, width=width, recipe=replace(self.recipe, **recipe))
