# All that reaches into Snakemake: where the workflow lies and how it was called, what the user sees
# of a call, how scripts are started, and what Snakemake 9.27 does wrong.

import atexit
import logging

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
    # what they need. Whoever calls many studies may have started it.
    if workflow.local_exec and can_launch():
        LAUNCHER = None if os.getenv(ADDRESS) else start_server(PYTHON)
        sys.executable = client_command(PYTHON)


onerror:
    # What the user has to do stands last, below what Snakemake has to say.
    atexit.register(print, describe_failures(FAILED_JOBS.found), file=sys.stderr)
