from pathlib import Path

from timbang.logs import log_to
from timbang.records.writing import write_json
from timbang.tuning.recipes import draw_recipes

with log_to(snakemake.log[0]) as log:
    files = [Path(path) for path in snakemake.output.recipes]
    recipes = draw_recipes(snakemake.params.over, len(files))
    for file, recipe in zip(files, recipes, strict=True):
        write_json(file, recipe)
        log.info("%s: %s", file.stem, recipe)
