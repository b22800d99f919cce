"""Unpacking an archive that nobody vouches for: zip, or tar as it is or compressed.

All that an archive says of itself may be a lie: bytes are counted as they come out, every name is
checked, and nothing but plain files and folders is written. What is not right refuses the archive
as a whole, since a data set that lacks some of its images is worse than none.
"""

import bz2
import errno
import gzip
import hashlib
import io
import lzma
import re
import stat
import struct
import tarfile
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Self

from timbang.errors import TimbangError
from timbang.logs import count_bytes
from timbang.sources.folders import clear_away, remove_folder

# Deflate cannot do better than 1,032 to 1, and images are far from that. A small archive may be:
# a handful of empty images is no bomb.
LARGEST_RATIO, RATIO_COUNTS_FROM = 1000, 10_000_000
# A member may make as many folders as it is deep, so that these are counted too.
MOST_MEMBERS, MOST_FOLDERS = 5_000_000, 1_000_000
# How many folders may be in each other. Data sets need a handful; some programs that come to read
# the images call themselves for each.
DEEPEST = 32
# What a tar may hold between two files (names, attributes) and after the last one.
LARGEST_GAP = 4_000_000
CHUNK = 128 * 1024
LITTER_FOLDER, LITTER_FILES = "__MACOSX", (".ds_store", "thumbs.db", "desktop.ini", "icon\r")
# Control characters, bytes that were no UTF-8, line separators.
UNPRINTABLE = ("Cc", "Cs", "Zl", "Zp")
ZIP_END_START = b"PK\x05\x06"
ZIP_STARTS = (b"PK\x03\x04", ZIP_END_START)
# The last record of a zip, of which the number of members counts, and the comment after it.
ZIP_END, LONGEST_COMMENT = struct.Struct("<10xH10x"), 65_535
COMPRESSIONS: tuple[tuple[bytes, Callable[[io.BufferedReader], io.BufferedIOBase]], ...] = (
    (b"\x1f\x8b", lambda file: gzip.GzipFile(fileobj=file)),
    (b"BZh", bz2.BZ2File),
    (b"\xfd7zXZ\0", lzma.LZMAFile),
)
ODD_FILES = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFIFO: "a fifo",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
# What the readers raise on damaged archives; each of these was seen.
DAMAGES = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    IndexError,
    OverflowError,
    NotImplementedError,
)


class _RefusedError(Exception):
    """Why an archive is not unpacked, and what to do; its name is added later."""


@dataclass(frozen=True)
class _Member:
    """An entry of an archive: a ``file``, a ``folder``, or in words what odd thing it is."""

    name: str
    kind: str
    size: int
    open: Callable[[], IO[bytes]]


def unpack_archive(archive: Path, sha256: str, target: Path, largest: int) -> int:
    """Unpack an archive into a new folder, which appears only when everything is in it.

    The kind of archive is told by its content. What file managers leave behind is passed over;
    permissions, owners and times are not taken over.

    Args:
        archive: a zip, or a tar that may be compressed by gzip, bzip2 or xz.
        sha256: the SHA-256 that the archive must have.
        target: the folder to make; one that is there is replaced.
        largest: the number of unpacked bytes above which the archive is refused.

    Returns:
        The number of files in the folder.

    Raises:
        TimbangError: the archive is damaged, empty, too large, has another checksum, or holds
            what is not unpacked; the line names the archive and its member.
    """
    temporary = target.with_name(f".{target.name}.part")
    try:
        remove_folder(temporary)  # what a killed call left
        temporary.mkdir(parents=True)
        try:
            with archive.open("rb") as file:
                _check_sum(file, sha256)
                count = _unpack(file, _Folder(temporary), _Limits(archive.stat().st_size, largest))
            remove_folder(target)
            temporary.rename(target)
        finally:
            clear_away(temporary)
    except _RefusedError as error:
        raise TimbangError(f"{archive}: {error}") from None
    except OSError as error:
        raise TimbangError(f"{archive}: cannot be unpacked ({error})") from None
    return count


