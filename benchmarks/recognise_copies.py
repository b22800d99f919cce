"""How many changed copies of photographs are recognised, by what was done to them.

    python benchmarks/recognise_copies.py FOLDER

Takes up to 200 images of a folder that are no near-duplicates of each other, changes each, and
prints the share that joins its original, by the hash alone and by hash and evidence.
"""

import argparse
import io
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

from timbang.images.decoding import ImageError, read_image
from timbang.images.duplicates import group_near_duplicates, look_at

DISTANCE, EVIDENCE, MOST_IMAGES = 12, 40, 200
RGB = "RGB"


def recompress(image: Image.Image, quality: int) -> Image.Image:
    """Return the image after JPEG."""
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return Image.open(file).convert(RGB)


def crop(image: Image.Image, left: float, top: float, right: float, bottom: float) -> Image.Image:
    """Cut off shares of the sides."""
    width, height = image.size
    box = (left * width, top * height, (1 - right) * width, (1 - bottom) * height)
    return image.crop(tuple(map(round, box)))


def stamp(image: Image.Image) -> Image.Image:
    """Lay a half transparent bar over the middle, as picture agencies do."""
    marked = image.copy()
    width, height = marked.size
    box = (0.25 * width, 0.45 * height, 0.75 * width, 0.55 * height)
    ImageDraw.Draw(marked, "RGBA").rectangle(box, fill=(255, 255, 255, 128))
    return marked


CHANGES = {
    "JPEG, quality 30": lambda image: recompress(image, 30),
    "JPEG, quality 10": lambda image: recompress(image, 10),
    "a quarter of the size": lambda image: image.resize((image.width // 4, image.height // 4)),
    "brightness x 1.4": lambda image: ImageEnhance.Brightness(image).enhance(1.4),
    "contrast x 0.6": lambda image: ImageEnhance.Contrast(image).enhance(0.6),
    "black and white": lambda image: image.convert("L").convert(RGB),
    "watermark": stamp,
    "mirrored": lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    "turned by 90 degrees": lambda image: image.transpose(Image.Transpose.ROTATE_90),
    "turned by 1 degree": lambda image: image.rotate(1, Image.Resampling.BICUBIC),
    "turned by 3 degrees": lambda image: image.rotate(3, Image.Resampling.BICUBIC),
    "1 % cut off all round": lambda image: crop(image, 0.01, 0.01, 0.01, 0.01),
    "2.5 % cut off all round": lambda image: crop(image, 0.025, 0.025, 0.025, 0.025),
    "5 % cut off all round": lambda image: crop(image, 0.05, 0.05, 0.05, 0.05),
    "5 % cut off the left": lambda image: crop(image, 0.05, 0, 0, 0),
    "5 % cut off the foot": lambda image: crop(image, 0, 0, 0, 0.05),
    "10 % cut off the left": lambda image: crop(image, 0.1, 0, 0, 0),
    "10 % cut off the foot": lambda image: crop(image, 0, 0, 0, 0.1),
}


def choose_images(folder: Path) -> list[Image.Image]:
    """Return images of which no two are near-duplicates."""
    images = []
    for path in sorted(folder.iterdir()):
        try:
            images.append(read_image(path)[0])
        except ImageError:
            continue
    hashes, thumbnails = zip(*map(look_at, images), strict=True)
    found = group_near_duplicates(np.array(hashes), np.array(thumbnails), DISTANCE, EVIDENCE)
    _, first = np.unique(found.groups, return_index=True)
    return [images[place] for place in first[:: -(-len(first) // MOST_IMAGES)]]


def main() -> None:
    """Print one row a change."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    images = choose_images(parser.parse_args().folder)
    looks = [look_at(image) for image in images]
    print(f"{len(images)} images\n\n| change | hash within 4 bits | within 12 | joined |")
    print("|---|---|---|---|")
    for name, change in CHANGES.items():
        copies = [look_at(change(image)) for image in images]
        hashes, thumbnails = (np.array(part) for part in zip(*looks, *copies, strict=True))
        count = len(images)
        bits = np.bitwise_count(hashes[count:, :1] ^ hashes[:count]).min(axis=1)
        groups = group_near_duplicates(hashes, thumbnails, DISTANCE, EVIDENCE).groups
        joined = (groups[:count] == groups[count:]).mean()
        near, far = (bits <= 4).mean(), (bits <= DISTANCE).mean()
        print(f"| {name} | {near:.0%} | {far:.0%} | {joined:.0%} |", flush=True)


if __name__ == "__main__":
    main()
