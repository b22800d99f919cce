"""A small study goes through a real Slurm with profiles/slurm, from the images to the PDF."""

import re

import pandas as pd
import pytest
from slurm_study import Folder

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("on-slurm")]

STUDY = {
    "study": "small",
    "data": {"source": "digits", "image_size": 8},
    "replicates": 2,
    "recipe": {"epochs": 1, "batch_size": 64, "horizontal_flip": 0},
    "width": 0.125,
    "contenders": ["plain18", "resnet18"],
    "reference": "resnet18",
    "report": {"languages": ["en"]},
}


@pytest.fixture(scope="module")
def finished(cluster, tmp_path_factory):
    folder = Folder(tmp_path_factory.mktemp("slurm") / "work", STUDY)
    folder.make("--group-components", "runs=2", "variants=2")
    folder.jobs = cluster.records(folder.place)
    return folder


def test_the_study_goes_through_to_its_pdf(finished):
    assert (finished.results / "report/report-en.pdf").read_bytes()[:4] == b"%PDF"
    summary = pd.read_csv(finished.results / "summary.csv")
    assert dict(zip(summary["contender"], summary["replicates"], strict=True)) == {
        "plain18": 2,
        "resnet18": 2,
    }


def test_runs_share_jobs_and_light_rules_are_none(finished):
    """Reading and resizing the images, and two jobs of two runs each."""
    assert len(finished.jobs) == 4, finished.jobs
    assert {job["JobState"] for job in finished.jobs} == {"COMPLETED"}


def test_training_was_on_the_node_with_a_gpu_one_job_at_a_time(finished):
    jobs = [job for job in finished.jobs if "cpu=1," in job["Tres"]]
    assert [job["NodeList"] for job in jobs] == ["withgpu", "withgpu"]
    first, second = sorted((job["StartTime"], job["EndTime"]) for job in jobs)
    assert first[1] <= second[0]


def test_slurm_was_asked_for_the_processors_of_each_rule(finished):
    """Four for reading and resizing images, one for runs; and the study is seen in squeue."""
    asked = sorted(re.match(r"cpu=\d+", job["Tres"])[0] for job in finished.jobs)
    assert asked == ["cpu=1", "cpu=1", "cpu=4", "cpu=4"]
    assert all(job["Name"].startswith("timbang-small_") for job in finished.jobs)


def test_a_time_above_the_partitions_limit_stops_before_anything_is_submitted(cluster, tmp_path):
    folder = Folder(tmp_path / "work", STUDY)
    assert folder.start("-n", "--set-resources", "train_network:runtime=240").wait() != 0
    assert (
        "train_network asks for 960 minutes, and the default partition allows 90" in folder.said()
    )
    assert "Traceback" not in folder.said()
