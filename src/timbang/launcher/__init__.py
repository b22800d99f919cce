"""Python scripts that start in milliseconds, as children of a process that has imported torch.

Importing torch, pandas and matplotlib costs a script seconds, and a study runs dozens of scripts.
A server imports them once; each script is then a fork of it. ``client`` is what is called in the
place of Python: it hands its script to the server and ends as the script does, or runs it itself
where there is no server. The server lives as long as the process that started it.
"""

import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

ADDRESS = "TIMBANG_LAUNCHER"


def can_launch() -> bool:
    """Say whether this system can; elsewhere than on Linux forking big libraries is not safe."""
    return sys.platform == "linux"


def start_server(python: str) -> subprocess.Popen:
    """Start the server, and let the clients of this process and its children find it.

    It ends when the process that called ends, in whatever way.

    Args:
        python: the Python whose libraries the scripts use.
    """
    folder = tempfile.mkdtemp(prefix="timbang-launcher-")
    address = str(Path(folder, "socket"))
    os.environ[ADDRESS] = address
    # Without -P the folder of server.py would come first where libraries are looked for.
    return subprocess.Popen(
        [python, "-P", str(Path(__file__).with_name("server.py")), address], stdin=subprocess.PIPE
    )


def client_command(python: str) -> str:
    """Return what a shell calls in the place of Python, ready for the path of a script."""
    return shlex.join([python, "-P", "-S", str(Path(__file__).with_name("client.py"))])
