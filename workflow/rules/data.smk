# From the user's images to the manifest, the pixels and the splits.


rule write_digits:
    output:
        table=f"{DIGITS}/labels.csv",
        images=directory(f"{DIGITS}/images"),
    log:
        f"{RESULTS}/logs/write_digits.log",
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
    conda:
        PYTHON_ENVIRONMENT
    params:
        sha256=ARCHIVE_SHA256,
    message:
        f"Fetching the archive of study {STUDY.name}"
    script:
        "../scripts/fetch_archive.py"


rule unpack_archive:
    input:
        archive=ancient(packed_archive()),
    output:
        folder=directory("data/archives/{digest}"),
    log:
        f"{RESULTS}/logs/unpack_archive/{{digest}}.log",
    conda:
        PYTHON_ENVIRONMENT
    params:
        code=code_of("unpack_archive.py"),
        sha256=ARCHIVE_SHA256,
    message:
        "Unpacking {input.archive}"
    script:
        "../scripts/unpack_archive.py"


rule write_torchvision_images:
    output:
        table="data/torchvision-images/{dataset}/labels.csv",
        images=directory("data/torchvision-images/{dataset}/images"),
    log:
        f"{RESULTS}/logs/write_torchvision_images/{{dataset}}.log",
    conda:
        PYTHON_ENVIRONMENT
    params:
        code=code_of("write_torchvision_images.py"),
        root=lambda wildcards: STUDY.data.root or "data/torchvision",
    message:
        "Writing the images of {wildcards.dataset}"
    script:
        "../scripts/write_torchvision_images.py"


rule build_manifest:
    input:
        # In an archive the table comes with the images.
        table=[] if STUDY.data.source == "archive" else label_table() or [],
        images=made_images(),
    output:
        manifest=f"{RESULTS}/data/manifest.csv",
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
    params:
        code=code_of("build_manifest.py"),
        listing=listing(),
        table=lambda wildcards: label_table(),
        filename_column=STUDY.data.filename_column,
        label_column=STUDY.data.label_column,
        part_column=STUDY.split.column,
        on_problem=STUDY.data.on_problem,
        largest_image=STUDY.data.largest_image,
        duplicate_distance=STUDY.data.duplicate_distance,
        duplicate_evidence=STUDY.data.duplicate_evidence,
        image_folder=lambda wildcards: image_folder(),
        # Changes with the name or content of any image, as an input per image would.
        images=lambda wildcards: fingerprint_images(),
    message:
        f"Reading the images of study {STUDY.name}"
    script:
        "../scripts/build_manifest.py"


rule write_pixels:
    input:
        manifest=rules.build_manifest.output.manifest,
        images=made_images(),
    output:
        pixels=f"{RESULTS}/data/pixels.npy",
    log:
        f"{RESULTS}/logs/write_pixels.log",
    conda:
        PYTHON_ENVIRONMENT
    threads: 4
    params:
        code=code_of("write_pixels.py"),
        image_folder=lambda wildcards: image_folder(),
        image_size=STUDY.data.image_size,
        largest_image=STUDY.data.largest_image,
    message:
        "Resizing the images to {params.image_size}x{params.image_size} pixels"
    script:
        "../scripts/write_pixels.py"


rule split_images:
    input:
        manifest=rules.build_manifest.output.manifest,
    output:
        split=f"{RESULTS}/splits/{{replicate}}.csv",
    log:
        f"{RESULTS}/logs/split_images/{{replicate}}.log",
    conda:
        PYTHON_ENVIRONMENT
    params:
        code=code_of("split_images.py"),
        split=asdict(STUDY.split),
    message:
        "Splitting the images for replicate {wildcards.replicate}"
    script:
        "../scripts/split_images.py"
