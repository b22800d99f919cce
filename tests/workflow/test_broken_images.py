"""A folder full of broken images: each is named, once, and nothing else happens to the study."""

import copy
import json
import re

import numpy as np
import pandas as pd
import pytest
from broken_inputs import PLACES, bad_images
from PIL import Image
from small_study import CONFIG, RESULTS

MANIFEST = f"{RESULTS}/data/manifest.csv"
PIXELS = f"{RESULTS}/data/pixels.npy"
SPLIT = f"{RESULTS}/splits/0.csv"
LOG = f"{RESULTS}/logs/build_manifest.log"


@pytest.fixture(scope="module")
def broken(project, tmp_path_factory):
    """A working folder whose cats are joined by all that is no image, and the names of that."""
    work = project.make_elsewhere(tmp_path_factory.mktemp("broken"))
    cats = work / "images/cat"
    names = []
    for number, bad in enumerate(bad_images()):
        if bad.pixels is None and not bad.any_picture:
            names.append(f"cat/broken {number}.jpg")
            (work / "images" / names[-1]).write_bytes(bad.content)
    for name, (make, _) in PLACES.items():
        if name not in ("folder", "link to a pipe"):
            names.append(f"cat/{name}\n.jpg")
            make(cats / f"{name}\n.jpg")
    # In a mode of its own, and no problem.
    Image.new("CMYK", (9, 9)).save(work / "images/dog/ink.jpg")
    return work, names


def run(project, work, on_problem, *targets):
    config = copy.deepcopy(CONFIG)
    config["data"]["on_problem"] = on_problem
    status, output = project.snakemake(*targets, config=config, work=work)
    log = (work / LOG).read_text()
    assert "Traceback" not in output + log
    return status, output, log


def test_broken_images_stop_the_study_in_one_line_each(project, broken):
    work, names = broken
    status, output, log = run(project, work, "stop", MANIFEST)
    assert status == 1
    assert not (work / MANIFEST).exists()
    assert f"{len(names)} of {len(names) + 25} images" in log
    for name in names:
        (line,) = [line for line in log.splitlines() if f"{name!r}: " in line]
        assert line.split(": ", 1)[1]
    # The list of them is the last words on the screen.
    begin = f"Reading the images of study tiny: failed (log: {LOG})\n"
    reason, *listed, remedy = output.split(begin)[1].splitlines()
    assert f"{len(names)} of {len(names) + 25} images" in reason
    assert all(any(line.startswith(f"{name!r}: ") for name in names) for line in listed[:-1])
    assert listed[-1] == f"... and {len(names) - len(listed) + 1} lines more"
    assert "data.on_problem" in remedy
    # Our code is told by a hash: no list of its modules stands above.
    assert "src/timbang/images" not in output


def test_broken_images_are_left_out_and_nothing_else(project, broken):
    work, names = broken
    status, output, log = run(project, work, "skip", SPLIT, PIXELS)
    assert status == 0, output
    manifest = pd.read_csv(work / MANIFEST, dtype=str, keep_default_na=False)
    assert sorted(manifest.loc[manifest["problem"] != "", "filename"]) == sorted(names)
    assert (manifest["problem"] == "").sum() == 25
    assert len(re.findall(r"left out: ", log)) == len(names) > 200
    audit = json.loads((work / RESULTS / "data/audit.json").read_text())
    assert (audit["images"], audit["usable"]) == (len(names) + 25, 25)
    assert len(audit["problems"]) == len(names)
    assert len(pd.read_csv(work / SPLIT)) == 25
    assert np.load(work / PIXELS).shape == (25, 16, 16, 3)
