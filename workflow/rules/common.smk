from dataclasses import asdict
from functools import cache
from itertools import product

from snakemake.utils import min_version

from timbang.training.accelerators import seems_to_have_gpu
from timbang.sources.fingerprints import fingerprint_file, hash_files, known_hashes
from timbang.records.made_with import Reminder, hash_record
from timbang.networks.catalogue import network_file
from timbang.records.provenance import CodeHasher
from timbang.networks.titles import title_contender
from timbang.report.figures import list_figures
from timbang.report.fonts import hash_names
from timbang.report.scripts import can_write_scripts
from timbang.study.runs import label_run, label_seed
from timbang.study.variants import (
    OWN,
    SHARES,
    TRIALS,
    TUNED,
    has_drawn_recipe,
    list_changes,
    list_shares,
    list_trials,
    list_varied,
)

min_version("9.27")

# Seen from the files of rules.
PYTHON_ENVIRONMENT = "../../envs/python.yaml"
TEX_ENVIRONMENT = "../../envs/tex.yaml"

CODE = CodeHasher(Path(".snakemake", "timbang-code.json"))

RESULTS = f"results/{STUDY.name}"
# Where the hashes of the user's images are kept, so that no start reads them all again, nor another
# study of the same images.
KNOWN_HASHES = known_hashes(Path(SOURCE.image_folder))
KNOWN_FILES = Path(".snakemake", "timbang-files.json")
# The study's own runs are the variant `runs`. Of a replicate's runs the first has no seed in its
# name, as where there are no others.
ANY_RUN = f"{RESULTS}/{{variant}}/{{contender}}/{{replicate}}{{seed}}"
RUN = f"{RESULTS}/{OWN}/{{contender}}/{{replicate}}{{seed}}"
CONTENDERS = [contender.name for contender in STUDY.contenders]
SEEDS = [label_seed(seed) for seed in range(STUDY.seeds)]
ALL_RUNS = {
    "variant": OWN,
    "contender": CONTENDERS,
    "replicate": STUDY.replicates,
    "seed": SEEDS,
}

# The runs of the contrasts that decide.
DECISIVE_VARIANT = TUNED if STUDY.decides == TUNED else OWN
DECISIVE_RUNS = f"{RESULTS}/{TUNED}/runs.csv" if STUDY.decides == TUNED else f"{RESULTS}/runs.csv"


wildcard_constraints:
    variant="(runs|tuned|(trials|varied)/[0-9]+|shares/[0-9.e-]+)",
    share="[0-9.e-]+",
    contender="[a-z0-9][a-z0-9_.-]*",
    replicate="[0-9]+",
    seed="(-[1-9][0-9]*)?",
    language="[a-z]{2,3}",
    digest="[0-9a-f]{16}",
    dataset="[A-Za-z0-9_]+",


@cache
def code_of(script):
    """What identifies the code that a script runs, so that a change of it reruns its rules."""
    return CODE.hash_script(Path(workflow.source_path(f"../scripts/{script}")))


def count_gpus():
    """How many GPUs a run asks for: 1 where this machine seems to have one, else 0.

    On a machine without a GPU the runs then go on side by side. A cluster's profile asks for
    its GPUs itself (set-resources), since the machine that submits often has none.
    """
    return int(STUDY.device != "cpu" and seems_to_have_gpu())


def study_of_results():
    """The study by field, without what a report says of itself, which no result follows from."""
    own = dict.fromkeys(asdict(STUDY.report)) | {
        "published": STUDY.report.published,
        "compare_with": STUDY.report.compare_with,
    }
    return asdict(STUDY) | {"report": own}


def describe_report(study):
    """What the report says of itself, by field; how many languages it has changes none of them."""
    date = study.report.date and study.report.date.isoformat()
    return asdict(study.report) | {"date": date, "languages": None}


def per_run(pattern):
    """The files of all runs of one contender."""
    return expand(pattern, replicate=STUDY.replicates, seed=SEEDS, allow_missing=True)


def by_contender(pattern, variant=OWN):
    """The files of each contender's runs, in the order of the replicates and of the seeds."""
    return {
        contender: expand(
            pattern, variant=variant, contender=contender, replicate=STUDY.replicates, seed=SEEDS
        )
        for contender in CONTENDERS
    }


