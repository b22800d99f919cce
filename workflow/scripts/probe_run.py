import json
import time
from pathlib import Path

from timbang.images.pixels import PixelFile
from timbang.logs import log_to
from timbang.probes.run import probe_saved_run
from timbang.records.made_with import make_record
from timbang.records.tables import read_split
from timbang.records.writing import write_json
from timbang.study.words import Contender, Recipe
from timbang.training.device import choose_device, explaining_full_memory
from timbang.training.lease import lease

params = snakemake.params
contender = Contender(**params.contender | {"recipe": Recipe(**params.contender["recipe"])})
hashed = {name: Path(snakemake.input[name]) for name in ("split", "weights")}

with (
    log_to(snakemake.log[0]) as log,
    lease(choose_device(params.device, snakemake.resources.get("gpu", 0))) as device,
    explaining_full_memory(),
):
    start = time.perf_counter()
    found = {"measures": {}}
    training = json.loads(Path(snakemake.input.training).read_text(encoding="utf-8"))
    if training["diverged"] is None:
        found = probe_saved_run(
            contender=contender.change(training.get("changes", {})),
            weights=hashed["weights"],
            snapshots=[Path(path) for path in snakemake.input.get("snapshots", ())],
            split=read_split(hashed["split"]),
            pixels=PixelFile(Path(snakemake.input.pixels)),
            probes=params.made_with["probes"],
            device=device,
            threads=snakemake.threads,
            replicate=int(snakemake.wildcards.replicate),
            seed=int(snakemake.wildcards.seed.removeprefix("-") or 0),
        )
    found |= make_record(params.made_with, hashed)
    found["seconds"] = time.perf_counter() - start
    write_json(Path(snakemake.output.probes), found)
    log.info("probed in %.1f s", found["seconds"])
