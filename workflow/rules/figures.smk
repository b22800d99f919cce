# The figures, each in every language of the report, as PDF for it and as SVG for the web.

# The published numbers to print, and what is in them: they are the user's file, and so no input.
PUBLISHED = {
    "published": lambda wildcards: STUDY.report.published,
    "published_sha256": hash_users(STUDY.report.published),
}
TITLES = {
    contender.name: title_contender(contender.name, contender.network)
    for contender in STUDY.contenders
}
WEIGHED = {name: TITLES[name] for name in STUDY.weighed}
TEXTS = f"{REPORT}/texts/{{language}}.yaml"
ALL_HISTORIES = expand(
    rules.train_network.output.history,
    contender=CONTENDERS,
    replicate=STUDY.replicates,
)
# In the order of hash_runs().
ALL_METRICS = expand(
    f"{RUN}/metrics.json",
    contender=CONTENDERS,
    replicate=STUDY.replicates,
)


rule draw_curves:
    input:
        reminder=if_from_elsewhere(f"{RESULTS}/figures/curves-{{language}}.pdf"),
        histories=ALL_HISTORIES,
        texts=TEXTS,
    output:
        pdf=f"{RESULTS}/figures/curves-{{language}}.pdf",
        svg=report(
            f"{RESULTS}/figures/curves-{{language}}.svg",
            category="Figures",
            caption="../report/curves.rst",
            labels={"figure": "curves", "language": "{language}"},
        ),
    log:
        f"{RESULTS}/logs/draw_curves/{{language}}.log",
    conda:
        PYTHON_ENVIRONMENT
    params:
        code=code_of("draw_curves.py"),
        titles=TITLES,
        replicates=len(STUDY.replicates),
    message:
        "Drawing the training curves ({wildcards.language})"
    script:
        "../scripts/draw_curves.py"


rule draw_accuracies:
    input:
        reminder=if_from_elsewhere(f"{RESULTS}/figures/accuracies-{{language}}.pdf"),
        runs=rules.summarise_runs.output.runs,
        texts=TEXTS,
    output:
        pdf=f"{RESULTS}/figures/accuracies-{{language}}.pdf",
        svg=report(
            f"{RESULTS}/figures/accuracies-{{language}}.svg",
            category="Figures",
            caption="../report/accuracies.rst",
            labels={"figure": "accuracies", "language": "{language}"},
        ),
    log:
        f"{RESULTS}/logs/draw_accuracies/{{language}}.log",
    conda:
        PYTHON_ENVIRONMENT
    params:
        **PUBLISHED,
        code=code_of("draw_accuracies.py"),
        titles=TITLES,
    message:
        "Drawing the accuracy of every run ({wildcards.language})"
    script:
        "../scripts/draw_accuracies.py"


rule draw_confusion:
    input:
        reminder=if_from_elsewhere(f"{RESULTS}/figures/confusion-{{language}}.pdf"),
        metrics=ALL_METRICS,
        texts=TEXTS,
    output:
        pdf=f"{RESULTS}/figures/confusion-{{language}}.pdf",
        svg=report(
            f"{RESULTS}/figures/confusion-{{language}}.svg",
            category="Figures",
            caption="../report/confusion.rst",
            labels={"figure": "confusion matrices", "language": "{language}"},
        ),
    log:
        f"{RESULTS}/logs/draw_confusion/{{language}}.log",
    conda:
        PYTHON_ENVIRONMENT
    params:
        code=code_of("draw_confusion.py"),
        titles=WEIGHED,
    message:
        "Drawing the confusion matrices ({wildcards.language})"
    script:
        "../scripts/draw_confusion.py"


rule draw_classes:
    input:
        reminder=if_from_elsewhere(f"{RESULTS}/figures/classes-{{language}}.pdf"),
        splits=expand(rules.split_images.output.split, replicate=STUDY.replicates),
        texts=TEXTS,
    output:
        pdf=f"{RESULTS}/figures/classes-{{language}}.pdf",
        svg=report(
            f"{RESULTS}/figures/classes-{{language}}.svg",
            category="Figures",
            caption="../report/classes.rst",
            labels={"figure": "classes", "language": "{language}"},
        ),
    log:
        f"{RESULTS}/logs/draw_classes/{{language}}.log",
    conda:
        PYTHON_ENVIRONMENT
    params:
        code=code_of("draw_classes.py"),
    message:
        "Drawing the number of images of each class ({wildcards.language})"
    script:
        "../scripts/draw_classes.py"


