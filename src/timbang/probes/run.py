"""The probes of a run that is there as files."""

import copy
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from safetensors.torch import load_file
from torch import Generator, Tensor

from timbang.images.pixels import PixelFile
from timbang.probes.probing import probe_run
from timbang.records.tables import sorted_classes
from timbang.streams import stream_seed
from timbang.study.words import Contender
from timbang.training.batches import make_resident
from timbang.training.device import repeat_exactly
from timbang.training.loop import Images
from timbang.training.start import build_network


def probe_saved_run(
    contender: Contender,
    weights: Path,
    snapshots: Sequence[Path],
    split: pd.DataFrame,
    pixels: PixelFile,
    probes: Sequence[str],
    device: torch.device,
    threads: int,
    replicate: int,
    seed: int = 0,
) -> dict[str, Any]:
    """Take the probes of a run that did not diverge.

    Args:
        contender: the network and its recipe.
        weights: the file of its weights at the end.
        snapshots: files of its states by epoch; none without the probe of gradients.
        split: the replicate's split, one row an image.
        pixels: the pixels of the same images, uint8 [N, H, W, 3].
        probes: which probes to take.
        device: where to compute.
        threads: of the processor.
        replicate: of the run, whose initial weights the control of attention has; drawn ones also
            where the run began with others.
        seed: of the run.

    Returns:
        What ``timbang.probes.probing.probe_run`` does.
    """
    repeat_exactly(threads)
    classes = sorted_classes(split["label"])
    images = Images.of_split(split, make_resident(pixels, device))
    # Whatever it began with, its weights are read below.
    untrained = replace(contender, recipe=replace(contender.recipe, weights=None))
    start = Generator().manual_seed(stream_seed(replicate, "initialisation", seed))
    network = build_network(untrained, len(classes), images.pixels.shape[1], start)
    before = copy.deepcopy(network).to(device) if "attention" in probes else None
    network.load_state_dict(load_file(weights))
    network.to(device)
    return probe_run(
        network,
        read_snapshots(snapshots),
        images,
        probes,
        contender.recipe.learning_rate,
        device,
        before,
    )


def read_snapshots(paths: Sequence[Path]) -> dict[int, dict[str, Tensor]]:
    """Return the states of a network by epoch, from files with names ``<epoch>/<name>``."""
    snapshots: dict[int, dict[str, Tensor]] = {}
    for path in paths:
        for key, value in load_file(path).items():
            epoch, _, name = key.partition("/")
            snapshots.setdefault(int(epoch), {})[name] = value
    return snapshots
