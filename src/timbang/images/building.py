"""From a list of images to their manifest and audit."""

import logging
from pathlib import Path
from typing import Any

import pandas as pd

from timbang.errors import TimbangError
from timbang.images.audit import audit_images
from timbang.images.confirming import read_confirmed
from timbang.images.manifest import (
    describe_images,
    group_duplicates,
    list_problems,
    shorten_problems,
)
from timbang.logs import progress


def build_manifest(
    source: pd.DataFrame,
    folder: Path,
    on_problem: str,
    largest_image: int,
    duplicate_distance: int,
    duplicate_evidence: float,
    workers: int,
    confirm: Path | None = None,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Read every image once, find the duplicates, and say what is odd.

    Args:
        source: the table that ``timbang.sources.listing`` returns.
        folder: the image folder that its file names are relative to.
        on_problem: ``stop``, or ``skip`` to leave images with a problem out.
        largest_image: the number of pixels above which an image is not decoded.
        duplicate_distance: the bits in which the hashes of near-duplicates may differ.
        duplicate_evidence: the evidence in nats from which images count as near-duplicates.
        workers: how many threads read and compare images.
        confirm: the table of pairs of which a person says whether they are one picture, if any.

    Returns:
        The manifest, and the audit as ``audit_images`` returns it.

    Raises:
        TimbangError: images have a problem, and that is to stop; or something is wrong with what
            a person says.
    """
    confirmed = read_confirmed(confirm) if confirm else []
    described = describe_images(
        source, folder, workers, largest_image, progress(len(source), "reading images")
    )
    problems = list_problems(described.manifest)
    if problems and on_problem == "stop":
        raise TimbangError(
            "\n".join(
                [
                    f"{len(problems)} of {len(source)} images below {folder} have a problem:",
                    *shorten_problems(problems),
                    "Mend them, or set data.on_problem to skip to leave them out.",
                ]
            )
        )
    for problem in problems:
        logging.getLogger("timbang").warning("left out: %s", problem)
    grouped = group_duplicates(
        described,
        duplicate_distance,
        duplicate_evidence,
        workers,
        progress,
        confirmed,
    )
    audit = audit_images(grouped, described.looks, duplicate_distance, duplicate_evidence)
    return grouped.manifest, audit
