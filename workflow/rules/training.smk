# One job a run: one contender trained on one replicate, once for each seed.


# The probe of gradients looks at several epochs of a run.
SNAPSHOTS = {"snapshots": f"{RUN}/snapshots.safetensors"} if "gradients" in STUDY.probes else {}


TRAINING = f"{RUN}/training.json"
WEIGHTS = f"{RUN}/weights.safetensors"
PROBES = f"{RUN}/probes.json"


rule train_network:
    input:
        unpack(
            trust(
                TRAINING,
                TRAINING,
                describe_run,
                hashed={"manifest": MANIFEST, "split": SPLIT},
                others=lambda **wildcards: {"pixels": PIXELS},
            )
        ),
    output:
        **SNAPSHOTS,
        history=f"{RUN}/history.csv",
        steps=f"{RUN}/history_steps.csv",
        predictions=f"{RUN}/predictions.csv",
        weights=WEIGHTS,
        training=TRAINING,
    log:
        f"{RESULTS}/logs/train_network/{{contender}}/{{replicate}}{{seed}}.log",
    # Before figures and scores, which then fill the processors that the last run leaves idle.
    priority: 1
    conda:
        PYTHON_ENVIRONMENT
    threads: STUDY.threads
    resources:
        gpu=count_gpus(),
    params:
        made_with=lambda wildcards: describe_run(**dict(wildcards)),
        device=STUDY.device,
        # A side file that Snakemake does not know, since it removes those that it knows when a
        # job fails or starts again. A hyphen before the seed could belong to a contender's name.
        checkpoint=lambda wildcards: (
            f"{RESULTS}/checkpoints/{wildcards.contender}-{wildcards.replicate}"
            + wildcards.seed.replace("-", ".")
        ),
    message:
        "Training {wildcards.contender}, replicate {wildcards.replicate}{wildcards.seed}"
    script:
        "../scripts/train_network.py"


rule probe_run:
    input:
        unpack(
            trust(
                PROBES,
                PROBES,
                describe_probes,
                hashed={"split": SPLIT, "weights": WEIGHTS},
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
        f"{RESULTS}/logs/probe_run/{{contender}}/{{replicate}}{{seed}}.log",
    conda:
        PYTHON_ENVIRONMENT
    threads: STUDY.threads
    resources:
        gpu=count_gpus(),
    params:
        made_with=lambda wildcards: describe_probes(**dict(wildcards)),
        contender=lambda wildcards: asdict(STUDY.contender(wildcards.contender)),
        device=STUDY.device,
    message:
        "Probing {wildcards.contender}, replicate {wildcards.replicate}{wildcards.seed}"
    script:
        "../scripts/probe_run.py"
