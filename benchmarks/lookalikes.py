"""Classes whose pictures look alike though none is a copy, so that no two may be joined."""

from collections.abc import Iterator
from functools import partial

import matplotlib
import numpy as np
from changed_copies import BICUBIC, RGB, tilt
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from scipy.ndimage import gaussian_filter, map_coordinates

SIDE = 64
SIGNS = ("30", "50", "60", "80", "100", "STOP", "P", "!", "A", "H")


def show_digits(side: int = 32) -> Iterator[Image.Image]:
    """Yield scikit-learn's 1,797 handwritten digits, enlarged."""
    from sklearn.datasets import load_digits

    for digit in load_digits().images:
        small = Image.fromarray((255 - digit * 255 / 16).astype(np.uint8))
        yield small.resize((side, side), BICUBIC).convert(RGB)


def write_letters(count: int = 780, side: int = SIDE) -> Iterator[Image.Image]:
    """Yield letters written with a pen that trembles: each its own elastic distortion."""
    random = np.random.default_rng(1)
    folder = f"{matplotlib.get_data_path()}/fonts/ttf"
    names = ("DejaVuSans", "DejaVuSerif", "DejaVuSans-Oblique", "STIXGeneralItalic")
    for place in range(count):
        page = Image.new("L", (side, side), 255)
        size = random.uniform(0.6, 0.85) * side
        font = ImageFont.truetype(f"{folder}/{names[random.integers(len(names))]}.ttf", size)
        letter = chr(ord("a") + place % 26)
        middle = tuple(random.uniform(0.45, 0.55, 2) * side)
        ImageDraw.Draw(page).text(middle, letter, 0, font, anchor="mm")
        shift = gaussian_filter(random.normal(size=(2, side, side)), (0, side / 12, side / 12))
        shift *= 0.03 * side / shift.std()
        where = np.indices((side, side)) + shift
        bent = map_coordinates(np.asarray(page, dtype=float), where, order=1, mode="nearest")
        noisy = bent + random.normal(0, 4, bent.shape)
        yield Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).convert(RGB)


def photograph_signs(count: int = 600, side: int = SIDE) -> Iterator[Image.Image]:
    """Yield road signs: of each class one drawing, in front of places and in lights of its own."""
    random = np.random.default_rng(2)
    for place in range(count):
        large = 4 * side
        image = Image.fromarray(_make_place(large, random))
        radius = random.uniform(0.3, 0.45) * large
        middle = large / 2 + random.uniform(-0.05, 0.05, 2) * large
        _draw_sign(image, SIGNS[place % len(SIGNS)], middle, radius)
        image = tilt(image.rotate(random.uniform(-6, 6), BICUBIC), random)
        image = image.filter(ImageFilter.GaussianBlur(random.uniform(2, 6)))
        small = np.asarray(image.resize((side, side), Image.Resampling.BOX), dtype=float)
        ramp = np.linspace(*random.uniform(0.5, 1.2, 2), side)[:, None, None]
        light = small * ramp * random.uniform(0.8, 1.1, 3) + random.normal(0, 6, small.shape)
        yield Image.fromarray(np.clip(light, 0, 255).astype(np.uint8))


def _make_place(side: int, random: np.random.Generator) -> np.ndarray:
    """Return coloured noise with the spectrum of natural images, amplitude 1/frequency."""
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side))
    amplitude = np.divide(1, frequency, out=np.zeros_like(frequency), where=frequency > 0)
    field = np.fft.irfft2(amplitude * np.fft.rfft2(random.normal(size=(side, side))))
    grey = 120 + 40 * field[..., None] / field.std() + random.uniform(-30, 30, 3)
    return np.clip(grey, 0, 255).astype(np.uint8)


def _draw_sign(image: Image.Image, text: str, middle: np.ndarray, radius: float) -> None:
    draw = ImageDraw.Draw(image)
    for share, colour in ((1, (200, 20, 30)), (0.78, (250, 250, 250))):
        low, high = middle - share * radius, middle + share * radius
        draw.ellipse((*low, *high), fill=colour)
    font = ImageFont.load_default(1.9 * radius / (1 + len(text)))
    draw.text(tuple(middle), text, (10, 10, 10), font, anchor="mm")


LOOKALIKES = {
    "digits": show_digits,
    "letters": write_letters,
    "road signs": photograph_signs,
    "road signs, 256 pixels": partial(photograph_signs, 300, 256),
}
