"""How fast a network trains: against what the machine can do, and against what users run today.

    python benchmarks/train_networks.py                        # photographs that it makes
    python benchmarks/train_networks.py --photographs FOLDER   # those of a folder

One run, one machine, the same images, network (ResNet-34), batch (32) and threads for
all. The ways, each timed over whole epochs in turns, the best of its turns counting:

- timbang: ``timbang.training.loop.train`` on the pixels that the study decoded once;
- (a) the published study's: a Dataset that opens each JPEG anew, two workers, losses by ``item()``;
- (b) torchvision's usual: ``ImageFolder`` and ``transforms.v2``, two workers;
- (c) timm's: its ``create_loader`` (PrefetchLoader), two workers; left out where timm is missing.

The floor is the machine's own float32 matrix product. The last lines are the ratios.
"""

import argparse
import logging
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset
from torch.utils.flop_counter import FlopCounterMode
from torchvision import transforms
from torchvision.datasets import ImageFolder
from torchvision.models import resnet34
from torchvision.transforms import v2

from timbang.images.pixels import PixelFile
from timbang.images.resizing import write_pixels
from timbang.networks import build
from timbang.study.schema import defaults_of
from timbang.study.words import Contender, Recipe
from timbang.training.loop import Images, train

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
CLASSES, BATCH, WORKERS = 5, 32, 2
MATRIX = 4096
# Side of the images and width of the network: the published study's, the same at 64 pixels, and
# that of config/food-quick.yaml.
SETTINGS = ((224, 1.0), (64, 1.0), (64, 0.25))

Epoch = Callable[[], float]


def make_photographs(folder: Path, count: int) -> list[Path]:
    """Write JPEG files of 1024x768 pixels: smooth shapes with a camera's grain."""
    random = np.random.default_rng(0)
    paths = []
    for place in range(count):
        small = Image.fromarray(random.integers(0, 256, (12, 16, 3), dtype=np.uint8))
        picture = np.asarray(small.resize((1024, 768), Image.Resampling.BICUBIC), dtype=int)
        grain = random.normal(0, 6, picture.shape)
        path = folder / str(place % CLASSES) / f"{place:05}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.clip(picture + grain, 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(path, quality=90)
        paths.append(path)
    return paths


def link_photographs(source: Path, folder: Path, count: int) -> list[Path]:
    """Link files of a folder into folders of classes; which class is of no account here."""
    files = sorted(path for path in source.iterdir() if path.is_file())[:count]
    paths = []
    for place, file in enumerate(files):
        path = folder / str(place % CLASSES) / file.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(file.resolve())
        paths.append(path)
    return paths


def measure_floor(threads: int) -> float:
    """Return the float32 operations a second of a large matrix product, the best of ten."""
    torch.set_num_threads(threads)
    left, right = torch.randn(MATRIX, MATRIX), torch.randn(MATRIX, MATRIX)
    best = np.inf
    for _ in range(10):
        start = time.perf_counter()
        left @ right
        best = min(best, time.perf_counter() - start)
    return 2 * MATRIX**3 / best


def count_operations(size: int, width: float) -> float:
    """Return the operations of a training step for one image, forward and backward."""
    network = build("resnet34", CLASSES, width)
    with FlopCounterMode(display=False) as counter:
        network(torch.zeros(2, 3, size, size)).sum().backward()
    return counter.get_total_flops() / 2


def way_of_timbang(paths: list[Path], size: int, width: float, folder: Path, threads: int) -> Epoch:
    """Return an epoch as Timbang trains it; the pixels are decoded before."""
    file = folder / f"pixels-{size}.npy"
    start = time.perf_counter()
    write_pixels(paths, size, file, workers=threads)
    print(f"decoding {len(paths)} images once: {time.perf_counter() - start:.1f} s")
    count = len(paths)
    classes = np.array([int(path.parent.name) for path in paths])
    # Validation is no part of an epoch that is timed; two images are its least.
    images = Images(PixelFile(file), classes, np.arange(count), np.arange(2))
    # Two epochs, of which the second counts: the other ways keep their network between turns.
    contender = Contender(
        "resnet34",
        "resnet34",
        width,
        Recipe(**defaults_of("recipe") | {"epochs": 2, "batch_size": BATCH}),
        None,
    )

    def epoch() -> float:
        torch.set_num_threads(threads)
        run = train(contender, 0, images, CLASSES, torch.device("cpu"))
        return run.history[1].seconds

    return epoch


class Photographs(Dataset):
    """The published study's way: each image is opened and resized whenever it is needed."""

    def __init__(self, paths: list[Path], transform: transforms.Compose) -> None:
        self.paths = paths
        self.transform = transform

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, place: int) -> tuple[Tensor, int]:
        path = self.paths[place]
        return self.transform(Image.open(path).convert("RGB")), int(path.parent.name)


