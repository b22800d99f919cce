from dataclasses import asdict

from snakemake.utils import min_version

from timbang.accelerators import seems_to_have_gpu
from timbang.data.fingerprints import fingerprint_files, hash_files
from timbang.networks.catalogue import network_file
from timbang.provenance import CodeHasher
from timbang.report.networks import describe_networks, differ_in_shortcuts_alone, find_plain
from timbang.report.published import read_published
from timbang.report.titles import title_contender
from timbang.study import archive_path

min_version("9.27")

# Seen from the files of rules.
PYTHON_ENVIRONMENT = "../../envs/python.yaml"
TEX_ENVIRONMENT = "../../envs/tex.yaml"

CODE = CodeHasher(Path(".snakemake", "timbang-code.json"))

RESULTS = f"results/{STUDY.name}"
DIGITS = f"{RESULTS}/data/digits"
# What several studies may share, named by what it holds.
ARCHIVE = f"data/archives/{(ARCHIVE_SHA256 or '')[:16]}"
TORCHVISION = f"data/torchvision-images/{STUDY.data.dataset}"
# Where the hashes of the user's images are kept, so that no start reads them all again.
KNOWN_HASHES = Path(RESULTS, "data", ".fingerprints.json")
RUN = f"{RESULTS}/runs/{{contender}}/{{replicate}}"
CLAIMS = sorted(map(str, (REPORT / "claims").glob("*.yaml")))
CONTENDERS = [contender.name for contender in STUDY.contenders]


wildcard_constraints:
    contender="[a-z0-9][a-z0-9_.-]*",
    replicate="[0-9]+",
    language="id|en",
    digest="[0-9a-f]{16}",
    dataset="[A-Za-z0-9_]+",


def code_of(script):
    """What identifies the code that a script runs, so that a change of it reruns its rules."""
    return CODE.hash_script(Path(workflow.source_path(f"../scripts/{script}")))


def count_gpus():
    """How many GPUs a run asks for: 1 where this machine seems to have one, else 0.

    On a machine without a GPU the runs then go on side by side. A cluster's profile asks for
    its GPUs itself (set-resources), since the machine that submits often has none.
    """
    return int(STUDY.device != "cpu" and seems_to_have_gpu())


def own_settings(contender):
    """What may differ between contenders: the recipe, and the width unless it is solved."""
    width = {"width": contender.width} if contender.parameters_of is None else {}
    return asdict(contender.recipe) | width


def per_replicate(pattern):
    """The files of all replicates of one contender."""
    return expand(pattern, replicate=STUDY.replicates, allow_missing=True)


def initial_weights(contender):
    """The file of weights that a contender starts from, where there is one."""
    weights = STUDY.contender(contender).recipe.weights
    return [] if weights in (None, "torchvision") else [weights]


def own_networks(contender):
    """The files of the user's own that a contender's parameters and computations come from."""
    own = STUDY.contender(contender)
    names = [own.network, *(own.parameters_of[:1] if own.parameters_of else ())]
    return [network_file(name) for name in names if network_file(name)]


def image_folder():
    """Where the file names of the manifest start."""
    match STUDY.data.source:
        case "digits":
            return f"{DIGITS}/images"
        case "folder":
            return STUDY.data.folder
        case "table":
            return STUDY.data.images
        case "archive":
            return str(Path(ARCHIVE, STUDY.data.folder or STUDY.data.images or ""))
        case "torchvision":
            return f"{TORCHVISION}/images"


def label_table():
    """The table of labels, where the source has one."""
    match STUDY.data.source:
        case "digits":
            return f"{DIGITS}/labels.csv"
        case "archive":
            return STUDY.data.table and str(Path(ARCHIVE, STUDY.data.table))
        case "torchvision":
            return f"{TORCHVISION}/labels.csv"
        case _:
            return STUDY.data.table


def listing():
    """How the images are listed: by a table, by folders, or by the folders of an archive."""
    if label_table():
        return "table"
    return "archive" if STUDY.data.source == "archive" and not STUDY.data.folder else "folder"


def packed_archive():
    """The archive: where the user has it, or where it is fetched to."""
    path = STUDY.data.archive and archive_path(STUDY.data.archive)
    return str(path) if path else "data/downloads/{digest}.archive"


def made_images():
    """The folder of images as an input, where a rule makes it."""
    match STUDY.data.source:
        case "digits" | "torchvision":
            return image_folder()
        case "archive":
            # Its name says what is in it, so that its age says nothing.
            return ancient(ARCHIVE)
        case _:
            return []


def fingerprint_images():
    """What identifies the images; those that a rule writes are identified by that rule."""
    match STUDY.data.source:
        case "digits":
            return "digits"
        case "archive":
            return ARCHIVE_SHA256
        case "torchvision":
            return STUDY.data.dataset
    return fingerprint_files(Path(image_folder()), KNOWN_HASHES)


def refuse_broken_images():
    """Stop before a broken image costs a finished study its manifest and all that follows it."""
    manifest = Path(RESULTS, "data", "manifest.csv")
    is_users = STUDY.data.source in ("folder", "table")
    if not (manifest.is_file() and is_users and STUDY.data.on_problem == "stop"):
        return
    # They import pandas and Pillow, which what only parses the workflow does without.
    from timbang.data.changes import refuse_new_problems
    from timbang.data.sources import list_images

    folder, table = Path(image_folder()), label_table()
    refuse_new_problems(
        list_images(
            listing(),
            folder,
            Path(table) if table else None,
            STUDY.data.filename_column,
            STUDY.data.label_column,
            STUDY.split.column,
        ),
        folder,
        hash_files(folder, KNOWN_HASHES),
        manifest,
        STUDY.data.largest_image,
    )


def split_scheme():
    """How the splits of the replicates hang together: anew in each (redrawn), or one for all."""
    return "fixed" if STUDY.split.is_fixed else "redrawn"


def published_numbers():
    """The published numbers as an input, where the study has any."""
    return STUDY.report.published or []


def has_published_results():
    """Whether the published study has a result of one of this study's contenders."""
    published = read_published(STUDY.report.published)
    return published is not None and any(name in published.results for name in CONTENDERS)


def of_twin(file):
    """A file of the study to compare with, where there is one."""
    twin = STUDY.report.compare_with
    return f"results/{twin}/{file}" if twin else []
