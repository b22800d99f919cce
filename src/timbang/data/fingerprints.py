"""Which files a folder of images holds, and what identifies them: names and contents.

It is asked at every start of the workflow, so it imports the standard library alone.
"""

import hashlib
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from timbang.errors import TimbangError
from timbang.study import archive_path

# What file managers leave behind in folders of pictures.
LITTER = ("thumbs.db", "desktop.ini", "icon\r")


def iterate_files(folder: Path, strict: bool = True) -> Iterator[Path]:
    """Yield all that is no folder below a folder, without what is hidden.

    Links to folders are followed, except where they lead back to a folder that they are in.

    Args:
        folder: the folder.
        strict: whether a folder that cannot be read is an error or passed over.
    """

    def refuse(error: OSError) -> None:
        if strict:
            raise error

    for directory, subfolders, files in os.walk(folder, onerror=refuse, followlinks=True):
        here = Path(directory)
        subfolders[:] = [
            name
            for name in sorted(subfolders)
            if not name.startswith(".") and not _leads_back(here / name, folder)
        ]
        for name in sorted(files):
            if not is_hidden(name):
                yield here / name


def _leads_back(place: Path, folder: Path) -> bool:
    """Return whether a link below a folder points at, or above, a folder that it is in."""
    if not place.is_symlink():
        return False
    target = os.path.realpath(place)
    above = [parent for parent in place.parents if parent.is_relative_to(folder)]
    return any(Path(os.path.realpath(parent)).is_relative_to(target) for parent in above)


def is_hidden(name: str) -> bool:
    """Say whether a file is passed over: hidden, or what a file manager leaves behind."""
    return name.startswith(".") or name.lower() in LITTER


def fingerprint_files(folder: Path, known: Path) -> str:
    """Return a SHA-256 over the names and contents of all files below a folder.

    Args:
        folder: the folder; one that does not exist has the fingerprint of an empty one.
        known: where the hashes are kept, as ``hash_files`` does it.
    """
    digest = hashlib.sha256()
    for place, content in hash_files(folder, known).items():
        digest.update(json.dumps([place, content]).encode())
    return digest.hexdigest()


def hash_files(folder: Path, known: Path) -> dict[str, str]:
    """Return the SHA-256 of each file below a folder, by its place in it.

    Reading every image at every start would be slow, so the hash of each file is kept in the
    file ``known`` with the file's size and time, and a file is read again only when one of those
    has changed, as git does it.

    Args:
        folder: the folder; one that does not exist has no files.
        known: where the hashes are kept; it may be missing and is rewritten when they change.
    """
    before = _read_json(known)
    after: dict[str, list] = {}
    for path in iterate_files(folder, strict=False):
        try:
            status = path.stat()
        except OSError:
            continue
        if not stat.S_ISREG(status.st_mode):
            continue
        place = path.relative_to(folder).as_posix()
        entry = before.get(place, [])
        if entry[:2] != [status.st_size, status.st_mtime_ns]:
            entry = [status.st_size, status.st_mtime_ns, _hash_file(path)]
        after[place] = entry
    if after != before:
        _write_json(after, known)
    return {place: entry[2] for place, entry in after.items()}


def identify_archive(archive: str, sha256: str | None, known: Path) -> str:
    """Return the SHA-256 of an archive: what the study says, or what the file on this machine has.

    Args:
        archive: its path or URL.
        sha256: what the study says; always there for an archive that is to be fetched.
        known: where the hashes of archives are kept, as ``hash_files`` does it.

    Raises:
        TimbangError: the file cannot be read, or has another SHA-256 than the study says.
    """
    path = archive_path(archive)
    if path is None:
        return sha256 or ""
    found = fingerprint_file(path, known)
    if sha256 not in (None, found):
        raise TimbangError(f"data.sha256: {path} has the SHA-256 {found}; correct one of them")
    return found


def fingerprint_file(file: Path, known: Path) -> str:
    """Return the SHA-256 of a file, which is read again only when its size or time has changed.

    Args:
        file: the file.
        known: where its hash is kept, beside those of other files.

    Raises:
        TimbangError: the file cannot be read.
    """
    try:
        status = file.stat()
        before = _read_json(known)
        entry = before.get(str(file), [])
        if len(entry) != 3 or entry[:2] != [status.st_size, status.st_mtime_ns]:
            with file.open("rb") as opened:
                digest = hashlib.file_digest(opened, "sha256").hexdigest()
            entry = [status.st_size, status.st_mtime_ns, digest]
            _write_json({**before, str(file): entry}, known)
    except OSError as error:
        raise TimbangError(f"{file}: cannot be read ({error.strerror or error})") from None
    return str(entry[2])


def _hash_file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return "unreadable"


def _read_json(path: Path) -> dict[str, list]:
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    if not isinstance(content, dict):
        return {}
    return {place: entry for place, entry in content.items() if isinstance(entry, list)}


def _write_json(content: dict[str, list], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.part")
    temporary.write_text(json.dumps(content))
    temporary.replace(path)
