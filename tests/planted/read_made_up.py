"""Let the second reader read reports of made-up studies, none of which has a fault.

python tests/planted/read_made_up.py 100          # studies 0 to 99, each in a language
python tests/planted/read_made_up.py 100 500      # studies 500 to 599
"""

import sys
import tempfile
import traceback
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "src"), str(Path(__file__).parent)]

from made_up import build_report, make_up  # noqa: E402

from timbang.reader.study import check_study  # noqa: E402


def main() -> None:
    """Print each false alarm and how many numbers were read."""
    count, first = (int(word) for word in (*sys.argv[1:], "0")[:2])
    numbers = alarms = 0
    for seed in range(first, first + count):
        with tempfile.TemporaryDirectory() as home:
            try:
                made = make_up(seed, Path(home))
                code = ("en", "id")[seed % 2]
                pdf, figures = build_report(made, code)
                checked = check_study(pdf, code, figures, made.folder, made.study, made.claims)
            except Exception:
                alarms += 1
                print(f"study {seed}:", traceback.format_exc()[-700:], flush=True)
                continue
        numbers += checked.numbers
        alarms += bool(checked.faults)
        for fault in checked.faults[:5]:
            print(f"study {seed}: {fault}", flush=True)
        print(f"{seed + 1 - first} of {count}, {numbers:,} numbers", end="\r", file=sys.stderr)
    print(f"{count} studies, {numbers} numbers and marks, {alarms} with a false alarm")
    sys.exit(bool(alarms))


if __name__ == "__main__":
    main()
