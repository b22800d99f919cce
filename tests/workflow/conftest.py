"""The tiny study is made once for all tests of the workflow."""

import pytest
from small_study import TARGETS, Project


@pytest.fixture(scope="session")
def project(tmp_path_factory):
    """The project, with nothing run yet."""
    project = Project(tmp_path_factory.mktemp("tiny"))
    with project.server:
        yield project


@pytest.fixture(scope="session")
def study(project):
    """The project, with the tiny study made run by run on a machine that gives no GPU."""
    alone = ("--cores", "1", "--resources", "gpu=0", "--verbose")
    status, output = project.snakemake(*TARGETS, *alone)
    assert status == 0, output
    project.output = output
    return project
