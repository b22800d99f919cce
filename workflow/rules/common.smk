from dataclasses import asdict
from functools import cache
from modulefinder import ModuleFinder

from snakemake.utils import min_version

from timbang.accelerators import seems_to_have_gpu
from timbang.data.sources import fingerprint_files
from timbang.networks.catalogue import CATALOGUE
from timbang.report.titles import title_contender

min_version("9.27")

ROOT = Path(workflow.basedir)
SOURCE = ROOT / "src"
SCRIPTS = ROOT / "workflow" / "scripts"
PYTHON_ENVIRONMENT = ROOT / "envs" / "python.yaml"
TEX_ENVIRONMENT = ROOT / "envs" / "tex.yaml"

RESULTS = f"results/{STUDY.name}"
DIGITS = f"{RESULTS}/data/digits"
RUN = f"{RESULTS}/runs/{{contender}}/{{replicate}}"
CONTENDERS = [contender.name for contender in STUDY.contenders]


wildcard_constraints:
    contender="[a-z0-9][a-z0-9_.-]*",
    replicate="[0-9]+",
    language="id|en",


@cache
def script_and_modules(script):
    """The files that a script is made of: itself and every module of src that it imports.

    Listed as inputs, so that an edit reruns the rules that use the file and no others.
    """
    finder = ModuleFinder(path=[str(SOURCE)])
    finder.run_script(str(SCRIPTS / script))
    modules = [
        found.__file__
        for found in finder.modules.values()
        if found.__file__ and Path(found.__file__).is_relative_to(SOURCE)
    ]
    return sorted([str(SCRIPTS / script), *modules])


def count_gpus():
    """How many GPUs a run asks for: 1 where this machine seems to have one, else 0.

    On a machine without a GPU the runs then go on side by side. A cluster's profile asks for
    its GPUs itself (set-resources), since the machine that submits often has none.
    """
    return int(STUDY.device != "cpu" and seems_to_have_gpu())


def per_replicate(pattern):
    """The files of all replicates of one contender."""
    return expand(pattern, replicate=STUDY.replicates, allow_missing=True)


def image_folder():
    """Where the file names of the manifest start."""
    match STUDY.data.source:
        case "digits":
            return f"{DIGITS}/images"
        case "folder":
            return STUDY.data.folder
        case "table":
            return STUDY.data.images


def label_table():
    """The table of labels, where the source has one."""
    return f"{DIGITS}/labels.csv" if STUDY.data.source == "digits" else STUDY.data.table


def fingerprint_images():
    """What identifies the user's images; the digits are identified by the rule that writes them."""
    if STUDY.data.source == "digits":
        return "digits"
    return fingerprint_files(Path(image_folder()), Path(RESULTS, "data", ".fingerprints.json"))


def published_numbers():
    """The published numbers as an input, where the study has any."""
    return STUDY.report.published or []
