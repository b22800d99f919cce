"""The project works wherever it lies, in folders with spaces and quotes too."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_an_interpreter_in_a_folder_with_a_space_runs_the_scripts(tmp_path):
    place = tmp_path / "it's a place"
    place.symlink_to(sys.prefix)
    target = "results/digits/splits/0.csv"
    done = subprocess.run(
        [place / "bin" / "python", "-m", "snakemake", "-s", ROOT / "Snakefile", "-c1", target],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert (tmp_path / target).is_file()
