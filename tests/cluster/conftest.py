"""The tests of a cluster run inside slurm/with-cluster.sh, as `make test-cluster` starts them."""

import os
import time
from pathlib import Path

import pytest
from slurm_study import Cluster


def pytest_collection_modifyitems(items):
    """Leave all out where there is no cluster around pytest."""
    if os.getenv("TIMBANG_IN_CLUSTER") != "1":
        for item in items:
            if Path(__file__).parent in item.path.parents:
                item.add_marker(pytest.mark.skip("make test-cluster starts the cluster"))


@pytest.fixture(scope="session")
def cluster():
    return Cluster()


@pytest.fixture
def await_that(cluster):
    def wait(is_so, what, seconds=200):
        """Wait until something is so."""
        end = time.monotonic() + seconds
        while not is_so():
            assert time.monotonic() < end, f"never: {what}\n{cluster.log()}"
            time.sleep(0.1)

    return wait
