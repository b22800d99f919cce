# What results were made with: the inputs by which they are made again where that differs.

# Only the process that plans looks at the results: a job of it would see its own half made.
REMINDER = Reminder(
    Path(".snakemake", "timbang-made-otherwise"),
    Path(".snakemake", "timbang-home"),
    # Absolute, since Snakemake leaves the folder before it ends.
    Path(RESULTS, ".home.json").absolute(),
    IS_MAIN_PROCESS,
)
if IS_MAIN_PROCESS:
    atexit.register(settle)


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
        hashed: the inputs whose content the record holds by name, by wildcards.
        others: further inputs, by wildcards.
    """

    def list_inputs(wildcards):
        own = dict(wildcards)
        files = hashed(**own)
        is_due = REMINDER.is_of_another_study(
            Path(product.format(**own)),
            Path(record.format(**own)),
            describe(**own),
            {name: sha for name, file in files.items() if (sha := hash_at_start(file))},
        )
        inputs = {**files, **{name: file for name, file in others(**own).items() if file}}
        if not is_due:
            inputs = {name: ancient(file) for name, file in inputs.items()}
        return {"reminder": remind(is_due), **inputs}

    return list_inputs


# Asked of the manifest for each run, and of a split for each contender.
@cache
def hash_at_start(file):
    """The SHA-256 that a file has when the call starts, None where there is none."""
    return fingerprint_file(Path(file), KNOWN_FILES) if Path(file).is_file() else None


def hash_users(*files):
    """The SHA-256 of each of the user's own files, without those that are None."""
    return [fingerprint_file(Path(file), KNOWN_FILES) for file in files if file]


@cache
def describe_manifest():
    """What the manifest follows from; where the images lie is no part of it."""
    return {
        "code": code_of("build_manifest.py"),
        "images": SOURCE.identify_images(code_of, KNOWN_HASHES),
        "table": [] if SOURCE.made_folder else hash_users(SOURCE.label_table),
        "listing": SOURCE.listing,
        "filename_column": STUDY.data.filename_column,
        "label_column": STUDY.data.label_column,
        "part_column": STUDY.split.column,
        "on_problem": STUDY.data.on_problem,
        "largest_image": STUDY.data.largest_image,
        "duplicate_distance": STUDY.data.duplicate_distance,
        "duplicate_evidence": STUDY.data.duplicate_evidence,
        **({"confirm": hash_users(STUDY.data.confirm)} if STUDY.data.confirm else {}),
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


@cache
def describe_split(replicate):
    """What a replicate's split follows from."""
    return {
        "code": code_of("split_images.py"),
        "manifest": hash_record(describe_manifest()),
        "replicate": int(replicate),
        "split": asdict(STUDY.split),
    }


def describe_choosing_split(replicate):
    """What the split follows from on which a replicate's recipes are tried."""
    return {
        "code": code_of("split_training_part.py"),
        "split": hash_record(describe_split(replicate)),
        "replicate": int(replicate),
        "choice": STUDY.tuning.share,
    }


def describe_share_split(share, replicate):
    """What a replicate's split follows from that trains on a share of its images."""
    larger = [own for own in STUDY.learning_curve.shares if own >= float(share)]
    return {
        "code": code_of("split_training_part.py"),
        "split": hash_record(describe_split(replicate)),
        "replicate": int(replicate),
        "share": float(share),
        "shares": larger,
    }


def describe_split_of(variant, replicate):
    """What the split follows from that a variant is trained on."""
    kind, _, which = variant.partition("/")
    if kind == TRIALS:
        return describe_choosing_split(replicate)
    if kind == SHARES:
        return describe_share_split(which, replicate)
    return describe_split(replicate)


@cache
def hash_split_of(variant, replicate):
    """What identifies all that the split of a variant follows from."""
    return hash_record(describe_split_of(variant, replicate))


@cache
def hash_pixels():
    """What identifies all that the pixels follow from."""
    return hash_record(describe_pixels())


def describe_drawing(contender, number):
    """What one of a contender's drawn recipes follows from."""
    return {
        "code": code_of("draw_recipes.py"),
        "over": STUDY.tuning.over[contender],
        "number": number,
    }


@cache
def describe_choice(contender):
    """What a contender's choice follows from, besides the splits."""
    return {
        "code": code_of("choose_recipe.py"),
        "scope": STUDY.tuning.scope,
        "replicates": list(STUDY.replicates) if STUDY.tuning.scope == "study" else None,
        "drawings": [describe_drawing(contender, number) for number in range(STUDY.tuning.trials)],
        "share": STUDY.tuning.share,
    }


def describe_recipe(variant, contender):
    """What a recipe follows from that stands in a file of its own; nothing of others."""
    if variant == TUNED:
        return {"recipe": hash_record(describe_choice(contender))}
    if has_drawn_recipe(variant):
        number = int(variant.partition("/")[2])
        return {"recipe": hash_record(describe_drawing(contender, number))}
    return {}


@cache
def describe_contender(variant, contender):
    """A contender as a variant trains it, and the files that it starts from."""
    own = STUDY.contender(contender)
    return {
        "contender": asdict(own.change(list_changes(STUDY, variant, own.recipe))),
        "files": hash_users(*initial_weights(contender), *own_networks(contender)),
    }


# Asked several times of each run, and there may be thousands.
@cache
def describe_run(variant, contender, replicate, seed):
    """What a run follows from, but for the device and the versions that it was made on.

    The first run of a replicate is the same whether there are others or not.
    """
    own = describe_contender(variant, contender)
    return {
        "code": code_of("train_network.py"),
        "contender": own["contender"],
        "replicate": int(replicate),
        **({"seed": int(seed.removeprefix("-"))} if seed else {}),
        "pixels": hash_pixels(),
        "split": hash_split_of(variant, replicate),
        **describe_recipe(variant, contender),
        "files": own["files"],
    }


@cache
def hash_run(variant, contender, replicate, seed):
    """What identifies all that a run follows from."""
    return hash_record(describe_run(variant, contender, replicate, seed))


def hash_runs(variant=OWN, seeds=SEEDS):
    """What a variant's runs are made with, in the order of contenders, replicates and seeds."""
    return [
        hash_run(variant, contender, str(replicate), seed)
        for contender in CONTENDERS
        for replicate in STUDY.replicates
        for seed in seeds
    ]


def describe_probes(variant, contender, replicate, seed):
    """What a run's probes follow from."""
    return {
        "code": code_of("probe_run.py"),
        "run": hash_run(variant, contender, replicate, seed),
        "probes": list(STUDY.probes),
    }
