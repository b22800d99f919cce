# One job a run: one contender trained on one replicate.


# The probe of gradients looks at several epochs of a run.
SNAPSHOTS = {"snapshots": f"{RUN}/snapshots.safetensors"} if "gradients" in STUDY.probes else {}


rule train_network:
    input:
        manifest=rules.build_manifest.output.manifest,
        pixels=rules.write_pixels.output.pixels,
        split=rules.split_images.output.split,
        weights=lambda wildcards: initial_weights(wildcards.contender),
        network=lambda wildcards: own_networks(wildcards.contender),
    output:
        **SNAPSHOTS,
        history=f"{RUN}/history.csv",
        steps=f"{RUN}/history_steps.csv",
        predictions=f"{RUN}/predictions.csv",
        weights=f"{RUN}/weights.safetensors",
        training=f"{RUN}/training.json",
    log:
        f"{RESULTS}/logs/train_network/{{contender}}/{{replicate}}.log",
    # Before figures and scores, which then fill the processors that the last run leaves idle.
    priority: 1
    conda:
        PYTHON_ENVIRONMENT
    threads: STUDY.threads
    resources:
        gpu=count_gpus(),
    params:
        code=code_of("train_network.py"),
        contender=lambda wildcards: asdict(STUDY.contender(wildcards.contender)),
        device=STUDY.device,
        # A side file that Snakemake does not know, since it removes those that it knows when a
        # job fails or starts again.
        checkpoint=f"{RESULTS}/checkpoints/{{contender}}-{{replicate}}",
    message:
        "Training {wildcards.contender}, replicate {wildcards.replicate}"
    script:
        "../scripts/train_network.py"


rule probe_run:
    input:
        pixels=rules.write_pixels.output.pixels,
        split=rules.split_images.output.split,
        training=rules.train_network.output.training,
        weights=rules.train_network.output.weights,
        snapshots=list(SNAPSHOTS.values()),
        network=lambda wildcards: own_networks(wildcards.contender),
    output:
        probes=f"{RUN}/probes.json",
    log:
        f"{RESULTS}/logs/probe_run/{{contender}}/{{replicate}}.log",
    conda:
        PYTHON_ENVIRONMENT
    threads: STUDY.threads
    resources:
        gpu=count_gpus(),
    params:
        code=code_of("probe_run.py"),
        contender=lambda wildcards: asdict(STUDY.contender(wildcards.contender)),
        device=STUDY.device,
        probes=list(STUDY.probes),
    message:
        "Probing {wildcards.contender}, replicate {wildcards.replicate}"
    script:
        "../scripts/probe_run.py"
