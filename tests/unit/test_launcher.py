"""A script that the launcher starts behaves as one that Python starts, only sooner."""

import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from timbang import launcher
from timbang.launcher import ADDRESS, can_launch, client, client_command, start_server
from timbang.launcher import server as serving

pytestmark = pytest.mark.skipif(not can_launch(), reason="the launcher is for Linux")


@pytest.fixture(scope="module")
def server():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(ADDRESS, "")
        server = start_server(sys.executable)
        yield server, os.environ[ADDRESS]
        server.stdin.close()
        server.wait(20)


@pytest.fixture(params=["launched", "alone"])
def python(request, server, monkeypatch):
    """What is called in the place of Python: with a server, and with none."""
    monkeypatch.setenv(ADDRESS, server[1] if request.param == "launched" else "/nowhere")
    return shlex.split(client_command(sys.executable))


@pytest.fixture
def launched(server, monkeypatch):
    monkeypatch.setenv(ADDRESS, server[1])
    return shlex.split(client_command(sys.executable))


def write(tmp_path, text):
    script = tmp_path / "a script.py"
    script.write_text(text)
    return script


def wait_for(path, seconds=20):
    end = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < end, f"{path} was not written"
        time.sleep(0.01)
    return path.read_text()


def test_script_has_all_that_python_gives_it(python, tmp_path):
    script = write(
        tmp_path,
        "import os, sys, neighbour\n"
        "print(sys.argv[1:], os.getcwd(), os.environ['WORD'], sys.stdin.read(), __name__)\n"
        "print('to standard error', file=sys.stderr)\n",
    )
    (tmp_path / "neighbour.py").write_text("")
    done = subprocess.run(
        [*python, script, "a b", "", "ü"],
        input="given",
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "WORD": "two\nlines"},
    )
    expected = f"['a b', '', 'ü'] {tmp_path} two\nlines given __main__\n"
    assert (done.returncode, done.stdout) == (0, expected)
    assert done.stderr == "to standard error\n"


