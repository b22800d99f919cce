"""Any image file comes out upright, in RGB, or is refused with a reason."""

import errno
import hashlib
import io
import os
import subprocess
import sys
import threading
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from broken_inputs import TURNS
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2 import functional as vision

from timbang.errors import TimbangError
from timbang.images import decoding as images
from timbang.images.decoding import (
    FILE_BYTES_PER_PIXEL,
    MEMORY_PER_PIXEL,
    MOST_SCANS,
    OTHER_FILE_BYTES,
    ImageError,
    estimate_memory,
    read_image,
)
from timbang.images.manifest import describe_images
from timbang.images.memory import MemoryBudget
from timbang.images.pixels import PixelFile
from timbang.images.resizing import resize_image, write_pixels
from timbang.sources.listing import list_folder


def noise(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def encode(pixels, kind="PNG", **options):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind, **options)
    return buffer.getvalue()


# JPEGs and PNGs are among the broken inputs, as are all kinds of pixels and of files.
@pytest.mark.parametrize("kind", ["TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", TURNS)
def test_exif_rotation_is_applied(tmp_path, orientation, kind):
    stored = noise(2, 3)
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True} if kind == "WEBP" else {}
    path = tmp_path / "photo"
    path.write_bytes(encode(stored, kind, exif=exif, **options))
    assert np.array_equal(np.asarray(read_image(path)[0]), TURNS[orientation](stored))


WHOLE = [
    encode(noise(12, 9)),
    encode(noise(12, 9), "JPEG"),
    encode(noise(12, 9), "GIF"),
    encode(noise(12, 9), "TIFF", compression="tiff_lzw"),
    encode(noise(12, 9), "BMP"),
    encode(noise(12, 9), "WEBP"),
    encode(noise(12, 9), "PPM"),
]


@settings(max_examples=100)
@given(
    st.sampled_from(WHOLE),
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=6),
    st.none() | st.integers(0, 400),
)
def test_damaged_file_is_read_or_refused_in_one_line(tmp_path_factory, whole, changes, end):
    content = bytearray(whole)
    for place, value in changes:
        content[place % len(content)] = value
    path = tmp_path_factory.getbasetemp() / "damaged"
    path.write_bytes(content[:end])
    try:
        image, _ = read_image(path)
    except ImageError as error:
        assert len(str(error).splitlines()) == 1
    else:
        assert image.mode == "RGB"


# Resizing


@settings(max_examples=40)
@given(st.integers(1, 70), st.integers(1, 70), st.integers(1, 40), st.integers(0, 9))
def test_resize_is_torchvisions(height, width, size, seed):
    image = Image.fromarray(noise(height, width, seed))
    expected = vision.resize(
        image, [size, size], interpolation=InterpolationMode.BILINEAR, antialias=True
    )
    assert np.array_equal(resize_image(image, size), np.asarray(expected))


def photograph(width, height):
    """Return an image with the spectrum of natural images, hard edges and grain."""
    random = np.random.default_rng(0)
    rows, columns = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None]
    frequency = np.hypot(rows, columns)
    frequency[0, 0] = np.inf
    layers = []
    for _ in range(3):
        spectrum = np.fft.rfft2(random.normal(size=(height, width))) / frequency
        field = np.fft.irfft2(spectrum, s=(height, width))
        layers.append(128 + 40 * field / field.std())
    picture = np.stack(layers, axis=-1) + random.normal(0, 4, (height, width, 1))
    picture[height // 3 : height // 2, width // 3 : width // 2] += 90
    return Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8))


