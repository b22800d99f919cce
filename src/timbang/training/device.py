"""The device that a run uses, chosen when it starts."""

import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch

from timbang.errors import TimbangError


def choose_device(wanted: str, gpus: int) -> torch.device:
    """Choose the device of a run.

    Args:
        wanted: ``auto`` (CUDA, else MPS, else CPU), ``cpu``, ``cuda`` or ``mps``.
        gpus: how many GPUs the job was given; with 0, ``auto`` is the CPU.

    Raises:
        TimbangError: a device was named that this machine or this job does not have.
    """
    found = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if wanted == "auto":
        names = [name for name, is_there in found.items() if is_there and gpus > 0]
        return torch.device(names[0] if names else "cpu")
    if wanted != "cpu" and not found[wanted]:
        raise TimbangError(f"device: this machine has no {wanted} device; use auto or cpu")
    if wanted != "cpu" and gpus == 0:
        raise TimbangError(f"device: {wanted} needs a GPU, but --resources gpu=0 allows none")
    return torch.device(wanted)


def name_device(device: torch.device) -> str:
    """Return the name of a device as its maker gives it, or the processor's architecture."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    if device.type == "cpu":
        return _processor_model() or platform.machine()
    return platform.machine()


@contextmanager
def explaining_full_memory() -> Iterator[None]:
    """Say in one line what to lower where the memory of the device or the machine is full.

    Raises:
        TimbangError: the memory did not suffice.
    """
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise _memory_error(error) from None
    except RuntimeError as error:
        # What torch raises on a CPU has no class of its own.
        if "alloc" not in str(error) or "memory" not in str(error):
            raise
        raise _memory_error(error) from None


def _memory_error(error: BaseException) -> TimbangError:
    reason = " ".join(str(error).split())[:300]
    return TimbangError(
        "the memory is full; lower recipe.batch_size (which changes the recipe), data.image_size "
        f"or width, or train fewer runs at once ({reason})"
    )


def repeat_exactly(threads: int) -> None:
    """Set torch so that a run on the same machine with the same threads repeats bit for bit.

    On CUDA this is what torch offers for it (deterministic algorithms in cuDNN, none chosen by
    timing); it has not been tried on a GPU.
    """
    torch.set_num_threads(threads)
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True


def _processor_model() -> str:
    """Return the processor's model on Linux, an empty text elsewhere."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else ""


def describe_run(device: torch.device) -> dict[str, Any]:
    """Return what a run's numbers depend on beside its configuration: device and versions."""
    return {
        "device": device.type,
        "device_name": name_device(device),
        "threads": torch.get_num_threads(),
        "platform": f"{platform.system()} {platform.machine()}",
        "versions": {
            "python": platform.python_version(),
            "torch": str(torch.__version__),
            "numpy": np.__version__,
        },
    }
