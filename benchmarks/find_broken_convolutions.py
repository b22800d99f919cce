"""Find the convolutions that corrupt memory or give wrong gradients on this processor.

    PYTHONPATH=src python benchmarks/find_broken_convolutions.py              # layers, minutes
    PYTHONPATH=src python benchmarks/find_broken_convolutions.py --networks   # whole networks

Each case trains for two steps while glibc's checker watches the heap: it ends a process that has
written past its memory, which otherwise may go on for long. What falls is run in a process of its
own. The gradients of layers are compared with those of float64 in NCHW, which oneDNN does not
compute. Strided 1x1 convolutions of few channels are tried as torch has them and as Timbang guards
them (timbang.networks.convolutions). The exit status is 0 where all that fell is what Timbang
guards.

For Linux with glibc. A lower instruction set than the processor's is tried with --isa.
"""

import argparse
import ctypes
import multiprocessing
import os
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn.functional import conv2d

from timbang.networks.catalogue import CATALOGUE, FEWEST_CHANNELS
from timbang.networks.convolutions import guard_convolutions, is_unsafe
from timbang.study.schema import defaults_of
from timbang.study.words import Contender, Recipe
from timbang.training.loop import Images, train

CHECKER = "libc_malloc_debug.so.0"
SIDES = (8, 16, 32, 33, 56, 112, 224)
# Inputs of 48 and more are those of usual networks.
CHANNELS = {
    1: (*range(2, 25), 32, 48, 64, 128, 256),
    3: (2, 3, 4, 6, 8, 10, 12, 16, 20, 24, 32, 64),
    5: (3, 4, 8, 12, 16, 24, 32),
    7: (3, 4, 8, 16),
}
STEMS = (8, 16, 24, 32, 64)
# So many multiply-adds at most, and batches of so many images at most, both odd where they split.
MOST_WORK, BATCHES = 1.5e8, (5, 3, 1)
# Of the largest gradient. Rounding leaves some 1e-6; what is wrong is wrong by far.
TOLERANCE = 1e-3
# Seconds. What has corrupted its memory may go round for ever; a layer takes a tenth.
PATIENCE = {"Layer": 5, "Network": 120}
# Cases in one process, where none falls.
TOGETHER = {"Layer": 20, "Network": 1}
FOREIGN = (
    "mobilenet_v3_small",
    "shufflenet_v2_x0_5",
    "squeezenet1_1",
    "efficientnet_b0",
    "regnet_y_400mf",
    "resnet18",
)


