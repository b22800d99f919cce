"""All probes of one run, and the measures that claims are decided by."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from timbang.networks.blocks import PathsBlock
from timbang.probes.attention import probe_attention
from timbang.probes.falls import ATTENTION_MEASURES
from timbang.probes.measuring import (
    GradientSteps,
    choose_rows,
    deal_batches,
    measure_gradient_steps,
    measure_layer_gradients,
    score_paths_off,
    score_rows,
    score_zoomed,
)
from timbang.training.loop import Images

# Gradients are taken on so many batches of so many images, at these multiples of the recipe's
# learning rate as step sizes.
BATCHES, BATCH_SIZE = 2, 32
STEP_FACTORS = (0.25, 1.0, 4.0)


def probe_run(
    network: nn.Module,
    snapshots: Mapping[int, Mapping[str, Tensor]],
    images: Images,
    probes: Sequence[str],
    learning_rate: float,
    device: torch.device,
    untrained: nn.Module | None = None,
) -> dict[str, Any]:
    """Take the probes of a run.

    Args:
        network: the trained network.
        snapshots: by epoch, the network's state after it, for the probe of gradients.
        images: the images and the run's split.
        probes: of ``train_loss``, ``gradients``, ``scales``, ``paths``, ``attention``.
        learning_rate: of the recipe.
        device: where to compute.
        untrained: the network before training, for the probe of attention.

    Returns:
        ``measures``, a number for each of ``PROBE_MEASURES`` and ``ATTENTION_MEASURES`` that was
        taken; ``gradients``, one
        entry a look; ``layers``, the gradient norm of each layer after the last epoch;
        ``scales``, the accuracy at each factor; ``paths``, the accuracy without each path;
        ``attention``, what ``probe_attention`` returns.
    """
    found: dict[str, Any] = {"measures": {}}
    measures = found["measures"]
    if "train_loss" in probes:
        score = score_rows(network, images, images.train, device)
        measures |= {"clean_train_loss": score.loss, "clean_train_accuracy": score.accuracy}
    if "scales" in probes:
        scores = score_zoomed(network, images, images.validation, device)
        found["scales"] = {f"{factor:g}": score.accuracy for factor, score in scores.items()}
        others = [score.accuracy for factor, score in scores.items() if factor != 1]
        measures["zoom_drop"] = scores[1.0].accuracy - float(np.mean(others))
    if "paths" in probes and any(isinstance(part, PathsBlock) for part in network.modules()):
        first, second = score_paths_off(network, images, images.validation, device)
        found["paths"] = [first.accuracy, second.accuracy]
        measures |= {
            "without_first_path": first.accuracy,
            "without_second_path": second.accuracy,
        }
    if "attention" in probes and untrained is not None:
        found["attention"] = probe_attention(network, untrained, images, device)
        for measure in ATTENTION_MEASURES:
            falls = [own[measure] for own in found["attention"] if own[measure] is not None]
            if falls:
                measures[measure] = float(np.mean(falls))
    if "gradients" in probes:
        found |= _probe_gradients(network, snapshots, images, learning_rate, device)
        later = found["gradients"][len(found["gradients"]) // 2 :]
        for measure in ("gradient_cosine", "gradient_lipschitz"):
            measures[measure] = float(np.mean([look[measure] for look in later]))
    return found


def _probe_gradients(
    network: nn.Module,
    snapshots: Mapping[int, Mapping[str, Tensor]],
    images: Images,
    learning_rate: float,
    device: torch.device,
) -> dict[str, Any]:
    """Return ``gradients`` and ``layers`` of ``probe_run``; the network ends as it began."""
    rows = choose_rows(images.train, BATCHES * BATCH_SIZE, images.classes)
    batches = deal_batches(rows, BATCHES)
    steps = [factor * learning_rate for factor in STEP_FACTORS]
    last = {key: value.clone() for key, value in network.state_dict().items()}
    looks = []
    for epoch, state in sorted(snapshots.items()):
        network.load_state_dict(state)
        looks.append(
            _describe_look(epoch, measure_gradient_steps(network, images, batches, steps, device))
        )
    network.load_state_dict(last)
    layers = measure_layer_gradients(network, images, batches, device)
    return {
        "gradients": looks,
        "layers": [{"name": layer.name, "norm": layer.norm} for layer in layers],
    }


def _describe_look(epoch: int, steps: GradientSteps) -> dict[str, Any]:
    """Return a look at the gradients: means over batches, by step size and altogether."""
    cosines = steps.cosines.mean(axis=0)
    return {
        "epoch": epoch,
        "step_sizes": steps.step_sizes.tolist(),
        "cosines": cosines.tolist(),
        "losses": steps.losses.mean(axis=0).tolist(),
        "start_loss": float(steps.start_losses.mean()),
        "start_norm": float(steps.start_norms.mean()),
        "gradient_cosine": float(cosines.mean()),
        # Networks differ by orders of magnitude, so the logarithm is what is averaged.
        "gradient_lipschitz": float(np.log(steps.lipschitz).mean()),
    }
