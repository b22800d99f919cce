"""What a step says while it works: a bar on a terminal, lines in its log."""

import errno
import logging
import os

import pytest

from timbang import logs
from timbang.errors import TimbangError
from timbang.logs import count_bytes, describe_failures, log_to, progress


@pytest.fixture
def lines(caplog):
    caplog.set_level(logging.INFO, logger="timbang")
    return lambda: [record.getMessage() for record in caplog.records]


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


def fail_with(log, error):
    with pytest.raises((SystemExit, type(error))), logs.log_to(log) as logger:
        logger.info("reading")
        raise error


def test_a_failed_step_says_last_why(tmp_path):
    log = tmp_path / "a.log"
    fail_with(log, TimbangError("data.folder: is empty\nput images into it"))
    assert describe_failures([("Reading", [str(log)])]).splitlines() == [
        "",
        f"Reading: failed (log: {log})",
        "data.folder: is empty",
        "put images into it",
    ]


def test_a_fault_of_our_own_is_told_from_a_user_s(tmp_path):
    log = tmp_path / "a.log"
    fail_with(log, ZeroDivisionError("1 / 0"))
    assert "Traceback" in log.read_text()
    said = describe_failures([("Reading", [str(log)])])
    assert "fault of Timbang" in said
    assert "Traceback" not in said


def test_a_step_that_ctrl_c_ends_says_so_without_a_traceback(tmp_path):
    log = tmp_path / "step.log"
    with pytest.raises(SystemExit) as caught, log_to(log):
        raise KeyboardInterrupt
    assert caught.value.code == 130
    assert "Traceback" not in log.read_text()
    said = describe_failures([("Training", [str(log)])])
    assert said.splitlines()[-1] == "stopped; the same command goes on where it was"


def test_a_killed_step_shows_the_end_of_its_log(tmp_path):
    log = tmp_path / "a.log"
    log.write_text("\n".join(f"12:00:{second:02} epoch {second}" for second in range(60)))
    said = describe_failures([("Training", [str(log)])]).splitlines()
    assert "killed" in said[2]
    assert said[-1] == "12:00:59 epoch 59"
    assert len(said) < 30
    assert "before it wrote a log" in describe_failures([("Training", [str(tmp_path / "b.log")])])


def test_a_reason_of_many_lines_is_cut_but_for_its_end(tmp_path):
    log = tmp_path / "a.log"
    fail_with(log, TimbangError("\n".join([*(f"{i}.png: broken" for i in range(9000)), "Mend"])))
    said = describe_failures([("Reading", [str(log)])]).splitlines()
    assert said[2] == "0.png: broken"
    assert said[-2:] == ["... and 8,980 lines more", "Mend"]
    assert len(said) < 30


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS])
def test_a_full_disk_is_no_fault_of_ours(tmp_path, number):
    log = tmp_path / "a.log"
    fail_with(log, OSError(number, os.strerror(number), "results/a/weights.safetensors"))
    *_, reason = describe_failures([("Training", [str(log)])]).splitlines()
    assert reason == (
        f"results/a/weights.safetensors: {os.strerror(number)}; "
        "make room and give the same command again"
    )
    assert "Traceback" not in log.read_text()
