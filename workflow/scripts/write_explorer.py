from pathlib import Path

from timbang.explorer.copies import list_copies
from timbang.explorer.counting import find_suspects
from timbang.explorer.material import Series, read_material
from timbang.explorer.page import Page, read_article
from timbang.explorer.pictures import place_images
from timbang.explorer.voice import Voice
from timbang.explorer.writing import write_explorer
from timbang.facts.fact import read_facts
from timbang.images.pixels import PixelFile
from timbang.languages.catalogue import read_language
from timbang.logs import log_to
from timbang.records.made_with import read_json
from timbang.records.tables import read_filled
from timbang.scores.ledger import read_ledger

params, inputs = snakemake.params, snakemake.input

with log_to(snakemake.log[0]) as log:
    content, facts = read_facts(Path(inputs.facts))
    study = content["study"]
    titles = {own["name"]: own["title"] for own in study["contenders"]}
    languages = [read_language(code) for code in params.languages]
    material = read_material(
        Path(inputs.manifest),
        dict(zip(params.replicates, map(Path, inputs.splits), strict=True)),
        [Series(name, titles[name], is_tuned) for name, is_tuned in params.series],
        params.runs,
    )
    images = material.images
    page = Page(
        title=params.titles[languages[0].code] or study["name"],
        study=study,
        voice=Voice(languages, facts),
        articles=[
            read_article(own.code, Path(path).read_text(encoding="utf-8"))
            for own, path in zip(languages, inputs.articles, strict=True)
        ],
        material=material,
        tables={
            Path(path).relative_to(params.folder).as_posix(): read_filled(Path(path))
            for path in inputs.tables
        },
        suspects=find_suspects(read_ledger(Path(inputs.images))),
        copies=list_copies(read_json(Path(inputs.audit)), images.filenames),
        places=place_images(images.labels, images.pixels_sha256, len(images.classes)),
    )
    size = write_explorer(page, PixelFile(Path(inputs.pixels)), Path(snakemake.output.explorer))
    log.info("wrote %s, %d bytes", snakemake.output.explorer, size)
