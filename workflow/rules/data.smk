# From the user's images to the manifest, the pixels and the splits.


rule write_digits:
    input:
        code=script_and_modules("write_digits.py"),
    output:
        table=f"{DIGITS}/labels.csv",
        images=directory(f"{DIGITS}/images"),
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
        table=label_table() or [],
        digits=rules.write_digits.output.images if STUDY.data.source == "digits" else [],
    output:
        manifest=f"{RESULTS}/data/manifest.csv",
        audit=report(
            f"{RESULTS}/data/audit.json",
            category="Data",
            caption="../report/audit.rst",
        ),
    log:
        f"{RESULTS}/logs/build_manifest.log",
    benchmark:
        f"{RESULTS}/benchmarks/build_manifest.tsv"
    conda:
        PYTHON_ENVIRONMENT
    threads: 4
    params:
        source=STUDY.data.source,
        filename_column=STUDY.data.filename_column,
        label_column=STUDY.data.label_column,
        on_problem=STUDY.data.on_problem,
        image_folder=lambda wildcards: image_folder(),
        # Changes with the name or content of any image, as an input per image would.
        images=lambda wildcards: fingerprint_images(),
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
    log:
        f"{RESULTS}/logs/write_pixels.log",
    benchmark:
        f"{RESULTS}/benchmarks/write_pixels.tsv"
    conda:
        PYTHON_ENVIRONMENT
    threads: 4
    params:
        image_folder=lambda wildcards: image_folder(),
        image_size=STUDY.data.image_size,
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
    log:
        f"{RESULTS}/logs/split_images/{{replicate}}.log",
    conda:
        PYTHON_ENVIRONMENT
    params:
        scheme=STUDY.split.scheme,
        validation=STUDY.split.validation,
    message:
        "Splitting the images for replicate {wildcards.replicate}"
    script:
        "../scripts/split_images.py"
