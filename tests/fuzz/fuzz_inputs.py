"""Throw damaged and hostile inputs at what reads a user's files, for as long as one likes.

    PYTHONPATH=src .venv/bin/python tests/fuzz/fuzz_inputs.py --minutes 10

Configurations, label tables, archives, weights and images: each case is a valid one, changed at
random. It must be taken, or refused with a message of ours; an exception of another kind, a hang,
or a file outside the case's folder is a finding. A finding is told with the number that makes it
again: `--kind archive --first 4711 --cases 1`.
"""

import argparse
import hashlib
import io
import random
import shutil
import signal
import sys
import tarfile
import tempfile
import time
import traceback
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import yaml
from PIL import Image
from safetensors.torch import save

from timbang.errors import TimbangError
from timbang.evidence.claims import choose_claims
from timbang.images.decoding import ImageError, read_image
from timbang.networks.catalogue import find_fault
from timbang.resources import CONFIG, REPORT, SCHEMA
from timbang.scores.measures import CLAIM_MEASURES
from timbang.sources.archives import unpack_archive
from timbang.sources.choice import find_source
from timbang.sources.listing import list_folder, read_label_table
from timbang.study.published import read_published
from timbang.study.reading import read_study
from timbang.training.transfer import read_state

SECONDS = 20
CLAIMS = {path.stem: path for path in (REPORT / "claims").glob("*.yaml")}
SPECIAL = (
    b"\0", b"\xff", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"../", b"/etc/passwd", b"\\",
    b"\x1b[2J", b"{x}", b"%n", b"</script>", b"=HYPERLINK(1)", b"\xe2\x80\xae", b"\xed\xa0\x80",
    b'"', b"\n", b"\r", b"1e999", b"-1", b"nan", b"&a [*a,*a]", b"!!python/object:os.system ",
)  # fmt: skip


def change(content: bytes, chance: random.Random) -> bytes:
    """Return bytes with some of them changed, cut, doubled, or replaced by special ones."""
    content = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 4, 16))):
        place = chance.randrange(len(content) + 1)
        match chance.randrange(6):
            case 0 if content:
                content[place % len(content)] = chance.randrange(256)
            case 1:
                content[place:place] = chance.choice(SPECIAL)
            case 2:
                del content[place : place + chance.choice((1, 2, 8, 64, 10**6))]
            case 3:
                content[place:place] = content[place : place + chance.choice((4, 64, 512))]
            case 4:
                special = chance.choice(SPECIAL)
                content[place : place + len(special)] = special
            case 5:
                content[place:place] = bytes(chance.choice((4, 300, 5000)))
    return bytes(content)


def draw_text(chance: random.Random) -> str:
    """Return a text that nobody would call a thing."""
    parts = [
        "a", "..", "/", "\\", "\n", "\x1b[31m", "ä", "\u202e", "\U0001f600", "{x}", "</script>",
        "%", "$", "NA", "con", " ", ".", "\x7f", "\u2028", "x" * 300,
    ]  # fmt: skip
    return "".join(chance.choice(parts) for _ in range(chance.randrange(1, 6)))


def draw_value(chance: random.Random, depth: int = 0) -> object:
    """Return any value of YAML."""
    simple = (
        None, True, 0, -1, 10**30, 0.5, float("inf"), float("nan"), "", "1e-3", draw_text(chance),
        "2025-13-77", "resnet34", "torchvision:resnet18", "a.py:B",
    )  # fmt: skip
    if depth < 3 and chance.random() < 0.3:
        items = [draw_value(chance, depth + 1) for _ in range(chance.randrange(4))]
        return items if chance.random() < 0.5 else {draw_text(chance): item for item in items}
    return chance.choice(simple)


