"""The training loop, to be read from top to bottom."""

import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass

import numpy as np
import torch
from torch import Generator, Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.utils import clip_grad_norm_

from timbang.errors import TimbangError
from timbang.networks import build
from timbang.networks.zoo import initialise
from timbang.streams import stream_seed
from timbang.study import Contender
from timbang.training.augmentation import (
    Augment,
    drawing_from,
    is_mixing,
    make_augmentation,
    make_mixing,
)
from timbang.training.checkpoint import Checkpoint, Epoch, TrainingState
from timbang.training.optimization import (
    add_dropout,
    make_average,
    make_optimizer,
    make_schedule,
)
from timbang.training.transfer import load_weights

# The channel means and standard deviations of ImageNet's images, on the scale of 0 to 255.
IMAGENET_MEAN = (0.485 * 255, 0.456 * 255, 0.406 * 255)
IMAGENET_STD = (0.229 * 255, 0.224 * 255, 0.225 * 255)
# Evaluation keeps no gradients, so its batches may be larger than a recipe's.
EVALUATION_BATCH = 128


@dataclass(frozen=True)
class Images:
    """Images with their classes, and which of them are trained on.

    ``pixels`` uint8 [N, H, W, 3] (may be memory-mapped), ``classes`` int64 [N], ``train`` and
    ``validation`` int64 indices into both.
    """

    pixels: np.ndarray
    classes: np.ndarray
    train: np.ndarray
    validation: np.ndarray


@dataclass(frozen=True)
class Run:
    """A finished run: the network, its history and the last epoch's validation logits.

    ``logits`` is float32 [validation images, classes] on the CPU.
    """

    network: nn.Module
    history: list[Epoch]
    logits: Tensor


def train(
    contender: Contender,
    replicate: int,
    images: Images,
    class_count: int,
    device: torch.device,
    on_epoch: Callable[[Epoch], None] = lambda epoch: None,
    checkpoint: Checkpoint | None = None,
) -> Run:
    """Train a contender on one replicate; the last epoch counts.

    Args:
        contender: the network and its recipe.
        replicate: fixes the initialisation, the order and the augmentation.
        images: the images and their split.
        class_count: the number of classes.
        device: where to train.
        on_epoch: called with each epoch as it ends.
        checkpoint: where the run goes on from, and what it leaves for the next call.

    Raises:
        TimbangError: the training loss became infinite or not a number, or the process was
            asked to stop.
    """
    recipe = contender.recipe
    state = begin_training(contender, replicate, images, class_count, device)
    if checkpoint:
        checkpoint.restore(state)
    network, optimizer, augmentation = state.network, state.optimizer, state.augmentation
    evaluated = network if state.average is None else state.average.module
    augment = make_augmentation(recipe, images.pixels.shape[1])
    mix = make_mixing(recipe, class_count)
    classes = torch.from_numpy(images.classes)

    state.begin_epoch()
    while state.epoch <= recipe.epochs:
        network.train()
        for batch in draw_batches(images.train, recipe.batch_size, state.order)[state.step :]:
            with drawing_from(augmentation) if augment else nullcontext():
                inputs = load_images(images.pixels, batch, device, augment)
            inputs = flip_images(inputs, recipe.horizontal_flip, augmentation)
            true = targets = classes[batch].to(device)
            if mix:
                with drawing_from(augmentation):
                    inputs, targets = mix(inputs, true)

            with drawing_from(augmentation) if recipe.dropout else nullcontext():
                logits = network(inputs)
            loss = cross_entropy(logits, targets, label_smoothing=recipe.label_smoothing)
            optimizer.zero_grad()
            loss.backward()
            if recipe.gradient_clip:
                clip_grad_norm_(network.parameters(), recipe.gradient_clip)
            state.learning_rate = optimizer.param_groups[0]["lr"]
            optimizer.step()
            state.schedule.step()
            if state.average is not None:
                state.average.update_parameters(network)

            plain = cross_entropy(logits.detach(), true) if recipe.label_smoothing else loss
            state.loss_sum += plain.detach() * len(batch)
            state.correct += (logits.argmax(1) == true).sum()
            state.step += 1
            if checkpoint:
                checkpoint.step_done(state)
        train_loss = state.loss_sum.item() / len(images.train)
        train_accuracy = state.correct.item() / len(images.train)
        seconds = state.elapsed()
        if not np.isfinite(train_loss):
            raise TimbangError(
                f"{contender.name}, replicate {replicate}: the training loss is {train_loss} in "
                f"epoch {state.epoch}; lower recipe.learning_rate"
            )

        evaluation = time.perf_counter()
        if is_mixing(recipe):
            train_loss, train_accuracy = score(evaluated, images, images.train, device)
        validation_loss, validation_accuracy = score(evaluated, images, images.validation, device)
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
        if checkpoint:
            checkpoint.save(state)
        on_epoch(epoch)
    logits = predict(evaluated, images.pixels, images.validation, device)
    return Run(evaluated, state.history, logits)


