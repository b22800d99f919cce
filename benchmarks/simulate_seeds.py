"""How often the interval of the split's share covers the truth, and how wide it is.

python benchmarks/simulate_seeds.py
"""

import numpy as np

from timbang.evidence.seeds import part_variation

STUDIES = 2000
DESIGNS = ((7, 2), (7, 3), (10, 2), (20, 2))
# Standard deviation of the split's part where training's is 1, and the share that it makes.
TRUTHS = ((0.0, 0.0), (1.0, 0.5), (3.0, 0.9))


def main() -> None:
    print("| replicates x runs | true share | covers | mean width |\n|---|---|---|---|")
    for count, seeds in DESIGNS:
        for split, share in TRUTHS:
            random = np.random.default_rng(7)
            covers, widths = [], []
            for _ in range(STUDIES):
                own = split * random.normal(size=(count, 1))
                found = part_variation(own + random.normal(size=(count, seeds)))
                covers.append(found.low <= share <= found.high)
                widths.append(found.high - found.low)
            numbers = f"{np.mean(covers):.3f} | {np.mean(widths):.2f}"
            print(f"| {count} x {seeds} | {share} | {numbers} |")


if __name__ == "__main__":
    main()
