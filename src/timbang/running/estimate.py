"""What a run is going to need, in seconds and memory, from what the study says of it.

All of it is meant to be right within a factor of two or three, for the limits that a scheduler is
given and for the hours that are announced; no result follows from it. Parsing the workflow asks,
so nothing here needs more than the standard library.
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from timbang.networks.catalogue import CATALOGUE
from timbang.study.study import Study
from timbang.study.variants import SHARES, TRIALS, list_changes
from timbang.study.words import Contender

# Of a network that is not Timbang's own: ResNet-50 at 224 pixels.
FOREIGN_MULTIPLY_ADDS, FOREIGN_SIZE = 4.1e9, 224
# Against a plain block, measured at 32 pixels; the families that are not named cost as much.
COST_OF_FAMILY = {"multipath": 1.37, "twinpath": 0.78}
# A step computes forward, and backward for the inputs and for the weights.
PASSES = 3
# Megabytes of a process with torch, and of the two Snakemakes around it in a job.
MEGABYTES = {"cpu": 1500, "gpu": 4000}
# Megabytes an image, a pixel and a unit of width, of ResNet-34: from 2.6 GB at 224 pixels.
MEGABYTES_A_PIXEL = 1.3e-3
# What is asked for, as a multiple of what is expected: first guesses, and after own measurements.
MARGIN_GUESSED, MARGIN_MEASURED = 4.0, 2.0
# Minutes of a job beside its training: Python, torch, a slow file system.
MINUTES_TO_START = 5
# Seconds of pure training that a job should have, to be worth the 15 s of its start.
WORTH_A_JOB = 150.0
# However short the runs: what one job makes is lost with it.
MOST_IN_A_JOB = 50


@dataclass(frozen=True)
class Speed:
    """How fast a kind of device trains: seconds an image = ``overhead`` + multiply-adds / ``rate``.

    Multiply-adds are those of a training step, ``PASSES`` times those of a forward pass.
    """

    overhead: float
    rate: float


# One core of an AMD EPYC, from docs/running.md: 1,200 images a second at 32 pixels and a quarter of
# the width, 500 at 64 pixels, 4.5 at 224 pixels and full width. A GPU was never tried: a tenth of
# what one of 2020 computes at most.
SPEEDS = {"cpu": Speed(5.2e-4, 4.9e10), "gpu": Speed(1e-4, 1e12)}


@dataclass(frozen=True)
class Measured:
    """What a finished run took: its device (``cpu`` or ``gpu``) and seconds an image and epoch."""

    contender: str
    device: str
    multiply_adds: float
    seconds: float


@dataclass(frozen=True)
class Task:
    """One run: what is trained on how many images of which size, and on what."""

    contender: Contender
    image_size: int
    images: int
    device: str


def make_task(study: Study, variant: str, contender: Contender, images: int, device: str) -> Task:
    """Return a run of a variant as far as its time and memory go.

    Args:
        study: the study.
        variant: one of its variants.
        contender: one of its contenders, as the study itself trains it.
        images: how many images the study has.
        device: ``cpu`` or ``gpu``.
    """
    kind, _, which = variant.partition("/")
    trained = 1 - study.split.validation - study.split.test
    if kind == TRIALS and study.tuning:
        trained *= 1 - study.tuning.share
    elif kind == SHARES:
        trained *= float(which)
    own = contender.change(list_changes(study, variant, contender.recipe))
    return Task(own, study.data.image_size, max(1, round(images * trained)), device)


def guess_multiply_adds(network: str, width: float, image_size: int) -> float:
    """Return about how many multiply-adds a forward pass of one image takes.

    Args:
        network: a network's name, one of the catalogue or another's.
        width: multiplies every number of channels.
        image_size: the side of the image in pixels.
    """
    if network not in CATALOGUE:
        return FOREIGN_MULTIPLY_ADDS * (image_size / FOREIGN_SIZE) ** 2
    own = CATALOGUE[network]
    channels = own.channels * width
    side = image_size if own.small else math.ceil(image_size / 4)
    stem = 27 * channels * image_size**2 if own.small else 147 * channels * (image_size / 2) ** 2
    total = stem
    for blocks in own.stages:
        # Two 3x3 convolutions; or 1x1, 3x3 and 1x1 to four times as many channels.
        of_block = 17 if own.bottleneck else 18
        # The first block of a stage has half as many channels before it.
        total += (blocks - 0.25) * of_block * channels**2 * side**2
        channels, side = 2 * channels, math.ceil(side / 2)
    return total * COST_OF_FAMILY.get(own.family, 1.0)


def guess_seconds(task: Task, measured: Sequence[Measured] = ()) -> float:
    """Return about how many seconds a run trains.

    Args:
        task: the run.
        measured: runs that are done. Those of the same contender on such a device count alone;
            without any, all on such a device say how this machine differs from the one that
            ``SPEEDS`` were measured on.
    """
    own = task.contender
    cost = guess_multiply_adds(own.network, own.width, task.image_size)
    seconds = _seconds_an_image(task.device, cost)
    others = [one for one in measured if one.device == task.device and one.seconds > 0]
    same = [one for one in others if one.contender == own.name]
    if same:
        seconds = statistics.median(one.seconds for one in same)
    elif others:
        seconds *= statistics.median(
            one.seconds / _seconds_an_image(one.device, one.multiply_adds) for one in others
        )
    return seconds * task.images * own.recipe.epochs


def _seconds_an_image(device: str, multiply_adds: float) -> float:
    speed = SPEEDS[device]
    return speed.overhead + PASSES * multiply_adds / speed.rate


def ask_minutes(
    task: Task,
    measured: Sequence[Measured],
    attempt: int,
    most: int | None = None,
    shared: int = 1,
) -> int:
    """Return the minutes to ask a scheduler for, for one run.

    Args:
        task: the run.
        measured: as of ``guess_seconds``.
        attempt: 1, or more after failures; each doubles what is asked for.
        most: what the scheduler allows; a run that is cut off goes on from its checkpoint.
        shared: how many runs share a job, and with it the time that it takes to start and what is
            allowed.
    """
    known = any(one.device == task.device for one in measured)
    margin = MARGIN_MEASURED if known else MARGIN_GUESSED
    minutes = math.ceil(margin * guess_seconds(task, measured) / 60)
    minutes += math.ceil(MINUTES_TO_START / shared)
    minutes *= 2 ** (attempt - 1)
    return minutes if most is None else max(1, min(minutes, most // shared))


def ask_megabytes(task: Task, attempt: int) -> int:
    """Return the memory to ask a scheduler for, in megabytes; each further attempt doubles it."""
    own = task.contender
    known = CATALOGUE.get(own.network)
    depth = 1.0 if known is None else max(1.0, known.depth / 34)
    # The small networks work at full resolution; a bottleneck ends in four times the channels.
    scale = 4.0 if known is not None and known.small else 1.0
    if known is None or known.bottleneck:
        scale *= 2.5
    pixels = own.recipe.batch_size * task.image_size**2
    batch = MEGABYTES_A_PIXEL * pixels * own.width * depth * scale
    # The optimiser's state and a checkpoint are copies of the weights, at most of some 100 MB.
    megabytes = MEGABYTES[task.device] + 2 * batch
    return int(math.ceil(megabytes / 100) * 100) * 2 ** (attempt - 1)


def count_for_a_job(seconds: Sequence[float]) -> int:
    """Return how many runs one job should train, so that it is worth its start.

    Args:
        seconds: about how long each of the study's runs trains.
    """
    if not seconds:
        return 1
    mean = statistics.mean(seconds)
    return max(1, min(MOST_IN_A_JOB, round(WORTH_A_JOB / max(mean, 0.1))))


def describe_hours(seconds: float) -> str:
    """Return a time as a person says it.

    >>> describe_hours(40), describe_hours(2400), describe_hours(9000), describe_hours(864000)
    ('1 minute', '40 minutes', '2.5 hours', '10 days')
    """
    minutes = max(1, round(seconds / 60))
    if minutes < 100:
        return f"{minutes} minute{'s' * (minutes != 1)}"
    hours = seconds / 3600
    return f"{hours:.1f} hours" if hours < 100 else f"{hours / 24:.0f} days"