rule draw_samples:
    input:
        reminder=if_from_elsewhere(f"{RESULTS}/figures/samples.pdf"),
        manifest=rules.build_manifest.output.manifest,
        pixels=rules.write_pixels.output.pixels,
    output:
        pdf=f"{RESULTS}/figures/samples.pdf",
        svg=report(
            f"{RESULTS}/figures/samples.svg",
            category="Figures",
            caption="../report/samples.rst",
            labels={"figure": "sample images", "language": ""},
        ),
    log:
        f"{RESULTS}/logs/draw_samples.log",
    conda:
        PYTHON_ENVIRONMENT
    params:
        code=code_of("draw_samples.py"),
    message:
        "Drawing sample images of each class"
    script:
        "../scripts/draw_samples.py"


rule draw_duplicates:
    input:
        reminder=if_from_elsewhere(f"{RESULTS}/figures/duplicates-{{language}}.pdf"),
        audit=rules.build_manifest.output.audit,
        manifest=rules.build_manifest.output.manifest,
        pixels=rules.write_pixels.output.pixels,
        texts=TEXTS,
    output:
        pdf=f"{RESULTS}/figures/duplicates-{{language}}.pdf",
        svg=report(
            f"{RESULTS}/figures/duplicates-{{language}}.svg",
            category="Figures",
            caption="../report/duplicates.rst",
            labels={"figure": "duplicates", "language": "{language}"},
        ),
    log:
        f"{RESULTS}/logs/draw_duplicates/{{language}}.log",
    conda:
        PYTHON_ENVIRONMENT
    params:
        code=code_of("draw_duplicates.py"),
    message:
        "Drawing the duplicates ({wildcards.language})"
    script:
        "../scripts/draw_duplicates.py"


rule draw_leaks:
    input:
        reminder=if_from_elsewhere(f"{RESULTS}/figures/leaks-{{language}}.pdf"),
        runs=rules.summarise_runs.output.runs,
        texts=TEXTS,
    output:
        pdf=f"{RESULTS}/figures/leaks-{{language}}.pdf",
        svg=report(
            f"{RESULTS}/figures/leaks-{{language}}.svg",
            category="Figures",
            caption="../report/leaks.rst",
            labels={"figure": "leaks", "language": "{language}"},
        ),
    log:
        f"{RESULTS}/logs/draw_leaks/{{language}}.log",
    conda:
        PYTHON_ENVIRONMENT
    params:
        code=code_of("draw_leaks.py"),
        titles=TITLES,
    message:
        "Drawing the accuracy on leaked and on clean images ({wildcards.language})"
    script:
        "../scripts/draw_leaks.py"


rule draw_twin:
    input:
        reminder=if_from_elsewhere(f"{RESULTS}/figures/twin-{{language}}.pdf"),
        runs=rules.summarise_runs.output.runs,
        other_runs=of_twin("runs.csv"),
        texts=TEXTS,
    output:
        pdf=f"{RESULTS}/figures/twin-{{language}}.pdf",
        svg=report(
            f"{RESULTS}/figures/twin-{{language}}.svg",
            category="Figures",
            caption="../report/twin.rst",
            labels={"figure": "comparison with another study", "language": "{language}"},
        ),
    log:
        f"{RESULTS}/logs/draw_twin/{{language}}.log",
    conda:
        PYTHON_ENVIRONMENT
    params:
        code=code_of("draw_twin.py"),
        titles=TITLES,
        names=[STUDY.name, STUDY.report.compare_with],
    message:
        f"Drawing the runs beside those of {STUDY.report.compare_with} ({{wildcards.language}})"
    script:
        "../scripts/draw_twin.py"


rule draw_probes:
    input:
        reminder=if_from_elsewhere(f"{RESULTS}/figures/probes-{{language}}.pdf"),
        probes=expand(
            rules.probe_run.output.probes,
            contender=CONTENDERS,
            replicate=STUDY.replicates,
        ),
        runs=rules.summarise_runs.output.runs,
        texts=TEXTS,
    output:
        pdf=f"{RESULTS}/figures/probes-{{language}}.pdf",
        svg=report(
            f"{RESULTS}/figures/probes-{{language}}.svg",
            category="Figures",
            caption="../report/probes.rst",
            labels={"figure": "probes", "language": "{language}"},
        ),
    log:
        f"{RESULTS}/logs/draw_probes/{{language}}.log",
    conda:
        PYTHON_ENVIRONMENT
    params:
        code=code_of("draw_probes.py"),
        titles=TITLES,
        replicates=len(STUDY.replicates),
    message:
        "Drawing the probes ({wildcards.language})"
    script:
        "../scripts/draw_probes.py"
