# What runs need of time and memory, for a scheduler and for what is said before they start. None of
# it is a parameter, so that it makes nothing again.

from timbang.running.estimate import (
    ask_megabytes,
    ask_minutes,
    count_for_a_job,
    guess_seconds,
    make_task,
)
from timbang.running.measured import count_images, read_measured

# The groups of a profile of which a job may have several runs: the study's own, which may wait for
# the trials among the others.
GROUPS = ("runs", "variants")


@cache
def images_of_study():
    """How many images the study has, or about how many it is going to have."""
    return count_images(STUDY, Path(RESULTS))


@cache
def measured_runs():
    """What the first replicate of each contender took, where it is done."""
    name = "training.json"
    return read_measured(
        Path(RESULTS, OWN, own.name, label_run(STUDY.replicates[0]), name)
        for own in STUDY.contenders
    )


@cache
def task_of(variant, contender):
    """A run of a variant as far as its time and memory go."""
    device = "gpu" if STUDY.device != "cpu" and trains_on_gpu() else "cpu"
    return make_task(STUDY, variant, STUDY.contender(contender), images_of_study(), device)


def seconds_of(wildcards):
    """About how long a run trains."""
    return guess_seconds(task_of(wildcards.variant, wildcards.contender), measured_runs())


def minutes_of_run(wildcards, attempt):
    """The minutes that a run's job asks for."""
    task = task_of(wildcards.variant, wildcards.contender)
    most = most_minutes("train_network")
    if most is not None and STUDY.probes:
        # What shares a job with them may take the rest.
        most = most * 2 // 3
    return ask_minutes(task, measured_runs(), attempt, most, count_runs_a_job())


def megabytes_of_run(wildcards, attempt):
    """The memory that a run's job asks for."""
    return ask_megabytes(task_of(wildcards.variant, wildcards.contender), attempt)


def minutes_of_probes(wildcards, attempt):
    """The minutes that probing a run asks for: it computes on some images only."""
    shared = count_runs_a_job()
    minutes = max(2, 15 // shared) * 2 ** (attempt - 1)
    most = most_minutes("probe_run")
    return minutes if most is None else max(1, min(minutes, most // (3 * shared)))


def minutes_of_images(wildcards, attempt):
    """The minutes that reading or resizing all images asks for: 1,000 in each, at the slowest."""
    return (10 + images_of_study() // 1000) * 2 ** (attempt - 1)


def megabytes_of_images(wildcards, attempt):
    """The memory that reading or resizing all images asks for: four processes have 100 MB each."""
    return (2400 + images_of_study() // 50) * 2 ** (attempt - 1)


def count_runs_a_job():
    """How many runs one job trains: as the profile says, else so that it is worth its start."""
    settings = workflow.group_settings
    if settings is None or not set(GROUPS) & set(settings.overwrite_groups.values()):
        return 1
    given_sizes = [
        settings.group_components[own] for own in GROUPS if own in settings.group_components
    ]
    return max(given_sizes) if given_sizes else count_worth_a_job()


@cache
def count_worth_a_job():
    """How many runs make a job worth its start."""
    own = [
        guess_seconds(task_of(OWN, contender.name), measured_runs())
        for contender in STUDY.contenders
    ]
    return min(count_for_a_job(own), len(CONTENDERS) * len(STUDY.runs))


class GroupSizes(dict):
    """How many runs one job trains: what the profile says, else as many as make it worth its start.

    Only asked for once there is a plan, when the images have been counted.
    """

    def get(self, group, default=None):
        if group in GROUPS and group not in self:
            return count_worth_a_job()
        return super().get(group, default)
