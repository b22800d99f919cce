"""Probes: measurements of a network that decide claims about why it scores as it does.

None of them changes anything. The network keeps its weights, BN's running averages, gradients and
the mode of every module, and torch's random streams go on from where they were, also where a
probe ends with an exception.
"""

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Generator, Tensor, nn
from torch.nn.functional import cross_entropy, interpolate, pad

from timbang.networks.zoo import switch_path_off
from timbang.training.augmentation import drawing_from, keeping_generators
from timbang.training.batches import Pixels, load_images, send
from timbang.training.loop import EVALUATION_BATCH, Images, predict

# How much larger objects become: equal steps up and down, on a logarithmic scale.
ZOOM_FACTORS = (0.75, 0.88, 1.0, 1.14, 1.33)
# Of the stream that dropout draws from. It is the same for every gradient of a probe, so that two
# gradients differ by their weights alone.
DROPOUT_SEED = 0


@dataclass(frozen=True)
class Score:
    """How a network does on images in evaluation mode.

    ``accuracy`` is a fraction, ``loss`` the mean cross-entropy in nats.
    """

    accuracy: float
    loss: float


@dataclass(frozen=True)
class GradientSteps:
    """The loss and its gradient g on the way from the weights θ along -g, by batch and step size.

    All are float64, of B batches and S step sizes. Norms are L2 norms over all trained weights.
    A cosine with a gradient of zero is NaN, and so is what a loss or a gradient that is infinite
    or not a number leads to.

    Attributes:
        step_sizes: [S], η.
        start_losses: [B], the loss at θ in nats.
        start_norms: [B], ‖g(θ)‖.
        losses: [B, S], the loss at θ − ηg(θ) in nats.
        cosines: [B, S], of the angle between g(θ) and g(θ − ηg(θ)).
        gradient_changes: [B, S], ‖Δg‖ = ‖g(θ − ηg(θ)) − g(θ)‖.
        weight_changes: [B, S], ‖Δθ‖, which is η‖g(θ)‖ but for the rounding of the weights.
    """

    step_sizes: np.ndarray
    start_losses: np.ndarray
    start_norms: np.ndarray
    losses: np.ndarray
    cosines: np.ndarray
    gradient_changes: np.ndarray
    weight_changes: np.ndarray

    @property
    def lipschitz(self) -> np.ndarray:
        """The largest ‖Δg‖ / ‖Δθ‖ of all step sizes, [B]; NaN where one of them is.

        The "effective" β-smoothness of Santurkar et al. 2018 (arXiv 1805.11604), section 3,
        figure 4c: the gradient's Lipschitz constant is at least that.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            return (self.gradient_changes / self.weight_changes).max(axis=1)


@dataclass(frozen=True)
class LayerGradient:
    """The gradient of one layer's weight: its L2 norm, averaged over batches."""

    name: str
    norm: float


# Rows


