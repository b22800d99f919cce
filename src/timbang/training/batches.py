"""Batches: which images come together, and how they reach the network."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Generator, Tensor

from timbang.images.pixels import PixelFile

# The channel means and standard deviations of ImageNet's images, on the scale of 0 to 255.
IMAGENET_MEAN = torch.tensor([0.485 * 255, 0.456 * 255, 0.406 * 255])
IMAGENET_STD = torch.tensor([0.229 * 255, 0.224 * 255, 0.225 * 255])
# The share of a GPU's free memory that the pixels may take; the rest is for the training.
RESIDENT_SHARE = 0.5
IMAGES_AT_ONCE = 512

Pixels = np.ndarray | PixelFile | Tensor


def draw_batches(indices: np.ndarray, batch_size: int, order: Generator) -> list[np.ndarray]:
    """Shuffle indices, int64 [N], and cut them into batches that hold every one of them once.

    A last batch of a single image joins the one before it, since BN needs more than one value.
    """
    shuffled = indices[torch.randperm(len(indices), generator=order).numpy()]
    return np.split(shuffled, list_cuts(len(shuffled), batch_size))


def list_cuts(count: int, batch_size: int) -> list[int]:
    """Return where so many images are cut into batches, one place less than there are batches."""
    cuts = list(range(batch_size, count, batch_size))
    if cuts and count - cuts[-1] == 1:
        cuts.pop()
    return cuts


def count_steps(count: int, batch_size: int) -> int:
    """Return into how many batches so many images are cut."""
    return 1 + len(list_cuts(count, batch_size))


def make_resident(pixels: PixelFile, device: torch.device) -> Pixels:
    """Return the pixels on a CUDA device that has room for them, else as they are.

    On the device a batch costs no copy from the machine's memory, and no wait for it.
    """
    if device.type != "cuda":
        return pixels
    free, _ = torch.cuda.mem_get_info(device)
    if pixels.nbytes > RESIDENT_SHARE * free:
        return pixels
    resident = torch.empty(pixels.shape, dtype=torch.uint8, device=device)
    for rows in np.array_split(np.arange(len(pixels)), 1 + len(pixels) // IMAGES_AT_ONCE):
        resident[rows[0] : rows[-1] + 1] = torch.from_numpy(pixels[rows])
    return resident


def send(values: Tensor, device: torch.device) -> Tensor:
    """Copy a tensor of the CPU to a device; on CUDA without waiting for what runs there."""
    if device.type != "cuda":
        return values.to(device)
    return values.pin_memory().to(device, non_blocking=True)


def load_images(
    pixels: Pixels,
    indices: np.ndarray,
    device: torch.device,
    augment: Callable[[Tensor], Tensor] | None = None,
) -> Tensor:
    """Return images normalised as ImageNet's, float32 [B, 3, H, W] in channels-last layout.

    What ``augment`` does to them it does to their uint8 pixels.

    Args:
        pixels: uint8 [N, H, W, 3], in memory, on disk, or on the device.
        indices: int64 [B].
        device: where the images are needed.
        augment: a function of uint8 [B, 3, H, W].
    """
    if isinstance(pixels, Tensor):
        raw = pixels[send(torch.from_numpy(indices), pixels.device)]
    else:
        raw = send(torch.from_numpy(pixels[indices]), device)
    if augment:
        raw = augment(raw.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
    mean, std = send(IMAGENET_MEAN, device), send(IMAGENET_STD, device)
    return raw.float().sub_(mean).div_(std).permute(0, 3, 1, 2)


def flip_images(images: Tensor, probability: float, augmentation: Generator) -> Tensor:
    """Mirror each image [B, 3, H, W] left to right with the given probability."""
    chosen = torch.rand(len(images), generator=augmentation) < probability
    chosen = send(chosen, images.device)[:, None, None, None]
    return torch.where(chosen, images.flip(3), images)
