"""The training loop, to be read from top to bottom."""

import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import Generator, Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.utils import clip_grad_norm_

from timbang.records.tables import TRAIN, VALIDATION, class_indices, sorted_classes
from timbang.streams import stream_seed
from timbang.study.words import Contender
from timbang.training.augmentation import (
    drawing_from,
    is_mixing,
    make_augmentation,
    make_mixing,
)
from timbang.training.batches import (
    Pixels,
    count_steps,
    draw_batches,
    flip_images,
    load_images,
    send,
)
from timbang.training.checkpoint import Checkpoint
from timbang.training.optimization import make_average, make_optimizer, make_schedule
from timbang.training.precision import compile_network, computing_in, make_scaler
from timbang.training.start import build_network
from timbang.training.state import Epoch, TrainingState

# Evaluation keeps no gradients, so its batches may be larger than a recipe's.
EVALUATION_BATCH = 128


@dataclass(frozen=True)
class Images:
    """Images with their classes, and which of them are trained on.

    ``pixels`` uint8 [N, H, W, 3] (in memory, on disk, or on a device), ``classes`` int64 [N],
    ``train`` and ``validation`` int64 indices into both.
    """

    pixels: Pixels
    classes: np.ndarray
    train: np.ndarray
    validation: np.ndarray

    @classmethod
    def of_split(cls, split: pd.DataFrame, pixels: Pixels) -> "Images":
        """Return a study's images as a replicate's split divides them.

        Args:
            split: the table of ``timbang.records.tables.read_split``, one row an image.
            pixels: the pixels of the same images, in the same order.
        """
        return cls(
            pixels=pixels,
            classes=class_indices(split["label"], sorted_classes(split["label"])),
            train=np.flatnonzero(split["part"] == TRAIN),
            validation=np.flatnonzero(split["part"] == VALIDATION),
        )


@dataclass(frozen=True)
class Run:
    """A finished run: the network, its history and the last epoch's validation logits.

    ``logits`` is float32 [validation images, classes] on the CPU, ``step_losses`` float32
    [epochs, steps] the loss of every batch in nats. ``diverged`` is the epoch and the step,
    counted from 1, at which that loss was first infinite or not a number; the run ended with
    that epoch and has no predictions (NaN).
    """

    network: nn.Module
    history: list[Epoch]
    logits: Tensor
    step_losses: np.ndarray
    diverged: tuple[int, int] | None