@pytest.mark.parametrize(
    ("width", "height", "orientation"), [(1600, 1200, 1), (1004, 732, 6), (3000, 520, 6)]
)
def test_reduced_scale_changes_hardly_anything(tmp_path, width, height, orientation):
    """At most 3 grey levels anywhere, half a one on average: docs/data.md."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    photograph(width, height).save(tmp_path / "p.jpg", quality=90, exif=exif)
    full, _ = read_image(tmp_path / "p.jpg")
    reduced, _ = read_image(tmp_path / "p.jpg", at_least=64)
    assert reduced.width <= full.width / 2
    assert min(reduced.size) >= 256
    apart = np.abs(resize_image(full, 64).astype(int) - resize_image(reduced, 64))
    assert apart.max() <= 3
    assert apart.mean() <= 0.5


def test_small_jpeg_and_other_formats_are_decoded_in_full(tmp_path):
    photograph(200, 150).save(tmp_path / "small.jpg")
    photograph(800, 600).save(tmp_path / "large.png")
    assert read_image(tmp_path / "small.jpg", at_least=100)[0].size == (200, 150)
    assert read_image(tmp_path / "large.png", at_least=100)[0].size == (800, 600)


def test_jpeg_whose_sides_cannot_be_divided_is_decoded_in_full(tmp_path):
    """A fraction of its size would end in pixels that stand for less than the others do."""
    photograph(1001, 733).save(tmp_path / "odd.jpg")
    assert read_image(tmp_path / "odd.jpg", at_least=64)[0].size == (1001, 733)
    photograph(1002, 734).save(tmp_path / "even.jpg")
    assert read_image(tmp_path / "even.jpg", at_least=64)[0].size == (501, 367)


def test_limit_of_pixels_is_the_callers(tmp_path):
    Image.new("L", (60_000, 1)).save(tmp_path / "line.png")
    assert read_image(tmp_path / "line.png", largest=60_000)[0].size == (60_000, 1)
    with pytest.raises(ImageError, match=r"60000x1 pixels, more than data.largest_image allows"):
        read_image(tmp_path / "line.png", largest=59_999)


def test_padded_image_is_refused_before_it_is_read(tmp_path):
    """A sparse file of ten times the bytes that the largest image can need."""
    path, largest = tmp_path / "small.png", 1000
    path.write_bytes(encode(noise(8, 8)))
    allowed = FILE_BYTES_PER_PIXEL * largest + OTHER_FILE_BYTES
    os.truncate(path, 10 * allowed)
    tracemalloc.start()
    with pytest.raises(ImageError, match=rf"has {10 * allowed:,} bytes, more than .*{allowed:,}"):
        read_image(path, largest)
    with pytest.raises(ImageError, match=r"small\.png': has"):
        write_pixels([path], 8, tmp_path / "pixels.npy", workers=1, largest=largest)
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()
    os.truncate(path, allowed)
    assert read_image(path, largest)[0].size == (8, 8)


def repeat_scan(content, times):
    """Return a progressive JPEG whose last scan is there that often more."""
    last = content.rfind(b"\xff\xda")
    assert content.endswith(b"\xff\xd9") and b"\xff\xc2" in content
    return content[:-2] + content[last:-2] * times + content[-2:]


def test_jpeg_of_a_thousand_scans_is_refused_before_it_is_decoded(tmp_path, monkeypatch):
    buffer = io.BytesIO()
    picture = Image.fromarray(noise(64, 64)).resize((512, 512))
    picture.save(buffer, "JPEG", progressive=True)
    path, content = tmp_path / "p.jpg", buffer.getvalue()
    scans = content.count(b"\xff\xda")
    path.write_bytes(repeat_scan(content, MOST_SCANS - scans))
    assert read_image(path)[0].size == (512, 512)
    monkeypatch.setattr(Image.Image, "load", None)
    path.write_bytes(repeat_scan(content, 10 * MOST_SCANS))
    with pytest.raises(ImageError, match="has more than 100 scans"):
        read_image(path)


def test_memory_of_an_image_is_told_by_the_size_at_which_it_is_decoded(tmp_path):
    (tmp_path / "large.jpg").write_bytes(encode(noise(800, 800), "JPEG"))
    full, reduced = (estimate_memory(tmp_path / "large.jpg", side) for side in (None, 25))
    assert full > 20 * 640_000 > reduced > 20 * 10_000
    (tmp_path / "text").write_bytes(b"no image")
    assert estimate_memory(tmp_path / "text") == 8
    assert estimate_memory(tmp_path / "missing") == estimate_memory(tmp_path) == 0


@pytest.mark.parametrize("step", ["manifest", "resizing"])
def test_images_are_not_decoded_at_once_where_together_they_need_too_much(
    ten, tmp_path, monkeypatch, step
):
    paths, _, output = ten
    decoding, most = [], []
    decode = images.decode_image

    def watch(*arguments):
        decoding.append(1)
        most.append(len(decoding))
        if len(decoding) >= allowed:
            together.set()
        assert together.wait(60)
        time.sleep(0.005)
        decoding.pop()
        return decode(*arguments)

    monkeypatch.setattr(f"timbang.images.{step}.decode_image", watch)
    for largest, allowed in ((64, 1), (64 * 1000, 4)):
        most.clear()
        together = threading.Event()
        if step == "resizing":
            write_pixels(paths, 8, output, workers=4, largest=largest)
        else:
            folder = tmp_path / "data"
            describe_images(list_folder(folder), folder, 4, largest)
        assert max(most) == allowed


MEASURE = """
import re, sys
from pathlib import Path
from timbang.images.manifest import describe_images
from timbang.sources.listing import list_folder

