"""Where a network looks: Grad-CAM, always with its control and with what deleting the part does.

A map alone shows nothing: it may look the same before training (Adebayo et al. 2018, arXiv
1810.03292). So each image has the map of the same network before training as well, and the part
that a map marks is deleted, beside a random part as large (as Petsiuk et al. 2018, arXiv
1806.07421, section 4.2, delete what is marked).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from timbang.probes.measuring import choose_rows
from timbang.training.augmentation import keeping_generators
from timbang.training.batches import load_images
from timbang.training.loop import Images

# So many validation images of each class.
PER_CLASS = 2
# The map is of the last layer with so many cells a side at least: in one cell there is no place.
FEWEST_CELLS = 4
# So much of the image is deleted, in whole cells, and that of so many random parts is averaged.
DELETED_SHARE = 0.2
RANDOM_PARTS = 8
# The graph of a batch is kept, unlike in evaluation.
BATCH = 16
# Of a map, whose largest cell is 1.
DECIMALS = 3


@dataclass(frozen=True)
class Look:
    """The map of each of B images, float [B, h, w], zero or more, and the logits, [B, classes]."""

    maps: Tensor
    logits: Tensor


def map_attention(network: nn.Module, inputs: Tensor, classes: Tensor | None = None) -> Look | None:
    """Return the Grad-CAM of images (Selvaraju et al. 2017, arXiv 1610.02391, section 3).

    The channels of a layer, each weighted by the mean of the gradient of the class's logit by it,
    are summed, and what is negative is zero. The layer is the last of the network's direct children
    that gives ``FEWEST_CELLS`` cells a side. In evaluation mode each image is mapped by itself.

    Args:
        network: stays as it is, but for its mode.
        inputs: float [B, 3, H, W].
        classes: of which the map is, int64 [B]; None for those that the network takes them for.

    Returns:
        The maps; None where no layer is fine enough.
    """
    kept: list[Tensor] = []

    def keep(module: nn.Module, given: Any, output: Any) -> None:
        is_grid = isinstance(output, Tensor) and output.dim() == 4
        if is_grid and min(output.shape[2:]) >= FEWEST_CELLS:
            kept[:] = [output]

    hooks = [child.register_forward_hook(keep) for child in network.children()]
    network.eval()
    try:
        with torch.enable_grad():
            # With weights that are not trained there is a gradient all the same.
            logits = network(inputs.detach().requires_grad_())
    finally:
        for hook in hooks:
            hook.remove()
    if not kept:
        return None
    if classes is None:
        classes = logits.argmax(1)
    (gradient,) = torch.autograd.grad(logits.gather(1, classes[:, None]).sum(), kept[0])
    maps = (gradient.mean((2, 3), keepdim=True) * kept[0]).sum(1).relu()
    return Look(maps.detach(), logits.detach())


def mark_cells(values: Tensor) -> Tensor:
    """Mark the largest ``DELETED_SHARE`` of the cells, at least one; the first of equal ones.

    Args:
        values: float [B, h, w].

    Returns:
        bool [B, h, w].
    """
    flat = values.flatten(1)
    count = max(1, round(DELETED_SHARE * flat.shape[1]))
    order = flat.argsort(dim=1, descending=True, stable=True)[:, :count]
    return torch.zeros_like(flat, dtype=torch.bool).scatter(1, order, True).view(values.shape)


def delete_cells(inputs: Tensor, marks: Tensor) -> Tensor:
    """Give the marked cells of images their image's mean colour.

    Args:
        inputs: float [B, 3, H, W].
        marks: bool [B, h, w].
    """
    where = interpolate(marks[:, None].float(), size=inputs.shape[2:], mode="nearest") > 0
    return torch.where(where, inputs.mean((2, 3), keepdim=True), inputs)


def probe_attention(
    network: nn.Module, untrained: nn.Module, images: Images, device: torch.device
) -> list[dict[str, Any]]:
    """Return where a network looks on some validation images of each class, with its control.

    Args:
        network: the trained network, on the device.
        untrained: the same as it was before training, on the device.
        images: the images and the run's split.
        device: where to compute.

    Returns:
        One entry an image, ordered by class: its ``row`` in the pixels, ``label`` and ``predicted``
        as places of classes, the ``probability`` of the prediction, ``map`` and ``control`` (of the
        untrained network, for the same class), lists of rows whose largest cell is 1, and how far
        that probability falls without the part that these mark (``fall_marked``,
        ``fall_control``; None for a map that marks nothing) and without random parts as large
        (``fall_random``, their mean). Nothing where no layer is fine enough.
    """
    rows = _choose(images)
    found = []
    dice = torch.Generator().manual_seed(0)
    with keeping_generators():
        for start in range(0, len(rows), BATCH):
            batch = rows[start : start + BATCH]
            inputs = load_images(images.pixels, batch, device)
            look = map_attention(network, inputs)
            if look is None:
                return []
            predicted = look.logits.argmax(1)
            control = map_attention(untrained, inputs, predicted)
            assert control is not None
            before = _take(look.logits, predicted)

            def fall(
                marks: Tensor,
                inputs: Tensor = inputs,
                predicted: Tensor = predicted,
                before: Tensor = before,
            ) -> Tensor:
                with torch.inference_mode():
                    return before - _take(network(delete_cells(inputs, marks)), predicted)

            random_parts = [
                fall(mark_cells(torch.rand(look.maps.shape, generator=dice).to(device)))
                for _ in range(RANDOM_PARTS)
            ]
            columns = {
                "row": batch.tolist(),
                "label": images.classes[batch].tolist(),
                "predicted": predicted.tolist(),
                "probability": before.tolist(),
                "map": _scale(look.maps),
                "control": _scale(control.maps),
                "fall_marked": _drop_blank(fall(mark_cells(look.maps)), look.maps),
                "fall_control": _drop_blank(fall(mark_cells(control.maps)), control.maps),
                "fall_random": torch.stack(random_parts).mean(0).tolist(),
            }
            found += [
                dict(zip(columns, own, strict=True)) for own in zip(*columns.values(), strict=True)
            ]
    return found


def _choose(images: Images) -> np.ndarray:
    """Return rows of validation images, int64, by class; evenly spaced, not by what is in them."""
    classes = images.classes[images.validation]
    return np.concatenate(
        [choose_rows(images.validation[classes == own], PER_CLASS) for own in np.unique(classes)]
    )


def _take(logits: Tensor, classes: Tensor) -> Tensor:
    return logits.softmax(1).gather(1, classes[:, None])[:, 0].double()


def _drop_blank(falls: Tensor, maps: Tensor) -> list[float | None]:
    is_blank = (maps.amax((1, 2)) == 0).tolist()
    return [None if blank else own for own, blank in zip(falls.tolist(), is_blank, strict=True)]


def _scale(maps: Tensor) -> list[list[list[float]]]:
    largest = maps.amax((1, 2), keepdim=True)
    scaled = torch.where(largest > 0, maps / largest.clamp_min(1e-30), maps)
    return [
        [[round(value, DECIMALS) for value in row] for row in own] for own in scaled.cpu().tolist()
    ]
