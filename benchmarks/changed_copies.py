"""What is done to images on their way through the web: one function a kind of change.

Each takes an RGB image, another image to put beside it, and a random generator.
"""

import io
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps

RGB = "RGB"
BICUBIC = Image.Resampling.BICUBIC
Change = Callable[[Image.Image, Image.Image, np.random.Generator], Image.Image]


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


def crop_a_side(image: Image.Image, share: float, random: np.random.Generator) -> Image.Image:
    """Cut a share off one side, which is drawn."""
    return crop(image, *np.where(np.arange(4) == random.integers(4), share, 0.0))


def crop_to_area(image: Image.Image, area: float, random: np.random.Generator) -> Image.Image:
    """Keep so much of the area, of the image's own shape, wherever it is drawn to lie."""
    cut = 1 - area**0.5
    left, top = random.uniform(0, cut, 2)
    return crop(image, left, top, cut - left, cut - top)


def put_banner(image: Image.Image, share: float) -> Image.Image:
    """Cover the foot with a strip of one colour that has a line of text."""
    marked = image.copy()
    width, height = marked.size
    draw = ImageDraw.Draw(marked)
    draw.rectangle((0, (1 - share) * height, width, height), fill=(200, 30, 40))
    font = ImageFont.load_default(max(8, 0.6 * share * height))
    draw.text((0.03 * width, (1 - 0.85 * share) * height), "www.example.com", "white", font)
    return marked


def write_over(image: Image.Image, random: np.random.Generator) -> Image.Image:
    """Write a line across the middle and a title above it, as on shared pictures."""
    marked = image.copy()
    width, height = marked.size
    draw = ImageDraw.Draw(marked)
    for share, text, top in ((0.13, "TRY IT TODAY", 0.05), (0.09, "so good, so easy", 0.5)):
        font = ImageFont.load_default(max(8, share * height))
        left = random.uniform(0.02, 0.2) * width
        draw.text((left, top * height), text, "white", font, stroke_width=2, stroke_fill="black")
    return marked


def put_logo(image: Image.Image, random: np.random.Generator) -> Image.Image:
    """Put a disc with letters into a corner."""
    marked = image.copy()
    width, height = marked.size
    size = 0.25 * min(width, height)
    left = random.choice([0.03 * width, 0.97 * width - size])
    top = random.choice([0.03 * height, 0.97 * height - size])
    draw = ImageDraw.Draw(marked)
    draw.ellipse((left, top, left + size, top + size), fill=(20, 90, 200), outline="white", width=3)
    font = ImageFont.load_default(max(8, 0.45 * size))
    draw.text((left + 0.2 * size, top + 0.2 * size), "Ab", "white", font)
    return marked


def stamp(image: Image.Image) -> Image.Image:
    """Lay a half transparent bar over the middle, as picture agencies do."""
    marked = image.copy()
    width, height = marked.size
    box = (0.25 * width, 0.45 * height, 0.75 * width, 0.55 * height)
    ImageDraw.Draw(marked, "RGBA").rectangle(box, fill=(255, 255, 255, 128))
    return marked


def frame(image: Image.Image, share: float, random: np.random.Generator) -> Image.Image:
    """Put a border of one colour around it."""
    border = round(share * min(image.size))
    return ImageOps.expand(image, border, fill=tuple(map(int, random.integers(0, 256, 3))))


def letterbox(image: Image.Image) -> Image.Image:
    """Make it square with black bars; a square one becomes twice as wide."""
    width, height = image.size
    side = max(width, height)
    shape = (side, side) if width != height else (2 * side, side)
    return ImageOps.pad(image, shape, color="black")


def change_gamma(image: Image.Image, random: np.random.Generator) -> Image.Image:
    """Lighten or darken the middle tones."""
    gamma = random.choice([0.5, 0.6, 1.6, 2.0])
    return image.point([round(255 * (level / 255) ** gamma) for level in range(256)] * 3)


def change_white(image: Image.Image, random: np.random.Generator) -> Image.Image:
    """Multiply the channels, as for light of another colour."""
    factors = random.uniform(0.65, 1.35, 3)
    return Image.fromarray(np.clip(np.asarray(image) * factors, 0, 255).astype(np.uint8))


def tilt(image: Image.Image, random: np.random.Generator) -> Image.Image:
    """Move each corner inwards by up to 8 % of the sides: a picture that was photographed."""
    width, height = image.size
    inwards = random.uniform(0, 0.08, (4, 2)) * (width, height)
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], dtype=float)
    towards = np.array([(1, 1), (-1, 1), (-1, -1), (1, -1)])
    source = corners + towards * inwards
    # Eight equations for the eight coefficients of Pillow's perspective transform.
    rows = []
    for (x, y), (u, v) in zip(corners, source, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y])
    coefficients = np.linalg.solve(np.array(rows), source.reshape(-1))
    return image.transform(
        image.size, Image.Transform.PERSPECTIVE, tuple(coefficients), resample=BICUBIC
    )


