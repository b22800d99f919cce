"""Broken and odd inputs, made anew each time: image files, names, places, tables, labels."""

import io
import os
import random
import socket
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

WIDTH, HEIGHT = 48, 40
RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


@dataclass(frozen=True)
class BadImage:
    """One file, and what must become of it.

    Attributes:
        kind: what is odd about it, for the count.
        name: what the test is called.
        content: the bytes of the file.
        pixels: the picture that it may become; none if it is no picture.
        problem: a pattern of the reason for which it may be refused; none if it must be read.
        tolerance: by how many grey levels the picture may be off.
        any_picture: it may become any picture, as nothing in the file tells that it is damaged.
        file: what the file is called.
    """

    kind: str
    name: str
    content: bytes
    pixels: np.ndarray | None = None
    problem: str | None = None
    tolerance: int = 0
    any_picture: bool = False
    file: str = "x.img"


# Whole files


def picture() -> np.ndarray:
    """Return a smooth picture with some grain, so that no two blocks of it are equal."""
    noise = np.random.default_rng(0)
    coarse = noise.integers(0, 256, (6, 6, 3), dtype=np.uint8)
    smooth = Image.fromarray(coarse).resize((WIDTH, HEIGHT), Image.Resampling.BILINEAR)
    grain = noise.integers(-8, 9, (HEIGHT, WIDTH, 3))
    return np.clip(np.asarray(smooth).astype(int) + grain, 0, 255).astype(np.uint8)


def encode(image: Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def decode(content: bytes) -> np.ndarray:
    """Return the pixels of a whole file without transparency, as Pillow alone reads it."""
    with Image.open(io.BytesIO(content)) as image:
        return np.asarray(image.convert("RGB"))


@cache
def whole_files() -> dict[str, bytes]:
    """Return one file of each way to write a picture."""
    colour = Image.fromarray(picture())
    grey = colour.convert("L")
    one_bit = colour.convert("1")
    return {
        "JPEG": encode(colour, "JPEG", quality=90),
        "progressive JPEG": encode(colour, "JPEG", progressive=True),
        "JPEG with restarts": encode(colour, "JPEG", restart_marker_blocks=2),
        "grey JPEG": encode(grey, "JPEG"),
        "CMYK JPEG": encode(colour.convert("CMYK"), "JPEG"),
        "PNG": encode(colour, "PNG"),
        "palette PNG": encode(colour.quantize(16), "PNG"),
        "1-bit PNG": encode(one_bit, "PNG"),
        "WEBP": encode(colour, "WEBP"),
        "lossless WEBP": encode(colour, "WEBP", lossless=True),
        "GIF": encode(colour, "GIF"),
        "TIFF": encode(colour, "TIFF"),
        "LZW TIFF": encode(colour, "TIFF", compression="tiff_lzw"),
        "deflated TIFF": encode(colour, "TIFF", compression="tiff_adobe_deflate"),
        "JPEG in TIFF": encode(colour, "TIFF", compression="jpeg"),
        "packed TIFF": encode(colour, "TIFF", compression="packbits"),
        "fax TIFF": encode(one_bit, "TIFF", compression="group4"),
        "BMP": encode(colour, "BMP"),
        "grey BMP": encode(grey, "BMP"),
        "PPM": encode(colour, "PPM"),
        "PGM": encode(grey, "PPM"),
        "PBM": encode(one_bit, "PPM"),
        "JPEG2000": encode(colour, "JPEG2000"),
        "lossy JPEG2000": encode(colour, "JPEG2000", irreversible=True, quality_layers=[20]),
        "bare JPEG2000": encode(colour, "JPEG2000", no_jp2=True),
        "AVIF": encode(colour, "AVIF"),
    }


# Their anatomy


def jpeg_segments(content: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield marker, start and end of each segment of a JPEG; compressed data belongs to SOS."""
    place = 2
    while content[place + 1] != 0xD9:
        marker = content[place + 1]
        end = place + 2 + int.from_bytes(content[place + 2 : place + 4], "big")
        if marker == 0xDA:
            while content[end] != 0xFF or content[end + 1] in (0, *range(0xD0, 0xD8)):
                end += 1
        yield marker, place, end
        place = end


def png_chunks(content: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, start and end of each chunk of a PNG, its length and checksum included."""
    place = 8
    while place < len(content):
        end = place + 12 + int.from_bytes(content[place : place + 4], "big")
        yield content[place + 4 : place + 8], place, end
        place = end


def png_chunk(name: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum)


def png(
    width: int, height: int, depth: int, colour: int, rows: bytes, *more: bytes, after: bytes = b""
) -> bytes:
    """Return a PNG of raw rows (each with its filter byte), with chunks before and after them."""
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)),
            *more,
            png_chunk(b"IDAT", zlib.compress(rows)),
            after,
            png_chunk(b"IEND", b""),
        ]
    )