def fuzz_configuration(chance: random.Random, folder: Path) -> None:
    """Read a study whose keys have other values, or more of them."""
    config = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    for _ in range(chance.choice((1, 1, 2, 3))):
        part = config
        while True:
            key = chance.choice(list(part)) if part and chance.random() < 0.9 else draw_text(chance)
            if isinstance(part.get(key), dict) and chance.random() < 0.8:
                part = part[key]
                continue
            part[key] = draw_value(chance)
            break
    study = read_study(
        config, yaml.safe_load(SCHEMA.read_text(encoding="utf-8")), find_source, find_fault
    )
    choose_claims(study.claims, CLAIMS, [own.name for own in study.contenders], CLAIM_MEASURES)


def fuzz_configuration_file(chance: random.Random, folder: Path) -> None:
    """Read a study, or published numbers, whose file is damaged."""
    if chance.random() < 0.3:
        file = folder / "published.yaml"
        file.write_bytes(change((REPORT / "published.yaml").read_bytes(), chance))
        read_published(str(file))
        return
    try:
        config = yaml.safe_load(change(CONFIG.read_bytes(), chance))
    # Snakemake reads the file, and says so itself.
    except (yaml.YAMLError, UnicodeDecodeError, ValueError):
        return
    if isinstance(config, dict):
        read_study(
            config, yaml.safe_load(SCHEMA.read_text(encoding="utf-8")), find_source, find_fault
        )


def fuzz_table(chance: random.Random, folder: Path) -> None:
    """Read a damaged table of labels."""
    mark = chance.choice((",", ";", "\t"))
    rows = [f"{number}.png{mark}{chance.choice('abc')}{mark}train" for number in range(8)]
    table = folder / "labels.csv"
    table.write_bytes(
        change("\n".join([mark.join(("filename", "label", "part")), *rows]).encode(), chance)
    )
    read_label_table(table, "filename", "label", chance.choice((None, "part")))


def fuzz_folder(chance: random.Random, folder: Path) -> None:
    """List a folder per class with odd names, links and files."""
    for _ in range(chance.randrange(1, 8)):
        try:
            place = (
                folder
                / "images"
                / draw_text(chance).replace("/", "_")
                / draw_text(chance).replace("/", "_")
            )
            place.parent.mkdir(parents=True, exist_ok=True)
            match chance.randrange(4):
                case 0:
                    place.symlink_to(chance.choice(("/dev/zero", "/", "..", "nowhere", ".")))
                case 1:
                    place.mkdir(exist_ok=True)
                case _:
                    place.write_bytes(b"x")
        except (OSError, ValueError):
            continue
    list_folder(folder / "images")


def make_archive(chance: random.Random) -> bytes:
    """Return an archive, with odd members now and then."""
    stream = io.BytesIO()
    names = [chance.choice((f"cats/{i}.png", f"dogs/{i}.png", draw_text(chance))) for i in range(4)]
    if chance.random() < 0.1:
        names.append("a/" * chance.choice((30, 300, 3000)) + "b.png")
    if chance.random() < 0.5:
        with zipfile.ZipFile(stream, "w", chance.choice((0, 8))) as archive:
            for name in names:
                archive.writestr(name, b"content" * chance.choice((1, 100)))
        return stream.getvalue()
    with tarfile.open(
        fileobj=stream, mode=chance.choice(("w", "w:gz", "w:bz2", "w:xz"))
    ) as archive:
        for name in names:
            member = tarfile.TarInfo(name)
            member.type = chance.choice(
                (tarfile.REGTYPE, tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.CHRTYPE)
            )
            member.linkname = "/etc/passwd"
            member.size = 7 if member.isreg() else 0
            archive.addfile(member, io.BytesIO(b"content"))
    return stream.getvalue()


def fuzz_archive(chance: random.Random, folder: Path) -> None:
    """Unpack a damaged archive."""
    content = make_archive(chance)
    if chance.random() < 0.8:
        content = change(content, chance)
    file = folder / "images.archive"
    file.write_bytes(content)
    unpack_archive(file, hashlib.sha256(content).hexdigest(), folder / "unpacked", 10**8)


