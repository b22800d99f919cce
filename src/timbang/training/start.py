"""Building a contender's network and giving it the weights that training begins with."""

import torch
from torch import Generator, Tensor, nn

from timbang.errors import TimbangError
from timbang.networks.catalogue import CATALOGUE
from timbang.networks.cost import count_parameters
from timbang.networks.foreign import build_foreign
from timbang.networks.zoo import build, build_with_parameters, initialise
from timbang.study.words import Contender
from timbang.training.augmentation import drawing_from
from timbang.training.optimization import add_dropout
from timbang.training.transfer import load_weights


def build_network(
    contender: Contender, classes: int, image_size: int, generator: Generator
) -> nn.Module:
    """Build a contender's network with its initial weights, drawn from one random stream.

    Args:
        contender: names the network and says what it starts from.
        classes: the number of classes.
        image_size: the side of the images in pixels.
        generator: the stream of the weights.

    Returns:
        A module that maps float [B, 3, image_size, image_size] to logits [B, classes].

    Raises:
        TimbangError: the network cannot be built, cannot take such images, or does not give
            logits.
    """
    if contender.network in CATALOGUE:
        network = _build_own(contender, classes, image_size)
        initialise(network, generator)
    else:
        with drawing_from(generator):
            network = build_foreign(contender.network, classes, image_size)
        _try_network(network, contender.network, classes, image_size)
    if contender.recipe.weights is not None:
        load_weights(network, contender.recipe.weights, contender.network)
    add_dropout(network, contender.recipe.dropout)
    return network


def _build_own(contender: Contender, classes: int, image_size: int) -> nn.Module:
    if contender.parameters_of is None:
        return build(contender.network, classes, contender.width)
    network, width = contender.parameters_of
    with torch.device("meta"):
        other = (
            build(network, classes, width)
            if network in CATALOGUE
            else build_foreign(network, classes, image_size)
        )
    return build_with_parameters(contender.network, classes, count_parameters(other))


def _try_network(network: nn.Module, name: str, classes: int, image_size: int) -> None:
    """Let a network take one image, so that one that cannot is told before anything else."""
    network.eval()
    try:
        with torch.inference_mode():
            logits = network(torch.zeros(1, 3, image_size, image_size))
    except Exception as error:
        reason = " ".join(str(error).split())
        raise TimbangError(
            f"{name}: cannot take images of {image_size} x {image_size} pixels "
            f"({type(error).__name__}: {reason}); change data.image_size or the network"
        ) from error
    finally:
        network.train()
    if not isinstance(logits, Tensor) or logits.shape != (1, classes):
        given = tuple(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
        raise TimbangError(f"{name}: gives {given}, not logits of shape (1, {classes})")
