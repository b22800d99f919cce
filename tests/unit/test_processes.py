"""Processes beside this one: what they do for it, and that none outlives it."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from timbang.images.processes import open_processes

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


def test_processes_end_with_the_one_that_opened_them_even_when_it_is_killed():
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", STARTED]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as opener:
        process = Path("/proc", opener.stdout.readline().strip())
        if not process.parent.exists():
            pytest.skip("reads /proc")
        assert process.exists()
        opener.kill()
    ends = time.monotonic() + 30
    while process.exists() and "Z" not in (process / "stat").read_text().split()[2]:
        assert time.monotonic() < ends, "it is still there"
        time.sleep(0.1)