def fuzz_weights(chance: random.Random, folder: Path) -> None:
    """Read damaged weights."""
    state = {"layer.weight": torch.zeros(3, 4), "layer.bias": torch.ones(3)}
    odd = [
        {"a": torch.zeros(2).to_sparse()},
        {"a": torch.zeros(2, device="meta")},
        {"a": {"b": torch.ones(1)}},
        [torch.ones(1)],
        {"state_dict": state},
        {1: torch.ones(1)},
        {"a": torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8)},
    ]
    stream = io.BytesIO()
    if chance.random() < 0.4:
        stream.write(save(state))
    else:
        torch.save(chance.choice([state, *odd]), stream)
    file = folder / "weights"
    file.write_bytes(
        change(stream.getvalue(), chance) if chance.random() < 0.8 else stream.getvalue()
    )
    read_state(file)


def fuzz_image(chance: random.Random, folder: Path) -> None:
    """Read a damaged image."""
    pixels = np.random.default_rng(chance.randrange(2**32)).integers(
        0, 256, (9, 13, 3), dtype=np.uint8
    )
    kind = chance.choice(("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "JPEG2000"))
    stream = io.BytesIO()
    options = {"progressive": True} if kind == "JPEG" and chance.random() < 0.5 else {}
    Image.fromarray(pixels).save(stream, kind, **options)
    file = folder / "image"
    file.write_bytes(change(stream.getvalue(), chance))
    read_image(file, 10**6, chance.choice((None, 8)))


KINDS: dict[str, Callable[[random.Random, Path], None]] = {
    "configuration": fuzz_configuration,
    "file": fuzz_configuration_file,
    "table": fuzz_table,
    "folder": fuzz_folder,
    "archive": fuzz_archive,
    "weights": fuzz_weights,
    "image": fuzz_image,
}


def run_case(kind: str, number: int, around: Path) -> str:
    """Run one case; return ``taken``, ``refused``, or the finding."""
    folder = around / "case"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    before = set(around.iterdir())
    signal.alarm(SECONDS)
    try:
        KINDS[kind](random.Random(f"{kind} {number}"), folder)
        said = "taken"
    except (TimbangError, ImageError) as error:
        said = "refused" if str(error).strip() else "refused without a word"
        if any(not line.isprintable() for line in str(error).split("\n")):
            said = f"unprintable message: {str(error)!r}"
    except TimeoutError:
        said = f"hangs for {SECONDS} s"
    except Exception:
        said = traceback.format_exc()
    finally:
        signal.alarm(0)
    if outside := set(around.iterdir()) - before:
        said = f"wrote outside its folder: {sorted(map(str, outside))}"
        for place in outside:
            place.unlink() if not place.is_dir() else shutil.rmtree(place)
    return said


def stop(number: int, frame: object) -> None:
    raise TimeoutError


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--cases", type=int, default=10**9, help="at most so many of each kind")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--kind", choices=KINDS, action="append")
    options = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGALRM, stop)
    end = time.monotonic() + 60 * options.minutes
    counts: dict[str, Counter[str]] = {kind: Counter() for kind in options.kind or KINDS}
    findings: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as around:
        number = options.first
        while time.monotonic() < end and number < options.first + options.cases:
            for kind in counts:
                said = run_case(kind, number, Path(around))
                is_fine = said in ("taken", "refused")
                counts[kind][said if is_fine else "findings"] += 1
                if not is_fine:
                    # One for each last line and kind is enough.
                    findings.setdefault(
                        f"{kind}: {said.strip().splitlines()[-1][:120]}", f"{number}\n{said}"
                    )
            number += 1
    for kind, own in counts.items():
        print(
            f"{kind:14}"
            + "".join(f"{own[word]:9,} {word}" for word in ("taken", "refused", "findings"))
        )
    for what, said in findings.items():
        print(f"\n{what}\nnumber {said}", file=sys.stderr)
    return bool(findings)


if __name__ == "__main__":
    sys.exit(main())
