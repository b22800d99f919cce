"""A run that is killed with all of Snakemake goes on where it was, bit for bit."""

from kill_runs import kill_runs


def test_killed_runs_end_as_ones_that_were_not(tmp_path):
    finished, different = kill_runs(tmp_path, kills=2, longest=1.5)
    assert finished >= 1
    assert different == 0