def begin_training(
    contender: Contender,
    replicate: int,
    images: Images,
    class_count: int,
    device: torch.device,
) -> TrainingState:
    """Build and initialise all that training changes, from the replicate's streams."""
    recipe = contender.recipe
    weights, order, augmentation = (
        Generator().manual_seed(stream_seed(replicate, stream))
        for stream in ("initialisation", "order", "augmentation")
    )
    network = build(contender.network, class_count, contender.width)
    initialise(network, weights)
    if recipe.weights is not None:
        load_weights(network, recipe.weights, contender.network)
    add_dropout(network, recipe.dropout)
    network.to(device).to(memory_format=torch.channels_last)
    optimizer = make_optimizer(network, recipe)
    steps = 1 + len(list_cuts(len(images.train), recipe.batch_size))
    return TrainingState(
        network=network,
        average=make_average(network, recipe.ema),
        optimizer=optimizer,
        schedule=make_schedule(optimizer, recipe, steps),
        order=order,
        augmentation=augmentation,
        loss_sum=torch.zeros((), device=device),
        correct=torch.zeros((), dtype=torch.int64, device=device),
    )


def draw_batches(indices: np.ndarray, batch_size: int, order: Generator) -> list[np.ndarray]:
    """Shuffle indices, int64 [N], and cut them into batches that hold every one of them once.

    A last batch of a single image joins the one before it, since BN needs more than one value.
    """
    shuffled = indices[torch.randperm(len(indices), generator=order).numpy()]
    return np.split(shuffled, list_cuts(len(shuffled), batch_size))


def list_cuts(count: int, batch_size: int) -> list[int]:
    """Return where so many images are cut into batches, one place less than there are batches."""
    cuts = list(range(batch_size, count, batch_size))
    if cuts and count - cuts[-1] == 1:
        cuts.pop()
    return cuts


def load_images(
    pixels: np.ndarray, indices: np.ndarray, device: torch.device, augment: Augment | None = None
) -> Tensor:
    """Return images normalised as ImageNet's, float32 [B, 3, H, W] in channels-last layout.

    What ``augment`` does to them it does to their uint8 pixels.
    """
    raw = torch.from_numpy(pixels[indices])
    if augment:
        raw = augment(raw.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
    raw = raw.to(device)
    mean = torch.tensor(IMAGENET_MEAN, device=device)
    std = torch.tensor(IMAGENET_STD, device=device)
    return raw.float().sub_(mean).div_(std).permute(0, 3, 1, 2)


def flip_images(images: Tensor, probability: float, augmentation: Generator) -> Tensor:
    """Mirror each image [B, 3, H, W] left to right with the given probability."""
    chosen = torch.rand(len(images), generator=augmentation) < probability
    chosen = chosen.to(images.device)[:, None, None, None]
    return torch.where(chosen, images.flip(3), images)


def score(
    network: nn.Module, images: Images, indices: np.ndarray, device: torch.device
) -> tuple[float, float]:
    """Return mean cross-entropy in nats and accuracy of images in evaluation mode."""
    logits = predict(network, images.pixels, indices, device)
    targets = torch.from_numpy(images.classes[indices])
    accuracy = (logits.argmax(1) == targets).double().mean()
    return cross_entropy(logits, targets).item(), accuracy.item()


def predict(
    network: nn.Module, pixels: np.ndarray, indices: np.ndarray, device: torch.device
) -> Tensor:
    """Return the logits of images in evaluation mode, float32 [len(indices), classes], on CPU."""
    network.eval()
    with torch.inference_mode():
        parts = [
            network(load_images(pixels, indices[start : start + EVALUATION_BATCH], device)).cpu()
            for start in range(0, len(indices), EVALUATION_BATCH)
        ]
    return torch.cat(parts)
