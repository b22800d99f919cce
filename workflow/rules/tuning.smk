# Trials, choices and shares: what variants of the runs are trained on and by.

RECIPE = f"{RESULTS}/tuning/recipes/{{contender}}/{{number}}.json"
CHOICE = f"{RESULTS}/tuning/choices/{{contender}}/{{replicate}}.json"
CHOOSING_SPLIT = f"{RESULTS}/splits/choice/{{replicate}}.csv"
SHARE_SPLIT = f"{RESULTS}/splits/shares/{{share}}/{{replicate}}.csv"
TRIALS_OF = f"{RESULTS}/tuning/trials/{{contender}}.csv"


rule draw_recipes:
    output:
        recipes=(
            expand(RECIPE, number=range(STUDY.tuning.trials), allow_missing=True)
            if STUDY.tuning
            else []
        ),
    log:
        f"{RESULTS}/logs/draw_recipes/{{contender}}.log",
    localrule: True
    conda:
        PYTHON_ENVIRONMENT
    params:
        code=code_of("draw_recipes.py"),
        over=lambda wildcards: STUDY.tuning.over[wildcards.contender],
    message:
        "Drawing the recipes that are tried for {wildcards.contender}"
    script:
        "../scripts/draw_recipes.py"


rule split_for_choice:
    input:
        unpack(
            trust(
                CHOOSING_SPLIT,
                record_of(CHOOSING_SPLIT),
                describe_choosing_split,
                hashed=lambda **wildcards: {"split": SPLIT.format(**wildcards)},
            )
        ),
    output:
        split=CHOOSING_SPLIT,
        record=record_of(CHOOSING_SPLIT),
    log:
        f"{RESULTS}/logs/split_for_choice/{{replicate}}.log",
    localrule: True
    conda:
        PYTHON_ENVIRONMENT
    params:
        made_with=lambda wildcards: describe_choosing_split(**dict(wildcards)),
    message:
        "Keeping training images of replicate {wildcards.replicate} for the choice of recipes"
    script:
        "../scripts/split_training_part.py"


rule keep_share:
    input:
        unpack(
            trust(
                SHARE_SPLIT,
                record_of(SHARE_SPLIT),
                describe_share_split,
                hashed=lambda **wildcards: {"split": SPLIT.format(**wildcards)},
            )
        ),
    output:
        split=SHARE_SPLIT,
        record=record_of(SHARE_SPLIT),
    log:
        f"{RESULTS}/logs/keep_share/{{share}}/{{replicate}}.log",
    localrule: True
    conda:
        PYTHON_ENVIRONMENT
    params:
        made_with=lambda wildcards: describe_share_split(**dict(wildcards)),
    message:
        "Keeping {wildcards.share} of the training images of replicate {wildcards.replicate}"
    script:
        "../scripts/split_training_part.py"


rule choose_recipe:
    input:
        recipes=rules.draw_recipes.output.recipes,
        predictions=(
            expand(
                f"{ANY_RUN}/predictions.csv",
                variant=list_trials(STUDY),
                replicate=STUDY.replicates,
                seed="",
                allow_missing=True,
            )
        ),
    output:
        choices=expand(CHOICE, replicate=STUDY.replicates, allow_missing=True),
        trials=TRIALS_OF,
    log:
        f"{RESULTS}/logs/choose_recipe/{{contender}}.log",
    localrule: True
    conda:
        PYTHON_ENVIRONMENT
    params:
        code=code_of("choose_recipe.py"),
        scope=STUDY.tuning and STUDY.tuning.scope,
        replicates=list(STUDY.replicates),
    message:
        "Choosing the recipes of {wildcards.contender}"
    script:
        "../scripts/choose_recipe.py"


# The variants whose runs are told apart by their recipe or their images, the study's own last.
WEIGHED_VARIANTS = [*list_trials(STUDY), *list_varied(STUDY), *list_shares(STUDY), OWN]
# What other recipes and fewer images say.
HAS_VARIANTS = len(WEIGHED_VARIANTS) > 1
FIRST_RUNS = ALL_RUNS | {"variant": WEIGHED_VARIANTS, "seed": ""}


rule score_variants:
    input:
        reminder=if_from_elsewhere(f"{RESULTS}/variants.csv"),
        predictions=expand(f"{ANY_RUN}/predictions.csv", **FIRST_RUNS),
        training=expand(f"{ANY_RUN}/training.json", **FIRST_RUNS),
    output:
        variants=f"{RESULTS}/variants.csv",
    log:
        f"{RESULTS}/logs/score_variants.log",
    localrule: True
    conda:
        PYTHON_ENVIRONMENT
    params:
        code=code_of("score_variants.py"),
        made_with=lambda wildcards: [
            one for variant in WEIGHED_VARIANTS for one in hash_runs(variant, [""])
        ],
        variants=WEIGHED_VARIANTS,
        runs_each=len(CONTENDERS) * len(STUDY.replicates),
    message:
        f"Scoring the further recipes and shares of {STUDY.name}"
    script:
        "../scripts/score_variants.py"