def train_plainly(loader: DataLoader, width: float, threads: int) -> Epoch:
    """Return an epoch of the loop that tutorials show."""
    network = resnet34(num_classes=CLASSES) if width == 1 else build("resnet34", CLASSES, width)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3, weight_decay=1e-4)

    def epoch() -> float:
        torch.set_num_threads(threads)
        network.train()
        total, correct = 0.0, 0
        start = time.perf_counter()
        for images, labels in loader:
            optimizer.zero_grad()
            outputs = network(images)
            loss = criterion(outputs, labels)
            loss.backward()
            optimizer.step()
            total += loss.item()
            correct += (outputs.argmax(1) == labels).sum().item()
        return time.perf_counter() - start

    return epoch


def way_of_the_study(paths: list[Path], size: int, width: float, threads: int) -> Epoch:
    """(a): a Dataset of JPEG files, torchvision's first transforms."""
    transform = transforms.Compose(
        [
            transforms.Resize((size, size)),
            transforms.RandomHorizontalFlip(0.5),
            transforms.ToTensor(),
            transforms.Normalize(MEAN, STD),
        ]
    )
    data = Photographs(paths, transform)
    return train_plainly(DataLoader(data, BATCH, shuffle=True, num_workers=WORKERS), width, threads)


def way_of_torchvision(folder: Path, size: int, width: float, threads: int) -> Epoch:
    """(b): ImageFolder and transforms.v2, as torchvision's guide has them."""
    transform = v2.Compose(
        [
            v2.ToImage(),
            v2.Resize((size, size), antialias=True),
            v2.RandomHorizontalFlip(0.5),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize(MEAN, STD),
        ]
    )
    data = ImageFolder(str(folder), transform)
    loader = DataLoader(
        data, BATCH, shuffle=True, num_workers=WORKERS, persistent_workers=True, drop_last=False
    )
    return train_plainly(loader, width, threads)


def way_of_timm(folder: Path, size: int, width: float, threads: int) -> Epoch | None:
    """(c): timm's loader, which normalises uint8 batches itself; None where timm is missing."""
    try:
        from timm.data import create_dataset, create_loader
    except ImportError:
        return None
    data = create_dataset("", root=str(folder))
    loader = create_loader(
        data,
        (3, size, size),
        BATCH,
        is_training=True,
        use_prefetcher=True,
        no_aug=True,
        mean=MEAN,
        std=STD,
        num_workers=WORKERS,
        device=torch.device("cpu"),
    )
    return train_plainly(loader, width, threads)


def time_in_turns(ways: dict[str, Epoch], turns: int) -> dict[str, float]:
    """Return the seconds of each way's best epoch, the first turn not counting."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(turns + 1):
        for name, epoch in ways.items():
            times[name].append(epoch())
    return {name: min(own[1:]) for name, own in times.items()}


def compare(
    size: int, width: float, options: argparse.Namespace, folder: Path, floor: float
) -> list[str]:
    """Time all ways at one size, print them, and return lines of ratios."""
    count = options.count if size >= 200 else 4 * options.count
    photographs = folder / f"photographs-{size}-{width:g}"
    paths = (
        link_photographs(options.photographs, photographs, count)
        if options.photographs
        else make_photographs(photographs, count)
    )
    # A whole number of batches, since timm drops a last one that is not full.
    paths = paths[: len(paths) // BATCH * BATCH]
    for left in set(photographs.glob("*/*")) - set(paths):
        left.unlink()
    threads = options.threads
    ways: dict[str, Epoch | None] = {
        "timbang": way_of_timbang(paths, size, width, folder, threads),
        "(a) published study": way_of_the_study(paths, size, width, threads),
        "(b) ImageFolder, v2": way_of_torchvision(photographs, size, width, threads),
        "(c) timm": way_of_timm(photographs, size, width, threads),
    }
    there = {name: way for name, way in ways.items() if way is not None}
    times = time_in_turns(there, options.turns)
    operations = count_operations(size, width)
    print(f"\n{len(paths)} images at {size} pixels, width {width:g}, {threads} threads")
    print(f"{'way':22}{'images/s':>10}{'GFLOP/s':>10}{'of the floor':>14}")
    for name, seconds in times.items():
        rate = len(paths) / seconds
        print(
            f"{name:22}{rate:10.2f}{rate * operations / 1e9:10.1f}{rate * operations / floor:14.2f}"
        )
    own = times.pop("timbang")
    share = len(paths) / own * operations / floor
    return [
        f"{size} px, width {width:g}: timbang / matrix product = {share:.2f}",
        *(
            f"{size} px, width {width:g}: timbang / {name} = {other / own:.2f}"
            for name, other in times.items()
        ),
    ]


def main() -> None:
    """Measure the floor and all ways at both sizes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photographs", type=Path)
    parser.add_argument("--count", type=int, default=96, help="images at 224 px; 4 times at 64")
    parser.add_argument("--turns", type=int, default=2)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    floor = measure_floor(options.threads)
    print(f"matrix product: {floor / 1e9:.1f} GFLOP/s on {options.threads} threads")
    with tempfile.TemporaryDirectory() as folder:
        lines = [
            line
            for size, width in SETTINGS
            for line in compare(size, width, options, Path(folder), floor)
        ]
    print(f"\nmatrix product once more: {measure_floor(options.threads) / 1e9:.1f} GFLOP/s")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
