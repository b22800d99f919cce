"""Whether confidences are as often right as they say, computed anew.

The rules are those of ``docs/evidence.md``; the regression pools neighbours by SciPy, where the
scores of runs take scikit-learn's.
"""

import numpy as np
from scipy.optimize import isotonic_regression

PLACES = 100
DRAWS, SEED = 500, 0
EDGES = (0.025, 0.975)

# The distinct confidences, which of them each answer has, and how many answers have each.
Grouped = tuple[np.ndarray, np.ndarray, np.ndarray]


def measure_calibration(confidences: np.ndarray, is_right: np.ndarray) -> dict[str, float]:
    """Return the parts of the mean squared error of confidences, float [images]."""
    hits = is_right.astype(float)
    known, rates = _regress(_group(confidences), hits)
    error = np.mean((confidences - hits) ** 2)
    least = np.mean((rates[np.searchsorted(known, confidences)] - hits) ** 2)
    plain = hits.mean() * (1 - hits.mean())
    return {
        "miscalibration": float(error - least),
        "discrimination": float(plain - least),
        "uncertainty": float(plain),
    }


def draw_diagram(
    confidences: np.ndarray, is_right: np.ndarray, groups: np.ndarray
) -> dict[str, np.ndarray]:
    """Return how often answers are right at 1 to 100 per cent of confidence, and the band's ends.

    Args:
        confidences: float [answers].
        is_right: bool [answers].
        groups: int [answers], equal for answers to copies of one image.

    Returns:
        ``right``, ``low`` and ``high``, float [100]; NaN where no confidence reaches, but for the
        place nearest to confidences that all lie between two.
    """
    names = sorted(set(groups.tolist()))
    place = {name: at for at, name in enumerate(names)}
    members = np.array([place[name] for name in groups.tolist()])
    source = np.random.default_rng(SEED)
    numbers = source.random((DRAWS, len(names)))
    grouped = _group(confidences)
    bands = [_read_off(grouped, row[members] < confidences) for row in numbers]
    low, high = (np.quantile(bands, edge, axis=0) for edge in EDGES)
    return {"right": _read_off(grouped, is_right), "low": low, "high": high}


def _group(confidences: np.ndarray) -> Grouped:
    return np.unique(confidences, return_inverse=True, return_counts=True)


def _regress(grouped: Grouped, hits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the distinct confidences, and the rates that rise along them and fit best."""
    known, at, counts = grouped
    means = np.bincount(at, hits) / counts
    return known, isotonic_regression(means, weights=counts).x


def _read_off(grouped: Grouped, is_right: np.ndarray) -> np.ndarray:
    known, rates = _regress(grouped, is_right.astype(float))
    places = np.arange(1, PLACES + 1) / PLACES
    is_reached = (known[0] <= places) & (places <= known[-1])
    if not is_reached.any():
        is_reached[np.abs(places - known[0]).argmin()] = True
    return np.where(is_reached, np.interp(places, known, rates), np.nan)
