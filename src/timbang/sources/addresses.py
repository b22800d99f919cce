"""What the address of an archive says."""

import re
from pathlib import Path
from urllib.parse import unquote


def archive_path(archive: str) -> Path | None:
    """Return where an archive lies on this machine, or None where it is to be fetched.

    >>> archive_path("data/animals.zip")
    PosixPath('data/animals.zip')
    >>> archive_path("file:///data/my%20animals.zip")
    PosixPath('/data/my animals.zip')
    >>> archive_path("https://example.org/animals.zip") is None
    True
    """
    if scheme_of(archive) in ("http", "https"):
        return None
    if scheme_of(archive) == "file":
        return Path(unquote(archive[len("file://") :]))
    return Path(archive)


def hide_password(text: str) -> str:
    """Return a text that may hold URLs without the names and passwords in them.

    >>> hide_password("https://me:my/secret@example.org/a.zip: no answer")
    'https://example.org/a.zip: no answer'
    """
    return re.sub(r"(?<=://)\S*@", "", text)


def scheme_of(archive: str) -> str:
    """Return what stands before :// in a URL, in small letters, or nothing for a path."""
    scheme, separator, _ = archive.partition("://")
    return scheme.lower() if separator else ""
