"""Archives are unpacked whole or refused in one line, however hostile or damaged they are."""

import bz2
import contextlib
import gzip
import hashlib
import io
import lzma
import os
import stat
import struct
import tarfile
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_folders import make_deep, shallow_stack

from timbang.errors import TimbangError
from timbang.sources import archives
from timbang.sources.archives import unpack_archive

PICTURES = {"cats/1.jpg": b"cat" * 50, "cats/deep/2.jpg": b"", "dogs/ü 狗.png": bytes(range(256))}
COMPRESS = {"tar": bytes, "tar.gz": gzip.compress, "tar.bz2": bz2.compress, "tar.xz": lzma.compress}


def make_zip(files, compression=zipfile.ZIP_DEFLATED):
    """Return a zip of names, or ZipInfos, with their contents."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in dict(files).items():
            archive.writestr(name, content)
    return buffer.getvalue()


def make_tar(files, **options):
    """Return a tar of names, or TarInfos, with their contents."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", **options) as archive:
        for name, content in dict(files).items():
            info = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


MAKE = {"zip": make_zip} | {
    kind: lambda files, compress=compress: compress(make_tar(files))
    for kind, compress in COMPRESS.items()
}
BOTH = pytest.mark.parametrize("make", [make_zip, make_tar], ids=["zip", "tar"])


def tar_entry(kind, name="odd", link=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


def zip_entry(mode, name="odd"):
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, mode << 16
    return info


@pytest.fixture
def unpack(tmp_path):
    return lambda content, **options: unpack_bytes(tmp_path, content, **options)


def unpack_bytes(folder, content, largest=10**9, sha256=None):
    """Unpack an archive and return what is in the folder, which is there or not at all."""
    archive, target = folder / "images.archive", folder / "new" / "unpacked"
    archive.write_bytes(content)
    before = sorted(target.parent.rglob("*"))
    try:
        count = unpack_archive(
            archive, sha256 or hashlib.sha256(content).hexdigest(), target, largest
        )
    except TimbangError as error:
        assert len(str(error).splitlines()) == 1
        assert str(error).startswith(f"{archive}: ")
        assert sorted(target.parent.rglob("*")) == before, "something was left or taken away"
        raise
    found = {
        path.relative_to(target).as_posix(): path.read_bytes()
        for path in target.rglob("*")
        if path.is_file()
    }
    assert count == len(found)
    return found


def reason(unpack, content, **options):
    with pytest.raises(TimbangError) as caught:
        unpack(content, **options)
    return str(caught.value).split(": ", 1)[1]


# What works


@pytest.mark.parametrize("kind", MAKE)
def test_every_kind_is_told_by_its_content(unpack, kind):
    assert unpack(MAKE[kind](PICTURES)) == PICTURES
    if kind == "zip":
        assert unpack(make_zip(PICTURES, zipfile.ZIP_STORED)) == PICTURES


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_every_form_of_tar_is_read(unpack, form):
    long = "/".join(["a" * 50, "b" * 45, "c" * 49 + ".jpg"])
    assert unpack(make_tar({**PICTURES, long: b"x"}, format=form)) == {**PICTURES, long: b"x"}


@BOTH
def test_folders_of_their_own_and_dots_in_paths_are_taken(unpack, make):
    files = {"./cats/": b"", "cats/": b"", "./cats/./1.jpg": b"x"}
    if make is make_tar:
        files = {
            tar_entry(tarfile.DIRTYPE, n) if n.endswith("/") else n: c for n, c in files.items()
        }
    assert unpack(make(files)) == {"cats/1.jpg": b"x"}


@BOTH
def test_what_file_managers_leave_behind_is_passed_over(unpack, make):
    litter = ["__MACOSX/cats/._1.jpg", "cats/._1.jpg", ".DS_Store", "cats/Thumbs.db", "cats/Icon\r"]
    files = {name: b"litter" for name in litter}
    assert unpack(make({**files, "cats/1.jpg": b"x"})) == {"cats/1.jpg": b"x"}


def test_zip_of_macos_has_utf8_names_and_does_not_say_so(unpack):
    content = make_zip({"käse/1.jpg": b"x"})
    flag = (0x800).to_bytes(2, "little")
    assert unpack(content.replace(flag, b"\0\0")) == {"käse/1.jpg": b"x"}


def test_folder_that_is_there_is_replaced_by_what_is_sound(tmp_path, unpack):
    unpack(make_zip({"a/old": b"1"}))
    assert unpack(make_zip({"a/new": b"2"})) == {"a/new": b"2"}
    with pytest.raises(TimbangError):
        unpack(b"no archive")
    assert (tmp_path / "new/unpacked/a/new").read_bytes() == b"2"


def test_leftovers_of_a_killed_call_are_removed(tmp_path, unpack):
    leftover = tmp_path / "new" / ".unpacked.part"
    leftover.mkdir(parents=True)
    (leftover / "half").write_text("half")
    assert unpack(make_zip(PICTURES)) == PICTURES
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["unpacked"]


# What is refused: names


@BOTH
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("/etc/cron.d/x", "is an absolute path"),
        ("../x", "leaves the folder"),
        ("cats/../../x", "leaves the folder"),
        ("C:/x", "is an absolute path"),
        ("..\\x", "has a backslash"),
        ("cats/a\nb.jpg", "cannot be printed"),
    ],
)
def test_name_is_refused(unpack, make, name, words):
    line = reason(unpack, make({"cats/1.jpg": b"x", name: b"evil"}))
    assert words in line
    assert repr(name) in line


