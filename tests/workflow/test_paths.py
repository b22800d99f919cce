"""The project works wherever it lies, in folders with spaces and quotes too."""

import subprocess
import sys

import yaml
from small_study import CONFIG, RESULTS


def test_an_interpreter_in_a_folder_with_a_space_runs_the_scripts(project, tmp_path):
    work = project.make_elsewhere(tmp_path)
    place = tmp_path / "it's a place"
    place.symlink_to(sys.prefix)
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(CONFIG))
    command = [place / "bin/python", "-m", "snakemake", "-c1", f"{RESULTS}/data/manifest.csv"]
    command += ["-s", project.root / "Snakefile", "--configfile", "config.yaml"]
    done = subprocess.run(command, cwd=work, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert (work / RESULTS / "data/manifest.csv").is_file()
