# All that reaches into Snakemake: where the workflow lies and how it was called, what the user sees
# of a call, how scripts are started, and what Snakemake 9.27 does wrong.

import atexit
import logging
import time
from functools import cache

from snakemake import sourcecache
from snakemake.dag import DAG
from snakemake.settings.enums import RerunTrigger
from snakemake.sourcecache import LocalGitFile, SourceFile
from snakemake_interface_logger_plugins.common import LogEvent

# workflow.basedir would be the folder of a workflow that has this one as a module
# (snakemake/snakemake#2914, #3467).
LIBRARY = Path(workflow.current_basedir.get_path_or_uri(secret_free=True), "../../src").resolve()
# The library beside the workflow counts, where there is one; else the one that is installed.
if LIBRARY.is_dir():
    sys.path.insert(0, str(LIBRARY))
    # The scripts of the jobs look there too.
    others = filter(None, [os.getenv("PYTHONPATH")])
    os.environ.update(PYTHONPATH=os.pathsep.join([str(LIBRARY), *others]))
try:
    import timbang
except ModuleNotFoundError:
    sys.exit(
        f"Timbang's library is not installed in {sys.executable}, and a workflow that is not on "
        "this disk needs it: pip install git+URL, with the URL of the workflow's repository"
    )

from timbang.launcher import ADDRESS, can_launch, client_command, start_server
from timbang.logs import describe_failures
from timbang.printable import show
from timbang.records.made_with import describe_remade
from timbang.running.guard import describe_disk, describe_gpu, describe_tex, describe_work
from timbang.running.held import hold_study, remove_dead_locks
from timbang.running.slurm import (
    ask_slurm,
    describe_attempts,
    describe_cancelled,
    find_too_long,
    list_jobs,
    list_limits,
    name_jobs,
)

# Those of --configfile. `config` cannot tell: Snakemake has merged them into it already, and one
# without the key `study` has to be refused rather than filled up from the default study.
CONFIG_FILES = workflow.overwrite_configfiles
# False in a job, which parses the workflow again.
IS_MAIN_PROCESS = workflow.is_main_process

# Snakemake puts this path into shell commands as it is; a space in it would end the command.
PYTHON = sys.executable if Path(sys.executable).is_file() else shlex.split(sys.executable)[0]
sys.executable = shlex.quote(PYTHON)


def join_git_path(folder, path, join=LocalGitFile.join):
    """Let a workflow that is a module from a local git repository find its scripts.

    Asked whether a script has changed, Snakemake joins two of its own file objects, which
    LocalGitFile.join alone of its kind refuses (TypeError: expected str instance).
    """
    return join(folder, path.get_path_or_uri(True) if isinstance(path, SourceFile) else path)


LocalGitFile.join = join_git_path

# Asked for each job, four times, where its script lies, Snakemake makes a class for each answer.
sourcecache.parse_uri = cache(sourcecache.parse_uri)


def triggers_but_code(workflow, triggers=type(workflow).rerun_triggers.fget):
    """What makes Snakemake run a job again, without the code of scripts.

    What a script does counts by a hash of its parsed code, a parameter of each rule. Snakemake's
    own trigger takes a script that is newer than the results, as after every update or copy, for
    another one and would train anew. Its settings are not there yet when this is read.
    """
    return frozenset(triggers(workflow)) - {RerunTrigger.CODE}


# As a module of another workflow the triggers are that one's.
if Path(workflow.main_snakefile).resolve().parent in (LIBRARY.parent, LIBRARY.parent / "workflow"):
    type(workflow).rerun_triggers = property(triggers_but_code)


def date_back(files):
    """Give files that are dated later than now, since a clock has jumped, the time of now."""
    now = time.time() - 1
    for file in map(Path, files):
        if file.is_file() and file.stat().st_mtime > now + 1:
            os.utime(file, (now, now))
            print(show(f"{file}: was dated later than now, and is dated now"), file=sys.stderr)


