"""What a study has found out about its images, another study of the same images takes over."""

import copy
import time

from small_study import CONFIG


def products(name):
    return [f"results/{name}/data/{file}" for file in ("manifest.csv", "audit.json", "pixels.npy")]


def run(project, work, name, image_size):
    """Make the pixels of a study of that name; return what the logs of its steps say."""
    config = copy.deepcopy(CONFIG) | {"study": name}
    config["data"]["image_size"] = image_size
    status, output = project.snakemake(products(name)[-1], config=config, work=work)
    assert status == 0, output
    return [(work / f"results/{name}/logs/{step}.log").read_text() for step in STEPS]


STEPS = ("build_manifest", "write_pixels")


def test_a_second_study_of_the_same_images_reads_nothing_again(project, tmp_path):
    work = project.make_elsewhere(tmp_path)
    # Files that were changed a moment ago are not trusted to be as they were.
    time.sleep(2.1)
    size = CONFIG["data"]["image_size"]
    first = run(project, work, "first", size)
    assert not any("copied" in log for log in first)
    (known,) = (work / ".snakemake").glob("timbang-images-*.json")
    hashed = known.read_bytes(), known.stat().st_mtime_ns
    second = run(project, work, "second", size)
    assert all("copied" in log for log in second)
    for one, other in zip(products("first"), products("second"), strict=True):
        assert (work / one).read_bytes() == (work / other).read_bytes()
    assert (known.read_bytes(), known.stat().st_mtime_ns) == hashed
    # Other pixels of the same images are written anew, and what the images are is not.
    found, written = run(project, work, "third", size + 1)
    assert "copied" in found and "copied" not in written
    # What was edited by hand stays where it is.
    for name in ("first", "second", "third"):
        table = work / f"results/{name}/data/manifest.csv"
        table.write_bytes(table.read_bytes())
    assert "copied" not in run(project, work, "edited", size)[0]
    # Nor is anything taken over once an image is another one.
    image = next((work / "images").rglob("*.png"))
    image.write_bytes(image.read_bytes() + b"!")
    assert not any("copied" in log for log in run(project, work, "fourth", size))
