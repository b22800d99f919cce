"""A run that is killed with all of Snakemake goes on where it was, bit for bit."""

import pytest
from kill_runs import kill_runs


@pytest.mark.parametrize("kills", [1, pytest.param(30, marks=pytest.mark.slow)])
def test_killed_runs_end_as_ones_that_were_not(tmp_path, kills):
    finished, different = kill_runs(tmp_path, kills=kills, longest=0.5)
    assert finished >= 1
    assert different == 0
