"""Processes beside this one: what they do for it, and that none outlives it."""

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from timbang.images.processes import ProcessEndedError, open_processes

STARTED = """
import os, sys, time
from timbang.images.processes import open_processes
with open_processes(1) as call:
    print(call(os.getpid), flush=True)
    time.sleep(60)
"""


def test_calls_come_back_to_who_made_them():
    with open_processes(2) as call, ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda number: call(divmod, number, 7), range(50))) == [
            divmod(number, 7) for number in range(50)
        ]
        with pytest.raises(ZeroDivisionError):
            call(divmod, 1, 0)
        assert call(os.getpid) != os.getpid()


def test_without_processes_a_call_is_made_here():
    with open_processes(0) as call:
        assert call(os.getpid) == os.getpid()


def test_only_a_process_that_was_ended_is_told_as_one():
    with open_processes(1) as call:
        with pytest.raises(Exception, match="pickle") as found:
            call(id, threading.Lock())
        assert not isinstance(found.value, ProcessEndedError)
    with open_processes(1) as call, pytest.raises(ProcessEndedError):
        call(os.kill, call(os.getpid), signal.SIGKILL)


def test_processes_end_with_the_one_that_opened_them_even_when_it_is_killed():
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", STARTED]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as opener:
        try:
            process = int(opener.stdout.readline())
            assert is_running(process)
        finally:
            opener.kill()
    ends = time.monotonic() + 30
    while is_running(process):
        assert time.monotonic() < ends, "it is still there"
        time.sleep(0.1)


def is_running(process):
    try:
        return psutil.Process(process).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_where_no_semaphores_can_be_shared_the_thread_itself_works(monkeypatch, caplog):
    """As in a container whose /dev/shm may only be read."""

    def refuse(*_, **__):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr("timbang.images.processes.ProcessPoolExecutor", refuse)
    with open_processes(2) as call:
        assert call(os.getpid) == os.getpid()
    assert "Read-only file system" in caplog.text