async def check_output_times(dag, job, outputs, check=DAG.check_output_mtime):
    """Let a clock that has jumped cost no run.

    Snakemake throws away what is older than an input. Whether a result is what it should be is told
    here by the content of its inputs, whatever their times.
    """
    date_back(job.input)
    await check(dag, job, outputs)


DAG.check_output_mtime = check_output_times


def given(resources, name):
    """The number that was given for a resource, None where there is none."""
    own = resources.get(name)
    return getattr(own, "value", own)


def asked_of(rule, name):
    """What a profile or the command line asks for a rule, None where they ask nothing."""
    settings = workflow.resource_settings
    own = given(settings._parsed_overwrite_resources.get(rule, {}), name)
    return given(settings._parsed_default_resources, name) if own is None else own


def trains_on_gpu():
    """Whether the runs of this call are given a GPU."""
    asked = asked_of("train_network", "gpu")
    limit = given(workflow.global_resources, "gpu")
    return bool(count_gpus() if asked is None else asked) and limit != 0


def is_on_slurm():
    """Whether this is the call that submits jobs to Slurm, or a dry run of it.

    A dry run has the executor of dry runs, and is told by the groups of the profile.
    """
    if not IS_MAIN_PROCESS:
        return False
    if workflow.dryrun:
        return bool(set(GROUPS) & set(workflow.group_settings.overwrite_groups.values()))
    executor = type(workflow.executor_settings).__module__
    return executor.startswith("snakemake_executor_plugin_slurm")


def is_light(rule):
    """Whether a rule runs where Snakemake runs."""
    return rule.name in workflow._localrules or rule.norun


@cache
def most_minutes(rule):
    """How long a job of a rule may take at most in its partition, None without a limit."""
    if not is_on_slurm():
        return None
    return list_limits().get(asked_of(rule, "slurm_partition") or "")