def test_name_that_is_not_utf8_is_refused(unpack):
    name = b"cats/caf\xe9.jpg".decode("utf-8", "surrogateescape")
    assert "is not UTF-8" in reason(unpack, make_tar({name: b"x"}, format=tarfile.GNU_FORMAT))
    content = make_zip({"cats/cafX.jpg": b"x"}).replace(b"cafX", b"caf\xe9")
    assert "caf\\xe9.jpg' is not UTF-8" in reason(unpack, content)


@BOTH
@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ("cats/1.jpg", "cats/1.JPG", "are one name on some systems"),
        ("cats/\u00e9.jpg", "cats/e\u0301.jpg", "are one name on some systems"),
        ("cats/1.jpg", "./cats//1.jpg", "is in it twice"),
        ("cats", "cats/1.jpg", "is a file and a folder"),
    ],
)
def test_names_that_collide_are_refused(unpack, make, first, second, words):
    assert words in reason(unpack, make({first: b"1", second: b"2"}))


# What is refused: kinds


ODD_IN_TAR = {
    "symbolic link": tar_entry(tarfile.SYMTYPE, link="/etc/passwd"),
    "hard link": tar_entry(tarfile.LNKTYPE, link="cats/1.jpg"),
    "fifo": tar_entry(tarfile.FIFOTYPE),
    "device": tar_entry(tarfile.CHRTYPE),
    "unknown kind": tar_entry(b"V"),
}
ODD_IN_ZIP = {
    "symbolic link": zip_entry(stat.S_IFLNK | 0o777),
    "device": zip_entry(stat.S_IFCHR),
}


@pytest.mark.parametrize("kind", ODD_IN_TAR)
def test_what_is_no_file_is_refused(unpack, kind):
    made = [make_tar({"cats/1.jpg": b"x", ODD_IN_TAR[kind]: b""})]
    if kind in ODD_IN_ZIP:
        made.append(make_zip({"cats/1.jpg": b"x", ODD_IN_ZIP[kind]: b"/etc/passwd"}))
    for content in made:
        line = reason(unpack, content)
        assert line.startswith("'odd' is ") and kind in line


def test_sparse_file_is_refused(unpack):
    """It is as long as it says and takes no room in the archive."""
    info = tarfile.TarInfo("big")
    info.pax_headers = {
        "GNU.sparse.major": "0",
        "GNU.sparse.map": "0,1",
        "GNU.sparse.size": "9" * 15,
    }
    assert "'big' is a sparse file" in reason(unpack, make_tar({info: b"x"}))


def test_encrypted_file_is_refused(unpack):
    content = bytearray(make_zip({"cats/1.jpg": b"secret"}))
    for sign, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(sign) + place] |= 1
    assert reason(unpack, bytes(content)).startswith("'cats/1.jpg' is encrypted")


# What is refused: sizes


@pytest.mark.parametrize("kind", MAKE)
def test_too_many_bytes_are_refused(unpack, kind):
    files = {"cats/1.jpg": bytes(600), "cats/2.jpg": bytes(400)}
    assert unpack(MAKE[kind](files), largest=1000) == files
    line = reason(unpack, MAKE[kind](files), largest=999)
    assert line.startswith("unpacks to more than data.largest_archive (999 bytes)")


@pytest.mark.parametrize("kind", ["zip", "tar.gz", "tar.xz"])
def test_absurd_compression_is_refused(unpack, kind):
    content = MAKE[kind]({"bomb": bytes(11_000_000)})
    if kind in ("zip", "tar.gz"):  # which can be a little less absurd than is allowed
        content = MAKE[kind]({"bomb": bytes(60_000_000)})
    assert "times its" in reason(unpack, content)


def test_zip_that_lies_about_its_size_is_refused(unpack):
    for size, words in (10, "is damaged"), (5000, "'cats/1.jpg' has 1,000 of 5,000 bytes"):
        content = bytearray(make_zip({"cats/1.jpg": bytes(1000)}))
        for sign, place in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
            where = content.index(sign) + place
            content[where : where + 4] = struct.pack("<I", size)
        assert words in reason(unpack, bytes(content))


def test_too_many_members_are_refused(unpack, monkeypatch):
    monkeypatch.setattr(archives, "MOST_MEMBERS", 2)
    assert len(unpack(make_zip({"a/1": b"", "a/2": b""}))) == 2
    assert "more than 2 members" in reason(unpack, make_zip({"a/1": b"", "a/2": b"", "a/3": b""}))