def train(
    contender: Contender,
    replicate: int,
    images: Images,
    class_count: int,
    device: torch.device,
    on_epoch: Callable[[Epoch, nn.Module], None] = lambda epoch, network: None,
    on_step: Callable[[TrainingState], None] = lambda state: None,
    checkpoint: Checkpoint | None = None,
    seed: int = 0,
) -> Run:
    """Train a contender on one replicate; the last epoch counts.

    Args:
        contender: the network and its recipe.
        replicate: fixes the initialisation, the order and the augmentation.
        images: the images and their split.
        class_count: the number of classes.
        device: where to train.
        on_epoch: called with each epoch as it ends and the network that was evaluated; once more
            for an epoch after which a run was killed before it was saved.
        on_step: called after each step with all that the step has changed.
        checkpoint: where the run goes on from, and what it leaves for the next call.
        seed: tells the trainings within a replicate apart; 0 is the first.

    Raises:
        TimbangError: the network cannot be built or compiled, or the process was asked to stop.
    """
    recipe = contender.recipe
    state = begin_training(contender, replicate, images, class_count, device, seed)
    if checkpoint:
        checkpoint.restore(state)
    network, optimizer, augmentation = state.network, state.optimizer, state.augmentation
    evaluated = network if state.average is None else state.average.module
    forward = compile_network(network, recipe)
    scaler = state.scaler
    augment = make_augmentation(recipe, images.pixels.shape[1])
    mix = make_mixing(recipe, class_count)
    classes = torch.from_numpy(images.classes).to(device)
    predicted: Tensor | None = None

    state.begin_epoch()
    while state.epoch <= recipe.epochs and state.diverged is None:
        network.train()
        for batch in draw_batches(images.train, recipe.batch_size, state.order)[state.step :]:
            with drawing_from(augmentation) if augment else nullcontext():
                inputs = load_images(images.pixels, batch, device, augment)
            inputs = flip_images(inputs, recipe.horizontal_flip, augmentation)
            true = targets = classes[send(torch.from_numpy(batch), device)]
            if mix:
                with drawing_from(augmentation):
                    inputs, targets = mix(inputs, true)

            with (
                drawing_from(augmentation) if recipe.dropout else nullcontext(),
                computing_in(recipe.precision, device),
            ):
                logits = forward(inputs)
            logits = logits.float()
            loss = cross_entropy(logits, targets, label_smoothing=recipe.label_smoothing)
            optimizer.zero_grad()
            scaler.scale(loss).backward()
            if recipe.gradient_clip:
                scaler.unscale_(optimizer)
                clip_grad_norm_(network.parameters(), recipe.gradient_clip)
            state.learning_rate = optimizer.param_groups[0]["lr"]
            scaler.step(optimizer)
            scaler.update()
            state.schedule.step()
            if state.average is not None:
                state.average.update_parameters(network)

            plain = cross_entropy(logits.detach(), true) if recipe.label_smoothing else loss
            state.step_done(plain.detach(), (logits.argmax(1) == true).sum(), len(batch))
            on_step(state)
            if checkpoint:
                checkpoint.step_done(state)
        train_loss = state.loss_sum.item() / len(images.train)
        train_accuracy = state.correct.item() / len(images.train)
        seconds = state.elapsed()

        evaluation = time.perf_counter()
        validation_loss = validation_accuracy = float("nan")
        if state.find_divergence() is None:
            if is_mixing(recipe):
                train_loss, train_accuracy = score(evaluated, images, images.train, device)
            predicted = predict(evaluated, images.pixels, images.validation, device)
            validation_loss, validation_accuracy = rate(
                predicted, images.classes[images.validation]
            )
            if not np.isfinite(validation_loss):
                state.diverged = state.epoch, state.step
        epoch = Epoch(
            epoch=state.epoch,
            train_loss=train_loss,
            train_accuracy=train_accuracy,
            validation_loss=validation_loss,
            validation_accuracy=validation_accuracy,
            learning_rate=state.learning_rate,
            seconds=seconds,
            validation_seconds=time.perf_counter() - evaluation,
        )
        state.end_epoch(epoch)
        on_epoch(epoch, evaluated)
        if checkpoint:
            checkpoint.save(state)
    if predicted is None:
        # It was killed after its last epoch, or diverged in its first.
        predicted = predict(evaluated, images.pixels, images.validation, device)
    if state.diverged:
        predicted = torch.full_like(predicted, float("nan"))
    step_losses = state.step_losses.cpu().numpy()[: len(state.history)]
    return Run(evaluated, state.history, predicted, step_losses, state.diverged)


def begin_training(
    contender: Contender,
    replicate: int,
    images: Images,
    class_count: int,
    device: torch.device,
    seed: int = 0,
) -> TrainingState:
    """Build and initialise all that training changes, from the streams of replicate and seed."""
    recipe = contender.recipe
    weights, order, augmentation = (
        Generator().manual_seed(stream_seed(replicate, stream, seed))
        for stream in ("initialisation", "order", "augmentation")
    )
    network = build_network(contender, class_count, images.pixels.shape[1], weights)
    network.to(device).to(memory_format=torch.channels_last)
    optimizer = make_optimizer(network, recipe)
    steps = count_steps(len(images.train), recipe.batch_size)
    return TrainingState(
        network=network,
        average=make_average(network, recipe.ema),
        optimizer=optimizer,
        schedule=make_schedule(optimizer, recipe, steps),
        scaler=make_scaler(recipe, device),
        order=order,
        augmentation=augmentation,
        loss_sum=torch.zeros((), device=device),
        correct=torch.zeros((), dtype=torch.int64, device=device),
        step_losses=torch.zeros((recipe.epochs, steps), device=device),
    )


def score(
    network: nn.Module, images: Images, indices: np.ndarray, device: torch.device
) -> tuple[float, float]:
    """Return mean cross-entropy in nats and accuracy of images in evaluation mode."""
    return rate(predict(network, images.pixels, indices, device), images.classes[indices])


def rate(logits: Tensor, classes: np.ndarray) -> tuple[float, float]:
    """Return mean cross-entropy in nats and accuracy of logits [N, classes] on the CPU.

    Args:
        logits: what was predicted.
        classes: the true classes, int64 [N].
    """
    targets = torch.from_numpy(classes)
    accuracy = (logits.argmax(1) == targets).double().mean()
    return cross_entropy(logits, targets).item(), accuracy.item()


def predict(
    network: nn.Module, pixels: Pixels, indices: np.ndarray, device: torch.device
) -> Tensor:
    """Return the logits of images in evaluation mode, float32 [len(indices), classes], on CPU."""
    network.eval()
    with torch.inference_mode():
        parts = [
            network(load_images(pixels, indices[start : start + EVALUATION_BATCH], device))
            for start in range(0, len(indices), EVALUATION_BATCH)
        ]
    return torch.cat(parts).cpu()
