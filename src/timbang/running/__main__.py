"""Say how far a study is: ``python -m timbang.running config/config.yaml``, `make status`.

``--every 10`` says it again every ten seconds, until Ctrl-C.
"""

import argparse
import sys
import time
from pathlib import Path

import yaml

from timbang.errors import TimbangError
from timbang.networks.catalogue import find_fault
from timbang.running.progress import describe_runs, is_held, list_runs
from timbang.sources.choice import find_source
from timbang.study.plain_yaml import read_config
from timbang.study.reading import read_study
from timbang.study.schema import read_schema


def main() -> int:
    """Print the view of a study; return 0, or 2 where its configuration cannot be read."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("config", type=Path, help="the study's configuration")
    parser.add_argument("--every", type=float, metavar="SECONDS", help="say it again and again")
    arguments = parser.parse_args()
    try:
        config = read_config(arguments.config)
        study = read_study(config, read_schema(), find_source, find_fault)
    except (OSError, ValueError, yaml.YAMLError, TimbangError) as error:
        print(f"{arguments.config} cannot be read: {error}", file=sys.stderr)
        return 2
    folder = Path("results", study.name)
    try:
        while True:
            lines = describe_runs(study.name, list_runs(study, folder), is_held(folder / ".held"))
            print(*lines, sep="\n", flush=True)
            if not arguments.every:
                return 0
            time.sleep(max(1.0, arguments.every))
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())