def _check_sum(file: io.BufferedReader, sha256: str) -> None:
    found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        raise _RefusedError(
            f"has the SHA-256 {found}, not {sha256}; correct data.sha256 or fetch the file again"
        )


class _Limits:
    """The count of what has come out of an archive, and how much may."""

    def __init__(self, packed: int, largest: int) -> None:
        self.packed = packed
        self.largest = largest
        self.unpacked = 0

    def add(self, size: int) -> None:
        """Count bytes of a file."""
        self.unpacked += size
        if self.unpacked > self.largest:
            raise _RefusedError(
                f"unpacks to more than data.largest_archive ({self.largest:,} bytes); "
                "raise that if you trust the archive"
            )
        self.check_ratio(self.unpacked)

    def check_ratio(self, size: int) -> None:
        """Refuse what no images compress to."""
        if size > RATIO_COUNTS_FROM and size > LARGEST_RATIO * self.packed:
            raise _RefusedError(
                f"unpacks to more than {LARGEST_RATIO:,} times its {self.packed:,} bytes, which no "
                "images do; do not use it"
            )


class _Folder:
    """A folder that is being filled, in which every name is taken once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.folders: set[str] = set()
        self.taken: dict[str, str] = {}

    def make_folders(self, parts: list[str]) -> None:
        """Make a folder and those above it, as far as they are not there."""
        for depth in range(1, len(parts) + 1):
            path = "/".join(parts[:depth])
            if path in self.folders:
                continue
            if not self._take(path):
                raise _RefusedError(f"{path!r} is a file and a folder; pack the images again")
            if len(self.folders) >= MOST_FOLDERS:
                raise _RefusedError(f"has more than {MOST_FOLDERS:,} folders; divide it")
            (self.path / path).mkdir()
            self.folders.add(path)

    def open_file(self, parts: list[str]) -> IO[bytes]:
        """Open a new file; nothing is ever written over."""
        path = "/".join(parts)
        if not self._take(path):
            raise _RefusedError(f"{path!r} is in it twice; pack the images again")
        return (self.path / path).open("xb")

    def _take(self, path: str) -> bool:
        """Take a name and return whether it was free.

        Names count as one that macOS or Windows cannot tell apart: the files of an archive must
        be the same wherever it is unpacked.
        """
        key = unicodedata.normalize("NFD", unicodedata.normalize("NFD", path).casefold())
        before = self.taken.get(key)
        if before not in (None, path):
            raise _RefusedError(
                f"{path!r} and {before!r} are one name on some systems; rename one of them"
            )
        self.taken[key] = path
        return before is None


def _unpack(file: io.BufferedReader, folder: _Folder, limits: _Limits) -> int:
    """Write the members of an archive and return the number of files among them."""
    name, files = "", 0
    try:
        with count_bytes("unpacking") as advance:
            for number, member in enumerate(_read_members(file, limits), 1):
                name = member.name
                if number > MOST_MEMBERS:
                    raise _RefusedError(f"has more than {MOST_MEMBERS:,} members; divide it")
                files += _unpack_member(member, folder, limits, advance)
    except DAMAGES as error:
        # A seek to nowhere is the archive's fault, whatever else the system refuses is not.
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise
        reason = " ".join(str(error).split()) or type(error).__name__
        place = f", last at {name!r}" if name else ""
        raise _RefusedError(f"is damaged ({reason}{place}); fetch or pack it again") from None
    if not files:
        raise _RefusedError("holds no file; pack the images again")
    return files


def _unpack_member(
    member: _Member, folder: _Folder, limits: _Limits, advance: Callable[[int], None]
) -> int:
    """Write a member where its name says and return the number of files written, 0 or 1."""
    parts = _split_name(member.name)
    if member.kind not in ("file", "folder"):
        raise _RefusedError(f"{member.name!r} is {member.kind}; pack the images again without it")
    if _is_litter(parts):
        if member.kind == "file":
            _copy(member, lambda chunk: None, limits, advance)
        return 0
    if len(parts) > DEEPEST + (member.kind == "file"):
        raise _RefusedError(
            f"{'/'.join(parts[:3])!r} has more than {DEEPEST} folders in each other; "
            "pack the images again in fewer"
        )
    if any(unicodedata.category(character) in UNPRINTABLE for character in member.name):
        raise _RefusedError(
            f"the name {member.name!r} cannot be printed or is not UTF-8; rename the file"
        )
    if member.kind == "folder":
        folder.make_folders(parts)
        return 0
    if not parts:
        raise _RefusedError(f"{member.name!r} is no name of a file; pack the images again")
    folder.make_folders(parts[:-1])
    with folder.open_file(parts) as output:
        _copy(member, output.write, limits, advance)
    return 1


def _split_name(name: str) -> list[str]:
    """Return the folders and the file that a name leads through, all below the folder."""
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if name.startswith("/") or re.match("[A-Za-z]:", name):
        fault = "is an absolute path"
    elif ".." in parts:
        fault = "leaves the folder"
    elif "\\" in name:
        fault = "has a backslash in its name"
    else:
        return parts
    raise _RefusedError(f"{name!r} {fault}; pack the images again with plain names")


def _is_litter(parts: list[str]) -> bool:
    """Tell what file managers leave behind in archives."""
    if LITTER_FOLDER in parts:
        return True
    return bool(parts) and (parts[-1].startswith("._") or parts[-1].lower() in LITTER_FILES)


def _copy(
    member: _Member,
    write: Callable[[bytes], object],
    limits: _Limits,
    advance: Callable[[int], None],
) -> None:
    """Read a member to its end and count what really comes out of it."""
    size = 0
    with member.open() as content:
        while chunk := content.read(CHUNK):
            size += len(chunk)
            limits.add(len(chunk))
            write(chunk)
            advance(len(chunk))
    if size != member.size:
        raise _RefusedError(
            f"{member.name!r} has {size:,} of {member.size:,} bytes; fetch or pack it again"
        )


def _read_members(file: io.BufferedReader, limits: _Limits) -> Iterator[_Member]:
    """Return the members of an archive, whose kind its first bytes tell."""
    file.seek(0)
    start = file.read(8)
    file.seek(0)
    if start.startswith(ZIP_STARTS):
        return _read_zip(file)
    openers = [opener for sign, opener in COMPRESSIONS if start.startswith(sign)]
    stream = openers[0](file) if openers else file
    if not _is_tar_header(stream.read(tarfile.BLOCKSIZE), or_end=True):
        raise _RefusedError("is no zip, tar, tar.gz, tar.bz2 or tar.xz; pack the images as one")
    stream.seek(0)
    return _read_tar(_Counted(stream, limits))


def _read_zip(file: IO[bytes]) -> Iterator[_Member]:
    """Yield the members of a zip."""
    try:
        # macOS writes UTF-8 and does not say so, which zipfile would take for an old DOS code page.
        archive = zipfile.ZipFile(file, metadata_encoding="utf-8")
    except UnicodeDecodeError as error:
        raise _RefusedError(
            f"the name {error.object!r} is not UTF-8; rename the file and pack the images again"
        ) from None
    with archive:
        _check_count(file, len(archive.infolist()))
        for entry in archive.infolist():
            # zipfile cuts names at a NUL; the whole name is refused.
            whole = entry.orig_filename
            name = whole if "\0" in whole else entry.filename
            yield _Member(name, _kind_in_zip(entry), entry.file_size, partial(archive.open, entry))


def _check_count(file: IO[bytes], found: int) -> None:
    """Compare the members found with the number that the zip ends on: zipfile does not look."""
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - ZIP_END.size - LONGEST_COMMENT))
    end = file.read()
    (said,) = ZIP_END.unpack_from(end, end.rindex(ZIP_END_START))
    # 65,535 says that the number stands elsewhere; some programs count from 0 again after it.
    if said not in (0xFFFF, found % 0x10000):
        raise zipfile.BadZipFile(f"{found} members of {said}")


def _kind_in_zip(entry: zipfile.ZipInfo) -> str:
    mode = entry.external_attr >> 16
    if stat.S_IFMT(mode) in ODD_FILES:
        return ODD_FILES[stat.S_IFMT(mode)]
    if entry.is_dir() or stat.S_ISDIR(mode):
        return "folder"
    if entry.flag_bits & 0x1:
        raise _RefusedError(f"{entry.filename!r} is encrypted; pack it again without a password")
    # zipfile reads no Deflate64, and sets no bound to what one read of bzip2 or LZMA brings out.
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise _RefusedError(
            f"{entry.filename!r} is compressed in another way than by deflate; pack it again so"
        )
    return "file"


class _Counted(io.BufferedIOBase):
    """A stream whose bytes are counted, so that a tar's headers cannot fill memory or disk.

    ``left`` is how many more bytes may come before the next file, or None inside a file.
    """

    def __init__(self, stream: io.BufferedIOBase, limits: _Limits) -> None:
        self.stream = stream
        self.limits = limits
        self.total = 0
        self.left: int | None = None

    def read(self, size: int | None = -1) -> bytes:
        """Read from the stream below."""
        content = self.stream.read(size)
        self.total += len(content)
        self.limits.check_ratio(self.total)
        if self.left is not None:
            self.left -= len(content)
            if self.left < 0:
                raise _RefusedError(
                    f"has more than {LARGEST_GAP:,} bytes that belong to no file; "
                    "pack the images again"
                )
        return content


class _StrictInfo(tarfile.TarInfo):
    """A tar header that must be right: tarfile takes a damaged one for the end of the archive."""

    @classmethod
    def fromtarfile(cls, archive: tarfile.TarFile) -> Self:
        """Read the next header; only the mark of the end is the end."""
        try:
            return super().fromtarfile(archive)
        except tarfile.EOFHeaderError:  # type: ignore[attr-defined]  # public, but not in the stubs
            raise
        except tarfile.HeaderError as error:
            raise tarfile.ReadError(str(error)) from None


def _read_tar(stream: _Counted) -> Iterator[_Member]:
    """Yield the members of a tar, each to be read before the next."""
    stream.left = LARGEST_GAP
    with tarfile.open(
        fileobj=stream, mode="r|", bufsize=CHUNK, encoding="utf-8", tarinfo=_StrictInfo
    ) as archive:
        while (entry := archive.next()) is not None:
            archive.members.clear()  # type: ignore[attr-defined]  # or all would stay in memory
            stream.left = None
            yield _Member(
                entry.name, _kind_in_tar(entry), entry.size, partial(_open_in_tar, archive, entry)
            )
            stream.left = LARGEST_GAP
        _check_end(archive)


def _kind_in_tar(entry: tarfile.TarInfo) -> str:
    if entry.isdir():
        return "folder"
    if entry.issparse():
        return "a sparse file"
    if entry.isreg():
        return "file"
    odd = {
        tarfile.SYMTYPE: "a symbolic link",
        tarfile.LNKTYPE: "a hard link",
        tarfile.FIFOTYPE: "a fifo",
        tarfile.CHRTYPE: "a device",
        tarfile.BLKTYPE: "a device",
    }
    return odd.get(entry.type, "of an unknown kind")


def _open_in_tar(archive: tarfile.TarFile, entry: tarfile.TarInfo) -> IO[bytes]:
    # A second opinion on what has passed the checks, where Python has it (3.11.4).
    if hasattr(tarfile, "data_filter"):
        tarfile.data_filter(entry, ".")
    content = archive.extractfile(entry)
    if content is None:
        raise tarfile.ReadError("a file without content")
    return content


def _check_end(archive: tarfile.TarFile) -> None:
    """Read to the end, which checks what the compression adds, and look for a second archive."""
    while block := archive.fileobj.read(tarfile.BLOCKSIZE):
        if _is_tar_header(block):
            raise _RefusedError(
                "is two archives joined, of which the second would be lost; pack the images again"
            )


def _is_tar_header(block: bytes, or_end: bool = False) -> bool:
    """Tell a block that begins a member by its checksum; the mark of the end is all zeros."""
    try:
        tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return or_end and len(block) == tarfile.BLOCKSIZE and not block.strip(b"\0")
    return True
