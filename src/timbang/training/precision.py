"""How exactly a network computes: choices of a recipe, since they change numbers."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.amp import GradScaler

from timbang.errors import TimbangError
from timbang.study.words import Recipe

HALVES = {"bfloat16": torch.bfloat16, "float16": torch.float16}


def computing_in(precision: str, device: torch.device) -> AbstractContextManager[Any]:
    """Let the operations inside that bear it compute in half precision; weights stay float32.

    Micikevicius et al. 2018 (arXiv 1710.03740). With ``float32`` nothing changes.
    """
    if precision not in HALVES:
        return nullcontext()
    return torch.autocast(device.type, HALVES[precision])


def make_scaler(recipe: Recipe, device: torch.device) -> GradScaler:
    """Return what keeps float16's small gradients from vanishing; it does nothing otherwise."""
    return GradScaler(device.type, enabled=recipe.precision == "float16")


def allow_tf32(allowed: bool) -> None:
    """Let a GPU round the factors of float32 products to TF32's 10 bits, or not.

    It has no effect on a CPU.
    """
    torch.backends.cuda.matmul.allow_tf32 = allowed
    torch.backends.cudnn.allow_tf32 = allowed


def compile_network(network: nn.Module, recipe: Recipe) -> Callable[[Tensor], Tensor]:
    """Return the network compiled, where the recipe wants it; it shares its weights.

    Raises:
        TimbangError: this machine cannot compile.
    """
    if not recipe.compile:
        return network
    try:
        return torch.compile(network)
    except RuntimeError as error:
        reason = " ".join(str(error).split())
        raise TimbangError(f"recipe.compile: torch cannot compile here ({reason})") from error
