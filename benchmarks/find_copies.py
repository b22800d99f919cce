"""How many changed copies of photographs are found, by what was done to them, and at what price.

    python benchmarks/find_copies.py [FOLDER] [--finders Timbang imagededup cleanvision]

Takes up to 120 images of a folder (without one, those that scikit-image ships) that are no copies
of each other, writes each and 31 changed copies of it as JPEG, and has finders of copies look for
them: Timbang by its default criterion, and other programs. These are installed into a folder of
their own, without what Timbang brings along already: torch, which imagededup imports, would be
gigabytes. One that cannot be installed is left out with a line that says why.

Each kind of copy is looked for by itself, among the originals and the copies of that kind. Printed
are the share of copies that are joined to their original, how many pairs of different photographs
are joined, and the seconds from all files to pairs or groups; for comparison also those of
decoding all files and no more. Last come classes of look-alikes, among which nothing is a copy.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from changed_copies import CHANGES, RGB
from lookalikes import LOOKALIKES
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

from timbang.images.decoding import ImageError, read_image
from timbang.images.duplicates import group_near_duplicates
from timbang.images.looks import look_at

DISTANCE, EVIDENCE, MOST_IMAGES, SEED = 12, 40, 120, 0
QUALITY = 90
# What is installed for each finder.
PACKAGES = {
    "imagededup": ("imagededup==0.3.3.post2",),
    "cleanvision": ("cleanvision==0.3.7", "tabulate", "fsspec"),
    "scikit-image": ("scikit-image==0.26.0",),
}
# What a peer runs, with the folder as its argument; it prints the seconds and, for each file, the
# files that it takes for copies.
PEERS = {
    "imagededup": """
import json, sys, time
from imagededup.methods import PHash
start = time.perf_counter()
found = PHash(verbose=False).find_duplicates(
    image_dir=sys.argv[1], max_distance_threshold=10, num_enc_workers=int(sys.argv[2]),
    num_dist_workers=int(sys.argv[2]))
print(json.dumps([time.perf_counter() - start, found]))
""",
    "cleanvision": """
import json, sys, time
from cleanvision import Imagelab
start = time.perf_counter()
lab = Imagelab(data_path=sys.argv[1], verbose=False)
kinds = {"exact_duplicates": {}, "near_duplicates": {}}
lab.find_issues(kinds, n_jobs=int(sys.argv[2]), verbose=False)
found = {}
for kind in ("exact_duplicates", "near_duplicates"):
    for group in lab.info[kind]["sets"]:
        names = [path.replace("\\\\", "/").rsplit("/", 1)[-1] for path in group]
        for name in names:
            found.setdefault(name, []).extend(other for other in names if other != name)
