from dataclasses import asdict
from functools import cache

from snakemake.utils import min_version

from timbang.accelerators import seems_to_have_gpu
from timbang.data.fingerprints import fingerprint_file, fingerprint_files, hash_files
from timbang.made_with import Reminder, hash_record
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
KNOWN_FILES = Path(".snakemake", "timbang-files.json")
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


def users_archive():
    """The archive where the user has it, None where it is to be fetched."""
    return STUDY.data.archive and archive_path(STUDY.data.archive)


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


@cache
def fingerprint_images():
    """What identifies the images; those that a rule writes are identified by that rule."""
    match STUDY.data.source:
        case "digits":
            return f"digits {code_of('write_digits.py')}"
        case "archive":
            return ARCHIVE_SHA256
        case "torchvision":
            return f"{STUDY.data.dataset} {code_of('write_torchvision_images.py')}"
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


def has_published_results():
    """Whether the published study has a result of one of this study's contenders."""
    published = read_published(STUDY.report.published)
    return published is not None and any(name in published.results for name in CONTENDERS)


def of_twin(file):
    """A file of the study to compare with, where there is one."""
    twin = STUDY.report.compare_with
    return f"results/{twin}/{file}" if twin else []


# Only the process that plans looks at the results: a job of it would see its own half made.
REMINDER = Reminder(
    Path(".snakemake", "timbang-made-otherwise"),
    Path(".snakemake", "timbang-home"),
    # Absolute, since Snakemake leaves the folder before it ends.
    Path(RESULTS, ".home.json").absolute(),
    workflow.is_main_process,
)


def remind(is_due):
    """The reminder as an input: new where something is due, else of no account."""
    return str(REMINDER.path) if is_due else ancient(str(REMINDER.path))


def if_from_elsewhere(product):
    """The input that has a product made again that came with results from another folder.

    It is for what takes seconds to make, and so carries no record of what it was made with.
    """
    return lambda wildcards: remind(
        REMINDER.is_from_elsewhere(Path(product.format(**dict(wildcards))))
    )


def trust(product, record, describe, hashed, others=lambda **wildcards: {}):
    """The inputs of a rule whose product is made again where its record is not the study's.

    A product whose record is right is kept whatever the times of the inputs: a copy has those of
    copying. Otherwise they count, since Snakemake asks no job for its own reasons that comes after
    one that runs.

    Args:
        product: the pattern of the product.
        record: that of the file with its record.
        describe: what it would be made with now, by wildcards.
        hashed: the patterns of inputs whose content the record holds, by name.
        others: further inputs, by wildcards.
    """

    def list_inputs(wildcards):
        own = dict(wildcards)
        files = {name: path.format(**own) for name, path in hashed.items()}
        is_due = REMINDER.is_of_another_study(
            Path(product.format(**own)),
            Path(record.format(**own)),
            describe(**own),
            {
                name: fingerprint_file(Path(file), KNOWN_FILES)
                for name, file in files.items()
                if Path(file).is_file()
            },
        )
        inputs = {**files, **{name: file for name, file in others(**own).items() if file}}
        if not is_due:
            inputs = {name: ancient(file) for name, file in inputs.items()}
        return {"reminder": remind(is_due), **inputs}

    return list_inputs


def hash_users(*files):
    """The SHA-256 of each of the user's own files, without those that are None."""
    return [fingerprint_file(Path(file), KNOWN_FILES) for file in files if file]


@cache
def describe_manifest():
    """What the manifest follows from; where the images lie is no part of it."""
    return {
        "code": code_of("build_manifest.py"),
        "images": fingerprint_images(),
        "table": [] if made_images() else hash_users(label_table()),
        "listing": listing(),
        "filename_column": STUDY.data.filename_column,
        "label_column": STUDY.data.label_column,
        "part_column": STUDY.split.column,
        "on_problem": STUDY.data.on_problem,
        "largest_image": STUDY.data.largest_image,
        "duplicate_distance": STUDY.data.duplicate_distance,
        "duplicate_evidence": STUDY.data.duplicate_evidence,
    }


@cache
def describe_pixels():
    """What the pixels follow from."""
    return {
        "code": code_of("write_pixels.py"),
        "manifest": hash_record(describe_manifest()),
        "image_size": STUDY.data.image_size,
        "largest_image": STUDY.data.largest_image,
    }


def describe_split(replicate):
    """What a replicate's split follows from."""
    return {
        "code": code_of("split_images.py"),
        "manifest": hash_record(describe_manifest()),
        "replicate": int(replicate),
        "split": asdict(STUDY.split),
    }


def describe_run(contender, replicate):
    """What a run follows from, but for the device and the versions that it was made on."""
    own = STUDY.contender(contender)
    return {
        "code": code_of("train_network.py"),
        "contender": asdict(own),
        "replicate": int(replicate),
        "pixels": hash_record(describe_pixels()),
        "split": hash_record(describe_split(replicate)),
        "files": hash_users(*initial_weights(contender), *own_networks(contender)),
    }


def hash_runs():
    """What the study's runs are made with, in the order of contenders and replicates."""
    return [
        hash_record(describe_run(contender, replicate))
        for contender in CONTENDERS
        for replicate in STUDY.replicates
    ]


def describe_probes(contender, replicate):
    """What a run's probes follow from."""
    return {
        "code": code_of("probe_run.py"),
        "run": hash_record(describe_run(contender, replicate)),
        "probes": list(STUDY.probes),
    }