@pytest.mark.parametrize(
    ("text", "status", "message"),
    [
        ("", 0, ""),
        ("import sys; sys.exit('what is wrong')", 1, "what is wrong\n"),
        ("1 / 0", 1, "ZeroDivisionError: division by zero\n"),
        ("def (", 1, "SyntaxError: invalid syntax\n"),
        ("import atexit; atexit.register(print, 'late')", 0, "late\n"),
    ],
)
def test_script_ends_as_it_would(python, tmp_path, text, status, message):
    done = subprocess.run(
        [*python, write(tmp_path, text)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == status
    assert done.stdout.endswith(message)


def test_signal_reaches_the_script(python, tmp_path):
    script = write(
        tmp_path,
        "import pathlib, signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(5))\n"
        "pathlib.Path('ready').touch()\n"
        "time.sleep(60)\n",
    )
    with subprocess.Popen([*python, script], cwd=tmp_path) as process:
        wait_for(tmp_path / "ready")
        process.terminate()
        assert process.wait(20) == 5


def test_interrupt_is_a_keyboard_interrupt(python, tmp_path):
    script = write(
        tmp_path,
        "import pathlib, signal, time\n"
        # A shell's background job ignores interrupts, and its children with it.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "try:\n"
        "    pathlib.Path('ready').touch()\n"
        "    time.sleep(60)\n"
        "except KeyboardInterrupt:\n"
        "    raise SystemExit(6)\n",
    )
    with subprocess.Popen([*python, script], cwd=tmp_path) as process:
        wait_for(tmp_path / "ready")
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 6


WRITES_ITS_NUMBER = (
    "import os, pathlib, time\n"
    "pathlib.Path('.number').write_text(str(os.getpid()))\n"
    "pathlib.Path('.number').rename('number')\n"
    "time.sleep(60)\n"
)


def test_script_is_killed_with_what_started_it(python, tmp_path):
    with subprocess.Popen([*python, write(tmp_path, WRITES_ITS_NUMBER)], cwd=tmp_path) as process:
        number = int(wait_for(tmp_path / "number"))
        process.kill()
    end = time.monotonic() + 20
    while is_running(number):
        assert time.monotonic() < end
        time.sleep(0.01)


def is_running(number):
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True


def test_script_that_is_killed_is_told(launched, tmp_path):
    with subprocess.Popen([*launched, write(tmp_path, WRITES_ITS_NUMBER)], cwd=tmp_path) as process:
        os.kill(int(wait_for(tmp_path / "number")), signal.SIGKILL)
        assert process.wait(20) == -signal.SIGKILL


def test_libraries_are_there_and_timbang_is_fresh(launched, tmp_path):
    script = write(
        tmp_path, "import sys; print('yaml' in sys.modules, 'timbang.errors' in sys.modules)"
    )
    end = time.monotonic() + 60
    while (text := subprocess.check_output([*launched, script], text=True)) != "True False\n":
        assert (text, time.monotonic() < end) == ("False False\n", True)


def test_scripts_run_side_by_side(launched, tmp_path):
    script = write(
        tmp_path,
        "import pathlib, sys, time\n"
        "pathlib.Path(sys.argv[1]).touch()\n"
        "while not pathlib.Path(sys.argv[2]).exists(): time.sleep(0.01)\n",
    )
    pair = [
        subprocess.Popen([*launched, script, *names], cwd=tmp_path)
        for names in (("a", "b"), ("b", "a"))
    ]
    assert [process.wait(20) for process in pair] == [0, 0]


def test_server_ends_with_the_process_that_started_it(tmp_path):
    program = (
        "import os, sys, time\n"
        "from timbang import launcher\n"
        "server = launcher.start_server(sys.executable)\n"
        "print(server.pid, os.environ[launcher.ADDRESS], flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    ) as starter:
        number, address = starter.stdout.readline().split()
        starter.kill()
    end = time.monotonic() + 30
    while is_running(int(number)) or Path(address).exists():
        assert time.monotonic() < end
        time.sleep(0.05)


# What is hostile or damaged


def children(number):
    """Return the processes that a process has started and that have not ended."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == number:
            found.append(int(status.parent.name))
    return found


def wait_for_no_children(number, seconds=20):
    end = time.monotonic() + seconds
    while children(number):
        assert time.monotonic() < end, "a fork stays"
        time.sleep(0.02)


def request_of(*parts):
    return "\0".join(parts).encode("utf-8", "surrogateescape")


def send(connection, request, size=None, descriptors=(0, 1, 2)):
    size = len(request) if size is None else size
    socket.send_fds(connection, [size.to_bytes(8, "big")], descriptors)
    connection.sendall(request)


def test_fork_ends_with_a_client_that_is_killed_in_mid_request(server):
    process, address = server
    wait_for_no_children(process.pid)
    for send_half in (
        lambda connection: None,
        lambda connection: connection.send(b"1234"),
        lambda connection: send(connection, b"half", size=100),
    ):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(address)
            send_half(connection)
            end = time.monotonic() + 20
            while not children(process.pid) and time.monotonic() < end:
                time.sleep(0.01)
        wait_for_no_children(process.pid)
    assert process.poll() is None


@pytest.mark.parametrize(
    ("request_", "options"),
    [
        (b"", {}),
        (request_of("/", "no number", "a.py"), {}),
        (request_of("/", "0", "A=1"), {}),
        (request_of("/", "1", "a.py", "no equals sign"), {}),
        (request_of("/", "1", "a.py"), {"descriptors": (0, 1)}),
        (b"short", {"size": serving.LARGEST_REQUEST + 1}),
    ],
)
def test_what_is_no_request_is_refused(request_, options):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        send(ours, request_, **options)
        ours.shutdown(socket.SHUT_WR)
        assert serving.serve(theirs) == 1


def test_request_of_a_silent_client_is_not_awaited_for_ever(monkeypatch):
    monkeypatch.setattr(serving, "SECONDS_FOR_A_REQUEST", 0.05)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        send(ours, b"half", size=100)
        assert serving.serve(theirs) == 1


def test_script_runs_alone_where_the_server_does_not_begin(tmp_path, monkeypatch):
    """It may have ended, or refuse the request."""
    address = str(tmp_path / "socket")
    monkeypatch.setenv(ADDRESS, address)
    script = write(tmp_path, "print('ran')")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen()
        with subprocess.Popen(
            [*shlex.split(client_command(sys.executable)), script], stdout=subprocess.PIPE
        ) as process:
            listener.accept()[0].close()
            assert process.communicate(timeout=20)[0] == b"ran\n"


def test_script_runs_in_a_folder_that_is_gone(python, tmp_path):
    script = write(tmp_path, "print('ran')")
    (tmp_path / "gone").mkdir()
    remove = "import os, sys; os.rmdir(os.getcwd()); os.execv(sys.argv[1], sys.argv[1:])"
    done = subprocess.run(
        [sys.executable, "-c", remove, *python, script],
        cwd=tmp_path / "gone",
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (0, "ran\n"), done.stderr


def test_other_users_are_not_served_and_not_asked(monkeypatch, tmp_path):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        listener.listen()
        with client.connect(str(tmp_path / "socket")), listener.accept()[0] as accepted:
            assert serving.is_same_user(accepted)
            user = os.geteuid()
            monkeypatch.setattr(os, "geteuid", lambda: user + 1)
            assert not serving.is_same_user(accepted)
            assert client.connect(str(tmp_path / "socket")) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
def test_connection_of_another_user_is_closed(server):
    process, address = server
    folder = Path(address).parent
    folder.chmod(0o755)
    Path(address).chmod(0o777)
    program = (
        "import os, socket, sys\n"
        "os.setuid(65534)\n"
        "connection = socket.socket(socket.AF_UNIX)\n"
        "connection.connect(sys.argv[1])\n"
        "connection.settimeout(20)\n"
        "print(connection.recv(1))\n"
    )
    try:
        done = subprocess.check_output([sys.executable, "-c", program, address], text=True)
    finally:
        folder.chmod(0o700)
    assert done == "b''\n"
    assert process.poll() is None


def test_nothing_beside_the_launcher_is_imported(tmp_path):
    planted = tmp_path / "launcher"
    shutil.copytree(Path(launcher.__file__).parent, planted)
    for name in ("pandas", "selectors", "socket", "signal", "runpy"):
        (planted / f"{name}.py").write_text(f"open({str(tmp_path / 'fired')!r}, 'w')")
    program = (
        "import shlex, subprocess, sys\n"
        f"sys.path.append({str(tmp_path)!r})\n"
        "import launcher\n"
        "server = launcher.start_server(sys.executable)\n"
        "command = shlex.split(launcher.client_command(sys.executable))\n"
        "while subprocess.check_output([*command, sys.argv[1]]) != b'True\\n': pass\n"
        "server.stdin.close()\n"
        "server.wait()\n"
    )
    script = write(tmp_path, "import sys; print('pandas' in sys.modules)")
    subprocess.run([sys.executable, "-c", program, script], check=True, timeout=60)
    assert not (tmp_path / "fired").exists()


def test_server_whose_folder_is_removed_ends_all_the_same(monkeypatch, tmp_path):
    monkeypatch.setenv(ADDRESS, "")
    with start_server(sys.executable) as process:
        address = Path(os.environ[ADDRESS])
        end = time.monotonic() + 20
        while not address.exists():
            assert time.monotonic() < end
            time.sleep(0.01)
        shutil.rmtree(address.parent)
        done = subprocess.check_output(
            [*shlex.split(client_command(sys.executable)), write(tmp_path, "print('ran')")]
        )
        assert done == b"ran\n"
        process.stdin.close()
        assert process.wait(60) == 0
