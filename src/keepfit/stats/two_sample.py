"""Could two samples come from one distribution? Tests on counts in the same cells, by the laws of their statistics.

None of them draws random numbers, so that a p-value can be as small as the evidence makes it, and costs microseconds.

Rows that come together are alike: a hundred trips of one day tell less than a hundred of as many days. `design` says how
many times the variance of independent rows the shares have (Kish 1965, Survey Sampling, section 8.2); the tests take the
rows for that many times fewer (for chi-square, Rao and Scott 1981, JASA 76, 221-230).
"""

import math
from typing import NamedTuple

import numpy as np
from scipy import special

from keepfit.stats.distances import shares
from keepfit.stats.intervals import normal_cdf
from keepfit.stats.numeric_cells import Floats
from keepfit.stats.numeric_profile import Counts

#: The chi-square law needs about this many expected rows in a cell; rarer cells are counted together (Cochran 1954).
LEAST_EXPECTED = 5.0


class Outcome(NamedTuple):
    """A statistic, and the chance of one at least as far out when both samples come from one distribution."""

    statistic: float
    p: float


#: Nothing can be told: a side has no rows, or only one cell is left.
UNTOLD = Outcome(math.nan, 1.0)


def kolmogorov_smirnov(reference: Counts, window: Counts, design: float = 1.0) -> Outcome:
    """The largest gap of the cumulative shares at the edges of the cells, which are in order.

    p by Kolmogorov's law of D √(nm/(n+m)) (Smirnov 1948, Annals of Mathematical Statistics 19, 279-281), which is
    that of continuous values: where single values carry many rows, and between the edges, the true p is smaller.

    >>> result = kolmogorov_smirnov(np.array([500, 500]), np.array([50, 150]))
    >>> result.statistic, result.p < 1e-6
    (0.25, True)
    """
    n, m = int(reference.sum()), int(window.sum())
    if not n or not m:
        return UNTOLD
    gap = float(np.abs(reference.cumsum() / n - window.cumsum() / m).max())
    return Outcome(gap, kolmogorov_p(gap, n / design, m / design))


def kolmogorov_p(gap: float, n: float, m: float) -> float:
    """The chance of a gap of at least `gap` between the distributions of two samples of `n` and `m` continuous values."""
    return float(special.kolmogorov(gap * math.sqrt(n * m / (n + m))))


def mann_whitney(reference: Counts, window: Counts, design: float = 1.0) -> Outcome:
    """The chance that a value of the window lies above one of the reference, ties counting half; the cells in order.

    One half when neither lies higher. Of all tests that outliers cannot move, the one that sees a shift best: with
    normal values it needs 5 % more rows than a t-test. p is two-sided, by the normal law with the correction for ties
    (Mann and Whitney 1947, Annals of Mathematical Statistics 18, 50-60; Lehmann 1975, section 1.4).

    >>> mann_whitney(np.array([10, 10]), np.array([10, 10]))
    Outcome(statistic=0.5, p=1.0)
    >>> mann_whitney(np.array([100, 0]), np.array([0, 100])).statistic
    1.0
    """
    n, m = int(reference.sum()), int(window.sum())
    if not n or not m:
        return UNTOLD
    below = reference.cumsum() - reference / 2
    above = float(np.dot(below / n, window / m))
    together = (reference + window) / (n + m)
    spread = 1.0 - float(np.dot(together**2, together))
    if spread <= 0:
        return Outcome(above, 1.0)
    z = (above - 0.5) / math.sqrt(design * spread / 12 * (1 / n + 1 / m))
    return Outcome(above, min(1.0, 2 * normal_cdf(-abs(z))))


def chi_square(reference: Counts, window: Counts, design: float = 1.0) -> Outcome:
    """Pearson's chi-square of two samples over cells in any order, as Cramér's V (0 to 1), and its p.

    Cells that let expect fewer than 5 rows in the smaller sample are counted together. p by the gamma law with the mean
    and variance that the statistic has at these numbers of rows (Haldane 1940, Biometrika 31, 346-355), which many small
    cells would otherwise make too small.

    >>> chi_square(np.array([500, 500]), np.array([500, 500]))
    Outcome(statistic=0.0, p=1.0)
    >>> chi_square(np.array([500, 500]), np.array([100, 200])).p < 1e-5
    True
    """
    n, m = int(reference.sum()), int(window.sum())
    if not n or not m:
        return UNTOLD
    r, w = _pooled(reference, window, n, m)
    if r.size < 2:
        return UNTOLD
    together = r + w
    squares = float((((r * m - w * n) ** 2) / together).sum()) / (n * m)
    chance = _chi_square_p(squares / design, together / (n + m), n, m)
    return Outcome(math.sqrt(squares / (n + m)), chance)


def _pooled(reference: Counts, window: Counts, n: int, m: int) -> tuple[Floats, Floats]:
    """Counts of the cells that are large enough; all others together, with the smallest of these if still too few."""
    together = reference + window
    least = LEAST_EXPECTED * (n + m) / min(n, m)
    large = together >= least
    small = ~large
    r, w = reference[large].astype(np.float64), window[large].astype(np.float64)
    rest_r, rest_w = float(reference[small].sum()), float(window[small].sum())
    if rest_r + rest_w >= least or not r.size:
        return np.append(r, rest_r), np.append(w, rest_w)
    if rest_r + rest_w > 0:
        smallest = int(np.argmin(r + w))
        r[smallest] += rest_r
        w[smallest] += rest_w
    return r, w


def _chi_square_p(squares: float, chances: Floats, n: int, m: int) -> float:
    k = chances.size
    mean = float(k - 1)
    # For one sample the variance has the term (Σ 1/p - k² - 2k + 2) / n; of two, the smaller has most of it.
    uneven = (float((1 / chances).sum()) - k * k - 2 * k + 2) * (1 / n + 1 / m)
    variance = max(2 * mean + uneven, mean)
    scale = variance / mean
    return float(special.gammaincc(mean / scale, squares / scale))


def total_variation_noise(reference: Counts, window_rows: Floats, rest_rows: Floats) -> tuple[Floats, Floats]:
    """Mean and standard deviation of the total variation of two samples from the shares of `reference`.

    Half the sum of |Z| over the cells, Z normal with variance p (1 - p) (1/n + 1/m); the deviation as if cells were
    independent but for having to add up, which for k cells makes it k / (k - 1) times the variance.

    Args:
        reference: rows in each cell, shape (cells,).
        window_rows: rows of one sample, shape (k,).
        rest_rows: rows of the other, shape (k,).

    >>> mean, deviation = total_variation_noise(np.array([50, 50]), np.array([100.0]), np.array([1e9]))
    >>> round(float(mean[0]), 3)
    0.04
    """
    chances = shares(reference)
    spread = chances * (1 - chances)
    scale = 1 / window_rows + 1 / rest_rows
    mean = np.sqrt(2 / math.pi * scale) * np.sqrt(spread).sum() / 2
    whole = float(spread.sum())
    cells = max(2.0, whole**2 / float((spread**2).sum())) if whole else 2.0
    deviation = np.sqrt((1 - 2 / math.pi) * scale * whole * cells / (cells - 1)) / 2
    return mean, deviation
