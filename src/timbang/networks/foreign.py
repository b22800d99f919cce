"""Networks that others define: torchvision's, timm's, and those of the user's own file."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

from torch import nn

from timbang.errors import TimbangError
from timbang.networks.catalogue import TIMM, TORCHVISION
from timbang.networks.convolutions import guard_convolutions

# These have outputs besides the logits, which only their own authors' losses use.
WITHOUT_AUXILIARY = ("googlenet", "inception_v3")


def build_foreign(network: str, classes: int, image_size: int) -> nn.Module:
    """Build a network that is not of Timbang's catalogue, with its authors' initialisation.

    It draws from torch's global generator. Convolutions that may corrupt memory are guarded.

    Args:
        network: ``torchvision:NAME``, ``timm:NAME`` or ``FILE.py:NAME``, where the file defines
            NAME as a class or function that takes the number of classes and returns a module.
        classes: the number of classes.
        image_size: the side of the images in pixels, which some transformers must know.

    Raises:
        TimbangError: there is no such network, or it could not be built.
    """
    built = _build_unguarded(network, classes, image_size)
    guard_convolutions(built)
    return built


def _build_unguarded(network: str, classes: int, image_size: int) -> nn.Module:
    if network.startswith(TORCHVISION):
        return _build_torchvision(network.removeprefix(TORCHVISION), classes, image_size)
    if network.startswith(TIMM):
        return _build_timm(network.removeprefix(TIMM), classes, image_size)
    file, _, name = network.rpartition(":")
    return _build_own(Path(file), name, classes)


def _build_torchvision(name: str, classes: int, image_size: int) -> nn.Module:
    from torchvision.models import get_model

    options: dict[str, Any] = {"weights": None, "num_classes": classes}
    if name in WITHOUT_AUXILIARY:
        options |= {"aux_logits": False, "init_weights": True}
    if name.startswith("vit_"):
        options |= {"image_size": image_size}
    if name.startswith("maxvit_"):
        options |= {"input_size": (image_size, image_size)}
    return _call(f"{TORCHVISION}{name}", lambda: get_model(name, **options))


def _build_timm(name: str, classes: int, image_size: int) -> nn.Module:
    import timm

    if not timm.is_model(name):
        raise TimbangError(f"{TIMM}{name}: timm {timm.__version__} has no network of that name")
    pretrained = timm.models.get_pretrained_cfg(name)
    fixed = pretrained is not None and pretrained.fixed_input_size
    options = {"img_size": image_size} if fixed else {}
    return _call(f"{TIMM}{name}", lambda: timm.create_model(name, num_classes=classes, **options))


def _build_own(file: Path, name: str, classes: int) -> nn.Module:
    specification = importlib.util.spec_from_file_location(file.stem, file)
    loader = specification.loader if specification else None
    if specification is None or loader is None:
        raise TimbangError(f"{file}: not a file of Python; correct the path")
    module = importlib.util.module_from_spec(specification)
    _call(str(file), lambda: loader.exec_module(module))
    if not hasattr(module, name):
        raise TimbangError(f"{file}: does not define {name}; correct the network's name")
    network = _call(f"{file}:{name}", lambda: getattr(module, name)(classes))
    if not isinstance(network, nn.Module):
        raise TimbangError(
            f"{file}:{name}: returned {type(network).__name__}, not a torch.nn.Module"
        )
    return network


def _call(network: str, make: Callable[[], Any]) -> Any:
    """Call code that is not Timbang's and may raise anything; name the network if it does."""
    try:
        return make()
    except Exception as error:
        reason = " ".join(str(error).split())
        raise TimbangError(
            f"{network}: could not be built ({type(error).__name__}: {reason})"
        ) from error
