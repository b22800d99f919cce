"""A GPU that is not there: tensors without values that claim to lie on it, and all waits for it.

The tensors are of PyTorch's ``meta`` device. So every shape, dtype and memory layout is computed,
but no value. To the code under test their device is ``cuda:0``, so that it takes its branches for
CUDA. Tensors of the CPU stay what they are.
"""

import linecache
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

GPU = torch.device("cuda", 0)
META = torch.device("meta")
TORCH = f"{Path(torch.__file__).parent}/"
ATEN = torch.ops.aten
# What copies between devices, and so may be given tensors of two.
COPIES = (ATEN._to_copy.default, ATEN.copy_.default)
# What changes values alone, and has no kernel for ``meta``.
WITHOUT_KERNEL = (
    ATEN._fused_sgd_.default,
    ATEN._amp_foreach_non_finite_check_and_unscale_.default,
    ATEN._amp_update_scale_.default,
)


class WrongDeviceError(Exception):
    """An operation was given tensors of the CPU and of the GPU."""


@dataclass(frozen=True)
class Wait:
    """Something that makes the processor wait until the GPU has done all it was asked for.

    ``file`` and ``line`` are of the innermost source line outside of PyTorch that asked for it.
    """

    operation: str
    file: str
    line: str


class Waits(TorchDispatchMode):
    """Lists the waits, and lets an operation on tensors of two devices fail.

    Each number that is fetched from the GPU is 0, and each truth is true. What has a result of as
    many elements as the values say, such as an index of truths, PyTorch refuses by itself.
    """

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Wait] = []

    def note(self, operation: str) -> None:
        frame = sys._getframe()
        while frame.f_code.co_filename.startswith((__file__, TORCH)):
            frame = frame.f_back
        file = frame.f_code.co_filename
        line = linecache.getline(file, frame.f_lineno).strip()
        self.seen.append(Wait(operation, Path(file).name, line))

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        tensors = [value for value in tree_leaves((args, kwargs)) if isinstance(value, Tensor)]
        if torch.is_inference_mode_enabled() or any(value.is_inference() for value in tensors):
            # What is composed of other operations comes whole then.
            with self:
                parts = func.decompose(*args, **kwargs)
            if parts is not NotImplemented:
                return parts
        if func in COPIES:
            return self.copy(func, args, kwargs)
        if not any(value.is_meta for value in tensors):
            return func(*args, **kwargs)
        # CUDA takes single numbers from the CPU.
        if not all(value.is_meta or value.dim() == 0 for value in tensors):
            raise WrongDeviceError(str(func))
        if func is ATEN._local_scalar_dense.default:
            self.note("item")
            return fetch(args[0].dtype, ()).item()
        if func in WITHOUT_KERNEL:
            return args[0] if func is ATEN._amp_update_scale_.default else None
        return func(*args, **kwargs)

    def copy(self, func, args, kwargs):
        """Copy as CUDA does: without a wait only within the GPU, or to it from pinned memory."""
        if func is ATEN.copy_.default:
            target, source = args[0].device, args[1]
            asynchronous = args[2] if len(args) > 2 else kwargs.get("non_blocking", False)
        else:
            source = args[0]
            target = kwargs.get("device") or source.device
            asynchronous = kwargs.get("non_blocking", False)
        if (target.type == "meta") == source.is_meta:
            return func(*args, **kwargs)
        if not (asynchronous and hasattr(source, "is_pinned_here")):
            self.note("fetch" if source.is_meta else "send")
        if target.type == "meta":
            return func(*args, **kwargs)
        fetched = fetch(kwargs.get("dtype") or source.dtype, source.shape)
        return args[0].copy_(fetched) if func is ATEN.copy_.default else fetched


def fetch(dtype: torch.dtype, shape: tuple[int, ...]) -> Tensor:
    return torch.full(shape, dtype == torch.bool, dtype=dtype)


class Disguise(TorchFunctionMode):
    """Lets ``meta`` pass as ``cuda:0``."""

    def __init__(self, waits: Waits) -> None:
        super().__init__()
        self.waits = waits

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if func == Tensor.device.__get__:
            return GPU if args[0].is_meta else func(*args)
        # Its values are put together on the CPU, in memory that is not pinned.
        if func in (torch.tensor, torch.as_tensor) and is_gpu(kwargs.get("device")):
            self.waits.note("send")
        args = [META if is_gpu(value) else value for value in args]
        return func(
            *args, **{key: META if is_gpu(value) else value for key, value in kwargs.items()}
        )


def is_gpu(value: object) -> bool:
    return isinstance(value, torch.device) and value.type == "cuda"


def pin(values: Tensor) -> Tensor:
    """Stand in for ``Tensor.pin_memory``, which needs CUDA."""
    pinned = values.clone()
    pinned.is_pinned_here = True
    return pinned


@contextmanager
def absent_gpu(free: int = 2**30) -> Iterator[list[Wait]]:
    """Let a GPU seem to be there that has so many bytes free.

    Yields:
        The waits for it so far, to which more are added.
    """
    waits = Waits()
    with (
        warnings.catch_warnings(),
        mock.patch.object(Tensor, "pin_memory", pin),
        mock.patch("torch.cuda.mem_get_info", lambda device: (free, free)),
        mock.patch("torch.cuda.amp.common.amp_definitely_not_available", lambda: False),
        mock.patch("torch.cuda.is_bf16_supported", lambda: True),
        waits,
        Disguise(waits),
    ):
        warnings.filterwarnings("ignore", "for .*: copying from a non-meta parameter")
        yield waits.seen
