"""What is wrong with a machine, said before anything is trained."""

import os
import shutil
from pathlib import Path

from timbang.running.estimate import describe_hours

GIGABYTE = 1e9


def describe_tex(needs_pdf: bool) -> list[str]:
    """Say that there is no TeX, where a PDF is to be made."""
    has_tex = shutil.which("tectonic") or (shutil.which("latexmk") and shutil.which("pdflatex"))
    if not needs_pdf or has_tex:
        return []
    return [
        "no TeX here: everything but the PDFs will be made; run make tex before they are due, or "
        "install latexmk and pdflatex, or tectonic"
    ]


def describe_gpu(has_gpu: bool, is_limited: bool, trains: bool) -> list[str]:
    """Say that nothing keeps all runs from training on one GPU at once."""
    if not (has_gpu and trains) or is_limited:
        return []
    return [
        "a GPU is here and no limit is given, so all runs that the processors have room for share "
        "it; add --resources gpu=1 for one at a time"
    ]


def describe_disk(images: int, image_size: int, folder: Path) -> list[str]:
    """Say that the pixels of a study do not fit on the disk.

    Args:
        images: how many there are.
        image_size: the side of each in pixels.
        folder: where they are written; the nearest folder that is there tells the disk.
    """
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    status = os.statvfs(folder)
    needed, free = images * image_size**2 * 3, status.f_bavail * status.f_frsize
    if needed <= free:
        return []
    return [
        f"the pixels of {images:,} images need {needed / GIGABYTE:.1f} GB, and {folder} has "
        f"{free / GIGABYTE:.1f} GB left; make room, or take a smaller data.image_size"
    ]


def describe_work(
    seconds: float, runs: int, again: int, side_by_side: int, is_measured: bool
) -> list[str]:
    """Say how much is about to be trained, and how much of that was trained before.

    Args:
        seconds: of training, of all runs together.
        runs: how many runs are trained.
        again: how many of them are finished and are made otherwise now.
        side_by_side: how many train at once.
        is_measured: whether runs of this study say how fast the machine is.
    """
    if not runs:
        return []
    plural = "s" * (runs != 1)
    hours = describe_hours(seconds / min(side_by_side, runs))
    source = "from the runs that are done" if is_measured else "a guess, known better after a run"
    lines = [
        f"{runs:,} run{plural} to train, {side_by_side} at a time: about {hours} ({source}), for "
        f"{describe_hours(seconds)} of training"
    ]
    if again:
        lines.append(
            f"{again:,} of these are finished and would be trained anew, since the study or the "
            f"code is another than when they were made: about "
            f"{describe_hours(seconds * again / runs)} of training; stop here to keep them"
        )
    return lines