print(json.dumps([time.perf_counter() - start, found]))
""",
}


def choose_images(folder: Path, side: int | None) -> tuple[list[Image.Image], list[Image.Image]]:
    """Return up to 120 images of which no two are copies, and others to put beside them."""
    images = []
    for path in sorted(folder.iterdir()):
        try:
            image = read_image(path)[0]
        except ImageError:
            continue
        if side:
            share = side / max(image.size)
            image = image.resize([max(1, round(share * own)) for own in image.size])
        images.append(image)
    groups = group_near_duplicates(np.stack([*map(look_at, images)]), DISTANCE, EVIDENCE).groups
    _, first = np.unique(groups, return_index=True)
    order = np.random.default_rng(SEED).permutation(first)
    others = order[MOST_IMAGES:] if len(order) > MOST_IMAGES else order
    return [images[place] for place in order[:MOST_IMAGES]], [images[place] for place in others]


def write_copies(images: Sequence[Image.Image], others: Sequence[Image.Image], into: Path) -> None:
    """Write the originals, ``<image>-original``, and the copies, ``<image>-<kind>``."""
    for place, image in enumerate(images):
        image.save(into / f"{place:04d}-original.jpg", quality=QUALITY)
    for kind, change in enumerate(CHANGES.values()):
        random = np.random.default_rng([SEED, kind])
        for place, image in enumerate(images):
            copy = change(image, others[place % len(others)], random)
            copy.save(into / f"{place:04d}-{kind:02d}.jpg", quality=QUALITY)


def find_with_timbang(folder: Path, workers: int) -> tuple[float, dict[str, float], int]:
    """Return the seconds for all files, and by kind the share joined and the false pairs."""
    names = sorted(path.name for path in folder.iterdir())
    start = time.perf_counter()
    with ThreadPoolExecutor(workers) as pool:
        looks = np.stack(list(pool.map(lambda name: look_at(read_image(folder / name)[0]), names)))
    group_near_duplicates(looks, DISTANCE, EVIDENCE, workers)
    seconds = time.perf_counter() - start
    places = {name.split(".")[0]: place for place, name in enumerate(names)}
    originals = [place for name, place in places.items() if name.endswith("-original")]
    recall, false = {}, 0
    for kind, name in enumerate(CHANGES):
        copies = [place for key, place in places.items() if key.endswith(f"-{kind:02d}")]
        groups = group_near_duplicates(looks[originals + copies], DISTANCE, EVIDENCE).groups
        own, other = groups[: len(originals)], groups[len(originals) :]
        recall[name] = float((own == other).mean())
        false += count_false(groups, np.tile(np.arange(len(originals)), 2))
    return seconds, recall, false


def count_false(groups: np.ndarray, truth: np.ndarray) -> int:
    """Return how many pairs of truly different groups are joined: at least one a joined group."""
    _, kinds = np.unique(np.column_stack([groups, truth]), axis=0, return_counts=True)
    return len(kinds) - len(np.unique(groups))


def install(name: str, into: Path) -> Path | None:
    """Install a package and what Timbang does not bring; none, and a line why, where it fails."""
    target = into / name
    if not target.exists():
        command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-deps"]
        run = subprocess.run(
            [*command, "--target", str(target), *PACKAGES[name]], capture_output=True, text=True
        )
        if run.returncode:
            print(f"{name} is left out: {run.stderr.strip().splitlines()[-1]}", flush=True)
            return None
    return target


def time_decoding(folder: Path, workers: int) -> float:
    """Return the seconds in which as many processes decode all files."""
    paths = sorted(folder.iterdir())
    start = time.perf_counter()
    with ProcessPoolExecutor(workers) as pool:
        list(pool.map(decode, paths, chunksize=16))
    return time.perf_counter() - start


def decode(path: Path) -> None:
    """Decode one file as others do."""
    Image.open(path).convert(RGB)


def find_with_peer(
    name: str, packages: Path, folder: Path, workers: int
) -> tuple[float, dict[str, float], int]:
    """Return the same of another finder; pairs count, not what they chain."""
    run = subprocess.run(
        [sys.executable, "-c", PEERS[name], str(folder), str(workers)],
        env=os.environ | {"PYTHONPATH": str(packages)},
        capture_output=True,
        text=True,
        check=True,
    )
    seconds, found = json.loads(run.stdout.strip().splitlines()[-1])
    pairs = {
        tuple(sorted((name.split(".")[0], other.split(".")[0])))
        for name, others in found.items()
        for other in others
    }
    originals = sorted(path.stem for path in folder.glob("*-original.*"))
    recall, false = {}, 0
    for kind, name in enumerate(CHANGES):
        ends = ("original", f"{kind:02d}")
        copies = [f"{original[:4]}-{kind:02d}" for original in originals]
        pairs_found = [tuple(sorted(pair)) in pairs for pair in zip(originals, copies, strict=True)]
        recall[name] = float(np.mean(pairs_found))
        own = [pair for pair in pairs if all(each.split("-")[1] in ends for each in pair)]
        false += len({(one[:4], other[:4]) for one, other in own if one[:4] != other[:4]})
    return seconds, recall, false


def print_table(results: Mapping[str, tuple[float, dict[str, float], int]]) -> None:
    """Print a row a kind of change and a column a finder."""
    print("| change |" + "".join(f" {name} |" for name in results))
    print("|---|" + "---|" * len(results))
    for kind in CHANGES:
        print(f"| {kind} |" + "".join(f" {own[1][kind]:.2f} |" for own in results.values()))
    print("| false joins |" + "".join(f" {own[2]} |" for own in results.values()))
    print("| seconds |" + "".join(f" {own[0]:.0f} |" for own in results.values()), flush=True)


def show_faces(packages: Path) -> Iterator[Image.Image]:
    """Yield 100 faces and 100 other pieces of photographs, of 25 pixels, from scikit-image."""
    for piece in np.load(packages / "skimage" / "data" / "lfw_subset.npy"):
        yield Image.fromarray((255 * piece / piece.max()).astype(np.uint8)).convert(RGB)


def count_groups(lookalikes: Mapping[str, Callable[[], Iterator[Image.Image]]]) -> None:
    """Print of each class of look-alikes how many pictures and groups there are."""
    print("\n| look-alikes | images | groups |\n|---|---|---|")
    for name, make in lookalikes.items():
        looks = np.stack([look_at(image) for image in make()])
        groups = group_near_duplicates(looks, DISTANCE, EVIDENCE).groups
        print(f"| {name} | {len(looks):,} | {len(np.unique(groups)):,} |", flush=True)


def main() -> None:
    """Write the copies, run the finders, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--side", type=int, help="make the longer side of all images so long")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--finders", nargs="*", default=["Timbang", *PEERS], metavar="NAME")
    parser.add_argument("--no-lookalikes", action="store_true")
    parser.add_argument("--keep", type=Path, help="where files are kept for another call")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        place = options.keep or Path(temporary)
        files = place / "files"
        shipped = install("scikit-image", place)
        if not options.folder and not shipped:
            sys.exit("without a folder there is nothing to look at")
        if not files.exists():
            folder = options.folder or shipped / "skimage" / "data"
            images, others = choose_images(folder, options.side)
            files.mkdir(parents=True)
            write_copies(images, others, files)
            del images, others
        count = len(list(files.glob("*-original.*")))
        print(f"{count} images and {len(CHANGES)} copies of each", flush=True)
        print(f"decoding alone: {time_decoding(files, options.workers):.0f} s\n", flush=True)
        results = {}
        for name in options.finders:
            if name == "Timbang":
                results[name] = find_with_timbang(files, options.workers)
            elif packages := install(name, place):
                results[name] = find_with_peer(name, packages, files, options.workers)
        print_table(results)
        if not options.no_lookalikes:
            faces = {"faces": partial(show_faces, shipped)} if shipped else {}
            count_groups(LOOKALIKES | faces)


if __name__ == "__main__":
    main()
