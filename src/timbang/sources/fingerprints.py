"""Which files a folder of images holds, and what identifies them: names and contents.

It is asked at every start of the workflow, so it imports the standard library alone.
"""

import hashlib
import json
import os
import stat
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from timbang.errors import TimbangError
from timbang.records.writing import write_text
from timbang.sources.addresses import archive_path

# What file managers leave behind in folders of pictures.
LITTER = ("thumbs.db", "desktop.ini", "icon\r")
# So much older than its hash a file must be for the hash to be trusted: a change soon after may
# leave the times as they were. The coarsest file systems (FAT) tell times two seconds apart.
CLOCK_TICK_NS = 2_000_000_000


def known_hashes(folder: Path) -> Path:
    """Return where the hashes of a folder's files are kept, for all studies of its images."""
    digest = hashlib.sha256(os.path.abspath(folder).encode("utf-8", "surrogateescape")).hexdigest()  # noqa: PTH100 (links stay)
    return Path(".snakemake", f"timbang-images-{digest[:16]}.json")


def iterate_files(folder: Path, strict: bool = True) -> Iterator[Path]:
    """Yield all that is no folder below a folder, without what is hidden.

    Links to folders are followed, except where they lead back to a folder that they are in. What
    lies behind links is entered once, through the first of them: a few links to folders that hold
    links would else be more ways than there is time for.

    Args:
        folder: the folder.
        strict: whether a folder that cannot be read is an error or passed over.
    """
    entered: set[tuple[int, int]] = set()
    waiting = [(folder, False)]
    while waiting:
        here, is_linked = waiting.pop()
        subfolders = []
        for entry in _scan(here, strict):
            if not _is_folder(entry):
                if not is_hidden(entry.name):
                    yield here / entry.name
                continue
            if entry.name.startswith("."):
                continue
            if is_linked or entry.is_symlink():
                status = entry.stat()
                identity = status.st_dev, status.st_ino
                if identity in entered or _leads_back(here / entry.name, folder):
                    continue
                entered.add(identity)
            subfolders.append((here / entry.name, is_linked or entry.is_symlink()))
        waiting += reversed(subfolders)


def _scan(folder: Path, strict: bool) -> list[os.DirEntry[str]]:
    """Return what is in a folder by name; what cannot be read is an error or empty."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:
        if strict:
            raise
        return []


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _leads_back(place: Path, folder: Path) -> bool:
    """Return whether a link below a folder points at, or above, a folder that it is in."""
    if not place.is_symlink():
        return False
    target = os.path.realpath(place)
    above = [parent for parent in place.parents if parent.is_relative_to(folder)]
    return any(Path(os.path.realpath(parent)).is_relative_to(target) for parent in above)


def _iterate_classes(folder: Path) -> Iterator[Path]:
    """Yield what ``iterate_files`` does of each folder in a folder, the folder's own files first.

    So that two classes may link to one folder, as a listing of the classes has it.
    """
    entries = _scan(folder, strict=False)
    yield from (
        folder / entry.name
        for entry in entries
        if not _is_folder(entry) and not is_hidden(entry.name)
    )
    for entry in entries:
        inner = folder / entry.name
        if _is_folder(entry) and not entry.name.startswith(".") and not _leads_back(inner, folder):
            yield from iterate_files(inner, strict=False)


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
    file ``known`` with the file's size, times and inode, and a file is read again only when one
    of those has changed, or when it was changed so shortly before that another change might not
    show, as git does it ("racy git" in its documentation).

    Args:
        folder: the folder; one that does not exist has no files.
        known: where the hashes are kept; it may be missing and is rewritten when they change.
    """
    before = _read_json(known)
    after: dict[str, list] = {}
    for path in _iterate_classes(folder):
        now = time.time_ns()
        try:
            status = path.stat()
        except OSError:
            continue
        if not stat.S_ISREG(status.st_mode):
            continue
        place = path.relative_to(folder).as_posix()
        entry = before.get(place, [])
        after[place] = entry if _is_current(entry, status) else _note(status, now, _hash_file(path))
    if after != before:
        _write_memory(known, after)
    return {place: entry[-1] for place, entry in after.items()}


def _note(status: os.stat_result, now: int, digest: str) -> list[int | str]:
    """Return what is kept of a file: what tells a change, when it was looked at, and its hash."""
    return [*_list_signs(status), now, digest]


def _is_current(entry: list, status: os.stat_result) -> bool:
    """Return whether the hash that was kept of a file must still be its hash.

    The time of the content may be set at will, as ``cp -p`` and ``rsync -t`` do it; that of the
    inode may not.
    """
    match entry:
        case [*signs, int(looked_at), str()] if signs == _list_signs(status):
            return max(status.st_mtime_ns, status.st_ctime_ns) + CLOCK_TICK_NS < looked_at
    return False


def _list_signs(status: os.stat_result) -> list[int]:
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]


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
    """Return the SHA-256 of a file, which is read again only when ``hash_files`` would.

    Args:
        file: the file.
        known: where its hash is kept, beside those of other files.

    Raises:
        TimbangError: it is no file, or cannot be read.
    """
    before = _read_json(known)
    entry = before.get(str(file), [])
    now = time.time_ns()
    try:
        status = file.stat()
        # A device might never end, and a pipe never begin.
        if not stat.S_ISREG(status.st_mode):
            raise TimbangError(f"{file}: cannot be read (it is not a file)")
        if _is_current(entry, status):
            return str(entry[-1])
        with file.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise TimbangError(f"{file}: cannot be read ({error.strerror or error})") from None
    _write_memory(known, {**before, str(file): _note(status, now, digest)})
    return digest


def _hash_file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return "unreadable"


def _read_json(path: Path) -> dict[str, list]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(content, dict):
        return {}
    return {place: entry for place, entry in content.items() if isinstance(entry, list)}


def _write_memory(path: Path, content: dict[str, list]) -> None:
    """Write the memory; where it cannot be written, all is read again at the next start."""
    with suppress(OSError):
        write_text(path, json.dumps(content))
