import os
import shlex
import sys
from pathlib import Path

import yaml

# The library is not installed: it is found here, and by the scripts of every job.
sys.path.insert(0, str(Path(workflow.basedir) / "src"))
os.environ.update(PYTHONPATH=str(Path(workflow.basedir) / "src"))
# Snakemake puts this path into shell commands as it is; a space in it would end the command.
PYTHON = sys.executable
sys.executable = shlex.quote(PYTHON)

from timbang.data.catalogue import check_dataset
from timbang.data.sources import identify_archive
from timbang.errors import TimbangError
from timbang.evidence.announcement import describe_start
from timbang.evaluation.summary import RUN_MEASURES
from timbang.evidence.claims import check_names, make_claim
from timbang.launcher import can_launch, client_command, start_server
from timbang.networks.catalogue import find_fault
from timbang.study import check_paths, read_study

# A study given with --configfile stands alone: nothing of the default study leaks into it.
if not workflow.overwrite_configfiles:

    configfile: Path(workflow.basedir) / "config" / "config.yaml"


schema = Path(workflow.basedir) / "workflow" / "schemas" / "config.schema.yaml"
try:
    STUDY = read_study(config, yaml.safe_load(schema.read_text()), find_fault)
    twin = STUDY.report.compare_with
    for name, claim in STUDY.claims.items():
        own = make_claim(name, claim, f"claims.{name}")
        check_names(own, [c.name for c in STUDY.contenders], RUN_MEASURES, f"claims.{name}")
    check_paths(STUDY.data, STUDY.report.published, f"results/{twin}/summary.csv" if twin else None)
    check_dataset(STUDY.data.dataset)
    ARCHIVE_SHA256 = STUDY.data.archive and identify_archive(
        STUDY.data.archive, STUDY.data.sha256, Path("data/archives/.known.json")
    )
except TimbangError as error:
    sys.exit(f"The configuration is not valid:\n{error}")


include: "workflow/rules/common.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/training.smk"
include: "workflow/rules/evaluation.smk"
include: "workflow/rules/evidence.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/report.smk"


if workflow.is_main_process:
    try:
        refuse_broken_images()
    except TimbangError as error:
        sys.exit(str(error))


onstart:
    print(describe_start(STUDY), file=sys.stderr)
    if workflow.local_exec:
        # Its limit of 100 jobs a second makes Snakemake look at all inputs each second once more
        # for every job that has ended: a third of a processor after 150 jobs.
        workflow.scheduler.job_rate_limiter = None
    # The scripts of a study start dozens of times; each as a fork of one process that has imported
    # what they need.
    if workflow.local_exec and can_launch():
        LAUNCHER = start_server(PYTHON)
        sys.executable = client_command(PYTHON)


# On a cluster these run where snakemake runs: seconds each, and TeX or a network is seldom on its
# nodes.
localrules:
    all,
    write_digits,
    fetch_archive,
    unpack_archive,
    write_torchvision_images,
    split_images,
    evaluate_contender,
    summarise_runs,
    judge_claims,
    draw_curves,
    draw_accuracies,
    draw_confusion,
    draw_classes,
    draw_samples,
    draw_duplicates,
    draw_leaks,
    draw_twin,
    draw_probes,
    write_tables,
    write_report,
    compile_report,
    check_report,


rule all:
    default_target: True
    input:
        expand(f"{RESULTS}/report/report-{{language}}.pdf", language=STUDY.report.languages),
