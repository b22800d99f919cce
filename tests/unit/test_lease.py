"""Each running job holds a GPU of its own; here the GPUs are made up."""

import multiprocessing
import os
import signal
import time

import pytest
import torch

from timbang.errors import TimbangError
from timbang.training import lease as leases
from timbang.training.lease import lease, lease_one, name_devices, read_sharing

PROCESSES = multiprocessing.get_context("fork")


def hold(names, folder, let_go, queue):
    with lease_one(names, folder) as index:
        queue.put((os.getpid(), index, time.monotonic()))
        let_go.wait()
        time.sleep(0.05)
        queue.put((os.getpid(), index, time.monotonic()))


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(leases, "SECONDS_BETWEEN_TRIES", 0.01)


def start(count, names, folder):
    """Start jobs that hold a device until they are told to let go; they put what they hold."""
    queue, let_go = PROCESSES.Queue(), PROCESSES.Event()
    jobs = [
        PROCESSES.Process(target=hold, args=(names, folder, let_go, queue)) for _ in range(count)
    ]
    for job in jobs:
        job.start()
    return jobs, queue, let_go


def test_no_device_is_held_twice_and_each_is_used(tmp_path):
    jobs, queue, let_go = start(6, ["a", "b", "c"], tmp_path)
    held = [queue.get(timeout=60) for _ in range(3)]
    let_go.set()
    times = {}
    for process, index, moment in held + [queue.get(timeout=60) for _ in range(9)]:
        times.setdefault((process, index), []).append(moment)
    for job in jobs:
        job.join()
    spans = [(index, *sorted(moments)) for (_, index), moments in times.items()]
    assert {index for _, index, _ in held} == {0, 1, 2}
    for place, (index, began, ended) in enumerate(spans):
        for other, start_, end_ in spans[place + 1 :]:
            assert index != other or ended <= start_ or end_ <= began


def test_runs_may_share_devices_when_all_have_one(tmp_path, monkeypatch):
    monkeypatch.setenv("TIMBANG_RUNS_PER_GPU", "2")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(leases, "lock_folder", lambda: tmp_path)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    cuda = torch.device("cuda")
    with lease(cuda) as a, lease(cuda) as b, lease(cuda) as c, lease(cuda) as d:
        assert [device.index for device in (a, b, c, d)] == [0, 1, 0, 1]


def test_killed_holder_lets_go(tmp_path):
    (job,), queue, _ = start(1, ["a"], tmp_path)
    queue.get(timeout=60)
    os.kill(job.pid, signal.SIGKILL)
    job.join()
    with lease_one(["a"], tmp_path) as index:
        assert index == 0


def test_locks_are_of_the_machines_devices_not_of_their_order(tmp_path):
    with lease_one(["GPU-7", "GPU-8"], tmp_path), lease_one(["GPU-8", "GPU-7"], tmp_path) as index:
        assert index == 0


def test_failing_job_lets_go(tmp_path):
    with pytest.raises(ValueError), lease_one(["a"], tmp_path):
        raise ValueError
    with lease_one(["a"], tmp_path) as index:
        assert index == 0


def test_visible_devices_are_honoured():
    assert name_devices(3, None) == ["0", "1", "2"]
    assert name_devices(2, "2, GPU-5a1b") == ["2", "GPU-5a1b"]
    assert name_devices(1, "MIG-GPU-1/2/0,3") == ["MIG-GPU-1/2/0"]


def test_strange_names_stay_in_the_folder(tmp_path):
    with lease_one(["MIG-GPU-1/2/0", "../../x"], tmp_path / "locks"):
        assert [path.parent for path in tmp_path.rglob("*.lock")] == [tmp_path / "locks"]


def refusal(folder):
    with pytest.raises(TimbangError) as caught, lease_one(["a"], folder):
        pass
    (line,) = str(caught.value).splitlines()
    assert line.startswith(f"{folder}: ")
    assert "set TMPDIR" in line
    return line


def test_locks_are_for_their_user_alone(tmp_path):
    with lease_one(["a"], tmp_path / "locks"):
        assert (tmp_path / "locks").stat().st_mode & 0o777 == 0o700
        assert (tmp_path / "locks/a.lock").stat().st_mode & 0o777 == 0o600


def test_link_in_the_place_of_a_lock_truncates_nothing(tmp_path):
    (tmp_path / "precious").write_text("content")
    (tmp_path / "locks").mkdir(mode=0o700)
    (tmp_path / "locks/a.lock").symlink_to(tmp_path / "precious")
    refusal(tmp_path / "locks")
    assert (tmp_path / "precious").read_text() == "content"
    (tmp_path / "locks/a.lock").unlink()
    (tmp_path / "locks/a.lock").write_text("content")
    with lease_one(["a"], tmp_path / "locks"):
        assert (tmp_path / "locks/a.lock").read_text() == "content"


def test_link_in_the_place_of_the_folder_is_not_followed(tmp_path):
    (tmp_path / "other").mkdir(mode=0o700)
    (tmp_path / "locks").symlink_to(tmp_path / "other")
    refusal(tmp_path / "locks")
    assert list((tmp_path / "other").iterdir()) == []
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    refusal(tmp_path / "dangling")
    (tmp_path / "file").touch()
    refusal(tmp_path / "file")


@pytest.mark.parametrize("mode", [0o701, 0o770])
def test_folder_that_others_may_enter_is_refused(tmp_path, mode):
    (tmp_path / "locks").mkdir()
    (tmp_path / "locks").chmod(mode)
    assert "others own it or may enter it" in refusal(tmp_path / "locks")


def test_processor_needs_no_lease():
    with lease(torch.device("cpu")) as device:
        assert device == torch.device("cpu")


@pytest.mark.parametrize("text", ["0", "two", ""])
def test_a_sharing_that_is_no_number_is_told_by_its_variable(text):
    with pytest.raises(TimbangError, match=r"TIMBANG_RUNS_PER_GPU: .* allowed: 1 or more"):
        read_sharing(text)
    assert read_sharing("3") == 3


def test_folder_of_another_user_is_refused(tmp_path, monkeypatch):
    (tmp_path / "locks").mkdir(mode=0o700)
    user = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: user + 1)
    assert "others own it or may enter it" in refusal(tmp_path / "locks")
