# One job a run: one contender trained on one replicate, once for each seed.


# The probe of gradients looks at several epochs of a run.
SNAPSHOTS = {"snapshots": f"{ANY_RUN}/snapshots.safetensors"} if "gradients" in STUDY.probes else {}


TRAINING = f"{ANY_RUN}/training.json"
WEIGHTS = f"{ANY_RUN}/weights.safetensors"
PROBES = f"{ANY_RUN}/probes.json"
# Those whose networks are kept, since they are looked into.
WHOLE_VARIANTS = f"{OWN}|{TUNED}"


rule train_network:
    input:
        unpack(
            trust(
                TRAINING,
                TRAINING,
                describe_run,
                hashed=lambda variant, contender, replicate, seed: {
                    "manifest": MANIFEST,
                    "split": split_of(variant, replicate),
                    **recipe_of(variant, contender, replicate),
                },
                others=lambda **wildcards: {"pixels": PIXELS},
            )
        ),
    output:
        **SNAPSHOTS,
        history=f"{ANY_RUN}/history.csv",
        steps=f"{ANY_RUN}/history_steps.csv",
        predictions=f"{ANY_RUN}/predictions.csv",
        weights=WEIGHTS,
        training=TRAINING,
    log:
        f"{RESULTS}/logs/train_network/{{variant}}/{{contender}}/{{replicate}}{{seed}}.log",
    wildcard_constraints:
        variant=WHOLE_VARIANTS,
    # Before figures and scores, which then fill the processors that the last run leaves idle.
    priority: 1
    conda:
        PYTHON_ENVIRONMENT
    threads: STUDY.threads
    resources:
        gpu=count_gpus(),
        mem_mb=megabytes_of_run,
        runtime=minutes_of_run,
    params:
        made_with=lambda wildcards: describe_run(**dict(wildcards)),
        device=STUDY.device,
        checkpoint=lambda wildcards: name_checkpoint(**dict(wildcards)),
    message:
        "Training {wildcards.contender}, replicate {wildcards.replicate}{wildcards.seed}, of "
        "{wildcards.variant}"
    script:
        "../scripts/train_network.py"


use rule train_network as train_variant with:
    output:
        history=f"{ANY_RUN}/history.csv",
        predictions=f"{ANY_RUN}/predictions.csv",
        training=TRAINING,
    log:
        f"{RESULTS}/logs/train_variant/{{variant}}/{{contender}}/{{replicate}}{{seed}}.log",
    wildcard_constraints:
        variant=f"(?!{WHOLE_VARIANTS}).+",


rule probe_run:
    input:
        unpack(
            trust(
                PROBES,
                PROBES,
                describe_probes,
                hashed=lambda **wildcards: {
                    "split": SPLIT.format(**wildcards),
                    "weights": WEIGHTS.format(**wildcards),
                },
                others=lambda **wildcards: {
                    "pixels": PIXELS,
                    "training": TRAINING.format(**wildcards),
                    "snapshots": [file.format(**wildcards) for file in SNAPSHOTS.values()],
                },
            )
        ),
    output:
        probes=PROBES,
    log:
        f"{RESULTS}/logs/probe_run/{{variant}}/{{contender}}/{{replicate}}{{seed}}.log",
    conda:
        PYTHON_ENVIRONMENT
    threads: STUDY.threads
    resources:
        gpu=count_gpus(),
        mem_mb=megabytes_of_run,
        runtime=minutes_of_probes,
    params:
        made_with=lambda wildcards: describe_probes(**dict(wildcards)),
        contender=lambda wildcards: asdict(STUDY.contender(wildcards.contender)),
        device=STUDY.device,
    message:
        "Probing {wildcards.contender}, replicate {wildcards.replicate}{wildcards.seed}, of "
        "{wildcards.variant}"
    script:
        "../scripts/probe_run.py"
