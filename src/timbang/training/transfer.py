"""Starting from weights that were trained before, without letting them run anything."""

import hashlib
import logging
import re
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from timbang.errors import TimbangError
from timbang.training.optimization import find_classifier

TORCHVISION = "torchvision"
# Seconds of silence after which a server is given up.
TIMEOUT = 60.0
# How torch names a published file: the start of its SHA-256 is the end of the name.
CHECKSUM = re.compile(r"-([0-9a-f]{8,})\.pth$")
# What is copied into a network without loss of meaning: no quantized, complex or packed numbers.
NUMBERS = (
    torch.float64,
    torch.float32,
    torch.float16,
    torch.bfloat16,
    torch.int64,
    torch.int32,
    torch.int16,
    torch.int8,
    torch.uint8,
    torch.bool,
)

log = logging.getLogger("timbang")


def load_weights(network: nn.Module, weights: str, name: str) -> None:
    """Put weights into a network; its last linear layer stays as it is where the classes differ.

    Args:
        network: the network, already initialised.
        weights: a safetensors file, a file that ``torch.save`` wrote of a state dict, or
            ``torchvision`` for the weights that torchvision offers for the network.
        name: the network's name.

    Raises:
        TimbangError: the file is missing or no such file, or does not fit the network.
    """
    state = _fetch_state(name) if weights == TORCHVISION else read_state(Path(weights))
    _fit_state(network, state, weights)


def read_state(path: Path) -> dict[str, Tensor]:
    """Read a state dict; a file that holds more than tensors is refused, not run.

    Raises:
        TimbangError: the file is missing, damaged, or holds anything but dense tensors of real
            numbers by name.
    """
    try:
        if not path.is_file():
            raise TimbangError(f"recipe.weights: {path} is not a file; correct the path")
        path.open("rb").close()
    except OSError as error:
        raise TimbangError(f"recipe.weights: {path} cannot be read ({error.strerror})") from None
    state = _read_file(path)
    if isinstance(state, Mapping) and isinstance(state.get("state_dict"), Mapping):
        state = state["state_dict"]
    if not isinstance(state, Mapping) or not all(
        isinstance(key, str) and isinstance(value, Tensor) for key, value in state.items()
    ):
        raise TimbangError(f"recipe.weights: {path} holds more than tensors by name")
    for name, tensor in state.items():
        if not _is_plain(tensor):
            raise TimbangError(
                f"recipe.weights: {path}: {name!r} is not a dense tensor of real numbers; "
                "convert and save it as one"
            )
    return dict(state)


def _read_file(path: Path) -> object:
    """Return what a file holds, in whichever of the two formats it is."""
    # What the two raise on damaged files is as varied as the damage.
    with suppress(Exception):
        return load_file(path)
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception:
        raise TimbangError(
            f"recipe.weights: {path} is neither a safetensors file nor a state dict of tensors"
        ) from None


def _is_plain(tensor: Tensor) -> bool:
    """Tell tensors that can be copied into a network's from sparse, nested, meta and others."""
    return (
        type(tensor) in (Tensor, nn.Parameter)
        and tensor.layout == torch.strided
        and tensor.device.type == "cpu"
        and not tensor.is_nested
        and tensor.dtype in NUMBERS
    )


def _fetch_state(name: str) -> dict[str, Tensor]:
    """Read torchvision's weights, from torch's cache or else from where they are published."""
    url, start = find_published(name)
    folder = Path(torch.hub.get_dir(), "checkpoints")
    file = folder / url.rpartition("/")[2]
    try:
        if not file.exists():
            log.info("fetching %s", url)
            folder.mkdir(parents=True, exist_ok=True)
            with _giving_up_on_silence():
                torch.hub.download_url_to_file(url, str(file), hash_prefix=start, progress=False)
        with file.open("rb") as opened:
            found = hashlib.file_digest(opened, "sha256").hexdigest()
    except (OSError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        raise TimbangError(
            f"recipe.weights: torchvision's weights for {name} could not be fetched ({reason})"
        ) from None
    if not found.startswith(start):
        raise TimbangError(
            f"recipe.weights: {file} has the SHA-256 {found[: len(start)]}..., not the {start} of "
            "its name; remove it, and it is fetched again"
        )
    return read_state(file)


@contextmanager
def _giving_up_on_silence() -> Iterator[None]:
    """Let connections made inside break after a silence; torch's own download waits for ever."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(TIMEOUT)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def find_published(name: str) -> tuple[str, str]:
    """Return where torchvision's weights for a network are, and how their SHA-256 begins.

    Raises:
        TimbangError: torchvision has none, or none whose checksum is known.
    """
    from torchvision.models import get_model_weights

    try:
        url = get_model_weights(name.removeprefix("torchvision:")).DEFAULT.url
    except ValueError:
        raise TimbangError(
            f"recipe.weights: torchvision has no weights for {name}; give a file"
        ) from None
    checksum = CHECKSUM.search(url)
    if checksum is None:
        raise TimbangError(
            f"recipe.weights: torchvision gives no checksum of its weights for {name}; give a file"
        )
    return url, checksum[1]


def _fit_state(network: nn.Module, state: Mapping[str, Tensor], weights: str) -> None:
    own = network.state_dict()
    classifier = find_classifier(network)
    last = {
        f"{place}.{part}"
        for place, layer in network.named_modules()
        if layer is classifier
        for part in ("weight", "bias")
    }
    taken, faults = {}, []
    for key, value in own.items():
        given = state.get(key)
        if given is not None and given.shape == value.shape:
            taken[key] = given
        elif key not in last:
            has = "is missing" if given is None else f"has the shape {tuple(given.shape)}"
            faults.append(f"{key} {has}, {tuple(value.shape)} is needed")
    if faults:
        raise TimbangError(
            f"recipe.weights: {weights} does not fit the network: {faults[0]}"
            f"{f', and {len(faults) - 1} more' if len(faults) > 1 else ''}"
        )
    network.load_state_dict(taken, strict=False)
