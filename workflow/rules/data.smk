# From the user's images to the manifest, the pixels and the splits.


rule write_digits:
    output:
        table=f"{RESULTS}/data/digits/labels.csv",
        images=directory(f"{RESULTS}/data/digits/images"),
    log:
        f"{RESULTS}/logs/write_digits.log",
    localrule: True
    conda:
        PYTHON_ENVIRONMENT
    params:
        code=code_of("write_digits.py"),
    message:
        "Writing scikit-learn's handwritten digits as PNG files"
    script:
        "../scripts/write_digits.py"


# Its checksum alone says what is fetched. Neither the code nor the address nor the limit belongs
# to it (the script takes them from the configuration), or a change would fetch it all again.
rule fetch_archive:
    output:
        archive="data/downloads/{digest}.archive",
    log:
        f"{RESULTS}/logs/fetch_archive/{{digest}}.log",
    localrule: True
    conda:
        PYTHON_ENVIRONMENT
    params:
        sha256=lambda wildcards: SOURCE.sha256,
    message:
        f"Fetching the archive of study {STUDY.name}"
    script:
        "../scripts/fetch_archive.py"


rule unpack_archive:
    input:
        archive=lambda wildcards: (
            [] if SOURCE.users_archive else ancient(f"data/downloads/{wildcards.digest}.archive")
        ),
    output:
        folder=directory("data/archives/{digest}"),
    log:
        f"{RESULTS}/logs/unpack_archive/{{digest}}.log",
    localrule: True
    conda:
        PYTHON_ENVIRONMENT
    params:
        code=code_of("unpack_archive.py"),
        # The user's own is no input, since Snakemake would take a brace in its name for a wildcard.
        archive=lambda wildcards, input: str(SOURCE.users_archive or input.archive),
        sha256=lambda wildcards: SOURCE.sha256,
    message:
        "Unpacking the archive of study {wildcards.digest}"
    script:
        "../scripts/unpack_archive.py"


rule write_torchvision_images:
    output:
        table="data/torchvision-images/{dataset}/labels.csv",
        images=directory("data/torchvision-images/{dataset}/images"),
    log:
        f"{RESULTS}/logs/write_torchvision_images/{{dataset}}.log",
    localrule: True
    conda:
        PYTHON_ENVIRONMENT
    params:
        code=code_of("write_torchvision_images.py"),
        root=lambda wildcards: SOURCE.root,
    message:
        "Writing the images of {wildcards.dataset}"
    script:
        "../scripts/write_torchvision_images.py"


MANIFEST = f"{RESULTS}/data/manifest.csv"
MANIFEST_RECORD = f"{RESULTS}/data/manifest.made-with.json"
PIXELS = f"{RESULTS}/data/pixels.npy"
PIXELS_RECORD = f"{RESULTS}/data/pixels.made-with.json"
SPLIT = f"{RESULTS}/splits/{{replicate}}.csv"
SPLIT_RECORD = f"{RESULTS}/splits/{{replicate}}.made-with.json"


rule build_manifest:
    input:
        unpack(
            trust(
                MANIFEST,
                MANIFEST_RECORD,
                describe_manifest,
                hashed=lambda: {},
                others=lambda: {"images": made_images()},
            )
        ),
    output:
        manifest=MANIFEST,
        record=MANIFEST_RECORD,
        audit=report(
            f"{RESULTS}/data/audit.json",
            category="Data",
            caption="../report/audit.rst",
        ),
    log:
        f"{RESULTS}/logs/build_manifest.log",
    conda:
        PYTHON_ENVIRONMENT
    threads: 4
    resources:
        mem_mb=megabytes_of_images,
        runtime=minutes_of_images,
    params:
        made_with=lambda wildcards: describe_manifest(),
        table=lambda wildcards: SOURCE.label_table,
        image_folder=lambda wildcards: SOURCE.image_folder,
        confirm=lambda wildcards: STUDY.data.confirm,
    message:
        f"Reading the images of study {STUDY.name}"
    script:
        "../scripts/build_manifest.py"


rule write_pixels:
    input:
        unpack(
            trust(
                PIXELS,
                PIXELS_RECORD,
                describe_pixels,
                hashed=lambda: {"manifest": MANIFEST},
                others=lambda: {"images": made_images()},
            )
        ),
    output:
        pixels=PIXELS,
        record=PIXELS_RECORD,
    log:
        f"{RESULTS}/logs/write_pixels.log",
    conda:
        PYTHON_ENVIRONMENT
    threads: 4
    resources:
        mem_mb=megabytes_of_images,
        runtime=minutes_of_images,
    params:
        made_with=lambda wildcards: describe_pixels(),
        image_folder=lambda wildcards: SOURCE.image_folder,
    message:
        f"Resizing the images to {STUDY.data.image_size}x{STUDY.data.image_size} pixels"
    script:
        "../scripts/write_pixels.py"


rule split_images:
    input:
        unpack(
            trust(
                SPLIT,
                SPLIT_RECORD,
                describe_split,
                hashed=lambda **wildcards: {"manifest": MANIFEST},
            )
        ),
    output:
        split=SPLIT,
        record=SPLIT_RECORD,
    log:
        f"{RESULTS}/logs/split_images/{{replicate}}.log",
    localrule: True
    conda:
        PYTHON_ENVIRONMENT
    params:
        made_with=lambda wildcards: describe_split(wildcards.replicate),
    message:
        "Splitting the images for replicate {wildcards.replicate}"
    script:
        "../scripts/split_images.py"
