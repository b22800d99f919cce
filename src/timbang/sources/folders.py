"""Removing folders that may be as deep as an archive of a stranger made them."""

import logging
import os
import stat
from pathlib import Path

log = logging.getLogger("timbang")


def remove_folder(folder: Path) -> None:
    """Remove a folder and all that is in it, following no link; none there is as well.

    ``shutil.rmtree`` calls itself for each level before Python 3.13, and ends in RecursionError.

    Raises:
        OSError: something cannot be removed.
    """
    try:
        if not stat.S_ISDIR(folder.lstat().st_mode):
            folder.unlink()
            return
    except FileNotFoundError:
        return
    folders = [str(folder)]
    for place in folders:  # which grows on the way
        with os.scandir(place) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                else:
                    Path(entry.path).unlink()
    for place in reversed(folders):
        Path(place).rmdir()


def clear_away(folder: Path) -> None:
    """Remove a folder that is of no more use, and warn where it stays."""
    try:
        remove_folder(folder)
    except OSError as error:
        log.warning("%s is left over and cannot be removed (%s); remove it", folder, error)
