"""Hands a script to the server and ends as the script does. Called in the place of Python.

It imports as little as it can, since its start is what every script waits for.
"""

import os
import signal
import socket
import sys
from contextlib import suppress


def main(arguments: list[str]) -> None:
    """Run a script, with its arguments, by the server, or by Python itself without one."""
    server = None
    if arguments and not arguments[0].startswith("-"):
        server = connect(os.environ.get("TIMBANG_LAUNCHER"))
    status = None if server is None else run_there(server, arguments)
    if status is None:
        os.execv(sys.executable, [sys.executable, *arguments])
    end_as(status)


def connect(address: str | None) -> socket.socket | None:
    """Return a connection to the server, None where there is none of this user's."""
    if address is None:
        return None
    server = socket.socket(socket.AF_UNIX)
    try:
        server.connect(address)
    except OSError:
        return None
    # struct ucred: process, user and group, of four bytes each.
    credentials = server.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    return server if int.from_bytes(credentials[4:8], sys.byteorder) == os.geteuid() else None


def run_there(server: socket.socket, arguments: list[str]) -> int | None:
    """Let the server run a script, and pass signals on to it.

    Returns:
        Its exit status, or minus the signal that ended it; None where the server did not begin.
    """
    environment = [f"{key}={value}" for key, value in os.environ.items()]
    answers = server.makefile("r")
    try:
        parts = [os.getcwd(), str(len(arguments)), *arguments, *environment]  # noqa: PTH109 (pathlib costs milliseconds)
        request = "\0".join(parts).encode("utf-8", "surrogateescape")
        socket.send_fds(server, [len(request).to_bytes(8, "big")], [0, 1, 2])
        server.sendall(request)
        process = int(answers.readline() or 0)
    except OSError:
        return None
    if not process:
        return None
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, frame: send_signal(process, number))
    # Without an answer it was killed, since whatever else ends it answers.
    return int(answers.readline() or -signal.SIGKILL)


def send_signal(process: int, number: int) -> None:
    """Send a signal to a process that may have ended."""
    with suppress(ProcessLookupError):
        os.kill(process, number)


def end_as(status: int) -> None:
    """End this process with an exit status, or by the signal whose negative it is."""
    if status < 0:
        signal.signal(-status, signal.SIG_DFL) if -status != signal.SIGKILL else None
        os.kill(os.getpid(), -status)
    sys.exit(status)


if __name__ == "__main__":
    main(sys.argv[1:])
