"""What a study has found out about its images, another study of the same images takes over."""

import copy
import time

from small_study import CONFIG

PRODUCTS = ("manifest.csv", "audit.json", "pixels.npy")
STEPS = ("build_manifest", "write_pixels")


def run(project, work, name):
    """Make the pixels of a study of that name; return its files, and what its steps log."""
    config = copy.deepcopy(CONFIG) | {"study": name}
    folder = work / "results" / name
    status, output = project.snakemake(f"results/{name}/data/pixels.npy", config=config, work=work)
    assert status == 0, output
    files = [(folder / "data" / product).read_bytes() for product in PRODUCTS]
    return files, [(folder / "logs" / f"{step}.log").read_text() for step in STEPS]


def test_a_second_study_of_the_same_images_reads_nothing_again(project, tmp_path):
    work = project.make_elsewhere(tmp_path)
    # Files that were changed a moment ago are not trusted to be as they were.
    time.sleep(2.1)
    first, logs = run(project, work, "first")
    assert not any("copied" in log for log in logs)
    (known,) = (work / ".snakemake").glob("timbang-images-*.json")
    hashed = known.read_bytes(), known.stat().st_mtime_ns
    second, logs = run(project, work, "second")
    assert all("copied" in log for log in logs)
    assert second == first
    assert (known.read_bytes(), known.stat().st_mtime_ns) == hashed
