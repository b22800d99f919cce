"""Images that a rule makes: those of an archive, here or on a server, and those of torchvision."""

import copy
import hashlib
import http.server
import shutil
import threading
import zipfile

import pandas as pd
import pytest
from small_study import CONFIG, RESULTS, count_jobs, edited

MANIFEST = f"{RESULTS}/data/manifest.csv"
PIXELS = f"{RESULTS}/data/pixels.npy"


def with_data(**data):
    return copy.deepcopy(CONFIG) | {"data": {"image_size": 16, **data}}


def read_manifest(work):
    return pd.read_csv(work / MANIFEST, dtype=str, keep_default_na=False)


def jobs(output):
    """The rules that ran, or would."""
    return set(count_jobs(output))


@pytest.fixture
def packed(project, tmp_path):
    """A working folder with nothing but a zip of the images, as macOS packs them."""
    work = tmp_path / "work"
    work.mkdir()
    archive = work / "animals.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        for file in sorted((project.work / "images").rglob("*.png")):
            place = file.relative_to(project.work / "images")
            zipped.write(file, f"animals/{place}")
            zipped.writestr(f"__MACOSX/animals/{place.parent}/._{place.name}", b"litter")
        zipped.writestr("animals/.DS_Store", b"litter")
    return archive


class BreakingHandler(http.server.SimpleHTTPRequestHandler):
    """Breaks off half-way, as often as it is told to."""

    def do_GET(self):
        first = int(self.headers.get("Range", "bytes=0-")[6:-1])
        content = self.server.content[first:]
        self.server.firsts.append(first)
        self.send_response(206 if first else 200)
        self.send_header("Content-Length", str(len(content)))
        if first:
            end = len(self.server.content)
            self.send_header("Content-Range", f"bytes {first}-{end - 1}/{end}")
        self.end_headers()
        breaks = self.server.breaks > 0
        self.server.breaks -= breaks
        self.wfile.write(content[: len(content) // 2] if breaks else content)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server(packed):
    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), BreakingHandler)
    running.content, running.firsts, running.breaks = packed.read_bytes(), [], 0
    running.url = f"http://127.0.0.1:{running.server_port}/animals.zip"
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield running
    running.shutdown()
    running.server_close()
    thread.join()


def test_archive_becomes_a_manifest_once(project, packed):
    work, config = packed.parent, with_data(source="archive", archive="animals.zip")
    status, output = project.snakemake(MANIFEST, config=config, work=work)
    assert status == 0, output
    assert jobs(output) == {"unpack_archive", "build_manifest"}
    manifest = read_manifest(work)
    assert len(manifest) == 24
    assert set(manifest["label"]) == {"NA", "cat", "dog"}
    assert manifest["filename"].str.startswith("animals/").all()
    digest = hashlib.sha256(packed.read_bytes()).hexdigest()[:16]
    assert [path.name for path in (work / "data/archives").glob("[!.]*")] == [digest]
    packed.touch()
    status, output = project.snakemake(MANIFEST, config=config, work=work)
    assert "Nothing to be done" in output, output
    # How it was unpacked is no reason to read the images again, and other studies share them.
    with edited(
        project.root / "src/timbang/sources/archives.py", lambda code: code + b"CHANGED = True\n"
    ):
        status, output = project.snakemake("-n", MANIFEST, config=config, work=work)
        assert jobs(output) == {"unpack_archive"}
    other = config | {"study": "other"}
    status, output = project.snakemake(
        "-n", "results/other/data/manifest.csv", config=other, work=work
    )
    assert jobs(output) == {"build_manifest"}
    # Images that were deleted to save room come back when they are needed.
    shutil.rmtree(work / "data/archives" / digest)
    status, output = project.snakemake(MANIFEST, config=config, work=work)
    assert "Nothing to be done" in output, output
    status, output = project.snakemake(PIXELS, config=config, work=work)
    assert status == 0, output


def test_refused_archive_is_one_line_and_leaves_nothing(project, packed):
    with zipfile.ZipFile(packed, "a") as zipped:
        zipped.writestr("../evil.png", b"evil")
    config = with_data(source="archive", archive="animals.zip")
    status, output = project.snakemake(MANIFEST, config=config, work=packed.parent)
    assert status != 0
    assert "Traceback" not in output
    assert "animals.zip: '../evil.png' leaves the folder" in output
    assert not list((packed.parent / "data/archives").glob("*/"))


def test_torchvision_data_set_becomes_a_manifest_once(project, tmp_path):
    """EuroSAT in its layout, of which torchvision checks no checksum."""
    root = tmp_path / "my sets"
    shutil.copytree(project.work / "images", root / "eurosat/2750")
    config = with_data(source="torchvision", dataset="EuroSAT", root=str(root))
    status, output = project.snakemake(MANIFEST, config=config, work=tmp_path)
    assert status == 0, output
    assert jobs(output) == {"write_torchvision_images", "build_manifest"}
    manifest = read_manifest(tmp_path)
    assert dict(manifest["label"].value_counts()) == {"NA": 8, "cat": 8, "dog": 8}
    status, output = project.snakemake(MANIFEST, config=config, work=tmp_path)
    assert "Nothing to be done" in output, output


def test_archive_on_a_server_is_fetched_on_from_where_it_broke_off(project, packed, server):
    work, digest = packed.parent, hashlib.sha256(packed.read_bytes()).hexdigest()
    packed.unlink()
    config = with_data(source="archive", archive=server.url, sha256=digest, folder="animals")
    part = work / "data/downloads" / f"{digest[:16]}.archive.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(server.content[:1000])
    server.breaks = 1
    status, output = project.snakemake(MANIFEST, config=config, work=work)
    assert status == 0, output
    assert jobs(output) == {"fetch_archive", "unpack_archive", "build_manifest"}
    assert server.firsts[0] == 1000 and server.firsts[1] > 1000
    assert len(read_manifest(work)) == 24
    assert not read_manifest(work)["filename"].str.startswith("animals/").any()
    # Neither another address nor a lost download is a reason to fetch it again.
    shutil.rmtree(work / "data/downloads")
    config["data"] |= {"archive": "http://127.0.0.1:9/animals.zip", "largest_archive": 10**9}
    status, output = project.snakemake(MANIFEST, config=config, work=work)
    assert "Nothing to be done" in output, output
