# From the runs to what they allow one to say.


rule judge_claims:
    input:
        reminder=if_from_elsewhere(f"{RESULTS}/contrasts.csv"),
        runs=str(rules.summarise_runs.output.runs),
        splits=expand(rules.split_images.output.split, replicate=STUDY.replicates),
        predictions=expand(rules.train_network.output.predictions, **ALL_RUNS),
        claims=list(map(str, CLAIMS)),
        tuned_runs=f"{RESULTS}/{TUNED}/runs.csv" if STUDY.tuning else [],
        tuned_predictions=(
            expand(f"{ANY_RUN}/predictions.csv", **ALL_RUNS | {"variant": TUNED})
            if STUDY.tuning
            else []
        ),
    output:
        contrasts=report(
            f"{RESULTS}/contrasts.csv",
            category="Results",
            caption="../report/contrasts.rst",
        ),
        verdicts=f"{RESULTS}/verdicts.json",
        # What was looked at before stays.
        looks=update(f"{RESULTS}/looks.json"),
    log:
        f"{RESULTS}/logs/judge_claims.log",
    localrule: True
    conda:
        PYTHON_ENVIRONMENT
    params:
        code=code_of("judge_claims.py"),
        reference=STUDY.reference,
        contrasts=list(STUDY.contrasts),
        margin=STUDY.margin,
        about=STUDY.about,
        diverged=STUDY.diverged,
        replicates=list(STUDY.replicates),
        predictions=by_contender(rules.train_network.output.predictions),
        tuned_predictions=by_contender(f"{ANY_RUN}/predictions.csv", TUNED),
        decides=STUDY.decides,
        claims=lambda wildcards: OWN_CLAIMS,
        splits=STUDY.tie,
    message:
        "Judging the claims"
    script:
        "../scripts/judge_claims.py"


rule leave_out_suspects:
    input:
        reminder=if_from_elsewhere(f"{RESULTS}/without_suspects.csv"),
        images=rules.list_images.output.images,
        runs=DECISIVE_RUNS,
        splits=expand(rules.split_images.output.split, replicate=STUDY.replicates),
        predictions=expand(f"{ANY_RUN}/predictions.csv", **ALL_RUNS | {"variant": DECISIVE_VARIANT}),
    output:
        contrasts=f"{RESULTS}/without_suspects.csv",
        suspects=f"{RESULTS}/suspects.csv",
    log:
        f"{RESULTS}/logs/leave_out_suspects.log",
    localrule: True
    conda:
        PYTHON_ENVIRONMENT
    params:
        code=code_of("leave_out_suspects.py"),
        reference=STUDY.reference,
        contrasts=list(STUDY.contrasts),
        margin=STUDY.margin,
        about=STUDY.about,
        diverged=STUDY.diverged,
        replicates=list(STUDY.replicates),
        predictions=by_contender(f"{ANY_RUN}/predictions.csv", DECISIVE_VARIANT),
        splits=STUDY.tie,
    message:
        "Comparing the networks without the images whose labels are doubted"
    script:
        "../scripts/leave_out_suspects.py"


FAIRNESS = f"{RESULTS}/fairness"


rule weigh_recipes:
    input:
        reminder=if_from_elsewhere(f"{FAIRNESS}/pairs.csv"),
        variants=rules.score_variants.output.variants,
        recipes=(
            expand(RECIPE, contender=CONTENDERS, number=range(STUDY.tuning.trials))
            if STUDY.tuning
            else []
        ),
        choices=(
            expand(CHOICE, contender=CONTENDERS, replicate=STUDY.replicates)
            if STUDY.tuning
            else []
        ),
        split=SPLIT.format(replicate=STUDY.replicates[0]),
    output:
        recipes=f"{FAIRNESS}/recipes.csv",
        pairs=f"{FAIRNESS}/pairs.csv",
        budgets=f"{FAIRNESS}/budgets.csv" if STUDY.tuning else [],
        choices=f"{FAIRNESS}/choices.csv" if STUDY.tuning else [],
        learning=f"{FAIRNESS}/learning.csv" if STUDY.learning_curve else [],
        doubling=f"{FAIRNESS}/doubling.csv" if STUDY.learning_curve else [],
        prospects=(f"{FAIRNESS}/prospects.csv" if STUDY.tuning or STUDY.learning_curve else []),
    log:
        f"{RESULTS}/logs/weigh_recipes.log",
    localrule: True
    conda:
        PYTHON_ENVIRONMENT
    params:
        code=code_of("weigh_recipes.py"),
        contenders=CONTENDERS,
        reference=STUDY.reference,
        contrasts=list(STUDY.contrasts),
        margin=STUDY.margin,
        varied=list(map(dict, STUDY.varied)),
    message:
        "Weighing recipes, budgets and numbers of images"
    script:
        "../scripts/weigh_recipes.py"
