"""Everything of a run that changes while it trains."""

import time
from dataclasses import dataclass, field

import torch
from torch import Generator, Tensor, nn
from torch.amp import GradScaler
from torch.optim.lr_scheduler import LRScheduler

from timbang.training.optimization import MovingAverage


@dataclass(frozen=True)
class Epoch:
    """One row of the history. Losses are nats, accuracies fractions, all averaged over images.

    The training figures are of the batches as they were trained on, without label smoothing;
    where images are mixed they are of the clean training images after the epoch. In an epoch in
    which the training diverged the validation figures are NaN.
    ``learning_rate`` is that of the epoch's last step, ``seconds`` is the training alone,
    ``validation_seconds`` the evaluation after it.
    """

    epoch: int
    train_loss: float
    train_accuracy: float
    validation_loss: float
    validation_accuracy: float
    learning_rate: float
    seconds: float
    validation_seconds: float


@dataclass
class TrainingState:
    """Everything of a run that changes while it trains.

    ``order`` and ``augmentation`` are the random streams of the batches and of what is done to
    them, ``epoch_order`` is the state of the former as the epoch began. ``epoch`` counts from 1,
    ``step`` the steps of the epoch that are done; ``loss_sum``, ``correct`` and ``learning_rate``
    are over these steps, and ``seconds`` is their time up to ``resumed``. ``step_losses`` is
    float32 [epochs, steps], and ``diverged`` the epoch and step of its first value that is not
    finite.
    """

    network: nn.Module
    average: MovingAverage | None
    optimizer: torch.optim.Optimizer
    schedule: LRScheduler
    scaler: GradScaler
    order: Generator
    augmentation: Generator
    loss_sum: Tensor
    correct: Tensor
    step_losses: Tensor
    epoch: int = 1
    step: int = 0
    learning_rate: float = 0.0
    seconds: float = 0.0
    resumed: float = 0.0
    epoch_order: Tensor = field(default_factory=lambda: torch.empty(0, dtype=torch.uint8))
    history: list[Epoch] = field(default_factory=list)
    diverged: tuple[int, int] | None = None

    def begin_epoch(self) -> None:
        """Start the clock, and remember where the order of the epoch comes from."""
        self.resumed = time.perf_counter()
        self.epoch_order = self.order.get_state()

    def elapsed(self) -> float:
        """Return the seconds of training of this epoch so far."""
        return self.seconds + time.perf_counter() - self.resumed

    def step_done(self, loss: Tensor, correct: Tensor, images: int) -> None:
        """Take a step into account, without waiting for the device.

        Args:
            loss: the mean loss of the batch in nats, on the device.
            correct: how many of its images were classified correctly, on the device.
            images: how many images it has.
        """
        self.loss_sum += loss * images
        self.correct += correct
        self.step_losses[self.epoch - 1, self.step] = loss
        self.step += 1

    def find_divergence(self) -> tuple[int, int] | None:
        """Return the epoch and the step, from 1, of the first loss that is not finite.

        Once this is found it is kept in ``diverged``.
        """
        if self.diverged is None and not torch.isfinite(self.loss_sum):
            finite = torch.isfinite(self.step_losses[self.epoch - 1, : self.step]).cpu()
            first = int(torch.argmin(finite.int())) if not finite.all() else self.step - 1
            self.diverged = self.epoch, first + 1
        return self.diverged

    def end_epoch(self, epoch: Epoch) -> None:
        """Take an epoch into the history and set all that counts within one to zero."""
        self.history.append(epoch)
        self.epoch += 1
        self.step, self.seconds = 0, 0.0
        self.loss_sum.zero_()
        self.correct.zero_()
        self.begin_epoch()