def peak():
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", status)[1]) * 1024

before, folder = peak(), Path(sys.argv[1])
manifest = describe_images(list_folder(folder), folder, 4, largest=13_000_000).manifest
assert set(manifest["problem"]) == {""}
print(peak() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak of a process from /proc")
def test_four_large_images_need_no_more_memory_than_one_may(tmp_path):
    """Measured on a process of its own: its memory, not what is asked of it."""
    (tmp_path / "a").mkdir()
    for number in range(4):
        shade = (10 * number, 100, 200, 255)
        Image.new("RGBA", (3600, 3600), shade).save(tmp_path / f"a/{number}.png", compress_level=1)
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, tmp_path],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        check=True,
        text=True,
    )
    assert int(done.stdout) < 1.2 * 13_000_000 * MEMORY_PER_PIXEL


def test_image_that_was_changed_since_the_manifest_is_named(ten):
    paths, _, output = ten
    hashes = [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]
    write_pixels(paths, 8, output, workers=2, sha256=hashes)
    output.unlink()
    paths[3].write_bytes(encode(noise(8, 8, 99)))
    with pytest.raises(TimbangError, match=r"3.png': was changed after the manifest") as caught:
        write_pixels(paths, 8, output, workers=2, sha256=hashes)
    assert len(str(caught.value).splitlines()) == 1
    assert list(output.parent.iterdir()) == []


def test_written_pixels_keep_the_order(tmp_path):
    images = [noise(8, 8, seed) for seed in range(20)]
    paths = [tmp_path / f"{place}.png" for place in range(20)]
    for path, pixels in zip(paths, images, strict=True):
        path.write_bytes(encode(pixels))
    write_pixels(paths, 8, tmp_path / "pixels.npy", workers=4)
    assert np.array_equal(np.load(tmp_path / "pixels.npy"), np.stack(images))


@given(st.lists(st.integers(0, 19), max_size=40))
def test_pixels_are_read_as_an_array_is(written, rows):
    path, images = written
    pixels = PixelFile(path)
    assert pixels.shape == images.shape
    assert pixels.nbytes == images.nbytes
    assert np.array_equal(pixels[np.array(rows, dtype=np.int64)], images[rows])
    for row in rows:
        assert np.array_equal(pixels[row], images[row])


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("written")
    images = np.stack([noise(9, 9, seed) for seed in range(20)])
    paths = [folder / f"{place}.png" for place in range(20)]
    for path, pixels in zip(paths, images, strict=True):
        path.write_bytes(encode(pixels))
    write_pixels(paths, 9, folder / "pixels.npy", workers=2)
    return folder / "pixels.npy", images


@pytest.mark.parametrize("damage", [lambda b: b[:-1], lambda b: b[:40], lambda b: b"", bytes.upper])
def test_damaged_pixels_are_named(written, tmp_path, damage):
    path = tmp_path / "pixels.npy"
    path.write_bytes(damage(written[0].read_bytes()))
    with pytest.raises(TimbangError, match=r"pixels.npy: is not the file of pixels .* delete it"):
        PixelFile(path)