@BOTH
def test_too_many_folders_are_refused(unpack, make, monkeypatch):
    """Each member may make as many as it is deep."""
    monkeypatch.setattr(archives, "MOST_FOLDERS", 3)
    assert unpack(make({"a/b/c/1": b"x"}))
    assert "more than 3 folders" in reason(unpack, make({"a/b/c/d/1": b"x"}))


@BOTH
def test_folders_too_deep_are_refused(unpack, make):
    reason(unpack, make({"a/" * (archives.DEEPEST + 1) + "1": b"x"}))
    line = reason(unpack, make({"a/" * 1900 + "1": b"x"}))
    assert f"more than {archives.DEEPEST} folders in each other" in line
    assert len(line) < 300
    assert unpack(make({"a/" * archives.DEEPEST + "1": b"x"}))


# What is refused: damage


@BOTH
@pytest.mark.parametrize("content", [{}, {"__MACOSX/._1.jpg": b"x"}], ids=["empty", "litter"])
def test_archive_with_nothing_in_it_is_refused(unpack, make, content):
    assert reason(unpack, make(content)).startswith("holds no file")


NO_ARCHIVE = {
    "empty": b"",
    "text": b"<!doctype html><title>404</title>" * 100,
    "compressed text": gzip.compress(b"text" * 1000),
    "7-Zip": b"7z\xbc\xaf\x27\x1c" + bytes(100),
}


@pytest.mark.parametrize("content", NO_ARCHIVE.values(), ids=NO_ARCHIVE)
def test_what_is_no_archive_is_refused(unpack, content):
    line = reason(unpack, content)
    assert line.startswith(("is no zip, tar", "is damaged", "holds no file"))


@pytest.mark.parametrize("kind", MAKE)
def test_archive_that_is_cut_off_anywhere_is_refused(unpack, kind):
    content = MAKE[kind](PICTURES)
    # The last bytes of a tar are only padding; its end mark must be there.
    least = (
        len(make_tar(PICTURES).rstrip(b"\0")) // 512 * 512 + 512 if kind == "tar" else len(content)
    )
    for end in [*range(0, least, max(1, least // 20)), least - 1]:
        reason(unpack, content[:end])


def test_wrong_crc_is_refused(unpack):
    content = make_zip({"cats/1.jpg": b"content"}, zipfile.ZIP_STORED).replace(
        b"content", b"CONTENT"
    )
    assert "Bad CRC-32 for file 'cats/1.jpg'" in reason(unpack, content)


def test_wrong_checksum_is_refused(unpack):
    line = reason(unpack, make_zip(PICTURES), sha256="0" * 64)
    assert f", not {'0' * 64}" in line


# Anything at all


def everything_below(folder):
    return {path for path in folder.rglob("*") if path.is_file()}


PARTS = ["..", ".", "", "a", "A", "\u00e9", "e\u0301", "C:", "\\", "\n", " ", "~", "-rf", "._x"]
NAMES = st.lists(st.sampled_from(PARTS) | st.text(max_size=3), min_size=1, max_size=4).map("/".join)


@BOTH
@settings(max_examples=60)
@given(names=st.lists(NAMES, min_size=1, max_size=4, unique=True))
def test_any_names_stay_in_the_folder_or_are_refused(make, names):
    files = {name: str(place).encode() for place, name in enumerate(names)}
    try:
        content = make(files)
    except (ValueError, IndexError):
        return  # no such archive can be made
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with contextlib.suppress(TimbangError):
            found = unpack_bytes(folder, content)
            assert set(found.values()) <= set(files.values())
        inside = {folder / "images.archive", *everything_below(folder / "new/unpacked")}
        assert everything_below(folder) == inside


@pytest.mark.parametrize("kind", MAKE)
@settings(max_examples=30)
@given(data=st.data())
def test_any_damage_is_harmless_or_one_line(kind, data):
    content = bytearray(MAKE[kind](PICTURES))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(TimbangError):
        unpack_bytes(Path(folder), bytes(content))


def test_leftovers_deeper_than_the_stack_are_removed(tmp_path):
    archive, target = tmp_path / "archive", tmp_path / "unpacked"
    archive.write_bytes(make_zip(PICTURES))
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    with shallow_stack():
        make_deep(target)
        make_deep(tmp_path / ".unpacked.part")
        unpack_archive(archive, digest, target, 10**6)
    assert {path.name for path in tmp_path.iterdir()} == {"archive", "unpacked"}
    assert {path.name for path in target.iterdir()} == {"cats", "dogs"}


def test_leftovers_that_cannot_be_removed_are_one_line(tmp_path, unpack, monkeypatch):
    def refuse(*arguments, **options):
        raise PermissionError(13, "Permission denied")

    (tmp_path / "new/.unpacked.part").mkdir(parents=True)
    monkeypatch.setattr(os, "rmdir", refuse)
    assert "cannot be unpacked ([Errno 13]" in reason(unpack, make_zip(PICTURES))
