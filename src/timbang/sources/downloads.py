"""Fetching an archive by HTTP: once, resumed after a break, kept only if its checksum is right.

pooch (1.9) begins every try anew, has no limit of size and follows redirects from https to http.
"""

import hashlib
import logging
import re
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import requests
from urllib3.exceptions import HTTPError

from timbang.errors import TimbangError
from timbang.logs import count_bytes
from timbang.records.writing import write_text
from timbang.sources.addresses import hide_password

TRIES = 5
# Seconds of silence after which a connection counts as broken, and before the second try.
TIMEOUT, PAUSE = 60.0, 1.0
MOST_REDIRECTS = 10
CHUNK = 64 * 1024
# Answers after which the same request may well succeed a little later.
PASSING = (408, 429, 500, 502, 503, 504)

log = logging.getLogger("timbang")


class _BrokenError(Exception):
    """A connection that broke off, or an answer that may be a better one next time."""


@dataclass(frozen=True)
class _Download:
    """What is fetched, and the files beside the target that stand for it until it is whole.

    ``part`` holds what has arrived so far, ``validator`` what the server called that version.
    """

    url: str
    part: Path
    validator: Path
    largest: int
    timeout: float

    def size(self) -> int:
        """Return how many bytes have arrived."""
        return self.part.stat().st_size if self.part.exists() else 0

    def sha256(self) -> str:
        """Return the checksum of what has arrived."""
        with self.part.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def check_size(self, size: int) -> None:
        """Refuse a file that is larger than it may be."""
        if size > self.largest:
            raise TimbangError(
                f"data.archive: {hide_password(self.url)} has {size:,} bytes or more, above "
                f"data.largest_archive ({self.largest:,}); raise that if you trust the archive"
            )


def fetch_archive(
    url: str,
    sha256: str,
    target: Path,
    largest: int,
    *,
    tries: int = TRIES,
    timeout: float = TIMEOUT,
    pause: float = PAUSE,
) -> None:
    """Fetch a file by HTTP or HTTPS; it appears only when it is whole and has its checksum.

    What has arrived is kept beside the target (``.part``), so that a broken connection goes on
    where it stopped: in this call, or in a later one after this process was killed.

    Args:
        url: where the file is; it may redirect, but never from https to http.
        sha256: the SHA-256 that the file must have, in hexadecimal digits.
        target: the file to write.
        largest: the number of bytes above which the file is not fetched.
        tries: how often in a row a connection may bring nothing new.
        timeout: seconds of silence after which a connection counts as broken.
        pause: seconds before the second try; each further one waits twice as long.

    Raises:
        TimbangError: the file cannot be fetched, is too large or has another checksum.
    """
    part, validator = (target.with_name(f"{target.name}{end}") for end in (".part", ".part.etag"))
    download = _Download(url, part, validator, largest, timeout)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        resumed = download.size() > 0
        _receive_all(download, tries, pause)
        if resumed and download.sha256() != sha256:
            log.info("what was left of an earlier call does not fit: from the beginning")
            part.unlink()
            _receive_all(download, tries, pause)
        found = download.sha256()
        validator.unlink(missing_ok=True)
        if found != sha256:
            part.unlink()
            raise TimbangError(
                f"data.sha256: {hide_password(url)} has the SHA-256 {found}, not {sha256}; "
                "correct data.sha256 if you trust the file"
            )
        part.replace(target)
    except OSError as error:
        raise TimbangError(f"{part}: cannot be written ({error.strerror or error})") from None


def follow_redirect(url: str, location: str) -> str:
    """Return where a redirect leads to.

    Raises:
        TimbangError: it leads away from HTTP, or from HTTPS to HTTP.
    """
    place = urljoin(url, location)
    old, new = urlsplit(url).scheme, urlsplit(place).scheme
    if new not in ("http", "https") or (old == "https" and new == "http"):
        raise TimbangError(
            f"data.archive: {hide_password(url)} redirects from {old} to {new}, which is not "
            "followed; correct the URL"
        )
    return place


def _receive_all(download: _Download, tries: int, pause: float) -> None:
    """Receive a file over as many connections as it takes."""
    furthest, failures = download.size(), 0
    while True:
        try:
            _receive(download)
            return
        except _BrokenError as error:
            # A server that takes no ranges makes every try begin anew: only more than ever
            # before is a step forward.
            if download.size() > furthest:
                furthest, failures = download.size(), 0
            failures += 1
            if failures >= tries:
                raise TimbangError(
                    f"data.archive: {hide_password(download.url)} cannot be fetched ({error});"
                    f" call again to go on after {download.size():,} bytes"
                ) from None
            log.info("%s; try %d of %d follows", error, failures + 1, tries)
            time.sleep(pause * 2 ** (failures - 1))


