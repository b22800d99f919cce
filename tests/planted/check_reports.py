"""Build a report from every planted scenario, and look for what contradicts it.

python tests/planted/check_reports.py            # all scenarios, both languages
python tests/planted/check_reports.py noise      # those with this word in their name
"""

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "src"), str(Path(__file__).parent)]

from checker import find_contradictions  # noqa: E402
from results import build_reports  # noqa: E402
from scenarios import SCENARIOS  # noqa: E402


def main() -> None:
    """Check the scenarios, print each fault and how many there were."""
    chosen = [own for own in SCENARIOS if all(word in own.name for word in sys.argv[1:])]
    faults = []
    for number, scenario in enumerate(chosen):
        with tempfile.TemporaryDirectory() as folder:
            pdfs = build_reports(scenario, Path(folder, "results"))
            found = [
                f"{scenario.name}: {fault}"
                for language, pdf in pdfs.items()
                for fault in find_contradictions(scenario, pdf, language)
            ]
        print(*found, sep="\n" if found else "", end="\n" if found else "", flush=True)
        print(f"{number + 1} of {len(chosen)}", end="\r", file=sys.stderr)
        faults += found
    print(f"{len(chosen)} scenarios, {2 * len(chosen)} reports, {len(faults)} contradictions")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
