"""How fast images are decoded, and what decoding at reduced scale changes.

    python benchmarks/decode_images.py [--photographs FOLDER]

Makes JPEG photographs of 4000x3000 pixels (noise with the spectrum of natural images, edges and
grain; with a folder, its photographs enlarged, with grain), and prints images per second of a
plain Pillow loop and of Timbang, as ratios in one run (each the best of three rounds, in turn),
and the grey levels by which reduced-scale decoding differs from full decoding after both are
resized to 224 and 64 pixels.

With a folder it prints these differences for its JPEGs as they are too. Small ones from the web
are sharp to the last pixel, which those of a camera are not: nothing differs more.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

from timbang.images import decoding as reading
from timbang.images.decoding import read_image
from timbang.images.resizing import resize_image, write_pixels

WIDTH, HEIGHT, SIZE = 4000, 3000, 224
ROUNDS = 3
JPEG, RGB = "JPEG", "RGB"


def make_photograph(random: np.random.Generator) -> np.ndarray:
    """Return float [H, W, 3]: natural spectrum, hard edges."""
    rows, columns = np.fft.fftfreq(HEIGHT), np.fft.rfftfreq(WIDTH)
    frequency = np.hypot(rows[:, None], columns[None])
    frequency[0, 0] = 1
    layers = []
    for _ in range(3):
        spectrum = np.fft.rfft2(random.normal(size=(HEIGHT, WIDTH)).astype(np.float32)) / frequency
        spectrum[0, 0] = 0
        field = np.fft.irfft2(spectrum, s=(HEIGHT, WIDTH))
        layers.append(128 + 40 * field / field.std())
    picture = np.stack(layers, axis=-1)
    for _ in range(12):
        top, left = random.integers(0, HEIGHT - 400), random.integers(0, WIDTH - 400)
        picture[top : top + 400, left : left + 400] += random.uniform(-80, 80, 3)
    return picture


def enlarge_photographs(folder: Path) -> Iterator[np.ndarray]:
    """Yield the folder's photographs at the size of a camera's."""
    for path in sorted(folder.iterdir()):
        image = read_image(path)[0].resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
        yield np.asarray(image, dtype=np.float32)


def write_photographs(folder: Path, count: int, originals: Path | None) -> list[Path]:
    """Write JPEG files of several qualities, with the grain of a camera."""
    random = np.random.default_rng(0)
    made = enlarge_photographs(originals) if originals else None
    paths = []
    for place in range(count):
        picture = next(made) if made else make_photograph(random)
        grain = random.normal(0, 4, (HEIGHT, WIDTH, 1)).astype(np.float32)
        image = Image.fromarray(np.clip(picture + grain, 0, 255).astype(np.uint8))
        paths.append(folder / f"{place}.jpg")
        image.save(paths[-1], JPEG, quality=(75, 85, 95)[place % 3], subsampling=(2, 0)[place % 2])
    return paths


def time_loop(paths: list[Path]) -> float:
    """Return images per second of a plain Pillow loop."""
    start = time.perf_counter()
    for path in paths:
        with Image.open(path) as image:
            image.convert(RGB).resize((SIZE, SIZE), Image.Resampling.BILINEAR)
    return len(paths) / (time.perf_counter() - start)


def time_timbang(paths: list[Path], folder: Path, workers: int) -> float:
    """Return images per second of write_pixels."""
    start = time.perf_counter()
    write_pixels(paths, SIZE, folder / "pixels.npy", workers)
    return len(paths) / (time.perf_counter() - start)


def print_differences(paths: list[Path]) -> None:
    """Print the differences for several scales."""
    print("| size | at least | mean | 99.9 % of values | largest | images decoded smaller |")
    print("|---|---|---|---|---|---|")
    full = [read_image(path)[0] for path in paths]
    for size in (SIZE, 64):
        exact = [resize_image(image, size).astype(int) for image in full]
        for scale in (1, 2, 3, 4):
            reading.REDUCED_SCALE = scale
            reduced = [read_image(path, at_least=size)[0] for path in paths]
            smaller = sum(a.size != b.size for a, b in zip(full, reduced, strict=True))
            apart = np.stack(
                [abs(resize_image(r, size) - e) for r, e in zip(reduced, exact, strict=True)]
            )
            print(
                f"| {size} | {scale}x | {apart.mean():.2f} | {np.quantile(apart, 0.999):.0f} | "
                f"{apart.max()} | {smaller} of {len(paths)} |"
            )


def print_sharp_differences(paths: list[Path]) -> None:
    """Print the differences for photographs as they are, at exactly one scale and factor each."""
    print("\n| decoded at | times the size | mean | mean of the worst image | 99.9 % | largest |")
    print("|---|---|---|---|---|---|")
    for scale in (2, 4, 8):
        for factor in (1, 2, 3, 4, 6):
            apart = list(find_sharp_differences(paths, scale, factor))
            every = np.concatenate([difference.ravel() for difference in apart])
            worst = max(difference.mean() for difference in apart)
            print(
                f"| 1/{scale} | {factor} | {every.mean():.2f} | {worst:.2f} | "
                f"{np.quantile(every, 0.999):.0f} | {every.max()} |"
            )


def find_sharp_differences(paths: list[Path], scale: int, factor: int) -> Iterator[np.ndarray]:
    """Yield the differences of each photograph whose sides the scale divides."""
    for path in paths:
        full, kind = read_image(path)
        if kind != JPEG or full.width % scale or full.height % scale:
            continue
        with Image.open(path) as image:
            image.draft(None, (full.width // scale, full.height // scale))
            reduced = image.convert(RGB)
        size = max(1, min(reduced.size) // factor)
        yield abs(resize_image(reduced, size).astype(int) - resize_image(full, size))


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photographs", type=Path)
    parser.add_argument("--count", type=int, default=24)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        paths = write_photographs(folder, options.count, options.photographs)
        rounds = [
            (time_loop(paths), time_timbang(paths, folder, 1), time_timbang(paths, folder, 2))
            for _ in range(ROUNDS)
        ]
        plain, one, two = map(max, zip(*rounds, strict=True))
        print(f"plain Pillow loop: {plain:.1f} images/s\n")
        print(f"Timbang, 1 thread: {one:.1f} images/s, {one / plain:.1f} times\n")
        print(f"Timbang, 2 threads: {two:.1f} images/s, {two / plain:.1f} times\n")
        print_differences(paths)
    if options.photographs:
        print_sharp_differences(sorted(options.photographs.iterdir()))


if __name__ == "__main__":
    main()
