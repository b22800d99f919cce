import json
import time
from dataclasses import replace
from pathlib import Path

from safetensors.torch import load_file
from torch import Generator

from timbang.data.pixels import PixelFile
from timbang.data.records import read_split, sorted_classes
from timbang.evaluation.probing import probe_run
from timbang.logs import log_to
from timbang.made_with import make_record
from timbang.study import Contender, Recipe
from timbang.training.batches import make_resident
from timbang.training.device import choose_device, explaining_full_memory, repeat_exactly
from timbang.training.lease import lease
from timbang.training.loop import Images
from timbang.training.start import build_network

contender = Contender(
    **snakemake.params.contender | {"recipe": Recipe(**snakemake.params.contender["recipe"])}
)

with (
    log_to(snakemake.log[0]) as log,
    lease(choose_device(snakemake.params.device, snakemake.resources.get("gpu", 0))) as device,
    explaining_full_memory(),
):
    start = time.perf_counter()
    found = {"measures": {}}
    training = json.loads(Path(snakemake.input.training).read_text(encoding="utf-8"))
    if training["diverged"] is None:
        repeat_exactly(snakemake.threads)
        split = read_split(Path(snakemake.input.split))
        classes = sorted_classes(split["label"])
        pixels = make_resident(PixelFile(Path(snakemake.input.pixels)), device)
        images = Images.of_split(split, pixels)
        # Whatever it began with, its weights are read below.
        untrained = replace(contender, recipe=replace(contender.recipe, weights=None))
        network = build_network(untrained, len(classes), images.pixels.shape[1], Generator())
        network.load_state_dict(load_file(snakemake.input.weights))
        network.to(device)
        snapshots = {}
        for path in snakemake.input.get("snapshots", ()):
            for key, value in load_file(path).items():
                epoch, _, name = key.partition("/")
                snapshots.setdefault(int(epoch), {})[name] = value
        found = probe_run(
            network,
            snapshots,
            images,
            snakemake.params.made_with["probes"],
            contender.recipe.learning_rate,
            device,
        )
    files = {"split": Path(snakemake.input.split), "weights": Path(snakemake.input.weights)}
    found |= make_record(snakemake.params.made_with, files)
    found["seconds"] = time.perf_counter() - start
    Path(snakemake.output.probes).write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    log.info("probed in %.1f s", found["seconds"])
