"""Fetching from a real server on this machine that breaks off, lies, stalls and redirects."""

import hashlib
import http.server
import logging
import threading

import pytest

from timbang.errors import TimbangError
from timbang.sources.downloads import fetch_archive, follow_redirect

CONTENT = bytes(range(256)) * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
HALF = 100_000


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers each request as the next step of the server's plan says, then honestly."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.requests.append(self)
        step = self.server.plan.pop(0) if self.server.plan else honest
        self.close_connection = True
        step(self)

    def log_message(self, *arguments):
        pass

    def start(self, status, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    @property
    def first(self):
        """The first byte that is asked for."""
        return int(self.headers.get("Range", "bytes=0-")[6:-1])


def honest(handler, content=CONTENT, etag='"1"'):
    """Answer as a good server does, with ranges and versions."""
    first = handler.first
    if handler.headers.get("If-Range", etag) != etag:
        first = 0
    if first >= len(content):
        handler.start(416, Content_Range=f"bytes */{len(content)}", Content_Length="0")
        return
    headers = {"Content_Length": str(len(content) - first), "ETag": etag}
    if first:
        place = f"bytes {first}-{len(content) - 1}/{len(content)}"
        handler.start(206, Content_Range=place, **headers)
    else:
        handler.start(200, **headers)
    handler.wfile.write(content[first:])


def answer(status=200, body=CONTENT, length=None, **headers):
    """Answer always the same, whatever range is asked for."""

    def step(handler):
        length_said = len(body) if length is None else length
        handler.start(status, Content_Length=str(length_said), **headers)
        handler.wfile.write(body)

    return step


def break_off(after=HALF, etag='"1"'):
    """Announce all that is missing and send a part of it."""

    def step(handler):
        first = handler.first
        headers = {"Content_Length": str(len(CONTENT) - first), "ETag": etag}
        if first:
            place = f"bytes {first}-{len(CONTENT) - 1}/{len(CONTENT)}"
            handler.start(206, Content_Range=place, **headers)
        else:
            handler.start(200, **headers)
        handler.wfile.write(CONTENT[first : first + after])

    return step


@pytest.fixture
def server():
    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running.plan, running.requests = [], []
    running.url = f"http://127.0.0.1:{running.server_port}/images.zip"
    running.go_on = threading.Event()
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield running
    running.go_on.set()
    running.shutdown()
    running.server_close()
    thread.join()


@pytest.fixture
def target(tmp_path):
    return tmp_path / "downloads" / "images.archive"


@pytest.fixture
def fetch(server, target):
    def call(sha256=SHA256, largest=10**9, url=None, tries=3, timeout=5):
        fetch_archive(
            url or server.url, sha256, target, largest, tries=tries, timeout=timeout, pause=0
        )

    return call


def only_line(caught):
    (line,) = str(caught.value).splitlines()
    return line


def left(target):
    """The files in the target's folder."""
    return sorted(path.name for path in target.parent.iterdir())


def ranges(server):
    return [request.headers.get("Range") for request in server.requests]


# What works


def test_file_is_fetched_whole(server, fetch, target):
    fetch()
    assert target.read_bytes() == CONTENT
    assert left(target) == [target.name]
    assert ranges(server) == [None]


def test_broken_connection_goes_on_where_it_stopped(server, fetch, target):
    server.plan = [break_off(), break_off(), break_off(1)]
    fetch(tries=2)  # those that come on are borne without number
    assert target.read_bytes() == CONTENT
    assert len(server.requests) == 4
    starts = [request.first for request in server.requests]
    assert starts == sorted(starts)
    assert starts[1] > 0
    assert {request.headers.get("If-Range") for request in server.requests[1:]} == {'"1"'}


@pytest.mark.parametrize(
    ("part", "asked"),
    [
        (CONTENT[:HALF], [f"bytes={HALF}-"]),
        (CONTENT, [f"bytes={len(CONTENT)}-"]),
        (b"x" * HALF, [f"bytes={HALF}-", None]),
        (CONTENT + b"x", [f"bytes={len(CONTENT) + 1}-", None]),
    ],
    ids=["of this file", "whole", "of another file", "too long"],
)
def test_part_of_a_killed_call_is_used_where_it_is_of_this_file(server, fetch, target, part, asked):
    target.parent.mkdir()
    target.with_name(f"{target.name}.part").write_bytes(part)
    fetch()
    assert target.read_bytes() == CONTENT
    assert ranges(server) == asked


def test_bytes_are_kept_as_they_are(server, fetch, target):
    """A server may call a .tar.gz encoded; it is wanted compressed all the same."""
    server.plan = [answer(Content_Encoding="gzip")]
    fetch()
    assert target.read_bytes() == CONTENT
    assert server.requests[0].headers["Accept-Encoding"] == "identity"


def test_passing_trouble_is_tried_again(server, fetch, target):
    server.plan = [answer(429, b"later"), answer(503, b"later")]
    fetch()
    assert target.read_bytes() == CONTENT


def test_redirects_are_followed(server, fetch, target):
    server.plan = [
        answer(302, b"", Location="/elsewhere.zip"),
        answer(307, b"", Location=server.url),
    ]
    fetch()
    assert target.read_bytes() == CONTENT
    assert [request.path for request in server.requests] == [
        "/images.zip",
        "/elsewhere.zip",
        "/images.zip",
    ]


def test_stall_is_a_break_and_is_told(server, fetch, target, caplog):
    def stall(handler):
        break_off()(handler)
        handler.wfile.flush()
        server.go_on.wait(10)

    server.plan = [stall]
    with caplog.at_level(logging.INFO, logger="timbang"):
        fetch(timeout=0.2)
    assert target.read_bytes() == CONTENT
    assert "try 2 of 3 follows" in caplog.text


# What lies


def test_server_that_always_announces_too_much_is_given_up(server, fetch, target):
    server.plan = [answer(body=CONTENT[:HALF], length=len(CONTENT))] * 3
    with pytest.raises(TimbangError) as caught:
        fetch()
    assert "cannot be fetched" in only_line(caught)
    assert "call again to go on after 1" in only_line(caught)
    assert not target.exists()
    assert len(server.requests) == 3


@pytest.mark.parametrize("answered", [CONTENT[::-1], CONTENT[:HALF]], ids=["other", "fewer"])
def test_wrong_bytes_are_refused_and_replace_nothing(server, fetch, target, answered):
    target.parent.mkdir()
    target.write_bytes(b"before")
    server.plan = [answer(body=answered)]
    with pytest.raises(TimbangError) as caught:
        fetch()
    found = hashlib.sha256(answered).hexdigest()
    assert only_line(caught).startswith("data.sha256: ")
    assert f"{found}, not {SHA256}; correct data.sha256" in only_line(caught)
    assert left(target) == [target.name]
    assert target.read_bytes() == b"before"


def test_endless_answer_stops_at_the_largest_size(server, fetch, target):
    def endless(handler):
        handler.start(200, Transfer_Encoding="chunked")
        while True:
            try:
                handler.wfile.write(b"10000\r\n" + bytes(65536) + b"\r\n")
            except OSError:
                return

    server.plan = [endless]
    with pytest.raises(TimbangError, match=r"above data\.largest_archive \(300,000\)"):
        fetch(largest=300_000)
    assert target.with_name(f"{target.name}.part").stat().st_size < 500_000
    assert not target.exists()


# What cannot be mended


def test_missing_file_is_one_line_at_once(server, fetch, target):
    server.plan = [answer(404, b"sorry")]
    with pytest.raises(TimbangError) as caught:
        fetch()
    assert only_line(caught) == (
        f"data.archive: {server.url}: the server answers 404 Not Found; correct the URL"
    )
    assert len(server.requests) == 1
    assert not target.exists()


def test_nobody_there_is_one_line(server, fetch):
    with pytest.raises(TimbangError) as caught:
        fetch(url="http://127.0.0.1:9/images.zip")
    assert "Connection refused" in only_line(caught)


@pytest.mark.parametrize("location", ["file:///etc/passwd", "data:,x"])
def test_redirect_away_from_http_is_not_followed(server, fetch, target, location):
    server.plan = [answer(302, b"", Location=location)]
    with pytest.raises(TimbangError) as caught:
        fetch()
    assert "which is not followed" in only_line(caught)
    assert not target.exists()


def test_redirect_from_https_to_http_is_not_followed():
    assert follow_redirect("https://a.org/x", "/y") == "https://a.org/y"
    assert follow_redirect("http://a.org/x", "https://b.org/y") == "https://b.org/y"
    with pytest.raises(TimbangError, match="from https to http"):
        follow_redirect("https://a.org/x", "http://a.org/y")


@pytest.mark.parametrize("login", ["secret@", "me:not/secret@", "me:secret@more@"])
def test_password_of_a_url_is_not_told(server, fetch, login):
    server.plan = [answer(404, b"")] * 9
    with pytest.raises(TimbangError) as caught:
        fetch(url=server.url.replace("//", f"//{login}"))
    assert "secret" not in str(caught.value)