def test_unreadable_image_leaves_no_pixels_behind(tmp_path):
    with pytest.raises(ImageError):
        write_pixels([tmp_path / "missing.png"], 8, tmp_path / "pixels.npy", workers=1)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def ten(tmp_path):
    """Ten images, and the file that their pixels go to, in a folder of its own."""
    images = np.stack([noise(8, 8, seed) for seed in range(10)])
    (tmp_path / "data/images").mkdir(parents=True)
    (tmp_path / "results").mkdir()
    paths = [tmp_path / f"data/images/{place}.png" for place in range(10)]
    for path, pixels in zip(paths, images, strict=True):
        path.write_bytes(encode(pixels))
    return paths, images, tmp_path / "results/pixels.npy"


def test_pixels_are_whole_where_the_system_writes_less_at_a_time(ten, monkeypatch):
    paths, images, output = ten
    pwrite = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda file, content, at: pwrite(file, content[:7], at))
    write_pixels(paths, 8, output, workers=2)
    assert np.array_equal(np.load(output), images)


def fill_up(room):
    """Return a pwrite of a disk that has room for so many bytes, then takes a part, then none."""
    pwrite = os.pwrite

    def write(file, content, place):
        if place >= room:
            raise OSError(errno.ENOSPC, "No space left on device")
        return pwrite(file, content[: room - place], place)

    return write


@pytest.mark.parametrize("reserves", [True, False])
def test_full_disk_is_one_line_and_leaves_nothing_behind(ten, monkeypatch, reserves):
    paths, _, output = ten

    def refuse(*_):
        raise OSError(errno.ENOSPC if reserves else errno.EOPNOTSUPP, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", refuse)
    monkeypatch.setattr(os, "pwrite", fill_up(room=128 + 5 * 192 + 9))
    with pytest.raises(TimbangError, match=r"pixels.npy: cannot be written \(No space") as caught:
        write_pixels(paths, 8, output, workers=1)
    assert len(str(caught.value).splitlines()) == 1 and "1,920 bytes" in str(caught.value)
    assert list(output.parent.iterdir()) == []


def test_scans_of_a_thumbnail_and_of_what_follows_are_not_those_of_a_jpeg(tmp_path):
    scans = b"\xff\xda" * 10 * MOST_SCANS
    content = encode(noise(32, 32), "JPEG")
    comment = b"\xff\xfe" + (len(scans) + 2).to_bytes(2, "big") + scans
    (tmp_path / "p.jpg").write_bytes(content[:2] + comment + content[2:] + scans + b"\xff\xd9")
    assert read_image(tmp_path / "p.jpg")[0].size == (32, 32)


def test_images_wait_for_one_another_when_they_need_more_memory_than_there_is():
    memory, held, peak = MemoryBudget(100), [], []

    def work(wanted):
        with memory.hold(wanted):
            held.append(min(wanted, 100))
            peak.append(sum(held))
            time.sleep(0.001)
            held.remove(min(wanted, 100))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, [30, 30, 30, 1000, 0, 60, 100, 50] * 20))
    assert 60 <= max(peak) <= 100
    assert memory.free == 100


def test_large_image_is_not_overtaken_for_ever():
    memory, order = MemoryBudget(10), []
    first = memory.hold(5)
    first.__enter__()

    def work(wanted):
        with memory.hold(wanted):
            order.append(wanted)

    threads = []
    for wanted in (10, 1):
        threads.append(threading.Thread(target=work, args=(wanted,)))
        threads[-1].start()
        time.sleep(0.05)
    assert order == []
    first.__exit__(None, None, None)
    for thread in threads:
        thread.join()
    assert order == [10, 1]


def test_full_disk_is_told_before_an_image_is_decoded(ten, monkeypatch):
    paths, _, output = ten

    def refuse(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", refuse)
    monkeypatch.setattr("timbang.images.resizing.decode_image", None)
    with pytest.raises(TimbangError, match="No space left"):
        write_pixels(paths, 8, output, workers=1)
