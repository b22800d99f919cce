"""What a step says while it works: a bar on a terminal, lines in its log."""

import logging

import pytest

from timbang import logs
from timbang.logs import count_bytes, progress


@pytest.fixture
def lines(caplog):
    caplog.set_level(logging.INFO, logger="timbang")
    return lambda: [record.getMessage() for record in caplog.records]


def test_bytes_are_silent_where_there_is_no_terminal(lines, capsys):
    with count_bytes("fetching", total=20) as advance:
        advance(10)
    assert capsys.readouterr() == ("", "")
    assert lines() == []


def test_bytes_are_told_to_the_log_now_and_then(lines, monkeypatch):
    monkeypatch.setattr(logs, "SECONDS_BETWEEN_LINES", 0)
    with count_bytes("fetching", total=2000, done=1000) as advance:
        advance(500)
        advance(500)
    with count_bytes("unpacking") as advance:
        advance(7)
    assert lines() == [
        "fetching: 1,500 of 2,000 bytes",
        "fetching: 2,000 of 2,000 bytes",
        "unpacking: 7 bytes",
    ]


def test_long_loop_is_told_to_the_log_now_and_then(lines, monkeypatch):
    monkeypatch.setattr(logs, "SECONDS_BETWEEN_LINES", 0)
    monkeypatch.setattr(logs.time, "monotonic", iter([100.0, 101.0, 102.0, 103.0]).__next__)
    assert list(progress(3, "reading images")("abc")) == ["a", "b", "c"]
    assert lines() == [
        "reading images: 1 of 3, 2 s left",
        "reading images: 2 of 3, 1 s left",
        "reading images: 3 of 3, 0 s left",
    ]
