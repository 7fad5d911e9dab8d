"""How far two distributions lie apart, from their counts in the same cells.

Counts are arrays of shape (..., cells): a distance of many pairs at once has shape (...). A side without
rows makes the distance NaN.
"""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from keepfit.stats.numeric_cells import Floats
from keepfit.stats.numeric_profile import NumericProfile

#: The least share that a cell is taken to hold in a population stability index.
LEAST_SHARE: Final = 1e-3


def shares(counts: ArrayLike) -> Floats:
    """Counts as shares of their sum, shape (..., cells); NaN where there are none.

    >>> shares([1, 3]).tolist()
    [0.25, 0.75]
    """
    found = np.asarray(counts, np.float64)
    totals = found.sum(axis=-1, keepdims=True)
    parts: Floats = np.divide(found, totals, out=np.full(found.shape, np.nan), where=totals > 0)
    return parts


def psi(reference: ArrayLike, window: ArrayLike) -> Floats:
    """The population stability index, Σ (w - r) ln(w / r) over the cells' shares (Jeffreys 1946; Siddiqi 2006).

    A share under 1/1000 is taken as 1/1000: an empty cell makes no infinity, cells that are rare on both sides add
    nothing, and the result does not depend on how many rows there are, as it does when rows are added for smoothing.
    Symmetric; 0 when the shares are equal; from 0.2 on it is customarily called a shift.

    >>> float(psi([50, 50], [50, 50]).round(3)), float(psi([50, 50], [80, 20]).round(3))
    (0.0, 0.416)
    """
    r, w = np.maximum(shares(reference), LEAST_SHARE), np.maximum(shares(window), LEAST_SHARE)
    found: Floats = ((w - r) * np.log(w / r)).sum(axis=-1)
    return found


def ks(reference: ArrayLike, window: ArrayLike) -> Floats:
    """The Kolmogorov-Smirnov distance, max |F - G| of the cumulative shares at the cells' edges; the cells in order.

    Between 0 and 1; at most the exact distance, and short of it by at most the largest cell that is no atom.

    >>> float(ks([1, 1, 0], [0, 1, 1]))
    0.5
    """
    gaps: Floats = np.abs(np.cumsum(shares(reference), axis=-1) - np.cumsum(shares(window), axis=-1))
    return np.asarray(gaps.max(axis=-1))


def total_variation(reference: ArrayLike, window: ArrayLike) -> Floats:
    """Half the sum of |r - w|: the share of rows that would have to move. Between 0 and 1.

    >>> float(total_variation([3, 1], [1, 3]))
    0.5
    """
    found: Floats = np.abs(shares(reference) - shares(window)).sum(axis=-1) / 2
    return found


def jensen_shannon(reference: ArrayLike, window: ArrayLike) -> Floats:
    """The Jensen-Shannon distance: the root of the divergence in bits (Endres and Schindelin 2003). Between 0 and 1.

    >>> float(jensen_shannon([1, 0], [0, 1]))
    1.0
    """
    r, w = shares(reference), shares(window)
    middle = (r + w) / 2
    divergence = (_relative_entropy(r, middle) + _relative_entropy(w, middle)) / 2
    found: Floats = np.sqrt(np.clip(divergence, 0.0, 1.0))
    return found


def _relative_entropy(p: Floats, q: Floats) -> Floats:
    ratio = np.divide(p, q, out=np.ones(q.shape), where=p > 0)
    found: Floats = (p * np.log2(ratio)).sum(axis=-1)
    return found


def wasserstein(reference: NumericProfile, window: NumericProfile) -> float:
    """The 1-Wasserstein distance ∫ |F - G| dx, in the unit of the values, each cell's rows at their mean.

    Off by at most the mean distance of the values from the mean of their cell; NaN when a side has no values.
    """
    places, weights = _places(reference)
    others, other_weights = _places(window)
    if not places.size or not others.size:
        return float("nan")
    line = np.sort(np.concatenate([places, others]))
    gaps = _cumulative(places, weights, line) - _cumulative(others, other_weights, line)
    return float(np.dot(np.abs(gaps[:-1]), np.diff(line)))


def _places(profile: NumericProfile) -> tuple[Floats, Floats]:
    """Where the values lie, ascending, and the share of them there."""
    held = profile.counts > 0
    places = profile.sums[held] / profile.counts[held]
    order = np.argsort(places)
    return places[order], shares(profile.counts[held])[order]


def _cumulative(places: Floats, weights: Floats, line: Floats) -> Floats:
    until = np.concatenate([[0.0], np.cumsum(weights)])
    found: Floats = until[np.searchsorted(places, line, side="right")]
    return found
