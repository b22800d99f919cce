"""Imports the heavy libraries once, and runs each script that a client sends in a fork of itself.

Nothing here may start a thread or compute before it forks: a fork has only the thread that made
it, and the locks of the others stay locked.
"""

import atexit
import gc
import importlib
import os
import runpy
import selectors
import signal
import socket
import sys
import threading
import traceback
from contextlib import suppress
from pathlib import Path

# What the scripts import, what the first of them need first. Timbang's own modules are not among
# them, so that an edit counts at once. torch imports _dynamo when an optimiser is made.
LIBRARIES = (
    "pandas",
    "PIL.Image",
    "snakemake.script",
    "imagehash",
    "jsonschema",
    "tqdm",
    "torch",
    "torch._dynamo",
    "torch.utils.flop_counter",
    "torch.optim.swa_utils",
    "safetensors.torch",
    "scipy.stats",
    "sklearn.metrics",
    "matplotlib.pyplot",
    "matplotlib.backends.backend_pdf",
    "matplotlib.backends.backend_svg",
    "jinja2",
    "pylatex",
    "yaml",
)

# Arguments and environment of a process are at most 6 MB on Linux.
LARGEST_REQUEST = 16 << 20
# A client sends its request at once.
SECONDS_FOR_A_REQUEST = 60.0


def main(address: str) -> None:
    """Serve until standard input ends, as it does when the process that started this one ends.

    A script that comes before all is imported does not wait for the rest.
    """
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen(128)
    # The terminal's interrupt is for the scripts; this process ends with the one that started it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    selector = selectors.DefaultSelector()
    selector.register(listener, selectors.EVENT_READ)
    selector.register(sys.stdin, selectors.EVENT_READ)
    waiting = list(LIBRARIES)
    while True:
        ready = [key.fileobj for key, _ in selector.select(0 if waiting else None)]
        if sys.stdin in ready:
            with suppress(OSError):  # the folder may have been removed before
                Path(address).unlink()
                Path(address).parent.rmdir()
            return
        if listener in ready:
            client, _ = listener.accept()
            if is_same_user(client) and os.fork() == 0:
                selector.close()
                listener.close()
                os._exit(serve(client))
            client.close()
        elif waiting:
            importlib.import_module(waiting.pop(0))
            # What is there now is never collected, so that a fork does not copy it by counting it.
            gc.freeze()


def is_same_user(client: socket.socket) -> bool:
    """Say whether the other end of a connection belongs to the user of this process."""
    # struct ucred: process, user and group, of four bytes each.
    credentials = client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    return int.from_bytes(credentials[4:8], sys.byteorder) == os.geteuid()


def serve(client: socket.socket) -> int:
    """Be the script that a client asks for; return the exit status, which the client is told.

    A client that has not been told a process by the time its connection ends runs the script
    itself, so that an incomplete or damaged request needs no other answer.
    """
    try:
        folder, arguments, environment, descriptors = read_request(client)
        os.chdir(folder)
    except (ValueError, OSError):
        return 1
    for place, descriptor in enumerate(descriptors):
        os.dup2(descriptor, place)
        os.close(descriptor)
    for number in (signal.SIGINT, signal.SIGCHLD):
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else 0)
    os.environ.clear()
    os.environ.update(environment)
    # As Python opens them: standard error line by line, standard output so on a terminal.
    sys.stdin = open(0, closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", closefd=False, buffering=1)  # noqa: SIM115
    sys.argv = arguments
    sys.path.insert(0, str(Path(arguments[0]).parent))
    try:
        client.sendall(f"{os.getpid()}\n".encode())
    except OSError:  # the client has ended
        return 1
    threading.Thread(target=die_with, args=(client,), daemon=True).start()
    status = run_script(arguments[0])
    with suppress(OSError):
        client.sendall(f"{status}\n".encode())
    return status


def read_request(client: socket.socket) -> tuple[str, list[str], dict[str, str], list[int]]:
    """Read what a client sends.

    Returns:
        The folder to be in, the script and its arguments, the environment, and the descriptors of
        standard input, output and error.

    Raises:
        ValueError: it is not a request.
        OSError: it does not come in time.
    """
    client.settimeout(SECONDS_FOR_A_REQUEST)
    start, descriptors, _, _ = socket.recv_fds(client, 8, 3)
    size = int.from_bytes(start, "big")
    if len(start) != 8 or len(descriptors) != 3 or size > LARGEST_REQUEST:
        raise ValueError("no request")
    request = bytearray()
    while len(request) < size:
        more = client.recv(min(size - len(request), 1 << 20))
        if not more:
            raise ValueError("the client ended in the middle of its request")
        request += more
    client.settimeout(None)
    folder, count, *parts = request.decode("utf-8", "surrogateescape").split("\0")
    arguments, lines = parts[: int(count)], parts[int(count) :]
    pairs = [line.partition("=") for line in lines]
    if not arguments or not all(key and equals for key, equals, _ in pairs):
        raise ValueError("no request")
    return folder, arguments, {key: value for key, _, value in pairs}, descriptors


def die_with(client: socket.socket) -> None:
    """End this process when the client ends, as the script itself would have ended in its place."""
    client.recv(1)
    os.kill(os.getpid(), signal.SIGKILL)


def run_script(path: str) -> int:
    """Run a script as Python would; return its exit status."""
    try:
        runpy.run_path(path, run_name="__main__")
        status = 0
    except SystemExit as end:
        status = exit_status(end)
    except BaseException:
        traceback.print_exc()
        status = 1
    # What Python does at its end, but for taking the libraries apart.
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    return status


def exit_status(end: SystemExit) -> int:
    """Return the status that Python would exit with, printing a message where it would."""
    if end.code is None or isinstance(end.code, int):
        return (end.code or 0) & 0xFF
    print(end.code, file=sys.stderr)
    return 1


if __name__ == "__main__":
    main(sys.argv[1])