def with_chunk(content: bytes, chunk: bytes, before: bytes = b"IDAT") -> bytes:
    """Return a PNG with one more chunk."""
    place = next(start for name, start, _ in png_chunks(content) if name == before)
    return content[:place] + chunk + content[place:]


def with_segment(content: bytes, marker: int, segment: bytes) -> bytes:
    """Return a JPEG with one more segment at its start."""
    head = bytes([0xFF, marker]) + struct.pack(">H", len(segment) + 2)
    return content[:2] + head + segment + content[2:]


def patched(content: bytes, place: int, new: bytes) -> bytes:
    return content[:place] + new + content[place + len(new) :]


def resized_jpeg(width: int, height: int) -> bytes:
    """Return a JPEG whose header lies about its size."""
    content = whole_files()["JPEG"]
    frame = next(start for marker, start, _ in jpeg_segments(content) if marker == 0xC0)
    return patched(content, frame + 5, struct.pack(">HH", height, width))


# Broken files


REFUSED = "^is (damaged|not an image)"


def cut_files() -> Iterator[BadImage]:
    """Every format, cut off at several shares of its length."""
    for name, content in whole_files().items():
        pixels = decode(content)
        for share in (10, 50, 97):
            cut = content[: len(content) * share // 100]
            yield BadImage("cut off", f"{name} cut at {share} %", cut, problem=REFUSED)
        # Some formats end in bytes that say nothing about the picture.
        yield BadImage("cut off", f"{name} without last byte", content[:-1], pixels, REFUSED)


def cut_jpegs() -> Iterator[BadImage]:
    """JPEGs cut off in, and after, each of their tables and scans."""
    for kind in ("JPEG", "progressive JPEG"):
        content = whole_files()[kind]
        for number, (marker, start, end) in enumerate(jpeg_segments(content)):
            for where, place in {"in": (start + end) // 2, "after": end}.items():
                name = f"{kind} cut {where} segment {number} ({marker:02X})"
                yield BadImage("cut off", name, content[:place], problem=REFUSED)
        for rest in ("FF" * 50, "00" * 5000):
            cut = content[: len(content) * 3 // 4] + bytes.fromhex(rest)
            name = f"{kind} filled up with {len(rest) // 2} bytes {rest[:2]}"
            yield BadImage("filled up", name, cut, problem=REFUSED)
    content = whole_files()["JPEG"]
    tables = [s for s in jpeg_segments(content) if s[0] in (0xDB, 0xC4, 0xC0)]
    for number, (marker, start, end) in enumerate(tables):
        name = f"JPEG without segment {number} ({marker:02X})"
        # libjpeg has Huffman tables of its own for files without any.
        pixels = decode(content) if marker == 0xC4 else None
        yield BadImage(
            "lacks a part", name, content[:start] + content[end:], pixels, REFUSED, any_picture=True
        )
    yield BadImage("odd", "JPEG and rubbish", content + b"rubbish" * 9, decode(content))
    # A program has cut them and set an end to them. In a progressive one that is no fault: each
    # scan only makes the picture finer.
    for kind, whole in whole_files().items():
        if "JPEG" in kind and kind.endswith(("JPEG", "restarts")):
            for share in (75, 90):
                closed = whole[: len(whole) * share // 100] + whole[-2:]
                finer = kind == "progressive JPEG"
                name = f"{kind} cut at {share} % and closed"
                yield BadImage("cut off", name, closed, problem=REFUSED, any_picture=finer)
    middle = picture()
    middle[-16:, -16:] = 128
    for kind in ("RGB", "L", "CMYK"):
        image = Image.fromarray(middle).convert(kind)
        corner = encode(image, "JPEG", restart_marker_blocks=2)
        yield BadImage("odd", f"{kind} JPEG with a corner of middle grey", corner, decode(corner))
    # As telephones write: a film behind the photograph.
    film = random.Random(0).randbytes(300_000) + b"\xff\xda film"
    yield BadImage("odd", "JPEG and a film", content + film, decode(content))


def broken_pngs() -> Iterator[BadImage]:
    """PNGs cut off in each chunk, and with wrong checksums, which Pillow does not all look at."""
    for kind in ("PNG", "palette PNG"):
        content = whole_files()[kind]
        pixels = decode(content)
        for chunk, start, end in png_chunks(content):
            name = chunk.decode()
            in_data = content[: (start + 8 + end) // 2]
            # Nothing is lost without the last chunk's checksum: it says nothing.
            may_be = pixels if chunk == b"IEND" else None
            yield BadImage("cut off", f"{kind} cut before {name}", content[:start], None, REFUSED)
            yield BadImage("cut off", f"{kind} cut in {name}", in_data, may_be, REFUSED)
            no_sum, bad_sum = content[: end - 4], patched(content, end - 1, b"\0")
            yield BadImage("cut off", f"{kind} cut before {name}'s sum", no_sum, may_be, REFUSED)
            yield BadImage(
                "wrong checksum", f"{kind} wrong sum of {name}", bad_sum, may_be, REFUSED
            )
            if chunk != b"IEND":
                gone = content[:start] + content[end:]
                yield BadImage("lacks a part", f"{kind} without {name}", gone, None, REFUSED)
        for byte in (0, 0xFF):
            rest = bytes([byte]) * (len(content) // 3)
            filled = content[: -len(rest)] + rest
            yield BadImage("filled up", f"{kind} filled up with {byte}", filled, None, REFUSED)
    content = whole_files()["PNG"]
    yield BadImage(
        "odd", "PNG through a text editor", content.replace(b"\r\n", b"\n"), None, REFUSED
    )
    short = png(4, 4, 8, 2, bytes(13))
    # All checksums are right, and Pillow leaves the rows black that are not there.
    yield BadImage(
        "lacks a part", "PNG with one row of four", short, None, REFUSED, any_picture=True
    )


def filled_files() -> Iterator[BadImage]:
    """Files whose second half was never written, of formats in which that can be told."""
    for kind in ("JPEG2000", "bare JPEG2000", "LZW TIFF", "deflated TIFF", "GIF", "packed TIFF"):
        content = whole_files()[kind]
        filled = content[: len(content) // 2] + bytes(len(content) - len(content) // 2)
        yield BadImage("filled up", f"{kind} half zeros", filled, None, REFUSED)
    for kind in ("JPEG2000", "bare JPEG2000", "lossy JPEG2000"):
        content = whole_files()[kind]
        cut = content[: content.rindex(b"\xff\x93") + 2]
        yield BadImage("cut off", f"{kind} without packets", cut, None, REFUSED)


def flipped_files() -> Iterator[BadImage]:
    """Files with one wrong bit.

    Pixels that decode without complaint are a legitimate picture: nothing in most formats tells
    that they were others. A PNG has checksums, so there it is told.
    """
    for kind, content in whole_files().items():
        chance = random.Random(kind)
        pixels = decode(content)
        for number in range(2):
            flipped = bytearray(content)
            flipped[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
            name = f"{kind} with flip {number}"
            tells = "PNG" in kind
            yield BadImage("flipped bit", name, bytes(flipped), pixels, ".", any_picture=not tells)


def no_images() -> Iterator[BadImage]:
    """Files that are no images, or none that Timbang reads."""
    files = {
        "empty": b"",
        "text": b"filename,label\n",
        "HTML": b"<!DOCTYPE html><title>404 Not Found</title>",
        "SVG": b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>",
        "PDF": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
        "ZIP": b"PK\x03\x04" + bytes(60),
        "HEIC": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(60),
        "zeros": bytes(1000),
        "git-lfs pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n",
        "TGA": encode(Image.new("RGB", (16, 16)), "TGA"),
        "pickle": b"\x80\x04K\x01.",
    }
    heads = {
        "JPEG": b"\xff\xd8\xff\xe0",
        "PNG": b"\x89PNG\r\n\x1a\n",
        "WEBP": b"RIFF\0\0\0\0WEBPVP8 ",
        "GIF": b"GIF89a",
        "TIFF": b"II*\0\x08\0\0\0",
        "BMP": b"BM",
        "PPM": b"P6\n",
        "JPEG2000": b"\0\0\0\x0cjP  \r\n\x87\n",
        "AVIF": b"\0\0\0\x1cftypavif",
    }
    files |= {f"head of {kind} and zeros": head + bytes(300) for kind, head in heads.items()}
    for name, content in files.items():
        yield BadImage("no image", name, content, problem=REFUSED, file="x.jpg")
    for text in (b"P6 a b 255\n", b"P3 2 1 255 1 2 3", b"P6 99999999999999999999 1 255\n"):
        yield BadImage("no image", f"PPM {text.decode()[3:]!r}", text, problem=REFUSED)


# Sizes


def sizes() -> Iterator[BadImage]:
    """No pixels, one pixel, lines, and headers that announce more than fits."""
    nothing = {
        "PNG": png(0, 0, 8, 2, b""),
        "JPEG": resized_jpeg(0, 0),
        "GIF": b"GIF89a" + bytes(7) + b",\0\0\0\0\0\0\0\0\0\x02\0;",
        "BMP": patched(whole_files()["BMP"], 18, bytes(8)),
        "PPM": b"P6 0 0 255\n",
        "TIFF": tiff_of_size(0, 0),
    }
    for name, content in nothing.items():
        yield BadImage("no pixels", f"0x0 {name}", content, problem=REFUSED)
    dot = Image.new("RGB", (1, 1), RED)
    for kind in ("PNG", "GIF", "TIFF"):
        content = encode(dot, kind)
        yield BadImage("one pixel", f"1x1 {kind}", content, np.array([[RED]], np.uint8))
    line = np.random.default_rng(0).integers(0, 256, (1, 60_000, 3), dtype=np.uint8)
    for name, pixels in {"60000x1": line, "1x60000": line.swapaxes(0, 1)}.items():
        content = encode(Image.fromarray(np.ascontiguousarray(pixels)), "PNG")
        yield BadImage("line", f"{name} PNG", content, pixels)
    for name, content in bombs().items():
        too_many = r"^has \d+x\d+ pixels, more than data.largest_image allows"
        yield BadImage("pixel bomb", f"bomb {name}", content, problem=too_many)
    # Whichever limit they meet first.
    far = {
        "PNG 2147483647x2147483647": png(2**31 - 1, 2**31 - 1, 8, 2, b"\0"),
        "TIFF 4294967295x4294967295": tiff_of_size(2**32 - 1, 2**32 - 1),
        "WEBP of a VP8X": b"RIFF\x1e\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0" + b"\xff" * 6 + bytes(8),
    }
    for name, content in far.items():
        yield BadImage("pixel bomb", f"bomb {name}", content, problem="^(is|has) ")


def tiff_of_size(width: int, height: int) -> bytes:
    """Return a TIFF whose directory lies about its size."""
    content = bytearray(whole_files()["TIFF"])
    directory = struct.unpack_from("<I", content, 4)[0]
    for number in range(struct.unpack_from("<H", content, directory)[0]):
        entry = directory + 2 + 12 * number
        tag = struct.unpack_from("<H", content, entry)[0]
        if tag in (256, 257):
            value = width if tag == 256 else height
            struct.pack_into("<HHII", content, entry, tag, 4, 1, value)
    return bytes(content)


def bombs() -> dict[str, bytes]:
    """Return small files that announce 144 megapixels and more."""
    gif_screen = b"GIF89a" + struct.pack("<HH", 65535, 65535) + bytes(3)
    frame = b"," + struct.pack("<HHHH", 0, 0, 65535, 65535) + b"\0\x02\0;"
    bare = whole_files()["bare JPEG2000"]
    size = bare.index(b"\xff\x51") + 6
    big = struct.pack(">II", 50_000, 50_000)
    return {
        "PNG 12000x12000": png(12_000, 12_000, 8, 2, bytes(99)),
        "JPEG 12000x12000": resized_jpeg(12_000, 12_000),
        "GIF screen": gif_screen + frame,
        "GIF frame on a small screen": b"GIF89a\1\0\1\0\0\0\0" + frame,
        "BMP": patched(whole_files()["BMP"], 18, struct.pack("<ii", 30_000, 30_000)),
        "TIFF": tiff_of_size(30_000, 30_000),
        "PPM": b"P6 30000 30000 255\n" + bytes(99),
        "JPEG2000": patched(bare, size, big),
    }


# Kinds of pixels


def kinds_of_pixels() -> Iterator[BadImage]:
    """Whatever a file stores a pixel as, it comes out as RGB of 8 bits, on white."""

    def odd(name: str, content: bytes, pixels: list, tolerance: int = 0) -> BadImage:
        shown = np.array(pixels, np.uint8)
        return BadImage("kind of pixels", name, content, shown, tolerance=tolerance)

    cyan = encode(Image.new("CMYK", (16, 16), (255, 0, 0, 0)), "JPEG", quality=95)
    yield odd("CMYK JPEG", cyan, np.full((16, 16, 3), (0, 255, 255)), 3)
    deep = np.array([[0, 257, 251 * 257, 65535]], np.uint16)
    shown = [[[v] * 3 for v in (0, 1, 251, 255)]]
    yield odd("16-bit grey PNG", encode(Image.fromarray(deep), "PNG"), shown)
    yield odd("16-bit grey TIFF", encode(Image.fromarray(deep), "TIFF"), shown)
    yield odd("16-bit PGM", b"P5 4 1 65535\n" + deep.astype(">u2").tobytes(), shown)
    colours = np.array([[(65535, 0, 257), (0, 0, 65535)]], ">u2")
    rows = b"\0" + colours.tobytes()
    yield odd("16-bit RGB PNG", png(2, 1, 16, 2, rows), [[(255, 0, 1), BLUE]])
    alpha = np.array([[(65535, 0, 0, 65535), (0, 0, 0, 0)]], ">u2")
    yield odd("16-bit RGBA PNG", png(2, 1, 16, 6, b"\0" + alpha.tobytes()), [[RED, WHITE]])
    for scale in (1, 255):
        values = np.array([[0, 0.2, 1]], np.float32) * np.float32(scale)
        shown = [[[v] * 3 for v in (0, 51, 255)]]
        yield odd(f"float TIFF to {scale}", encode(Image.fromarray(values), "TIFF"), shown)
    # Cut to the range, they would be a black or a white picture.
    no_range = {
        "nan": np.array([[np.nan, 0]], np.float32),
        "below 0": np.array([[-5, 200]], np.float32),
        "to 65535": np.array([[0, 65535]], np.float32),
        "32-bit": np.array([[0, 2**31 - 1]], np.int32),
    }
    for name, values in no_range.items():
        content = encode(Image.fromarray(values), "TIFF")
        yield BadImage(
            "kind of pixels", f"TIFF of grey {name}", content, problem="^has grey levels"
        )
    values = Image.fromarray(deep.astype(np.int32))
    shown = [[[v] * 3 for v in (0, 1, 251, 255)]]
    yield odd("32-bit TIFF of 16 bits", encode(values, "TIFF"), shown)
    la = Image.new("LA", (2, 1))
    la.putdata([(9, 255), (9, 0)])
    for kind in ("PNG", "TIFF"):
        yield odd(f"LA {kind}", encode(la, kind), [[(9,) * 3, WHITE]])
    rgba = Image.new("RGBA", (3, 1))
    rgba.putdata([(255, 0, 0, 255), (0, 0, 0, 0), (0, 0, 0, 51)])
    for kind in ("PNG", "TIFF"):
        yield odd(f"RGBA {kind}", encode(rgba, kind), [[RED, WHITE, (204,) * 3]])
    lossless = encode(rgba, "WEBP", lossless=True, exact=True)
    yield odd("RGBA WEBP", lossless, [[RED, WHITE, (204,) * 3]])
    clear = encode(Image.new("RGBA", (4, 4), (0, 0, 0, 0)), "PNG")
    yield odd("nothing but transparency", clear, np.full((4, 4, 3), 255))
    palette = png_chunk(b"PLTE", bytes([*RED, *GREEN, *BLUE]))
    see_through = png_chunk(b"tRNS", b"\xff\0")
    rows = bytes([0, 0, 1, 2])
    yield odd("palette PNG", png(3, 1, 8, 3, rows, palette), [[RED, GREEN, BLUE]])
    yield odd("PA PNG", png(3, 1, 8, 3, rows, palette, see_through), [[RED, WHITE, BLUE]])
    yield odd("2-bit grey PNG", png(4, 1, 2, 0, b"\0\x1b"), [[[v] * 3 for v in (0, 85, 170, 255)]])
    key = png_chunk(b"tRNS", struct.pack(">HHH", *GREEN))
    rows = b"\0" + bytes([*RED, *GREEN])
    yield odd("RGB PNG with a clear colour", png(2, 1, 8, 2, rows, key), [[RED, WHITE]])
    gif = Image.new("P", (2, 1))
    gif.putpalette([*RED, *GREEN])
    gif.putdata([0, 1])
    yield odd("clear GIF", encode(gif, "GIF", transparency=1), [[RED, WHITE]])
    frames = [Image.new("RGB", (2, 2), colour) for colour in (RED, GREEN, BLUE)]
    film = {"save_all": True, "append_images": frames[1:], "duration": 50}
    first = np.full((2, 2, 3), RED)
    yield odd("animated GIF", encode(frames[0], "GIF", **film), first)
    yield odd("animated WEBP", encode(frames[0], "WEBP", lossless=True, **film), first)
    yield odd("APNG", encode(frames[0], "PNG", **film), first)
    yield odd("TIFF of three pages", encode(frames[0], "TIFF", **film), first)
    content = encode(frames[0], "AVIF", quality=100, subsampling="4:4:4", **film)
    yield odd("animated AVIF", content, first, 3)
    photo = Image.fromarray(picture())
    pair = encode(photo, "MPO", save_all=True, append_images=[photo.rotate(90)])
    yield odd("MPO of two lenses", pair, decode(pair))


# What stands beside the pixels


TURNS: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
    8: lambda a: np.rot90(a),
}


def orientation(value: int) -> bytes:
    """Return EXIF data of the orientation alone."""
    return b"II*\0\x08\0\0\0\x01\0" + struct.pack("<HHIHH", 0x112, 3, 1, value, 0) + bytes(4)


def metadata() -> Iterator[BadImage]:
    """EXIF, colour profiles and texts: right ones, wrong ones, and ones that are too large."""
    jpeg, whole = whole_files()["JPEG"], whole_files()["PNG"]
    shown = decode(jpeg)
    for value in (*TURNS, 0, 65535):
        turn = TURNS.get(value, TURNS[1])
        exif = with_segment(jpeg, 0xE1, b"Exif\0\0" + orientation(value))
        yield BadImage("EXIF", f"JPEG orientation {value}", exif, turn(shown))
        exif = with_chunk(whole, png_chunk(b"eXIf", orientation(value)))
        yield BadImage("EXIF", f"PNG orientation {value}", exif, turn(picture()))
    wrong = {
        "nothing": b"",
        "rubbish": b"rubbish" * 5,
        "no directory": b"II*\0\xff\xff\xff\xff",
        "cut off": orientation(6)[:14],
        "a directory of itself": b"II*\0\x08\0\0\0\x01\0\x69\x87\x04\0\x01\0\0\0\x08\0\0\0"
        + bytes(4),
    }
    for name, exif in wrong.items():
        # Turned, as it is, or refused: never anything else.
        content = with_segment(jpeg, 0xE1, b"Exif\0\0" + exif)
        yield BadImage("EXIF", f"JPEG EXIF {name}", content, shown, REFUSED)
        content = with_chunk(whole, png_chunk(b"eXIf", exif))
        yield BadImage("EXIF", f"PNG EXIF {name}", content, picture(), REFUSED)
    # Text for a number, as some cameras write: no reason to refuse the photograph.
    for tag, kind in {"width": (0x100, 7), "resolution": (0x11A, 2), "unit": (0x128, 2)}.items():
        wrong_tag = struct.pack("<HHI4s", *kind, 4, b"abc\0")
        directory = sorted([orientation(6)[10:22], wrong_tag], key=lambda entry: entry[1::-1])
        exif = orientation(6)[:8] + b"\x02\0" + b"".join(directory) + bytes(4)
        content = with_segment(jpeg, 0xE1, b"Exif\0\0" + exif)
        yield BadImage("EXIF", f"JPEG EXIF text for {tag}", content, TURNS[6](shown))
    profile = with_segment(jpeg, 0xE2, b"ICC_PROFILE\0\x01\x01rubbish")
    yield BadImage("profile", "JPEG ICC rubbish", profile, shown)
    profile = with_chunk(whole, png_chunk(b"iCCP", b"x\0\0" + bomb()))
    yield BadImage("profile", "PNG ICC bomb", profile, picture(), REFUSED)
    texts = {
        "zTXt bomb": png_chunk(b"zTXt", b"Comment\0\0" + bomb()),
        "unknown chunk": png_chunk(b"abCd", b"x" * 100),
        "tRNS of one byte": png_chunk(b"tRNS", b"x"),
    }
    for name, chunk in texts.items():
        for where in (b"IDAT", b"IEND"):
            content = with_chunk(whole, chunk, where)
            place = f"PNG {name} before {where.decode()}"
            yield BadImage("text chunk", place, content, picture(), REFUSED)
    thumbnail = orientation(1) + whole_files()["grey JPEG"]
    content = with_segment(jpeg, 0xE1, b"Exif\0\0" + thumbnail)
    yield BadImage("EXIF", "JPEG with a thumbnail", content, shown)
    half = content[: len(content) * 9 // 10] + bytes(len(content))
    yield BadImage("filled up", "JPEG with a thumbnail, filled up", half, problem=REFUSED)


@cache
def bomb() -> bytes:
    """Return 50 MB in 50 kB."""
    return zlib.compress(bytes(50_000_000), 9)


def wrong_endings() -> Iterator[BadImage]:
    """Files whose ending says something else than their content."""
    endings = {
        "PNG": ["x.jpg", "x.txt", "x", "x.PNG", "x.png.part"],
        "JPEG": ["x.png", "x.JPeG", "x.jpg.exe"],
        "lossless WEBP": ["x.jpg"],
        "PPM": ["x.pdf"],
    }
    for kind, names in endings.items():
        content = whole_files()[kind]
        for name in names:
            yield BadImage("wrong ending", f"{kind} as {name}", content, decode(content), file=name)


@cache
def bad_images() -> list[BadImage]:
    """Return all files."""
    makers = (cut_files, cut_jpegs, broken_pngs, filled_files, flipped_files, no_images, sizes,
              kinds_of_pixels, metadata, wrong_endings)  # fmt: skip
    return [image for maker in makers for image in maker()]


# Names of files


FILE_NAMES = [
    "with space.png", " leading space.png", "trailing space.png ", "two\nlines.png",
    "carriage\rreturn.png", "tab\there.png", 'double"quote.png', '"quoted".png', "it's.png",
    "semi;colon.png", "com,ma.png", "a,b;c\td.png", "-leading dash.png", "--help",
    "back\\slash.png", "percent%20.png", "dollar$HOME.png", "`touch x`.png", "$(touch x).png",
    "brace{wildcard}.png", "star*.png", "question?.png", "[a].png", "#hash.png", "&amp;.png",
    "<tag>.png", "pipe|.png", "=1+1.png", "caf\u00e9 NFC.png", "cafe\u0301 NFD.png",
    "\u5bff\u53f8.png", "\u0633\u0648\u062a\u0648.png", "\U0001f35c.png", "zero\u200bwidth.png",
    "right\u202eto left.png", "line\u2028separator.png", "next\x85line.png", "bell\x07.png",
    "escape\x1b[31m.png", "no-break\u00a0space.png", "\ufeffmark.png", "NA", "null", "1e5",
    "001", "x" * 251 + ".png", "deep/er/and/deeper.png", "x.jpg/inside a folder.png",
]  # fmt: skip


# Places that are no files


def make_folder(place: Path) -> None:
    place.mkdir()


def make_pipe(place: Path) -> None:
    os.mkfifo(place)


def make_socket(place: Path) -> None:
    # A socket's path may have no more than about 100 characters.
    before = Path.cwd()
    os.chdir(place.parent)
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(place.name)
    finally:
        os.chdir(before)


def make_broken_link(place: Path) -> None:
    place.symlink_to("nowhere.jpg")


def make_link_to_itself(place: Path) -> None:
    place.symlink_to(place.name)


def make_link_to_device(place: Path) -> None:
    place.symlink_to("/dev/zero")


def make_link_to_pipe(place: Path) -> None:
    os.mkfifo(place.with_name(".pipe"))
    place.symlink_to(".pipe")


def make_link_through_a_file(place: Path) -> None:
    place.symlink_to("good.png/x.jpg")


PLACES: dict[str, tuple[Callable[[Path], None], str]] = {
    "folder": (make_folder, "is not a file"),
    "pipe": (make_pipe, "is not a file"),
    "socket": (make_socket, "is not a file"),
    "broken link": (make_broken_link, "the file is missing"),
    "link to itself": (make_link_to_itself, r"cannot be read \(Too many levels"),
    "link to a device": (make_link_to_device, "is not a file"),
    "link to a pipe": (make_link_to_pipe, "is not a file"),
    "link through a file": (make_link_through_a_file, "the file is missing"),
}


# Tables


@dataclass(frozen=True)
class BadTable:
    """A label table, and what must become of it.

    Attributes:
        content: its bytes.
        rows: file name, label and problem of each row that it must become, by its row; a problem
            that ends in ``...`` is the beginning of one.
        error: a pattern of the message with which it must be refused instead.
    """

    content: bytes
    rows: dict[str, tuple[str, str, str]] | None = None
    error: str | None = None


GOOD = {"2": ("a.png", "x", ""), "3": ("b.png", "y", "")}
LINES = ["filename,label", "a.png,x", "b.png,y"]
TEXT = "\n".join(LINES) + "\n"
MORE_CELLS = "has more cells..."
NOT_UTF8 = "is not UTF-8 text; save it as CSV UTF-8"


def one_row(filename: str, label: str, problem: str = "") -> dict[str, tuple[str, str, str]]:
    return {"2": GOOD["2"], "3": (filename, label, problem)}


def with_row(row: str) -> bytes:
    return f"filename,label\na.png,x\n{row}\n".encode()


TABLES = {
    "plain": BadTable(TEXT.encode(), GOOD),
    "byte order mark": BadTable(("\ufeff" + TEXT).encode(), GOOD),
    "semicolons": BadTable(TEXT.replace(",", ";").encode(), GOOD),
    "tabs": BadTable(TEXT.replace(",", "\t").encode(), GOOD),
    "commas, semicolons in cells": BadTable(
        b"filename,label\na;1.png,x; y\n", {"2": ("a;1.png", "x; y", "")}
    ),
    "pipes": BadTable(TEXT.replace(",", "|").encode(), error="has no column 'filename'"),
    "CRLF": BadTable(TEXT.replace("\n", "\r\n").encode(), GOOD),
    "blank lines": BadTable(
        b"filename,label\n\na.png,x\n\n\nb.png,y\n\n", {"3": GOOD["2"], "6": GOOD["3"]}
    ),
    "columns in another order": BadTable(b"label,n,filename\nx,1,a.png\ny,2,b.png\n", GOOD),
    "everything quoted": BadTable(b'"filename","label"\n"a.png","x"\n"b.png","y"\n', GOOD),
    "comma in quotes": BadTable(with_row('"b,1.png","y, z"'), one_row("b,1.png", "y, z")),
    "doubled quotes": BadTable(with_row('"b""1.png","say ""y"""'), one_row('b"1.png', 'say "y"')),
    "quote within a cell": BadTable(with_row('b.png,6" plate'), one_row("b.png", '6" plate')),
    "line end in quotes": BadTable(
        b'filename,label\n"a\n1.png","x\ny"\nb.png,y\n',
        {"2": ("a\n1.png", "x\ny", ""), "3": GOOD["3"]},
    ),
    "white space around a label": BadTable(with_row("b.png, \t y\u00a0"), one_row("b.png", "y")),
    "too few cells": BadTable(with_row("b.png"), one_row("b.png", "", "no label")),
    "too many cells": BadTable(with_row("b.png,y,z"), one_row("b.png", "y", MORE_CELLS)),
    "unquoted comma in a name": BadTable(with_row("b, 1.png,y"), one_row("b", "1.png", MORE_CELLS)),
    "blank label": BadTable(with_row("b.png,"), one_row("b.png", "", "no label")),
    "blank name": BadTable(with_row(",y"), one_row("", "y", "no file name")),
    "name of a parent": BadTable(
        with_row("../b.png,y"), one_row("../b.png", "y", "the file name leaves the image folder")
    ),
    "whole path": BadTable(
        with_row("/b.png,y"), one_row("/b.png", "y", "the file name leaves the image folder")
    ),
    "row twice": BadTable(
        with_row("a.png,x"), one_row("a.png", "x", "the file is also named in row 2")
    ),
    "file with two labels": BadTable(
        b'filename,label\nb.png,y\nb.png,"z\n"""\n',
        {
            "2": ("b.png", "y", "the file is also named in row 3 with the labels 'y', 'z\\n\"'"),
            "3": ("b.png", 'z\n"', "the file is also named in row 2 with the labels 'y', 'z\\n\"'"),
        },
    ),
    "other column twice": BadTable(b"n,filename,label,n\n1,a.png,x,2\n1,b.png,y,2\n", GOOD),
    "file column twice": BadTable(
        b"filename,label,filename\na.png,x,b.png\n", error="has several columns 'filename'"
    ),
    "no file column": BadTable(
        b"file,label\na.png,x\n", error=r"no column 'filename'; .*'file', 'label': set data\.file"
    ),
    "no label column": BadTable(
        b"filename,class\na.png,x\n", error=r"no column 'label'; .*: set data\.label_column"
    ),
    "no header": BadTable(b"a.png,x\nb.png,y\n", error="no column 'filename'; .*'a.png', 'x'"),
    "header only": BadTable(b"filename,label\n", error="has no rows; list one image a row"),
    "empty": BadTable(b"", error="is not a CSV table with commas"),
    "NUL in a label": BadTable(with_row("b.png,y\0z"), error="line 3: holds a NUL character"),
    "UTF-16": BadTable(TEXT.encode("utf-16"), error=f"line 1: {NOT_UTF8}"),
    "Latin-1": BadTable(with_row("b.png,y").replace(b"y", b"\xe9"), error=f"line 3: {NOT_UTF8}"),
    "Windows-1252": BadTable(
        with_row("b.png,y").replace(b"y", b"\x93y\x94"), error=f"line 3: {NOT_UTF8}"
    ),
    "open quote": BadTable(with_row('b.png,"y'), error="row 3: is not a CSV table with commas"),
    "open quote in the header": BadTable(b'"filename,label\na.png,x\n', error="row 1: is not a"),
    "spreadsheet for a table": BadTable(b"PK\x03\x04\x14\0\x06\0", error="holds a NUL character"),
}


def huge_tables() -> dict[str, BadTable]:
    """Return tables of one endless line: 50 MB, or less where that would only take time."""
    no_table = "row {}: is not a CSV table with commas .(field|row) larger than "
    return {
        "one letter": BadTable(b"a" * 50_000_000, error=no_table.format(1)),
        "row": BadTable(b"filename,label\na.png" + b",x" * 25_000_000, error=no_table.format(2)),
    }


LABELS = [
    "NA", "N/A", "nan", "NaN", "null", "None", "NULL", "#N/A", "inf", "-inf", "True", "FALSE",
    "1", "01", "1.0", "1e5", "-1", "+1", "1,5", "1_000", "0x10", "1/2", "2024-01-01", "01/02/03",
    "12:30", "=1+1", "@x", "+x", "-x", "#x", "%x", "$x$", "\\textbf{x}", "a&b", "a_b", "{x}",
    "a;b", "a\tb", 'a"b', "'a'", "a\nb", "a\rb", "a\r\nb", "a\u2028b", "caf\u00e9", "\u5bff\u53f8",
    "\U0001f35c", "\u200b", "a" * 300, "label", "filename", "../x", "a/b", "*",
]  # fmt: skip