def initial_weights(contender):
    """The file of weights that a contender starts from, where there is one."""
    weights = STUDY.contender(contender).recipe.weights
    return [] if weights in (None, "torchvision") else [weights]


def own_networks(contender):
    """The files of the user's own that a contender's parameters and computations come from."""
    own = STUDY.contender(contender)
    names = [own.network, *(own.parameters_of[:1] if own.parameters_of else ())]
    return [network_file(name) for name in names if network_file(name)]


def made_images():
    """The folder of images as an input, where a rule makes it."""
    folder = SOURCE.made_folder or []
    return ancient(folder) if SOURCE.is_named_by_content else folder


def refuse_broken_images():
    """Stop before a broken image costs a finished study its manifest and all that follows it."""
    manifest = Path(RESULTS, "data", "manifest.csv")
    is_users = SOURCE.made_folder is None
    if not (manifest.is_file() and is_users and STUDY.data.on_problem == "stop"):
        return
    # They import pandas and Pillow, which what only parses the workflow does without.
    from timbang.images.changes import refuse_new_problems
    from timbang.sources.listing import list_images

    folder, table = Path(SOURCE.image_folder), SOURCE.label_table
    refuse_new_problems(
        list_images(
            SOURCE.listing,
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


def of_twin(file):
    """A file of the study to compare with, where there is one."""
    twin = STUDY.report.compare_with
    return f"results/{twin}/{file}" if twin else []


def split_of(variant, replicate):
    """The split that a variant is trained on."""
    kind, _, which = variant.partition("/")
    if kind == TRIALS:
        return CHOOSING_SPLIT.format(replicate=replicate)
    if kind == SHARES:
        return SHARE_SPLIT.format(share=which, replicate=replicate)
    return SPLIT.format(replicate=replicate)


def recipe_of(variant, contender, replicate):
    """The file of what a variant changes of a contender's recipe, where there is one."""
    if variant == TUNED:
        return {"recipe": CHOICE.format(contender=contender, replicate=replicate)}
    if has_drawn_recipe(variant):
        number = variant.partition("/")[2]
        return {"recipe": RECIPE.format(contender=contender, number=number)}
    return {}


def name_checkpoint(variant, contender, replicate, seed):
    """What a run's checkpoints are called.

    They are side files that Snakemake does not know, since it removes those that it knows when a
    job fails or starts again. A hyphen before the seed could belong to a contender's name.
    """
    folder = "checkpoints" if variant == OWN else f"checkpoints/{variant}"
    return f"{RESULTS}/{folder}/{contender}-{replicate}{seed.replace('-', '.')}"


def record_of(split):
    """The file that says what a split was made with."""
    return f"{split.removesuffix('.csv')}.made-with.json"


# The study's own runs, and the tuned ones where there are any.
EXPLORED = [OWN, *([TUNED] if STUDY.tuning else [])]


def list_explored():
    """All runs that the explorer shows, each with its files."""
    pattern = f"{ANY_RUN}/{{file}}.csv"
    return [
        {
            "series": series,
            "replicate": replicate,
            "seed": seed,
            **{
                name: pattern.format(
                    variant=variant,
                    contender=contender,
                    replicate=replicate,
                    seed=label_seed(seed),
                    file=name,
                )
                for name in ("history", "predictions")
            },
        }
        for series, (contender, variant) in enumerate(product(CONTENDERS, EXPLORED))
        for replicate, seed in STUDY.runs
    ]


def list_deleted(wildcards):
    """Return the files that a report was made from and that are gone, where there is a report.

    Only those: Snakemake compares each file that is asked for with the outputs of all rules.
    """
    reports = expand(rules.check_report.output.pdf, language=STUDY.report.languages)
    if not any(map(os.path.exists, reports)):
        return []
    ends = [
        *(f"figures/{figure}-{{language}}.{end}" for figure in FIGURES for end in ("pdf", "svg")),
        *("report/report-{language}.html", "report/values-{language}.json"),
    ]
    makers = [rules.collect_facts, rules.judge_claims]
    makers += [rules.score_variants] if HAS_VARIANTS else []
    sources = [
        *(file for maker in makers for file in maker.input if isinstance(file, str)),
        rules.list_images.output.calibration,
        rules.collect_facts.output.facts,
        *expand([f"{RESULTS}/{end}" for end in ends], language=STUDY.report.languages),
    ]
    return [str(file) for file in sources if not os.path.exists(file)]
