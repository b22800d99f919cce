"""What a killed run goes on from: a side file with everything that changes while it trains.

The file is safetensors, which can hold nothing that runs, with numbers and the history as JSON in
its header. It is written whole or not at all, and carries a checksum, so that one that is damaged
is told from one that is not. ``torch.load(weights_only=True)`` reads no more
safely, and has no checksum.
"""

import fcntl
import hashlib
import json
import logging
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import Tensor, nn

from timbang.errors import TimbangError
from timbang.records.writing import write_whole
from timbang.training.state import Epoch, TrainingState

CONTENT, CHECKSUM = "content", "sha256"


HEXADECIMAL = "[0-9a-f]" * 16


class Checkpoint:
    """Saves a run's state to a file as it goes on, and puts it back.

    Args:
        path: the file, named by all that the run depends on.
        seconds: the time after which it is saved within an epoch.
        clock: tells the time in seconds.
    """

    def __init__(
        self, path: Path, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.path = path
        self.seconds = seconds
        self.clock = clock
        self.saved = clock()
        self.stop_asked = False
        self.log = logging.getLogger("timbang")

    def step_done(self, state: TrainingState) -> None:
        """Save where it is time, or where the process was asked to stop.

        Raises:
            TimbangError: the process was asked to stop.
        """
        if self.stop_asked:
            self.save(state)
            raise TimbangError(
                f"stopped on request after step {state.step} of epoch {state.epoch}; "
                "the same call goes on from there"
            )
        if self.clock() - self.saved >= self.seconds:
            self.save(state)

    def save(self, state: TrainingState) -> None:
        """Write the state, whole or not at all."""
        tensors, content = pack_state(state)
        text = json.dumps(content)
        # Not save_file, which writes to a name of its own that a kill would leave behind.
        write_whole(self.path, save(tensors, {CONTENT: text, CHECKSUM: hash_state(tensors, text)}))
        self.saved = self.clock()

    def save_snapshot(self, epoch: int, network: nn.Module) -> None:
        """Keep the network's state after an epoch beside the checkpoint, until the run is done."""
        write_whole(self.snapshot_path(epoch), save(copy_state(network)))

    def collect_snapshots(self, epochs: Sequence[int]) -> dict[str, Tensor]:
        """Return the states that were kept after these epochs, as ``<epoch>/<name>``."""
        return {
            f"{epoch}/{name}": value
            for epoch in epochs
            for name, value in load_file(self.snapshot_path(epoch)).items()
        }

    def snapshot_path(self, epoch: int) -> Path:
        """Return where the state after an epoch is kept."""
        return self.path.with_name(f"{self.path.stem}-epoch{epoch}.safetensors")

    def restore(self, state: TrainingState) -> None:
        """Put a saved state back; without one, or with a damaged one, nothing changes."""
        if not self.path.is_file():
            return
        try:
            tensors, content = read_state_file(self.path)
        except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
            reason = " ".join(str(error).split())
            self.log.warning("%s is damaged and not used (%s)", self.path, reason)
            return
        unpack_state(state, tensors, content)
        self.log.info("going on after step %d of epoch %d", state.step, state.epoch)

    @contextmanager
    def stopping_on_request(self) -> Iterator[None]:
        """Let SIGTERM, with which schedulers announce a kill, stop the run at its next step."""

        def ask(number: int, frame: object) -> None:
            self.stop_asked = True

        before = signal.signal(signal.SIGTERM, ask)
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, before)


def copy_state(network: nn.Module) -> dict[str, Tensor]:
    """Return a network's state on the CPU, as safetensors wants it."""
    return {name: value.cpu().contiguous() for name, value in network.state_dict().items()}


def name_run(settings: Mapping[str, Any], files: list[Path]) -> str:
    """Return a name for all that a run depends on: 16 hexadecimal digits.

    Args:
        settings: what can be written as JSON.
        files: files whose content counts, in their order.
    """
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for file in files:
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:16]