def shear(image: Image.Image, random: np.random.Generator) -> Image.Image:
    """Shear by 5 to 10 %."""
    amount = random.choice([-1, 1]) * random.uniform(0.05, 0.1)
    shift = -amount * image.height / 2
    return image.transform(
        image.size, Image.Transform.AFFINE, (1, amount, shift, 0, 1, 0), resample=BICUBIC
    )


def put_beside(image: Image.Image, other: Image.Image, random: np.random.Generator) -> Image.Image:
    """Make it the one half of a collage."""
    both = [image, ImageOps.fit(other, image.size)]
    random.shuffle(both)
    collage = Image.new(RGB, (2 * image.width, image.height))
    for place, part in enumerate(both):
        collage.paste(part, (place * image.width, 0))
    return collage


def take_screenshot(image: Image.Image, random: np.random.Generator) -> Image.Image:
    """Show it on the page of a telephone, with bars and lines of text above and below."""
    width = image.width
    height = round(1.6 * width) if image.height < 1.2 * width else round(1.4 * image.height)
    page = Image.new(RGB, (round(1.06 * width), height), "white")
    top = round(random.uniform(0.12, 0.2) * height)
    page.paste(image, (round(0.03 * width), top))
    draw = ImageDraw.Draw(page)
    draw.rectangle((0, 0, page.width, 0.06 * height), fill=(40, 40, 60))
    font = ImageFont.load_default(max(8, 0.03 * height))
    draw.text((0.05 * width, 0.015 * height), "12:45   Kitchen", "white", font)
    below = top + image.height
    for line in range(2):
        words = "The best of today, and what our readers say of it"
        draw.text((0.05 * width, below + (0.02 + 0.05 * line) * height), words, "black", font)
    return page


def stretch(image: Image.Image, random: np.random.Generator) -> Image.Image:
    """Make it a quarter or a third wider or narrower."""
    share = random.choice([0.75, 0.8, 1.25, 1.33])
    return image.resize((round(share * image.width), image.height), BICUBIC)


def scale(image: Image.Image, share: float) -> Image.Image:
    """Resize both sides."""
    return image.resize([max(1, round(share * side)) for side in image.size], BICUBIC)


CHANGES: dict[str, Change] = {
    "JPEG of quality 30": lambda image, other, random: recompress(image, 30),
    "a quarter of the size": lambda image, other, random: scale(image, 0.25),
    "grey": lambda image, other, random: image.convert("L").convert(RGB),
    "blurred": lambda image, other, random: image.filter(
        ImageFilter.GaussianBlur(0.006 * max(image.size))
    ),
    "colour x 1.6": lambda image, other, random: ImageEnhance.Color(image).enhance(1.6),
    "brightness x 1.4": lambda image, other, random: ImageEnhance.Brightness(image).enhance(1.4),
    "mirrored": lambda image, other, random: ImageOps.mirror(image),
    "turned by 90 degrees": lambda image, other, random: image.transpose(Image.Transpose.ROTATE_90),
    "5 % cut off a side": lambda image, other, random: crop_a_side(image, 0.05, random),
    "5 % cut off all round": lambda image, other, random: crop(image, *[0.05] * 4),
    "10 % cut off all round": lambda image, other, random: crop(image, *[0.1] * 4),
    "turned by 3 degrees": lambda image, other, random: image.rotate(3, BICUBIC),
    "banner of 12 %": lambda image, other, random: put_banner(image, 0.12),
    "frame": lambda image, other, random: frame(image, 0.08, random),
    "letterbox": lambda image, other, random: letterbox(image),
    "text over it": lambda image, other, random: write_over(image, random),
    "logo over it": lambda image, other, random: put_logo(image, random),
    "watermark": lambda image, other, random: stamp(image),
    "gamma": lambda image, other, random: change_gamma(image, random),
    "white balance": lambda image, other, random: change_white(image, random),
    "perspective": lambda image, other, random: tilt(image, random),
    "sheared": lambda image, other, random: shear(image, random),
    "half of a collage": put_beside,
    "screenshot": lambda image, other, random: take_screenshot(image, random),
    "aspect ratio": lambda image, other, random: stretch(image, random),
    "cropped to 70 % of the area": lambda image, other, random: crop_to_area(image, 0.7, random),
    "cropped to half the area": lambda image, other, random: crop_to_area(image, 0.5, random),
    "mirrored and 10 % cut off": lambda image, other, random: crop(
        ImageOps.mirror(image), *[0.1] * 4
    ),
    "cropped, JPEG of quality 30": lambda image, other, random: recompress(
        crop_to_area(image, 0.8, random), 30
    ),
    "turned, text over it": lambda image, other, random: write_over(
        image.rotate(3, BICUBIC), random
    ),
    "shrunk, framed": lambda image, other, random: frame(scale(image, 0.4), 0.06, random),
}
