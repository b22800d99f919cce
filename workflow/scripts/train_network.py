import json
from pathlib import Path

import pandas as pd
from safetensors.torch import save

from timbang.images.pixels import PixelFile
from timbang.logs import log_to
from timbang.probes.measures import list_looks
from timbang.records.tables import read_split, sorted_classes
from timbang.records.writing import write_json, write_table, write_whole
from timbang.scores.predictions import make_predictions
from timbang.study.words import Contender, Recipe
from timbang.training.checkpoint import copy_state, hold_run, remove_checkpoints
from timbang.training.device import choose_device, explaining_full_memory
from timbang.training.lease import lease
from timbang.training.run import describe_training, train_run
from timbang.training.steps import tabulate_steps

made_with = snakemake.params.made_with
contender = Contender(
    **made_with["contender"] | {"recipe": Recipe(**made_with["contender"]["recipe"])}
)
inputs = {
    name: Path(path)
    for name, path in snakemake.input.items()
    if name in ("manifest", "split", "recipe")
}
changes = json.loads(inputs["recipe"].read_text(encoding="utf-8")) if "recipe" in inputs else {}
contender = contender.change(changes)
output = {name: Path(path) for name, path in snakemake.output.items()}
checkpoint = Path(snakemake.params.checkpoint)

with (
    log_to(snakemake.log[0]),
    hold_run(checkpoint),
    lease(choose_device(snakemake.params.device, snakemake.resources.get("gpu", 0))) as device,
    explaining_full_memory(),
):
    split = read_split(inputs["split"])
    trained = train_run(
        contender=contender,
        replicate=int(snakemake.wildcards.replicate),
        split=split,
        pixels=PixelFile(Path(snakemake.input.pixels)),
        device=device,
        threads=snakemake.threads,
        looks=list_looks(contender.recipe.epochs) if "snapshots" in output else [],
        checkpoint=checkpoint,
        checkpoint_seconds=snakemake.config["checkpoint_seconds"],
        made_with=made_with,
        inputs=inputs,
        seed=made_with.get("seed", 0),
    )
    classes = sorted_classes(split["label"])
    predictions = [
        make_predictions(split[split["part"] == part], logits, classes)
        for part, logits in trained.logits.items()
    ]
    training = describe_training(trained, made_with, inputs)
    if changes:
        training["changes"] = changes
    write_table(output["history"], pd.DataFrame(trained.run.history))
    write_table(output["predictions"], pd.concat(predictions))
    if "weights" in output:
        write_table(output["steps"], tabulate_steps(trained.run.step_losses))
        write_whole(output["weights"], save(copy_state(trained.run.network)))
    if "snapshots" in output:
        write_whole(output["snapshots"], save(dict(trained.snapshots)))
    write_json(output["training"], training)
    remove_checkpoints(checkpoint)
