"""How many changed copies of photographs are found, by what was done to them, and at what price.

    python benchmarks/find_copies.py [FOLDER] [--finders Timbang imagededup cleanvision]

Takes up to 120 images of a folder (without one, those that scikit-image ships) that are no copies
of each other, writes each and 31 changed copies of it as JPEG, and has finders of copies look for
them: Timbang by its default criterion, and other programs. These are installed into a folder of
their own, without what Timbang brings along already: torch, which imagededup imports, would be
gigabytes. One that cannot be installed is left out with a line that says why.

Each kind of copy is looked for by itself, among the originals and the copies of that kind. Printed
are the share of copies that are joined to their original, how many pairs of different photographs
are joined, and the seconds, on the wall and of processors, from all files to pairs or groups
(Timbang's with the hashes of files and pixels that a study needs); for comparison also those of
decoding all files and no more. Last come classes of look-alikes, among which nothing is a copy.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from changed_copies import CHANGES, RGB
from lookalikes import LOOKALIKES
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

from timbang.images.decoding import ImageError, read_image
from timbang.images.duplicates import group_near_duplicates
from timbang.images.looks import look_at
from timbang.images.manifest import describe_images, group_duplicates

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
import json, os, sys
from imagededup.methods import PHash
start = os.times()
found = PHash(verbose=False).find_duplicates(
    image_dir=sys.argv[1], max_distance_threshold=10, num_enc_workers=int(sys.argv[2]),
    num_dist_workers=int(sys.argv[2]))
end = os.times()
print(json.dumps([end.elapsed - start.elapsed, sum(end[:4]) - sum(start[:4]), found]))
""",
    "cleanvision": """
import json, os, sys
from cleanvision import Imagelab
start = os.times()
lab = Imagelab(data_path=sys.argv[1], verbose=False)
kinds = {"exact_duplicates": {}, "near_duplicates": {}}
lab.find_issues(kinds, n_jobs=int(sys.argv[2]), verbose=False)
found = {}
for kind in ("exact_duplicates", "near_duplicates"):
    for group in lab.info[kind]["sets"]:
        names = [path.replace("\\\\", "/").rsplit("/", 1)[-1] for path in group]
        for name in names:
            found.setdefault(name, []).extend(other for other in names if other != name)
end = os.times()
print(json.dumps([end.elapsed - start.elapsed, sum(end[:4]) - sum(start[:4]), found]))
""",
}


@dataclass(frozen=True)
class Found:
    """What a finder found: the share joined by kind, and how many pairs are joined falsely.

    Seconds, on the wall and of processors, are those for all files at once.
    """

    seconds: float
    processors: float
    recall: dict[str, float]
    false: int


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


def find_with_timbang(folder: Path, workers: int) -> Found:
    """Find copies as a study does: hashes of files and pixels, looks, groups."""
    names = sorted(path.name for path in folder.iterdir())
    source = pd.DataFrame({"filename": names, "label": "", "row": "", "part": "", "problem": ""})
    with clocks() as seconds:
        described = describe_images(source, folder, workers)
        group_duplicates(described, DISTANCE, EVIDENCE, workers)
    looks = described.looks[described.pictures]
    places = {name.split(".")[0]: place for place, name in enumerate(names)}
    originals = [place for name, place in places.items() if name.endswith("-original")]
    recall, false = {}, 0
    for kind, name in enumerate(CHANGES):
        copies = [place for key, place in places.items() if key.endswith(f"-{kind:02d}")]
        groups = group_near_duplicates(looks[originals + copies], DISTANCE, EVIDENCE).groups
        own, other = groups[: len(originals)], groups[len(originals) :]
        recall[name] = float((own == other).mean())
        false += count_false(groups, np.tile(np.arange(len(originals)), 2))
    return Found(*seconds, recall, false)


@contextmanager
def clocks() -> Iterator[list[float]]:
    """Give what, at the end, holds the seconds on the wall and those of processors, children's too.

    Processors' tell more where other work runs beside it.
    """
    spent: list[float] = []
    before = os.times()
    yield spent
    after = os.times()
    spent += [after.elapsed - before.elapsed, sum(after[:4]) - sum(before[:4])]


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


def time_decoding(folder: Path, workers: int) -> list[float]:
    """Return the seconds, of the wall and of processors, in which processes decode all files."""
    paths = sorted(folder.iterdir())
    with clocks() as seconds, ProcessPoolExecutor(workers) as pool:
        list(pool.map(decode, paths, chunksize=16))
    return seconds


def decode(path: Path) -> None:
    """Decode one file as others do."""
    Image.open(path).convert(RGB)


def find_with_peer(name: str, packages: Path, folder: Path, workers: int) -> Found:
    """Find copies with another finder; pairs count, not what they chain."""
    run = subprocess.run(
        [sys.executable, "-c", PEERS[name], str(folder), str(workers)],
        env=os.environ | {"PYTHONPATH": str(packages)},
        capture_output=True,
        text=True,
        check=True,
    )
    seconds, processors, found = json.loads(run.stdout.strip().splitlines()[-1])
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
    return Found(seconds, processors, recall, false)


def print_table(results: Mapping[str, Found]) -> None:
    """Print a row a kind of change and a column a finder."""
    print("| change |" + "".join(f" {name} |" for name in results))
    print("|---|" + "---|" * len(results))
    for kind in CHANGES:
        print(f"| {kind} |" + "".join(f" {own.recall[kind]:.2f} |" for own in results.values()))
    print("| false joins |" + "".join(f" {own.false} |" for own in results.values()))
    print("| seconds |" + "".join(f" {own.seconds:.1f} |" for own in results.values()))
    print("| of processors |" + "".join(f" {own.processors:.1f} |" for own in results.values()))


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
        seconds, processors = time_decoding(files, options.workers)
        print(f"decoding alone: {seconds:.1f} s, {processors:.1f} of processors\n", flush=True)
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
