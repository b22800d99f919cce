# From the runs to what they allow one to say.


rule judge_claims:
    input:
        reminder=if_from_elsewhere(f"{RESULTS}/contrasts.csv"),
        runs=rules.summarise_runs.output.runs,
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