@dataclass(frozen=True)
class Layer:
    """A convolution and what it is trained on."""

    kernel: int
    stride: int
    channels: int
    outputs: int
    side: int
    batch: int
    channels_last: bool
    threads: int
    guarded: bool

    def build(self) -> nn.Conv2d:
        """Return the convolution, without a bias as before BN."""
        return nn.Conv2d(
            self.channels,
            self.outputs,
            self.kernel,
            self.stride,
            padding=self.kernel // 2,
            bias=False,
        )

    @property
    def group(self) -> tuple[str, ...]:
        """The row of the table to which the case belongs."""
        return (
            f"{self.kernel}x{self.kernel}",
            f"stride {self.stride}",
            "channels_last" if self.channels_last else "NCHW",
            f"{self.channels} channels",
            "guarded" if self.guarded else "as torch has it",
        )

    def is_expected(self) -> bool:
        """Return whether Timbang does not train such a layer but its guarded form."""
        return not self.guarded and is_unsafe(self.build())

    def run(self) -> float:
        """Train for two steps; return the largest error of a gradient, in shares of the largest."""
        torch.set_num_threads(self.threads)
        torch.manual_seed(0)
        layout = torch.channels_last if self.channels_last else torch.contiguous_format
        layer = self.build()
        if self.guarded:
            guard_convolutions(layer)
        layer.to(memory_format=layout)
        images = torch.randn(self.batch, self.channels, self.side, self.side)
        exact = [images.double().requires_grad_(), layer.weight.detach().double().contiguous()]
        exact[1].requires_grad_()
        true = conv2d(*exact, stride=self.stride, padding=self.kernel // 2)
        wanted = torch.randn(true.shape)
        true.backward(wanted.double())
        errors = []
        for _ in range(2):
            inputs = images.clone(memory_format=layout).requires_grad_()
            layer.weight.grad = None
            layer(inputs).backward(wanted.clone(memory_format=layout))
            errors += [
                measure_error(inputs.grad, exact[0].grad),
                measure_error(layer.weight.grad, exact[1].grad),
            ]
        return max(errors)


@dataclass(frozen=True)
class Network:
    """A network as Timbang trains it."""

    name: str
    width: float
    side: int
    threads: int

    @property
    def group(self) -> tuple[str, ...]:
        """The row of the table to which the case belongs."""
        return self.name, f"width {self.width:g}", f"{self.side} px"

    def is_expected(self) -> bool:
        """Return whether it may fall: no network may."""
        return False

    def run(self) -> float:
        """Train on batches of 5, 5 and 3 images; return 0, or infinity where it diverged."""
        torch.set_num_threads(self.threads)
        shape = 13, self.side, self.side, 3
        pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
        rows = np.arange(len(pixels))
        contender = Contender(
            "tried",
            self.name,
            self.width,
            Recipe(**defaults_of("recipe") | {"epochs": 1, "batch_size": 5}),
            None,
        )
        run = train(contender, 0, Images(pixels, rows % 5, rows, rows), 5, torch.device("cpu"))
        return 0.0 if run.diverged is None else float("inf")


def measure_error(ours: torch.Tensor, true: torch.Tensor) -> float:
    """Return the largest difference as a share of the largest true value; NaN counts as all."""
    error = ((ours.double() - true).abs().max() / true.abs().max()).item()
    return error if np.isfinite(error) else float("inf")


# Cases


def list_layers() -> Iterator[Layer]:
    """List the convolutions: of stems, of blocks, of projections, of halved paths."""
    for kernel, channels in CHANNELS.items():
        for inputs, stride, side in product(channels, (1, 2), SIDES):
            # Halved and doubled; the stem's.
            outputs = {inputs // 2, 2 * inputs}
            for output in sorted(outputs | set(STEMS) if inputs == 3 else outputs):
                work = inputs * output * (kernel * side / stride) ** 2
                batch = next((batch for batch in BATCHES if batch * work <= MOST_WORK), None)
                if batch is None:
                    continue
                # Timbang trains in channels_last.
                for last, threads in ((True, 1), (True, 2), (False, 2)):
                    case = (kernel, stride, inputs, output, side, batch, last, threads)
                    yield Layer(*case, guarded=False)
                    if Layer(*case, guarded=False).is_expected():
                        yield Layer(*case, guarded=True)


def list_networks() -> Iterator[Network]:
    """List every family at narrow widths, and networks of torchvision."""
    for name, architecture in CATALOGUE.items():
        if architecture.depth > 50 or (architecture.small and architecture.depth not in (8, 20)):
            continue
        narrowest = FEWEST_CHANNELS / architecture.channels
        for factor, side, threads in product((1, 1.5, 2), (32, 64, 224), (1, 2)):
            # Only the narrowest in all ways: the layers of wider ones are tried by themselves.
            if factor == 1 or (side < 224 and threads == 1):
                yield Network(name, factor * narrowest, side, threads)
    for name, side, threads in product(FOREIGN, (64, 224), (1, 2)):
        yield Network(f"torchvision:{name}", 1.0, side, threads)


# Running them


def start_checked(isa: str | None) -> None:
    """Start this program anew under glibc's checker, unless it already is."""
    if os.environ.get("LD_PRELOAD") == CHECKER:
        return
    try:
        ctypes.CDLL(CHECKER)
    except OSError:
        sys.exit(f"{CHECKER}: not found; this needs Linux with glibc 2.34 or newer")
    changes = {
        "LD_PRELOAD": CHECKER,
        "GLIBC_TUNABLES": "glibc.malloc.check=3",
        # Threads that wait leave the processor to others.
        "OMP_WAIT_POLICY": "passive",
    }
    if isa:
        changes["ONEDNN_MAX_CPU_ISA"] = isa
    os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | changes)


def try_together(cases: list[Layer] | list[Network]) -> list[float] | str:
    """Run cases in one process; return the error of each, or ``died`` or ``hung``.

    The process is forked, so that torch is loaded already.
    """
    processes = multiprocessing.get_context("fork")
    receiver, sender = processes.Pipe(duplex=False)
    process = processes.Process(target=run_cases, args=(cases, sender))
    process.start()
    sender.close()
    process.join(sum(PATIENCE[type(case).__name__] for case in cases))
    if process.is_alive():
        process.kill()
        process.join()
        return "hung"
    return receiver.recv() if process.exitcode == 0 else "died"


def run_cases(cases: list[Layer] | list[Network], sender: Connection) -> None:
    """Run cases; what dies writes nothing on the terminal."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    sender.send([case.run() for case in cases])


def judge(cases: list[Layer] | list[Network]) -> list[tuple[str, float]]:
    """Return for each case ``fine``, ``wrong``, ``died`` or ``hung``, and its error or NaN.

    Where one of several is not fine, each is run again by itself: memory that one has corrupted
    may be another's.
    """
    found = try_together(cases)
    if isinstance(found, str):
        verdicts = [(found, float("nan"))] * len(cases)
    else:
        verdicts = [("fine" if error < TOLERANCE else "wrong", error) for error in found]
    if len(cases) == 1 or all(verdict == "fine" for verdict, _ in verdicts):
        return verdicts
    return [verdict for case in cases for verdict in judge([case])]


def put_together(cases: Iterable[Layer | Network]) -> Iterator[list[Layer] | list[Network]]:
    """Yield cases by the batch, each that is known to fall alone."""
    batch = []
    for case in cases:
        if case.is_expected():
            yield [case]
            continue
        batch.append(case)
        if len(batch) == TOGETHER[type(case).__name__]:
            yield batch
            batch = []
    if batch:
        yield batch


def try_cases(
    cases: Iterable[Layer | Network], say: Callable[[str], None]
) -> tuple[dict[tuple[str, ...], Counter[str]], bool]:
    """Try all cases; return the verdicts by group and whether one fell that must not."""
    # What torch loads when it first computes is loaded once, for all. With one thread, since other
    # threads do not live on in a forked process.
    Layer(1, 1, 3, 3, 8, 1, True, 1, guarded=False).run()
    verdicts: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    unexpected, worst, count, start = False, 0.0, 0, time.perf_counter()
    for batch in put_together(cases):
        for case, (verdict, error) in zip(batch, judge(batch), strict=True):
            verdicts[case.group][verdict] += 1
            if verdict == "fine":
                worst = max(worst, error)
            elif not case.is_expected():
                unexpected = True
                say(f"{verdict}: {case}")
            count += 1
            if count % 500 == 0:
                say(f"{count} cases in {time.perf_counter() - start:.0f} s")
    say(f"{count} cases in {time.perf_counter() - start:.0f} s")
    if worst:
        say(f"gradients of the fine ones are off by {worst:.1e} of the largest at most")
    return verdicts, unexpected


def describe_processor() -> str:
    """Return the processor's model, what torch takes it for, and the versions."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(": ")[1] for line in lines if line.startswith("model name")), "?")
    limit = os.environ.get("ONEDNN_MAX_CPU_ISA", "none")
    return (
        f"{model}, {torch.backends.cpu.get_cpu_capability()}, oneDNN's limit: {limit}, "
        f"torch {torch.__version__}, {os.cpu_count()} processors"
    )


def main() -> None:
    """Print what fell."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", action="store_true", help="whole networks, not layers")
    parser.add_argument("--kernels", type=int, nargs="*", help="layers of these kernels only")
    parser.add_argument("--channels", type=int, nargs="*", help="layers of so many only")
    parser.add_argument("--isa", choices=("SSE41", "AVX", "AVX2", "AVX512_CORE"))
    options = parser.parse_args()
    start_checked(options.isa)

    def say(line: str) -> None:
        print(line, flush=True)

    say(describe_processor())
    layers = (
        case
        for case in list_layers()
        if (not options.kernels or case.kernel in options.kernels)
        and (not options.channels or case.channels in options.channels)
    )
    verdicts, unexpected = try_cases(list_networks() if options.networks else layers, say)
    fallen = {group: found for group, found in verdicts.items() if set(found) != {"fine"}}
    for group, found in sorted(fallen.items()):
        say(f"{', '.join(group)}: {', '.join(f'{n} {what}' for what, n in sorted(found.items()))}")
    if not fallen:
        say("nothing fell")
    elif not unexpected:
        say("only what Timbang guards against fell")
    sys.exit(1 if unexpected else 0)


if __name__ == "__main__":
    main()