@contextmanager
def hold_run(run: Path) -> Iterator[None]:
    """Let no two processes train one run, whose checkpoints they would take from each other.

    Where Snakemake alone was killed, the run that it started goes on; the next call then waits.
    The lock is the operating system's: it ends with the process, however that ends.

    Args:
        run: the path of a checkpoint up to the ``-`` before the name that ``name_run`` gives.
    """
    run.parent.mkdir(parents=True, exist_ok=True)
    place = run.with_name(f"{run.name}.lock")
    while True:
        with place.open("a", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                logging.getLogger("timbang").info(
                    "waiting for a process of an earlier call, which still trains this run"
                )
                fcntl.flock(file, fcntl.LOCK_EX)
            # The process before may have removed the file that this one waited for.
            if not place.exists() or not os.path.samestat(place.stat(), os.fstat(file.fileno())):
                continue
            try:
                yield
            finally:
                place.unlink(missing_ok=True)
            return


def remove_checkpoints(run: Path) -> None:
    """Remove all checkpoints of a run, stale ones and what a kill left of writing one.

    The folder stays, since another run may be about to write into it.

    Args:
        run: the path of a checkpoint up to the ``-`` before the name that ``name_run`` gives.
    """
    for pattern in (
        f"{run.name}-{HEXADECIMAL}.safetensors",
        f"{run.name}-{HEXADECIMAL}-epoch*.safetensors",
        f".{run.name}-{HEXADECIMAL}*.part",
    ):
        for file in run.parent.glob(pattern):
            file.unlink(missing_ok=True)


def pack_state(state: TrainingState) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return a state as tensors by name, on the CPU, and what can be written as JSON."""
    tensors = {f"network.{name}": value for name, value in state.network.state_dict().items()}
    if state.average is not None:
        own = state.average.state_dict()
        tensors |= {f"average.{name}": value for name, value in own.items()}
    optimizer = state.optimizer.state_dict()
    moments: dict[str, list[str]] = {}
    for place, values in optimizer["state"].items():
        moments[str(place)] = [name for name, value in values.items() if value is not None]
        tensors |= {f"optimizer.{place}.{name}": values[name] for name in moments[str(place)]}
    tensors |= {
        "order": state.epoch_order,
        "augmentation": state.augmentation.get_state(),
        "loss_sum": state.loss_sum,
        "correct": state.correct,
        "step_losses": state.step_losses,
    }
    content = {
        "epoch": state.epoch,
        "step": state.step,
        "learning_rate": state.learning_rate,
        "seconds": state.elapsed(),
        "history": [asdict(epoch) for epoch in state.history],
        "schedule": state.schedule.state_dict(),
        "groups": optimizer["param_groups"],
        "moments": moments,
        "scaler": state.scaler.state_dict(),
        "diverged": state.diverged,
    }
    # A copy, since safetensors wants its own order of the values and no two of one memory.
    return (
        {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()},
        content,
    )


def unpack_state(
    state: TrainingState, tensors: Mapping[str, Tensor], content: Mapping[str, Any]
) -> None:
    """Put back what ``pack_state`` returned for a state of the same making."""
    state.network.load_state_dict(_below("network.", tensors))
    if state.average is not None:
        state.average.load_state_dict(_below("average.", tensors))
    state.optimizer.load_state_dict(
        {
            "state": {
                int(place): {name: tensors[f"optimizer.{place}.{name}"] for name in names}
                for place, names in content["moments"].items()
            },
            "param_groups": content["groups"],
        }
    )
    _lay_out_like_weights(state.optimizer)
    state.schedule.load_state_dict(content["schedule"])
    state.order.set_state(tensors["order"])
    state.augmentation.set_state(tensors["augmentation"])
    state.loss_sum.copy_(tensors["loss_sum"])
    state.correct.copy_(tensors["correct"])
    state.step_losses.copy_(tensors["step_losses"])
    state.scaler.load_state_dict(content["scaler"])
    state.diverged = content["diverged"] and tuple(content["diverged"])
    state.history[:] = [Epoch(**row) for row in content["history"]]
    state.epoch, state.step = content["epoch"], content["step"]
    state.learning_rate, state.seconds = content["learning_rate"], content["seconds"]


def hash_state(tensors: Mapping[str, Tensor], text: str) -> str:
    """Return a SHA-256 over names, kinds and values of tensors on the CPU, and over a text."""
    digest = hashlib.sha256(text.encode())
    for name in sorted(tensors):
        value = tensors[name]
        digest.update(f"{name} {value.dtype} {tuple(value.shape)} ".encode())
        digest.update(value.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def read_state_file(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read a state and check it against its checksum.

    Raises:
        SafetensorError, OSError, ValueError, KeyError, TypeError: it is damaged.
    """
    with safe_open(path, framework="pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        metadata = file.metadata() or {}
    if hash_state(tensors, metadata[CONTENT]) != metadata[CHECKSUM]:
        raise ValueError("its checksum is another")
    return tensors, json.loads(metadata[CONTENT])


def _below(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): value
        for name, value in tensors.items()
        if name.startswith(prefix)
    }


def _lay_out_like_weights(optimizer: torch.optim.Optimizer) -> None:
    """Give the moments the memory layout of their weights, which the fused step relies on."""
    for weight, values in optimizer.state.items():
        for name, value in values.items():
            if isinstance(value, Tensor) and value.shape == weight.shape:
                values[name] = torch.empty_like(weight).copy_(value)