def choose_rows(rows: np.ndarray, count: int, classes: np.ndarray | None = None) -> np.ndarray:
    """Choose evenly spaced rows of one part, the same every time.

    Args:
        rows: int64 [N], the rows of the part.
        count: how many to choose; where there are fewer, all are.
        classes: int64, the class of every image of the study, as in ``Images``. With it the rows
            are first ordered by class, so that each class has its share; without it the spacing
            may be in step with classes that take turns.

    Returns:
        int64 [min(count, N)], each row at most once.

    Raises:
        ValueError: the count is below 1.
    """
    if count < 1:
        raise ValueError(f"{count} rows cannot be chosen")
    if classes is not None:
        rows = rows[np.argsort(classes[rows], kind="stable")]
    count = min(count, len(rows))
    # The middle of each of so many equal stretches.
    return rows[(2 * np.arange(count) + 1) * len(rows) // (2 * max(count, 1))]


def deal_batches(rows: np.ndarray, batches: int) -> list[np.ndarray]:
    """Deal rows, int64 [N], out to batches in turn, so that each has its share of every class.

    Raises:
        ValueError: there are fewer rows than batches.
    """
    if not 1 <= batches <= len(rows):
        raise ValueError(f"{len(rows)} rows cannot be dealt out to {batches} batches")
    return [rows[number::batches] for number in range(batches)]


# Gradients


def measure_gradient_steps(
    network: nn.Module,
    images: Images,
    batches: Sequence[np.ndarray],
    step_sizes: Sequence[float],
    device: torch.device,
) -> GradientSteps:
    """Measure how well the gradient predicts the gradients that lie ahead.

    Santurkar et al. 2018 (arXiv 1805.11604), section 3, figure 4: from the weights θ one goes a
    step η along the gradient g of one batch's mean cross-entropy, and compares g(θ − ηg(θ)) with
    g(θ): by their distance and, as in figure 2 there, by the cosine of their angle. BN normalises
    by the batch's own statistics. Each batch costs 1 + S forward and backward passes.

    Args:
        network: the network, on the device. Weights that are not trained are not moved.
        images: the images and their classes.
        batches: int64 rows of each batch.
        step_sizes: η [S].
        device: where to compute.
    """
    probe = _Probe(network)
    shape = len(batches), len(step_sizes)
    losses, cosines, gradient_changes, weight_changes = np.empty((4, *shape))
    start_losses, start_norms = np.empty((2, len(batches)))
    for i, batch in enumerate(batches):
        inputs, targets = _load_batch(images, batch, device)
        probe.put_back()
        start_losses[i], gradient = probe.differentiate(inputs, targets)
        start_norms[i] = _measure_norm(gradient)
        for j, step_size in enumerate(step_sizes):
            weight_changes[i, j] = probe.go(gradient, step_size)
            losses[i, j], ahead = probe.differentiate(inputs, targets)
            cosines[i, j] = _measure_cosine(gradient, ahead)
            gradient_changes[i, j] = _measure_distance(gradient, ahead)
    return GradientSteps(
        step_sizes=np.asarray(step_sizes, dtype=np.float64),
        start_losses=start_losses,
        start_norms=start_norms,
        losses=losses,
        cosines=cosines,
        gradient_changes=gradient_changes,
        weight_changes=weight_changes,
    )


def measure_layer_gradients(
    network: nn.Module, images: Images, batches: Sequence[np.ndarray], device: torch.device
) -> list[LayerGradient]:
    """Measure how large the gradient of each convolution's and linear layer's weight is.

    The gradient is that of one batch's mean cross-entropy, with BN on the batch's own statistics.
    Its L2 norm, not its square, is averaged over batches.

    Args:
        network: the network, on the device.
        images: the images and their classes.
        batches: int64 rows of each batch.
        device: where to compute.

    Returns:
        The layers whose weights are trained, from the input to the logits: in the order in which
        a forward pass comes to them.
    """
    probe = _Probe(network)
    visits = probe.note_visits()
    norms = []
    for batch in batches:
        _, gradient = probe.differentiate(*_load_batch(images, batch, device))
        norms.append([_measure_norm([part]) for part in gradient])
    means = np.mean(norms, axis=0)
    places = {id(weight): place for place, weight in enumerate(probe.weights)}
    layers = [
        (name, places[id(layer.weight)])
        for name, layer in probe.network.named_modules()
        if isinstance(layer, nn.Conv2d | nn.Linear) and id(layer.weight) in places
    ]
    layers.sort(key=lambda layer: _find_visit(layer[0], visits))
    return [LayerGradient(name, float(means[place])) for name, place in layers]


class _Probe:
    """A copy of a network in training mode, whose weights can be moved and forgotten.

    Args:
        network: stays as it is. The copy costs its size once more.
    """

    def __init__(self, network: nn.Module) -> None:
        self.original = network
        self.network = copy.deepcopy(network).train()
        self.weights = [weight for weight in self.network.parameters() if weight.requires_grad]
        self.start = [weight for weight in network.parameters() if weight.requires_grad]

    def put_back(self) -> None:
        """Give the copy the network's weights again."""
        with torch.no_grad():
            for weight, start in zip(self.weights, self.start, strict=True):
                weight.copy_(start)

    def go(self, gradient: Sequence[Tensor], step_size: float) -> float:
        """Move the copy's weights from the network's by -η times a gradient; return how far."""
        with torch.no_grad():
            for weight, start, part in zip(self.weights, self.start, gradient, strict=True):
                weight.copy_(torch.sub(start, part, alpha=step_size))
            return _measure_distance(self.weights, self.start)

    def differentiate(self, inputs: Tensor, targets: Tensor) -> tuple[float, tuple[Tensor, ...]]:
        """Return the mean cross-entropy of a batch in nats and its gradient by each weight.

        It depends on the copy's weights and the batch alone: buffers are first the network's
        again, and dropout draws the same.

        Args:
            inputs: float32 [B, 3, H, W].
            targets: int64 [B].
        """
        with torch.no_grad():
            for mine, original in zip(self.network.buffers(), self.original.buffers(), strict=True):
                mine.copy_(original)
        with drawing_from(Generator().manual_seed(DROPOUT_SEED)), torch.enable_grad():
            loss = cross_entropy(self.network(inputs), targets)
            gradient = torch.autograd.grad(loss, self.weights, materialize_grads=True)
        return loss.item(), gradient

    def note_visits(self) -> dict[str, int]:
        """Return what each forward pass will fill: when it first came to each module, by name."""
        visits: dict[str, int] = {}

        def note(name: str) -> None:
            visits.setdefault(name, len(visits))

        for name, module in self.network.named_modules():
            module.register_forward_pre_hook(lambda *_, name=name: note(name))
        return visits


def _find_visit(name: str, visits: dict[str, int]) -> int:
    """Return when a module was come to, or, if it is never called, the module around it."""
    while name not in visits:
        name = name.rpartition(".")[0]
    return visits[name]


def _load_batch(images: Images, batch: np.ndarray, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return images, float32 [B, 3, H, W], and their classes, int64 [B], on the device."""
    targets = send(torch.from_numpy(images.classes[batch]), device)
    return load_images(images.pixels, batch, device), targets


def _measure_norm(gradient: Sequence[Tensor]) -> float:
    """Return the L2 norm of all parts together, summed in float64."""
    return float(np.sqrt(_multiply(gradient, gradient)))


def _measure_distance(first: Sequence[Tensor], second: Sequence[Tensor]) -> float:
    """Return the L2 norm of the difference of all parts together, summed in float64."""
    differences = (_widen(a) - _widen(b) for a, b in zip(first, second, strict=True))
    return float(np.sqrt(sum(torch.dot(part, part).item() for part in differences)))


def _measure_cosine(first: Sequence[Tensor], second: Sequence[Tensor]) -> float:
    """Return the cosine of the angle between two gradients, NaN where one is zero."""
    norms = _measure_norm(first) * _measure_norm(second)
    return _multiply(first, second) / norms if norms else float("nan")


def _multiply(first: Sequence[Tensor], second: Sequence[Tensor]) -> float:
    """Return the inner product of all parts together, summed in float64."""
    parts = zip(first, second, strict=True)
    return sum(torch.dot(_widen(a), _widen(b)).item() for a, b in parts)


def _widen(values: Tensor) -> Tensor:
    """Return values as float64 [N] on the CPU, since not every device has float64."""
    return values.detach().cpu().double().flatten()


# Scores


def score_rows(network: nn.Module, images: Images, rows: np.ndarray, device: torch.device) -> Score:
    """Score images, int64 rows, in evaluation mode and without augmentation.

    On the training images it says how well a network fits what it learns from, which the losses of
    training do not: they are of other weights at each batch, of augmented images, and of BN's
    statistics of the batch.
    """
    with _leaving_as_it_was(network):
        logits = predict(network, images.pixels, rows, device)
    return _score_logits(logits, images.classes[rows])


def score_zoomed(
    network: nn.Module,
    images: Images,
    rows: np.ndarray,
    device: torch.device,
    factors: Sequence[float] = ZOOM_FACTORS,
) -> dict[float, Score]:
    """Score images whose objects are larger or smaller than the network was trained on.

    Args:
        network: the network, on the device.
        images: the images and their classes.
        rows: int64 [N], which of them.
        device: where to compute. Images are zoomed on the CPU, so that it is the same everywhere.
        factors: how many times as large objects become.

    Returns:
        The score at each factor. At 1 it is that of ``score_rows``, bit for bit.
    """
    scores = {}
    with _leaving_as_it_was(network):
        for factor in factors:
            parts = []
            for start in range(0, len(rows), EVALUATION_BATCH):
                raw = _fetch_pixels(images.pixels, rows[start : start + EVALUATION_BATCH])
                zoomed = zoom_images(raw.permute(0, 3, 1, 2), factor).permute(0, 2, 3, 1)
                parts.append(predict(network, zoomed.numpy(), np.arange(len(zoomed)), device))
            scores[factor] = _score_logits(torch.cat(parts), images.classes[rows])
    return scores


def score_paths_off(
    network: nn.Module, images: Images, rows: np.ndarray, device: torch.device
) -> tuple[Score, Score]:
    """Score images, int64 rows, without the first path of each block and without the second.

    As after a dropped path of Larsson et al. 2017 (arXiv 1605.07648), what is left keeps its
    weights and BN its running averages. So a fall in accuracy says that this network uses the
    path, not that one trained without it would be worse.

    Raises:
        ValueError: the network has no block of two paths.
    """
    scores = []
    for path in (0, 1):
        without = copy.deepcopy(network)
        switch_path_off(without, path)
        scores.append(score_rows(without, images, rows, device))
    return scores[0], scores[1]


def zoom_images(images: Tensor, factor: float) -> Tensor:
    """Let objects become so many times as large in images of the same size.

    Images are resized bilinearly with antialiasing to the nearest whole number of pixels. Then
    their centre is cut out, or they are continued by reflection at their edges. Where one pixel
    more must go or come at one side than at the other, that is the bottom or the right.

    Args:
        images: uint8 [B, C, H, W] on the CPU.
        factor: above 1 enlarges. Below, it must leave enough to be reflected: about a third.

    Returns:
        uint8 [B, C, H, W], rounded; the images themselves where no side changes.

    Raises:
        ValueError: the factor is too small.
    """
    height, width = images.shape[2:]
    sides = round(height * factor), round(width * factor)
    if sides == (height, width):
        return images
    if factor > 1:
        top, left = (sides[0] - height) // 2, (sides[1] - width) // 2
        resized = _resize(images, sides)[:, :, top : top + height, left : left + width]
    else:
        top, left = (height - sides[0]) // 2, (width - sides[1]) // 2
        bottom, right = height - sides[0] - top, width - sides[1] - left
        if bottom >= sides[0] or right >= sides[1]:
            raise ValueError(f"images of {height} x {width} pixels cannot be zoomed by {factor:g}")
        resized = pad(_resize(images, sides), (left, right, top, bottom), mode="reflect")
    return resized.round().to(torch.uint8)


def _resize(images: Tensor, sides: tuple[int, int]) -> Tensor:
    """Resize uint8 [B, C, H, W] to float32 of other sides, bilinearly with antialiasing."""
    return interpolate(images.float(), size=sides, mode="bilinear", antialias=True)


def _fetch_pixels(pixels: Pixels, rows: np.ndarray) -> Tensor:
    """Return the pixels of rows, uint8 [B, H, W, 3], on the CPU."""
    if isinstance(pixels, Tensor):
        return pixels[send(torch.from_numpy(rows), pixels.device)].cpu()
    return torch.from_numpy(pixels[rows])


def _score_logits(logits: Tensor, classes: np.ndarray) -> Score:
    """Score logits, float32 [N, classes], against the true classes, int64 [N]."""
    targets = torch.from_numpy(classes)
    accuracy = (logits.argmax(1) == targets).double().mean()
    return Score(accuracy.item(), cross_entropy(logits, targets).item())


@contextmanager
def _leaving_as_it_was(network: nn.Module) -> Iterator[None]:
    """Put every module back into its mode, and the random streams to where they were.

    Networks that others define may draw in evaluation mode too.
    """
    modes = [(module, module.training) for module in network.modules()]
    try:
        with keeping_generators():
            yield
    finally:
        for module, training in modes:
            module.training = training
