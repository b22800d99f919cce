# From the user's images to the manifest, the pixels and the splits.


def digits_folder():
    return f"{RESULTS}/data/digits"


def image_folder():
    """Where the file names of the manifest start."""
    match STUDY.data.source:
        case "digits":
            return f"{digits_folder()}/images"
        case "folder":
            return STUDY.data.folder
        case "table":
            return STUDY.data.images


def label_table():
    """The user's table as an input; a missing one is told by the rule that reads it."""
    if STUDY.data.source == "digits":
        return f"{digits_folder()}/labels.csv"
    return STUDY.data.table if Path(STUDY.data.table or "").is_file() else []


rule write_digits:
    input:
        code=script_and_modules("write_digits.py"),
    output:
        table=f"{RESULTS}/data/digits/labels.csv",
        images=directory(f"{RESULTS}/data/digits/images"),
    log:
        f"{RESULTS}/logs/write_digits.log",
    conda:
        PYTHON_ENVIRONMENT
    message:
        "Writing scikit-learn's handwritten digits as PNG files"
    script:
        "../scripts/write_digits.py"


rule build_manifest:
    input:
        code=script_and_modules("build_manifest.py"),
        table=label_table(),
        digits=rules.write_digits.output.images if STUDY.data.source == "digits" else [],
    output:
        manifest=f"{RESULTS}/data/manifest.csv",
        audit=report(
            f"{RESULTS}/data/audit.json",
            category="Data",
            caption="../report/audit.rst",
        ),
    params:
        data=asdict(STUDY.data) | {"image_size": None},
        image_folder=image_folder(),
        label_table=(
            label_table() if STUDY.data.source == "digits" else STUDY.data.table
        ),
        # Changes with the name or content of any image, as an input per image would.
        images=lambda wildcards: fingerprint_images(),
    log:
        f"{RESULTS}/logs/build_manifest.log",
    benchmark:
        f"{RESULTS}/benchmarks/build_manifest.tsv"
    conda:
        PYTHON_ENVIRONMENT
    threads: 4
    message:
        "Reading the images of study {STUDY.name}"
    script:
        "../scripts/build_manifest.py"


rule write_pixels:
    input:
        code=script_and_modules("write_pixels.py"),
        manifest=rules.build_manifest.output.manifest,
    output:
        pixels=f"{RESULTS}/data/pixels.npy",
    params:
        image_folder=image_folder(),
        image_size=STUDY.data.image_size,
    log:
        f"{RESULTS}/logs/write_pixels.log",
    benchmark:
        f"{RESULTS}/benchmarks/write_pixels.tsv"
    conda:
        PYTHON_ENVIRONMENT
    threads: 4
    message:
        "Resizing the images to {params.image_size}x{params.image_size} pixels"
    script:
        "../scripts/write_pixels.py"


rule split_images:
    input:
        code=script_and_modules("split_images.py"),
        manifest=rules.build_manifest.output.manifest,
    output:
        split=f"{RESULTS}/splits/{{replicate}}.csv",
    params:
        scheme=STUDY.split.scheme,
        validation=STUDY.split.validation,
    log:
        f"{RESULTS}/logs/split_images/{{replicate}}.log",
    conda:
        PYTHON_ENVIRONMENT
    message:
        "Splitting the images for replicate {wildcards.replicate}"
    script:
        "../scripts/split_images.py"
