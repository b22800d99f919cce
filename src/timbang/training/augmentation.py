"""What is done to training images and their targets, all drawn from one random stream.

The transforms are torchvision's. They draw from torch's global generator, so each call lends it
the replicate's stream (``drawing_from``) and gives it back as it was.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import torch
from torch import Generator, Tensor

from timbang.study.words import Recipe

Augment = Callable[[Tensor], Tensor]
Mix = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


@contextmanager
def drawing_from(generator: Generator) -> Iterator[None]:
    """Let torch's global generator draw from a stream inside, and put it back after.

    The stream gives one number, so that it can be saved and continued like any other.
    """
    seed = int(torch.randint(2**62, (1,), generator=generator))
    with keeping_generators():
        torch.manual_seed(seed)
        yield


def keeping_generators() -> AbstractContextManager[None]:
    """Put the global generators of the CPU and of CUDA back after what is drawn inside.

    CUDA's only where it is in use: to ask for them starts it, which takes memory of a GPU that
    another run may hold.
    """
    count = torch.cuda.device_count() if torch.cuda.is_initialized() else 0
    return torch.random.fork_rng(devices=range(count), device_type="cuda")


def make_augmentation(recipe: Recipe, size: int) -> Augment | None:
    """Return what changes each image of a batch on its own, or None where nothing does.

    Random resized crops (Szegedy et al. 2015, arXiv 1409.4842) keep a share of the area from
    ``recipe.random_resized_crop`` to 1; RandAugment (Cubuk et al. 2020, arXiv 1909.13719) and
    TrivialAugment (Müller and Hutter 2021, arXiv 2103.10158) with torchvision's settings.

    Args:
        recipe: the recipe.
        size: the side of the images in pixels.

    Returns:
        A function of uint8 [B, 3, H, W] to the same, which draws from torch's global generator.
    """
    if not recipe.random_resized_crop and recipe.auto_augment == "none":
        return None
    # Three seconds to import, and most recipes do without.
    from torchvision.transforms import v2

    steps: list[Callable[[Tensor], Tensor]] = []
    if recipe.random_resized_crop:
        scale = (recipe.random_resized_crop, 1.0)
        steps.append(v2.RandomResizedCrop((size, size), scale=scale, antialias=True))
    if recipe.auto_augment != "none":
        kinds = {"randaugment": v2.RandAugment, "trivialaugment": v2.TrivialAugmentWide}
        steps.append(kinds[recipe.auto_augment]())
    transform = v2.Compose(steps)
    return lambda images: torch.stack([transform(image) for image in images])


def make_mixing(recipe: Recipe, classes: int) -> Mix | None:
    """Return what mixes the images of a batch and their targets, or None where nothing does.

    Mixup (Zhang et al. 2018, arXiv 1710.09412) and CutMix (Yun et al. 2019, arXiv 1905.04899);
    with both, each batch takes either with equal probability.

    Returns:
        A function of images [B, 3, H, W] and targets int64 [B] to mixed images and the share of
        each class, float32 [B, classes], which draws from torch's global generator.
    """
    if not is_mixing(recipe):
        return None
    from torchvision.transforms import v2

    kinds: list[v2.Transform] = []
    if recipe.mixup:
        kinds.append(v2.MixUp(alpha=recipe.mixup, num_classes=classes))
    if recipe.cutmix:
        kinds.append(v2.CutMix(alpha=recipe.cutmix, num_classes=classes))
    return v2.RandomChoice(kinds)


def is_mixing(recipe: Recipe) -> bool:
    """Say whether training images are mixtures, so that their own accuracy has no meaning."""
    return bool(recipe.mixup or recipe.cutmix)
