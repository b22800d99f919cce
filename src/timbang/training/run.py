"""One run from its images to all that is kept of it."""

import logging
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from timbang.images.pixels import PixelFile
from timbang.networks.cost import count_multiply_adds, count_parameters
from timbang.records.made_with import Record, make_record
from timbang.records.provenance import describe_code
from timbang.records.tables import TEST, VALIDATION, sorted_classes
from timbang.study.runs import label_run
from timbang.study.words import Contender
from timbang.training.batches import count_steps, make_resident
from timbang.training.checkpoint import Checkpoint, name_run
from timbang.training.device import describe_run, repeat_exactly
from timbang.training.loop import Images, Run, predict, train
from timbang.training.precision import allow_tf32
from timbang.training.progress import TrainingBar
from timbang.training.state import Epoch


@dataclass(frozen=True)
class Trained:
    """A finished run, on what it was trained, and what it predicts.

    ``logits`` is float32 [images, classes] of the validation part and, where there is one, of the
    test part, in the order of the split; NaN where the run diverged. ``snapshots`` are the
    network's states after the epochs to look at, as ``<epoch>/<name>``.
    """

    contender: Contender
    replicate: int
    seed: int
    images: Images
    device: torch.device
    run: Run
    logits: Mapping[str, np.ndarray]
    snapshots: Mapping[str, Tensor]


def train_run(
    contender: Contender,
    replicate: int,
    split: pd.DataFrame,
    pixels: PixelFile,
    device: torch.device,
    threads: int,
    looks: Sequence[int],
    checkpoint: Path,
    checkpoint_seconds: float,
    made_with: Record,
    inputs: Mapping[str, Path],
    seed: int = 0,
) -> Trained:
    """Train a contender on one replicate, going on from where the same run was killed.

    Args:
        contender: the network and its recipe.
        replicate: fixes the initialisation, the order and the augmentation.
        split: the replicate's split, one row an image.
        pixels: the pixels of the same images, uint8 [N, H, W, 3].
        device: where to train.
        threads: of the processor.
        looks: the epochs, from 1, after which the network's state is kept.
        checkpoint: the path of the run's checkpoints up to the ``-`` before the name that
            ``name_run`` gives.
        checkpoint_seconds: the time after which the run is saved within an epoch.
        made_with: what the run follows from.
        inputs: the files that it was made from, by what they are.
        seed: tells the trainings within a replicate apart; 0 is the first.

    Raises:
        TimbangError: the network cannot be built or compiled, or the process was asked to stop.
    """
    log = logging.getLogger("timbang")
    recipe = contender.recipe
    classes = sorted_classes(split["label"])
    images = Images.of_split(split, make_resident(pixels, device))
    repeat_exactly(threads)
    allow_tf32(recipe.tf32)
    depends_on = {"made_with": made_with, "looks": list(looks), **describe_run(device)}
    name = name_run(depends_on, list(inputs.values()))
    saved = Checkpoint(Path(f"{checkpoint}-{name}.safetensors"), checkpoint_seconds)
    log.info("%s on %s", contender.name, device)

    def epoch_done(epoch: Epoch, network: nn.Module) -> None:
        _log_epoch(epoch)
        if epoch.epoch in looks:
            saved.save_snapshot(epoch.epoch, network)

    steps = recipe.epochs * count_steps(len(images.train), recipe.batch_size)
    bar = TrainingBar(f"{contender.name} {label_run(replicate, seed)}", steps, recipe.batch_size)
    with saved.stopping_on_request(), bar:
        run = train(
            contender,
            replicate,
            images,
            len(classes),
            device,
            on_epoch=epoch_done,
            on_step=bar.step_done,
            checkpoint=saved,
            seed=seed,
        )
    if run.diverged:
        log.warning("diverged in epoch %d at step %d", *run.diverged)
    kept = [epoch for epoch in looks if epoch <= len(run.history)]
    return Trained(
        contender=contender,
        replicate=replicate,
        seed=seed,
        images=images,
        device=device,
        run=run,
        logits={VALIDATION: run.logits.numpy(), **_predict_test(run, split, images, device)},
        snapshots=saved.collect_snapshots(kept),
    )


def describe_training(
    trained: Trained, made_with: Record, inputs: Mapping[str, Path]
) -> dict[str, Any]:
    """Return what ``training.json`` says of a run: its costs, what it ran on, and its record.

    Args:
        trained: the run.
        made_with: what it follows from.
        inputs: the files that it was made from, by what they are.
    """
    contender, run, images = trained.contender, trained.run, trained.images
    seconds = sum(epoch.seconds for epoch in run.history)
    return {
        "contender": contender.name,
        "replicate": trained.replicate,
        **({"seed": trained.seed} if trained.seed else {}),
        "network": contender.network,
        "width": contender.width,
        "parameters": count_parameters(run.network),
        "multiply_adds": count_multiply_adds(run.network, images.pixels.shape[1]),
        "train_images": len(images.train),
        "precision": contender.recipe.precision,
        "tf32": contender.recipe.tf32,
        "compile": contender.recipe.compile,
        "diverged": run.diverged and {"epoch": run.diverged[0], "step": run.diverged[1]},
        "training_seconds": seconds,
        "validation_seconds": sum(epoch.validation_seconds for epoch in run.history),
        "images_per_second": len(images.train) * len(run.history) / seconds,
        **describe_run(trained.device),
        "host": platform.node(),
        "timbang": describe_code(),
        **make_record(made_with, inputs),
    }


def _predict_test(
    run: Run, split: pd.DataFrame, images: Images, device: torch.device
) -> dict[str, np.ndarray]:
    """Return the logits of the test part by its name, nothing where there is none."""
    test = np.flatnonzero(split["part"] == TEST)
    if not len(test):
        return {}
    logits = predict(run.network, images.pixels, test, device).numpy()
    return {TEST: np.full_like(logits, np.nan) if run.diverged else logits}


def _log_epoch(epoch: Epoch) -> None:
    logging.getLogger("timbang").info(
        "epoch %d: training loss %.4f, accuracy %.4f; validation loss %.4f, accuracy %.4f; %.1f s",
        epoch.epoch,
        epoch.train_loss,
        epoch.train_accuracy,
        epoch.validation_loss,
        epoch.validation_accuracy,
        epoch.seconds,
    )