def count_side_by_side(runs):
    """How many of so many runs train at once."""
    on_gpus = given(workflow.global_resources, "gpu") if trains_on_gpu() else None
    if not is_on_slurm():
        places = max(1, (workflow._cores or 1) // STUDY.threads)
    else:
        places = min(workflow.nodes, -(-runs // count_runs_a_job()))
    return max(1, places if on_gpus is None else min(places, on_gpus))


def look_before(jobs):
    """Say in a line each what is wrong with the machine, and what the call is going to train.

    Raises:
        TimbangError: the call cannot come to its end.
    """
    rules = {job.rule.name for job in jobs}
    runs = [job for job in jobs if job.rule.name in ("train_network", "train_variant")]
    seconds = [seconds_of(job.wildcards) for job in runs]
    lines = [
        *describe_tex("compile_report" in rules),
        *describe_gpu(
            seems_to_have_gpu() and STUDY.device != "cpu",
            is_on_slurm() or given(workflow.global_resources, "gpu") is not None,
            bool(runs),
        ),
        *describe_work(
            sum(seconds),
            len(runs),
            sum(str(job.output.training) in REMINDER.reasons for job in runs),
            count_side_by_side(len(runs)),
            bool(measured_runs()),
        ),
    ]
    faults = []
    if "write_pixels" in rules:
        faults += describe_disk(images_of_study(), STUDY.data.image_size, Path(RESULTS, "data"))
    if is_on_slurm():
        longest = max(seconds, default=0.0)
        retries = workflow.execution_settings.retries
        lines += describe_attempts(longest, most_minutes("train_network"), retries)
        # To a dry run all jobs are local.
        submitted = [job for job in jobs if not is_light(job.rule)]
        minutes = {}
        for job in submitted:
            asked = job.resources.get("runtime", 0)
            if job.rule.name in workflow.group_settings.overwrite_groups:
                asked *= count_runs_a_job()
            minutes[job.rule.name] = max(asked, minutes.get(job.rule.name, 0))
        partitions = {rule: asked_of(rule, "slurm_partition") or "" for rule in minutes}
        faults += find_too_long(minutes, partitions, list_limits() if minutes else {})
    for line in lines:
        print(show(f"{STUDY.name}: {line}"), file=sys.stderr)
    if faults:
        raise TimbangError("\n".join(faults))


def start_alone():
    """Hold the study, and clear away what a killed call has left of it.

    Raises:
        TimbangError: another call is at work on the study.
    """
    HELD.append(hold_study(Path(RESULTS, ".held"), STUDY.name))
    if HELD[-1] is None:
        return
    twin = STUDY.report.compare_with
    remove_dead_locks(Path(".snakemake", "locks"), RESULTS, [f"results/{twin}"] if twin else [])
    if is_on_slurm() and (left := list_jobs(STUDY.name, Path.cwd())):
        ask_slurm("scancel", *left)
        print(show(f"{STUDY.name}: {describe_cancelled(left)}"), file=sys.stderr)


HELD = []


def prepare_and_look(*args, prepare=workflow._prepare_dag, **settings):
    """Let what is to be said and held before a call be said and held.

    Snakemake has no hook of its own between the plan and the first job that a dry run has too.
    """
    if workflow.group_settings is not None:
        sizes = GroupSizes(workflow.group_settings.group_components)
        workflow.group_settings.group_components = sizes
    prepare(*args, **settings)
    if workflow.execution_settings is None:
        # A call that only looks, as --summary.
        return
    persistence, lock = workflow.persistence, workflow.persistence.lock

    def look_and_lock():
        # Only a plan has asked for the code of all scripts.
        CODE.keep()
        jobs = list(workflow.dag.needrun_jobs())
        # With nothing to do, results that may only be read are as good as others.
        is_at_work = jobs or os.access(RESULTS, os.W_OK)
        try:
            look_before(jobs)
            if is_at_work and not workflow.dryrun and workflow.execution_settings.lock:
                start_alone()
        except TimbangError as error:
            sys.exit(str(error))
        if is_on_slurm() and not workflow.dryrun:
            # What a person sees in squeue.
            workflow.executor_settings.jobname_prefix = name_jobs(STUDY.name)
        return lock()

    persistence.lock = look_and_lock


if IS_MAIN_PROCESS:
    workflow._prepare_dag = prepare_and_look


class FailedJobs(logging.Handler):
    """Notes which jobs failed, each with its message and its logs."""

    def __init__(self):
        super().__init__()
        self.messages = {}
        self.found = []

    def emit(self, record):
        event = getattr(record, "event", None)
        if event == LogEvent.JOB_INFO:
            self.messages[record.jobid] = record.rule_msg
        if event == LogEvent.JOB_ERROR:
            what = self.messages.get(record.jobid) or record.rule_name
            self.found.append((what, list(record.log or ())))


FAILED_JOBS = FailedJobs()


def say_why_again():
    """Say once why results are made again, or would be."""
    while LEFT_TO_SAY:
        LEFT_TO_SAY.pop()
        for line in describe_remade(REMINDER.reasons):
            print(show(line), file=sys.stderr)


def settle():
    """Say at the end what was not said at the start, and that the results are at home here.

    A dry run has no start, and one of a workflow that has this one as a module is its own.
    """
    say_why_again()
    if not workflow.dryrun:
        REMINDER.settle()


LEFT_TO_SAY = [True]


onstart:
    say_why_again()
    print(describe_start(STUDY), file=sys.stderr)
    logging.getLogger("snakemake.logging").addHandler(FAILED_JOBS)
    if workflow.local_exec:
        # Its limit of 100 jobs a second makes Snakemake look at all inputs each second once more
        # for every job that has ended: a third of a processor after 150 jobs. No value of
        # --max-jobs-per-timespan does without: each job starts a timer as long as the timespan,
        # and Snakemake does not end before its timers.
        workflow.scheduler.job_rate_limiter = None
    # The scripts of a study start dozens of times; each as a fork of one process that has imported
    # what they need. Whoever calls many studies may have started it. The jobs of a cluster start
    # Python by the same command, which leaves a call of Snakemake to Python.
    if can_launch():
        LAUNCHER = None if os.getenv(ADDRESS) else start_server(PYTHON)
        sys.executable = client_command(PYTHON)


onerror:
    # What the user has to do stands last, below what Snakemake has to say.
    atexit.register(print, describe_failures(FAILED_JOBS.found), file=sys.stderr)
