# From predictions to scores, and from scores to the summary over replicates.


rule evaluate_contender:
    input:
        reminder=if_from_elsewhere(
            f"{RESULTS}/{{variant}}/{{contender}}/{STUDY.replicates[0]}/metrics.json"
        ),
        # One a run.
        split=[SPLIT.format(replicate=replicate) for replicate, _ in STUDY.runs],
        history=per_run(rules.train_network.output.history),
        predictions=per_run(rules.train_network.output.predictions),
        training=per_run(rules.train_network.output.training),
        probes=per_run(rules.probe_run.output.probes) if STUDY.probes else [],
    output:
        metrics=per_run(f"{ANY_RUN}/metrics.json"),
    log:
        f"{RESULTS}/logs/evaluate_contender/{{variant}}/{{contender}}.log",
    localrule: True
    conda:
        PYTHON_ENVIRONMENT
    params:
        code=code_of("evaluate_contender.py"),
    message:
        "Scoring the {wildcards.variant} of {wildcards.contender}"
    script:
        "../scripts/evaluate_contender.py"


rule summarise_runs:
    input:
        reminder=if_from_elsewhere(f"{RESULTS}/runs.csv"),
        metrics=expand(
            f"{RUN}/metrics.json",
            contender=CONTENDERS,
            replicate=STUDY.replicates,
            seed=SEEDS,
        ),
        variants=f"{RESULTS}/variants.csv" if STUDY.learning_curve else [],
    output:
        runs=report(f"{RESULTS}/runs.csv", category="Results", caption="../report/runs.rst"),
        summary=report(
            f"{RESULTS}/summary.csv",
            category="Results",
            caption="../report/summary.rst",
        ),
        classes=report(
            f"{RESULTS}/per_class.csv",
            category="Results",
            caption="../report/per_class.rst",
        ),
    log:
        f"{RESULTS}/logs/summarise_runs.log",
    localrule: True
    conda:
        PYTHON_ENVIRONMENT
    params:
        code=code_of("summarise_runs.py"),
        reference=STUDY.reference,
        made_with=lambda wildcards: hash_runs(),
    message:
        f"Summarising {STUDY.name} over its replicates"
    script:
        "../scripts/summarise_runs.py"


use rule summarise_runs as summarise_tuned with:
    input:
        reminder=if_from_elsewhere(f"{RESULTS}/{TUNED}/runs.csv"),
        metrics=expand(f"{ANY_RUN}/metrics.json", **ALL_RUNS | {"variant": TUNED}),
    output:
        runs=f"{RESULTS}/{TUNED}/runs.csv",
        summary=f"{RESULTS}/{TUNED}/summary.csv",
        classes=f"{RESULTS}/{TUNED}/per_class.csv",
    log:
        f"{RESULTS}/logs/summarise_tuned.log",
    params:
        code=code_of("summarise_runs.py"),
        reference=STUDY.reference,
        made_with=lambda wildcards: hash_runs(TUNED),
    message:
        f"Summarising the tuned networks of {STUDY.name} over their replicates"


rule list_images:
    input:
        reminder=if_from_elsewhere(f"{RESULTS}/images.csv"),
        splits=expand(rules.split_images.output.split, replicate=STUDY.replicates),
        predictions=expand(rules.train_network.output.predictions, **ALL_RUNS),
    output:
        images=f"{RESULTS}/images.csv",
        confusions=f"{RESULTS}/confusions.csv",
        calibration=f"{RESULTS}/calibration.csv",
    log:
        f"{RESULTS}/logs/list_images.log",
    localrule: True
    conda:
        PYTHON_ENVIRONMENT
    params:
        code=code_of("list_images.py"),
        splits=list(STUDY.replicates),
        replicates=[replicate for replicate, _ in STUDY.runs],
        predictions=by_contender(rules.train_network.output.predictions),
    message:
        "Listing what the networks said of each image"
    script:
        "../scripts/list_images.py"
