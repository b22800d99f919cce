import os
import shlex
import sys
from pathlib import Path

import yaml

# The library is not installed: it is found here, and by the scripts of every job.
sys.path.insert(0, str(Path(workflow.basedir) / "src"))
os.environ.update(PYTHONPATH=str(Path(workflow.basedir) / "src"))
# Snakemake puts this path into shell commands as it is; a space in it would end the command.
sys.executable = shlex.quote(sys.executable)

from timbang.errors import TimbangError
from timbang.networks.catalogue import network_names
from timbang.study import check_paths, read_study

# A study given with --configfile stands alone: nothing of the default study leaks into it.
if not workflow.overwrite_configfiles:

    configfile: Path(workflow.basedir) / "config" / "config.yaml"


schema = Path(workflow.basedir) / "workflow" / "schemas" / "config.schema.yaml"
try:
    STUDY = read_study(config, yaml.safe_load(schema.read_text()), network_names())
    check_paths(STUDY.data, STUDY.report.published)
except TimbangError as error:
    sys.exit(f"The configuration is not valid:\n{error}")


include: "workflow/rules/common.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/training.smk"
include: "workflow/rules/evaluation.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/report.smk"


# On a cluster these run where snakemake runs: seconds each, and TeX is seldom on its nodes.
localrules:
    all,
    write_digits,
    split_images,
    evaluate_contender,
    summarise_runs,
    draw_curves,
    draw_accuracies,
    draw_confusion,
    draw_classes,
    draw_samples,
    write_tables,
    write_report,
    compile_report,


rule all:
    default_target: True
    input:
        expand(f"{RESULTS}/report/report-{{language}}.pdf", language=STUDY.report.languages),