def _receive(download: _Download) -> None:
    """Receive what is missing of a file and return once the server says that it is whole."""
    have = download.size()
    try:
        with _ask(download, have) as response:
            if response.status_code == 416:
                _check_whole(download, response, have)
                return
            total = _find_total(download, response, have)
            start = download.size()
            if start == 0:
                _keep_validator(download, response)
            download.check_size(total or 0)
            with download.part.open("ab") as file, count_bytes("fetching", total, start) as advance:
                for chunk in response.raw.stream(CHUNK, decode_content=False):
                    file.write(chunk)
                    advance(len(chunk))
                    download.check_size(file.tell())
    except (requests.RequestException, HTTPError, ValueError) as error:
        if isinstance(error, ValueError):  # what no second try can mend, as a URL that is none
            fault = hide_password(f"{download.url}: {error}")
            raise TimbangError(f"data.archive: {fault}") from None
        raise _BrokenError(hide_password(_reason(error))) from None
    if total is not None and download.size() < total:
        raise _BrokenError(f"the server sent {download.size():,} of {total:,} bytes")


def _ask(download: _Download, have: int) -> requests.Response:
    """Ask for all after the bytes that are there; an answer that is of no use is an error."""
    headers = {"Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
        if name := _read_validator(download):
            headers["If-Range"] = name
    response = _follow(download, headers)
    if response.status_code in (200, 206, 416):
        return response
    response.close()
    answer = f"the server answers {response.status_code} {response.reason or ''}".strip()
    if response.status_code in PASSING:
        raise _BrokenError(answer)
    raise TimbangError(f"data.archive: {hide_password(download.url)}: {answer}; correct the URL")


def _follow(download: _Download, headers: dict[str, str]) -> requests.Response:
    """Return the answer at the end of all redirects, its body not read."""
    place = download.url
    for _ in range(MOST_REDIRECTS + 1):
        response = requests.get(
            place, headers=headers, timeout=download.timeout, stream=True, allow_redirects=False
        )
        if not response.is_redirect:
            return response
        response.close()
        place = follow_redirect(place, response.headers["Location"])
    raise TimbangError(
        f"data.archive: {hide_password(download.url)} redirects more than {MOST_REDIRECTS} "
        "times; correct the URL"
    )


def _find_total(download: _Download, response: requests.Response, have: int) -> int | None:
    """Return how long the whole file is, if the server says that.

    What is there already is dropped where the body begins at the beginning.
    """
    length = _number(response.headers.get("Content-Length"))
    if response.status_code == 200:
        if have:
            log.info("the server does not go on after %s bytes: from the beginning", f"{have:,}")
            download.part.unlink()
        return length
    said = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", ""))
    if said is None or int(said[1]) != have:
        download.part.unlink(missing_ok=True)
        raise _BrokenError(f"the server did not go on after {have:,} bytes as it was asked to")
    total = _number(said[2])
    return have + length if total is None and length is not None else total


def _check_whole(download: _Download, response: requests.Response, have: int) -> None:
    """Make sure that nothing is missing, after the answer that no byte follows."""
    if have == 0 or response.headers.get("Content-Range", "") != f"bytes */{have}":
        download.part.unlink(missing_ok=True)
        raise _BrokenError(f"the server's file ends before the {have:,} bytes that were there")


def _keep_validator(download: _Download, response: requests.Response) -> None:
    """Note what the server calls this version of the file, so that no two are mixed."""
    etag = response.headers.get("ETag", "")
    # A weak ETag may stand for different bytes, so that If-Range does not take it.
    name = etag if etag.startswith('"') else response.headers.get("Last-Modified", "")
    write_text(download.validator, name)


def _read_validator(download: _Download) -> str:
    if not download.validator.exists():
        return ""
    name = download.validator.read_text(encoding="utf-8", errors="replace")
    return name if name.isascii() and name.isprintable() else ""


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() else None


def _reason(error: BaseException) -> str:
    """Return what went wrong at the bottom: the libraries above wrap it in their own words."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return " ".join(str(error).split()) or type(error).__name__
