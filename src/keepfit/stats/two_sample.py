"""Could two samples come from one distribution? Tests on counts in the same cells, by the laws of their statistics.

None of them draws random numbers, so that a p-value can be as small as the evidence makes it, and costs microseconds.

Counts are arrays of shape (..., cells): of many pairs at once the outcome has shape (...). Cells that are empty on both
sides add nothing, so that pairs with different numbers of cells are tested together by padding them with zeros.

Rows that come together are alike: a hundred trips of one day tell less than a hundred of as many days. `design` says how
many times the variance of independent rows the shares have (Kish 1965, Survey Sampling, section 8.2); the tests take the
rows for that many times fewer (for chi-square, Rao and Scott 1981, JASA 76, 221-230).
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from keepfit.stats.distances import shares
from keepfit.stats.numeric_cells import Floats
from keepfit.stats.numeric_profile import Counts

#: The chi-square law needs about this many expected rows in a cell; rarer cells are counted together (Cochran 1954).
LEAST_EXPECTED = 5.0


class Outcome(NamedTuple):
    """A statistic, and the chance of one at least as far out when both samples come from one distribution.

    NaN and 1 where nothing can be told: a side has no rows, or only one cell is left.

    Attributes:
        statistic: shape (...).
        p: likewise.
    """

    statistic: Floats
    p: Floats


def kolmogorov_smirnov(reference: Counts, window: Counts, design: Floats | float = 1.0) -> Outcome:
    """The largest gap of the cumulative shares at the edges of the cells, which are in order.

    p by Kolmogorov's law of D √(nm/(n+m)) (Smirnov 1948, Annals of Mathematical Statistics 19, 279-281), which is
    that of continuous values: where single values carry many rows, and between the edges, the true p is smaller.

    >>> statistic, p = kolmogorov_smirnov(np.array([500, 500]), np.array([50, 150]))
    >>> float(statistic), bool(p < 1e-6)
    (0.25, True)
    """
    n, m, told = _rows(reference, window)
    gaps = np.abs(reference.cumsum(axis=-1) / n[..., None] - window.cumsum(axis=-1) / m[..., None])
    gap = gaps.max(axis=-1)
    return _outcome(gap, kolmogorov_p(gap, n / design, m / design), told)


def kolmogorov_p(gap: Floats | float, n: Floats | float, m: Floats | float) -> Floats:
    """The chance of a gap of at least `gap` between the distributions of two samples of `n` and `m` continuous values."""
    found: Floats = special.kolmogorov(gap * np.sqrt(n * m / (n + m)))
    return found


def mann_whitney(reference: Counts, window: Counts, design: Floats | float = 1.0) -> Outcome:
    """The chance that a value of the window lies above one of the reference, ties counting half; the cells in order.

    One half when neither lies higher. Of all tests that outliers cannot move, the one that sees a shift best: with
    normal values it needs 5 % more rows than a t-test. p is two-sided, by the normal law with the correction for ties
    (Mann and Whitney 1947, Annals of Mathematical Statistics 18, 50-60; Lehmann 1975, section 1.4).

    >>> statistic, p = mann_whitney(np.array([10, 10]), np.array([10, 10]))
    >>> float(statistic), float(p)
    (0.5, 1.0)
    >>> float(mann_whitney(np.array([100, 0]), np.array([0, 100])).statistic)
    1.0
    """
    n, m, told = _rows(reference, window)
    below = reference.cumsum(axis=-1) - reference / 2
    above = ((below / n[..., None]) * (window / m[..., None])).sum(axis=-1)
    together = (reference + window) / (n + m)[..., None]
    spread = 1.0 - (together**3).sum(axis=-1)
    varied = spread > 0
    z = (above - 0.5) / np.sqrt(design * np.where(varied, spread, 1.0) / 12 * (1 / n + 1 / m))
    p = np.where(varied, np.minimum(1.0, 2 * special.ndtr(-np.abs(z))), 1.0)
    return _outcome(above, p, told)


def chi_square(reference: Counts, window: Counts, design: Floats | float = 1.0) -> Outcome:
    """Pearson's chi-square of two samples over cells in any order, as Cramér's V (0 to 1), and its p.

    Cells that let expect fewer than 5 rows in the smaller sample are counted together. p by the gamma law with the mean
    and variance that the statistic has at these numbers of rows (Haldane 1940, Biometrika 31, 346-355), which many small
    cells would otherwise make too small.

    >>> statistic, p = chi_square(np.array([500, 500]), np.array([500, 500]))
    >>> float(statistic), float(p)
    (0.0, 1.0)
    >>> bool(chi_square(np.array([500, 500]), np.array([100, 200])).p < 1e-5)
    True
    """
    n, m, told = _rows(reference, window)
    r, w = _pooled(reference, window, n, m)
    together = r + w
    held = together > 0
    gaps = (r * m[..., None] - w * n[..., None]) ** 2
    squares = np.divide(gaps, together, out=np.zeros(gaps.shape), where=held).sum(axis=-1) / (n * m)
    told = told & (np.count_nonzero(held, axis=-1) > 1)
    chance = _chi_square_p(squares / design, together / (n + m)[..., None], n, m)
    return _outcome(np.sqrt(squares / (n + m)), chance, told)


def _rows(reference: Counts, window: Counts) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """The rows of either side, at least 1 to divide by, and whether both have any; all of shape (...)."""
    n, m = reference.sum(axis=-1), window.sum(axis=-1)
    return np.maximum(n, 1.0), np.maximum(m, 1.0), (n > 0) & (m > 0)


def _outcome(statistic: Floats, p: Floats, told: NDArray[np.bool_]) -> Outcome:
    # [()] makes a number of an array without dimensions: a pair by itself has one outcome.
    return Outcome(np.where(told, statistic, np.nan)[()], np.where(told, p, 1.0)[()])


def _pooled(reference: Counts, window: Counts, n: Floats, m: Floats) -> tuple[Floats, Floats]:
    """Counts of the cells that are large enough, and one more of all others together, shape (..., cells + 1).

    Where these are still too few they go to the smallest of the large ones.
    """
    together = reference + window
    least = LEAST_EXPECTED * (n + m) / np.minimum(n, m)
    large = together >= least[..., None]
    smallest = np.where(large, together, np.inf).argmin(axis=-1)[..., None]
    small = np.where(large, 0, together).sum(axis=-1)
    last = np.full_like(smallest, together.shape[-1])
    where = np.where((small >= least)[..., None], last, smallest)
    return _moved(reference, large, where), _moved(window, large, where)


def _moved(counts: Counts, kept: NDArray[np.bool_], where: NDArray[np.intp]) -> Floats:
    """Counts with one more cell, in which those that are not kept are counted in the cell `where`."""
    found = np.zeros((*counts.shape[:-1], counts.shape[-1] + 1))
    found[..., :-1] = np.where(kept, counts, 0)
    rest = np.where(kept, 0, counts).sum(axis=-1, keepdims=True)
    np.put_along_axis(found, where, np.take_along_axis(found, where, axis=-1) + rest, axis=-1)
    return found


def _chi_square_p(squares: Floats, chances: Floats, n: Floats, m: Floats) -> Floats:
    held = chances > 0
    k = np.count_nonzero(held, axis=-1)
    mean = np.maximum(k - 1.0, 1.0)
    inverse = np.divide(1.0, chances, out=np.zeros(chances.shape), where=held).sum(axis=-1)
    # For one sample the variance has the term (Σ 1/p - k² - 2k + 2) / n; of two, the smaller has most of it.
    uneven = (inverse - k * k - 2 * k + 2) * (1 / n + 1 / m)
    scale = np.maximum(2 * mean + uneven, mean) / mean
    found: Floats = special.gammaincc(mean / scale, squares / scale)
    return found


def total_variation_noise(reference: Counts, window_rows: Floats, rest_rows: Floats) -> tuple[Floats, Floats]:
    """Mean and standard deviation of the total variation of two samples from the shares of `reference`.

    Half the sum of |Z| over the cells, Z normal with variance p (1 - p) (1/n + 1/m); the deviation as if cells were
    independent but for having to add up, which for k cells makes it k / (k - 1) times the variance.

    Args:
        reference: rows in each cell, shape (cells,) or (k, cells).
        window_rows: rows of one sample, shape (k,).
        rest_rows: rows of the other, shape (k,).

    >>> mean, deviation = total_variation_noise(np.array([50, 50]), np.array([100.0]), np.array([1e9]))
    >>> round(float(mean[0]), 3)
    0.04
    """
    chances = shares(reference)
    spread = chances * (1 - chances)
    scale = 1 / window_rows + 1 / rest_rows
    mean = np.sqrt(2 / math.pi * scale) * np.sqrt(spread).sum(axis=-1) / 2
    whole, squares = spread.sum(axis=-1), (spread**2).sum(axis=-1)
    cells = np.maximum(2.0, np.divide(whole**2, squares, out=np.zeros_like(whole), where=whole > 0))
    deviation = np.sqrt((1 - 2 / math.pi) * scale * whole * cells / (cells - 1)) / 2
    return mean, deviation
