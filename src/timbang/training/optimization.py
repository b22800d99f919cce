"""The optimiser, the schedule of its learning rate, and the average of the weights."""

from itertools import chain

import torch
from torch import nn
from torch.optim.lr_scheduler import (
    ConstantLR,
    CosineAnnealingLR,
    LinearLR,
    LRScheduler,
    SequentialLR,
    StepLR,
)
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from timbang.errors import TimbangError
from timbang.study.words import Recipe

# The share of the learning rate that warm-up begins with.
WARMUP_START = 0.01
SGD_MOMENTUM = 0.9


def make_optimizer(network: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """Return the recipe's optimiser.

    ``adam``'s weight decay is L2 in the gradient; ``adamw`` takes it off the weights
    (Loshchilov and Hutter 2019, arXiv 1711.05101).
    """
    weights, rate, decay = network.parameters(), recipe.learning_rate, recipe.weight_decay
    if recipe.optimizer == "sgd":
        momentum = SGD_MOMENTUM if recipe.momentum is None else recipe.momentum
        return torch.optim.SGD(weights, lr=rate, momentum=momentum, weight_decay=decay, fused=True)
    kind = torch.optim.AdamW if recipe.optimizer == "adamw" else torch.optim.Adam
    return kind(weights, lr=rate, weight_decay=decay, fused=True)


def make_schedule(
    optimizer: torch.optim.Optimizer, recipe: Recipe, steps_per_epoch: int
) -> LRScheduler:
    """Return the schedule of the learning rate, which takes a step after each batch.

    Warm-up is linear (Goyal et al. 2017, arXiv 1706.02677); then ``cosine`` goes down to 0 at the
    last step (Loshchilov and Hutter 2017, arXiv 1608.03983), ``step`` multiplies by
    ``step_factor`` every ``step_epochs`` epochs, and ``constant`` stays.
    """
    warmup = round(recipe.warmup_epochs * steps_per_epoch)
    rest = max(recipe.epochs * steps_per_epoch - warmup, 1)
    after: LRScheduler
    match recipe.schedule:
        case "cosine":
            after = CosineAnnealingLR(optimizer, T_max=rest)
        case "step":
            every = (recipe.step_epochs or recipe.epochs) * steps_per_epoch
            after = StepLR(optimizer, step_size=every, gamma=recipe.step_factor)
        case _:
            after = ConstantLR(optimizer, factor=1.0)
    if not warmup:
        return after
    before = LinearLR(optimizer, start_factor=WARMUP_START, total_iters=warmup)
    return SequentialLR(optimizer, [before, after], milestones=[warmup])


class MovingAverage(AveragedModel):
    """The exponential moving average of a network's weights and buffers, updated after each step.

    Torch's own update sends its counter to the device each time, and waits for that.

    Args:
        network: what it begins as a copy of.
        decay: the share of the average that an update leaves.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        super().__init__(network, use_buffers=True)
        self.move_towards = get_ema_multi_avg_fn(decay)

    def update_parameters(self, model: nn.Module) -> None:
        """Take the network's values at the first call, and move towards them at the others."""
        average, current = (
            list(chain(network.parameters(), network.buffers())) for network in (self.module, model)
        )
        with torch.no_grad():
            if self.n_averaged == 0:
                torch._foreach_copy_(average, current)
            else:
                # BN's counters, which are whole numbers, are averaged in another way.
                for floating in (True, False):
                    places = [
                        place
                        for place, value in enumerate(average)
                        if value.is_floating_point() == floating
                    ]
                    if places:
                        self.move_towards(
                            [average[place] for place in places],
                            [current[place] for place in places],
                            None,
                        )
            self.n_averaged += 1


def make_average(network: nn.Module, decay: float) -> MovingAverage | None:
    """Return the exponential moving average of weights and BN statistics; None at decay 0."""
    return MovingAverage(network, decay) if decay else None


def add_dropout(network: nn.Module, probability: float) -> None:
    """Let dropout stand before the last linear layer (Srivastava et al. 2014, JMLR 15).

    The names of the weights stay as they are. Dropout draws from torch's global generator.

    Raises:
        TimbangError: the network has no linear layer.
    """
    if probability:
        dropout = nn.Dropout(probability)
        classifier = find_classifier(network)
        if classifier is None:
            raise TimbangError(
                "recipe.dropout: has no meaning with this network, which has no linear layer"
            )
        # The layer's own mode tells training from evaluation.
        classifier.register_forward_pre_hook(
            lambda layer, inputs: (dropout.train(layer.training)(inputs[0]),)
        )


def find_classifier(network: nn.Module) -> nn.Linear | None:
    """Return the last linear layer of a network, which gives the logits; None without one."""
    return next(
        (layer for layer in reversed(list(network.modules())) if isinstance(layer, nn.Linear)), None
    )
