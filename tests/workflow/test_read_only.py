"""A folder that may only be read says so in one line."""

import shlex
import subprocess
import sys

import pytest

ALONE = ["unshare", "--map-root-user", "--mount", "sh", "-c"]


def test_a_folder_that_may_only_be_read_says_so(project):
    try:
        can = subprocess.run([*ALONE, "mount -t tmpfs none /mnt"], stderr=subprocess.DEVNULL)
    except FileNotFoundError:
        pytest.skip("needs unshare")
    if can.returncode:
        pytest.skip("needs a system that lets its users mount")
    work = shlex.quote(str(project.work))
    call = [sys.executable, "-m", "snakemake", "-n", "--snakefile", project.root / "Snakefile"]
    script = (
        f"mount --bind {work} {work} && mount -o remount,ro,bind {work} && cd {work} && "
        f"exec {shlex.join(map(str, call))}"
    )
    done = subprocess.run([*ALONE, script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    (line,) = [line for line in done.stderr.splitlines() if "may only be read" in line]
    assert line.startswith(str(project.work)) and "make check-report" in line
    assert "Traceback" not in done.stderr
