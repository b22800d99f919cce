"""Whether this machine has a GPU, told in milliseconds: importing torch to ask takes seconds."""

import platform
from pathlib import Path

# NVIDIA's devices, AMD's and the one of Windows' Linux.
DEVICES = ("nvidia[0-9]*", "kfd", "dxg")


def seems_to_have_gpu(devices: Path = Path("/dev")) -> bool:
    """Return whether a GPU that torch might use seems to be there.

    Args:
        devices: the folder of device files.
    """
    on_mac = platform.system() == "Darwin" and platform.machine() == "arm64"
    return on_mac or any(any(devices.glob(name)) for name in DEVICES)
