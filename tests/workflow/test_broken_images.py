"""A folder full of broken images: each is named, once, and nothing else happens to the study."""

import copy
import re

import pandas as pd
import pytest
from broken_inputs import PLACES, bad_images
from small_study import CONFIG, RESULTS

MANIFEST = f"{RESULTS}/data/manifest.csv"
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
        if name not in ("folder", "two links in a ring", "link to a pipe"):
            names.append(f"cat/{name}\n.jpg")
            make(cats / f"{name}\n.jpg")
    return work, names


def run(project, work, on_problem):
    config = copy.deepcopy(CONFIG)
    config["data"]["on_problem"] = on_problem
    status, output = project.snakemake(MANIFEST, config=config, work=work)
    log = (work / LOG).read_text()
    assert "Traceback" not in output + log
    return status, output, log


def test_broken_images_are_left_out_and_nothing_else(project, broken):
    work, names = broken
    status, output, log = run(project, work, "skip")
    assert status == 0, output
    manifest = pd.read_csv(work / MANIFEST, dtype=str, keep_default_na=False)
    assert sorted(manifest.loc[manifest["problem"] != "", "filename"]) == sorted(names)
    assert (manifest["problem"] == "").sum() == 24
    assert len(re.findall(r"left out: ", log)) == len(names) > 300


def test_broken_images_stop_the_study_in_one_line_each(project, broken):
    work, names = broken
    (work / MANIFEST).unlink(missing_ok=True)
    status, _, log = run(project, work, "stop")
    assert status == 1
    assert not (work / MANIFEST).exists()
    assert f"{len(names)} of {len(names) + 24} images" in log
    for name in names:
        (line,) = [line for line in log.splitlines() if f"{name!r}: " in line]
        assert line.split(": ", 1)[1]
