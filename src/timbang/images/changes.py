"""What has changed in the images since a study was made, before anything of it is lost.

Snakemake deletes what a step made before it starts the step again: a step that then stops at a
broken image takes the finished study's manifest with it, and all that was trained on it. What is
new is therefore looked at before.
"""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from timbang.errors import TimbangError
from timbang.images.decoding import ImageError, read_image
from timbang.images.manifest import describe_problem, shorten_problems
from timbang.records.tables import read_manifest


def refuse_new_problems(
    source: pd.DataFrame, folder: Path, hashes: Mapping[str, str], manifest: Path, largest: int
) -> None:
    """Look at the rows and the files that are not as the manifest has them.

    Args:
        source: the table that ``timbang.sources.listing`` returns.
        folder: the image folder that its file names are relative to.
        hashes: the SHA-256 of each file below the folder, by its place in it.
        manifest: the manifest of the finished study.
        largest: the number of pixels above which an image is not decoded.

    Raises:
        TimbangError: one line for each that has a problem.
    """
    try:
        made = read_manifest(manifest)
    except TimbangError:
        # Of an older Timbang: it is made anew whatever the images are.
        return
    before = dict(zip(made["filename"], made["sha256"], strict=True))
    lines = []
    for filename, row, problem in zip(
        source["filename"], source["row"], source["problem"], strict=True
    ):
        if not problem and hashes.get(filename) != before.get(filename, ""):
            problem = _find_problem(folder / filename, largest)
        if problem:
            lines.append(describe_problem(filename, row, problem))
    if lines:
        raise TimbangError(
            "\n".join(
                [
                    f"{len(lines)} of the new or changed images below {folder} "
                    f"{'has' if len(lines) == 1 else 'have'} a problem:",
                    *shorten_problems(lines),
                    "Mend them, or set data.on_problem to skip to leave them out. "
                    "Nothing of the study was touched.",
                ]
            )
        )


def _find_problem(path: Path, largest: int) -> str:
    try:
        read_image(path, largest)
    except ImageError as error:
        return str(error)
    return ""
