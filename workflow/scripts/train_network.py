import json
import platform
from pathlib import Path

import numpy as np
import pandas as pd
from safetensors.torch import save_file

from timbang.data.pixels import PixelFile
from timbang.data.records import TEST, read_split, sorted_classes, write_table
from timbang.evaluation.looks import list_looks
from timbang.evaluation.predictions import make_predictions
from timbang.logs import log_to
from timbang.made_with import make_record
from timbang.networks.cost import count_multiply_adds, count_parameters
from timbang.provenance import describe_code
from timbang.study import Contender, Recipe
from timbang.training.batches import count_steps, make_resident
from timbang.training.checkpoint import (
    Checkpoint,
    copy_state,
    hold_run,
    name_run,
    remove_checkpoints,
)
from timbang.training.device import (
    choose_device,
    describe_run,
    explaining_full_memory,
    repeat_exactly,
)
from timbang.training.lease import lease
from timbang.training.loop import Images, predict, train
from timbang.training.precision import allow_tf32
from timbang.training.progress import TrainingBar
from timbang.training.steps import tabulate_steps

made_with = snakemake.params.made_with
contender = Contender(
    **made_with["contender"] | {"recipe": Recipe(**made_with["contender"]["recipe"])}
)
replicate = int(snakemake.wildcards.replicate)

with (
    log_to(snakemake.log[0]) as log,
    hold_run(Path(snakemake.params.checkpoint)),
    lease(choose_device(snakemake.params.device, snakemake.resources.get("gpu", 0))) as device,
    explaining_full_memory(),
):
    split = read_split(Path(snakemake.input.split))
    classes = sorted_classes(split["label"])
    pixels = make_resident(PixelFile(Path(snakemake.input.pixels)), device)
    images = Images.of_split(split, pixels)
    looks = list_looks(contender.recipe.epochs) if snakemake.output.get("snapshots") else []
    repeat_exactly(snakemake.threads)
    allow_tf32(contender.recipe.tf32)
    depends_on = {"made_with": made_with, "looks": looks, **describe_run(device)}
    files = [snakemake.input.split, snakemake.input.manifest]
    name = name_run(depends_on, [Path(file) for file in files])
    checkpoint = Checkpoint(
        Path(f"{snakemake.params.checkpoint}-{name}.safetensors"),
        # Not a parameter, since it changes nothing of what a run ends with.
        snakemake.config.get("checkpoint_seconds", 60),
    )
    log.info("%s on %s", contender.name, device)

    def epoch_done(epoch, network):
        log.info(
            "epoch %d: training loss %.4f, accuracy %.4f; "
            "validation loss %.4f, accuracy %.4f; %.1f s",
            epoch.epoch,
            epoch.train_loss,
            epoch.train_accuracy,
            epoch.validation_loss,
            epoch.validation_accuracy,
            epoch.seconds,
        )
        if epoch.epoch in looks:
            checkpoint.save_snapshot(epoch.epoch, network)

    steps = contender.recipe.epochs * count_steps(len(images.train), contender.recipe.batch_size)
    bar = TrainingBar(f"{contender.name} {replicate}", steps, contender.recipe.batch_size)
    with checkpoint.stopping_on_request(), bar:
        run = train(
            contender,
            replicate,
            images,
            len(classes),
            device,
            on_epoch=epoch_done,
            on_step=bar.step_done,
            checkpoint=checkpoint,
        )

    seconds = sum(epoch.seconds for epoch in run.history)
    training = {
        "contender": contender.name,
        "replicate": replicate,
        "network": contender.network,
        "width": contender.width,
        "parameters": count_parameters(run.network),
        "multiply_adds": count_multiply_adds(run.network, images.pixels.shape[1]),
        "train_images": len(images.train),
        "precision": contender.recipe.precision,
        "tf32": contender.recipe.tf32,
        "compile": contender.recipe.compile,
        "diverged": run.diverged and {"epoch": run.diverged[0], "step": run.diverged[1]},
        "training_seconds": seconds,
        "validation_seconds": sum(epoch.validation_seconds for epoch in run.history),
        "images_per_second": len(images.train) * len(run.history) / seconds,
        **describe_run(device),
        "host": platform.node(),
        "timbang": describe_code(),
        **make_record(
            made_with,
            {
                "manifest": Path(snakemake.input.manifest),
                "split": Path(snakemake.input.split),
            },
        ),
    }
    if run.diverged:
        log.warning("diverged in epoch %d at step %d", *run.diverged)
    write_table(pd.DataFrame(run.history), Path(snakemake.output.history))
    write_table(tabulate_steps(run.step_losses), Path(snakemake.output.steps))
    predictions = [make_predictions(split.iloc[images.validation], run.logits.numpy(), classes)]
    test = np.flatnonzero(split["part"] == TEST)
    if len(test):
        logits = predict(run.network, images.pixels, test, device).numpy()
        logits = np.full_like(logits, np.nan) if run.diverged else logits
        predictions.append(make_predictions(split.iloc[test], logits, classes))
    write_table(pd.concat(predictions), Path(snakemake.output.predictions))
    save_file(copy_state(run.network), snakemake.output.weights)
    if looks:
        kept = [epoch for epoch in looks if epoch <= len(run.history)]
        save_file(checkpoint.collect_snapshots(kept), snakemake.output.snapshots)
    Path(snakemake.output.training).write_text(
        json.dumps(training, indent=2) + "\n", encoding="utf-8"
    )
    remove_checkpoints(Path(snakemake.params.checkpoint))
