"""A small study of made-up predictions, for tests of the explorer; its texts are hostile."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from timbang.explorer.copies import list_copies
from timbang.explorer.counting import find_suspects
from timbang.explorer.material import Series, read_material
from timbang.explorer.page import Page, read_article
from timbang.explorer.pictures import place_images
from timbang.explorer.voice import Voice
from timbang.facts.fact import Facts, Unit
from timbang.images.pixels import PixelFile
from timbang.languages.catalogue import read_language
from timbang.records.tables import MANIFEST_COLUMNS
from timbang.scores.ledger import find_suspects as ledger_suspects
from timbang.scores.ledger import tabulate_images

HOSTILE_LABEL = "</script><img src=x onerror=alert(1)>"
# Its name is shown with an escape.
UNSEEN_NAME = "\N{RIGHT-TO-LEFT OVERRIDE}88.png"
HOSTILE_NAME = "\"'><script>alert(2)</script>%(name)s{{7*7}}&amp;.png"
HOSTILE_TITLE = "</style><b onmouseover=alert(3)>Net"
CLASSES = sorted(["cat", "dog", HOSTILE_LABEL])
DOCUMENT = (
    "<html><main><h1>Title</h1><p>{text} "
    '<a class="v" data-id="accuracy.mean/a" href="#v.accuracy.mean/a" id="u.accuracy.mean/a">'
    "50%</a>"
    '</p><p><span id="v.accuracy.mean/a"><a href="#u.accuracy.mean/a">0.5</a></span> href="#x'
    "</p></main></html>"
)


@dataclass(frozen=True)
class Explored:
    """The page's material, its pixels, and the tables of predictions by contender and replicate."""

    page: Page
    pixels: PixelFile
    predictions: dict[tuple[str, int], pd.DataFrame]
    manifest: pd.DataFrame
    ledger: pd.DataFrame


def explore(folder, count=30, replicates=2, side=8):
    """Make the files of a study with two contenders, the last image a copy of the one before."""
    random = np.random.default_rng(0)
    names = [f"{place:05}.png" for place in range(count - 2)] + [UNSEEN_NAME, HOSTILE_NAME]
    labels = [CLASSES[place % len(CLASSES)] for place in range(count)]
    labels[-1] = labels[-2]
    pixels = random.integers(0, 256, (count, side, side, 3), dtype=np.uint8)
    pixels[-1] = pixels[-2]
    digests = [f"{place:064x}" for place in range(count)]
    same = [*digests[:-1], digests[-2]]
    groups = [*range(count - 1), count - 2]
    manifest = pd.DataFrame("", index=range(count), columns=MANIFEST_COLUMNS)
    manifest = manifest.assign(
        filename=names, label=labels, sha256=digests, pixels_sha256=same, group=groups
    )
    folder.mkdir(parents=True, exist_ok=True)
    manifest.to_csv(folder / "manifest.csv", index=False)
    np.save(folder / "pixels.npy", pixels)
    splits, runs, tables, parted = {}, [], {}, {}
    for replicate in range(replicates):
        parts = random.choice(["train", "validation", "test"], count, p=[0.4, 0.4, 0.2])
        parts[-2:] = "train", "validation"
        split = manifest[["filename", "label", "group"]].assign(part=parts, leaked="False")
        split.loc[count - 1, "leaked"] = "True"
        splits[replicate] = folder / f"{replicate}.csv"
        split.to_csv(splits[replicate], index=False)
        parted[replicate] = split.assign(leaked=split.leaked == "True")
        for series, contender in enumerate("ab"):
            own = pd.concat([split[split.part == part] for part in ("validation", "test")])
            chances = random.dirichlet([1.0] * len(CLASSES), len(own))
            table = own[["filename", "label", "part"]].assign(
                predicted=[CLASSES[best] for best in chances.argmax(axis=1)]
            )
            for place, name in enumerate(CLASSES):
                table[f"probability:{name}"] = chances[:, place]
            tables[contender, replicate] = table
            files = {
                name: folder / f"{contender}-{replicate}-{name}.csv"
                for name in ("history", "predictions")
            }
            table.to_csv(files["predictions"], index=False)
            losses = random.uniform(0.1, 2, (3, 2))
            pd.DataFrame(
                {
                    "epoch": [1, 2, 3],
                    "train_loss": losses[:, 0],
                    "validation_loss": losses[:, 1],
                    "train_accuracy": [0.2, 0.4, 0.6],
                    "validation_accuracy": [0.1, 0.3, 0.5],
                }
            ).to_csv(files["history"], index=False)
            runs.append({"series": series, "replicate": replicate, "seed": 0} | files)
    titles = {"a": "Net", "b": HOSTILE_TITLE}
    material = read_material(
        folder / "manifest.csv",
        splits,
        [Series(name, title, False) for name, title in titles.items()],
        runs,
    )
    facts = Facts()
    for place, name in enumerate("ab"):
        facts.add(f"accuracy.mean/{name}", 0.5 + place / 10, Unit.SHARE, "runs.csv", f"{name}, <i>")
    answers = {
        name: [
            (replicate, table[table.part == "validation"])
            for (own, replicate), table in tables.items()
            if own == name
        ]
        for name in titles
    }
    ledger = tabulate_images(parted, answers)
    counts = {"ledger.suspects": len(ledger_suspects(ledger)), "duplicates.groups": 1}
    for id, count in counts.items():
        facts.add(id, count, Unit.COUNT, "images.csv", "rows")
    languages = [read_language(code) for code in ("id", "en")]
    page = Page(
        title=HOSTILE_TITLE,
        study={
            "name": "made-up",
            "contenders": [{"name": name, "title": title} for name, title in titles.items()],
            "reference": "a",
            "tuning": None,
            "decides": "default",
            "findings": {"b": "higher"},
        },
        voice=Voice(languages, facts),
        articles=[
            read_article(own.code, DOCUMENT.format(text=own.say("Training loss")))
            for own in languages
        ],
        material=material,
        tables={
            "runs.csv": [
                {"contender": name, "replicate": replicate, "accuracy": accuracy, "loss": None}
                for (name, replicate), accuracy in zip(tables, (0.5, 0.25, 0.75, 1), strict=False)
            ]
        },
        suspects=find_suspects(ledger),
        copies=list_copies(
            {"duplicates": [_describe_copies(names[-2:])]}, material.images.filenames
        ),
        places=place_images(material.images.labels, material.images.pixels_sha256, len(CLASSES)),
    )
    return Explored(page, PixelFile(folder / "pixels.npy"), tables, manifest, ledger)


def _describe_copies(names):
    change = {"mirrored": 1, "cropped": 8}
    link = {"images": names, "change": change, "distance": 4, "evidence": 63.31}
    return {"images": names, "chain": True, "links": [link]}
