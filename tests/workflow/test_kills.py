"""A run that is killed with all of Snakemake goes on where it was, bit for bit."""

import pytest
from kill_runs import ARGUMENTS, CONFIG, kill_runs


@pytest.mark.parametrize("kills", [1, pytest.param(30, marks=pytest.mark.slow)])
def test_killed_runs_end_as_ones_that_were_not(project, tmp_path, kills):
    def finish():
        status, _ = project.snakemake(*ARGUMENTS, config=CONFIG, work=tmp_path)
        return status == 0

    finished, different = kill_runs(
        tmp_path, kills=kills, longest=0.5, root=project.root, finish=finish
    )
    assert finished >= 1
    assert different == 0
