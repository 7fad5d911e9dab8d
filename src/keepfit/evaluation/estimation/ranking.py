"""How well scores rank when positives are expected, not counted: a row of chance 0.3 is 0.3 of a positive.

For counted positives see `keepfit.evaluation.ranking`. The groups here are rows of equal score, and then the figures
are exact; or the cells of a profile.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from keepfit.evaluation.loss import Floats


class Groups(NamedTuple):
    """Rows in groups of ascending score, all arrays of shape (groups,).

    Attributes:
        positives: expected of each group.
        negatives: likewise.
        variance: of the number of positives: the sum of chance times (1 - chance); 0 where they were counted.
        single: whether a group holds one score alone, so that its rows are ties and not merely close.
    """

    positives: Floats
    negatives: Floats
    variance: Floats
    single: NDArray[np.bool_]

    @classmethod
    def of(cls, scores: Floats, chances: Floats) -> "Groups":
        """Rows of equal score as one group; both arrays of shape (n,).

        >>> Groups.of(np.array([0.9, 0.1, 0.9]), np.array([1.0, 0.0, 0.5])).positives.tolist()
        [0.0, 1.5]
        """
        order = scores.argsort()
        ordered = scores[order]
        starts = np.flatnonzero(np.append(True, ordered[1:] > ordered[:-1])[: scores.size])
        counts = np.diff(np.append(starts, scores.size))
        each = np.column_stack([chances, chances * (1 - chances)])[order]
        positives, variance = np.add.reduceat(each, starts).T if scores.size else np.zeros((2, 0))
        return cls(positives, counts - positives, variance, np.ones(starts.size, np.bool_))


def roc_auc(groups: Groups) -> float:
    """The area under the ROC curve: the chance that a positive scores above a negative, half of the ties counted.

    `Σ p(g) (N below g + n(g) / 2) / (P N)` (Hanley and McNeil 1982, Radiology 143, 29-36), p and n the expected positives
    and negatives of a group, P and N of all; NaN without either.

    >>> roc_auc(Groups.of(np.array([0.1, 0.4, 0.4, 0.8]), np.array([0.0, 0.0, 1.0, 1.0])))
    0.875
    """
    pairs = float(groups.positives.sum()) * float(groups.negatives.sum())
    if pairs <= 0:
        return math.nan
    below = np.cumsum(groups.negatives) - groups.negatives / 2
    return min(1.0, float(np.dot(groups.positives, below)) / pairs)


def roc_auc_error(groups: Groups) -> float:
    """The standard error of the area (DeLong, DeLong and Clarke-Pearson 1988, Biometrics 44, 837-845).

    From how the positives place among the negatives, and these among them, as for as many counted ones: the sampling
    error of the estimate. Infinite with one of either or fewer.
    """
    yes, no = float(groups.positives.sum()), float(groups.negatives.sum())
    if yes <= 1 or no <= 1:
        return math.inf
    area = roc_auc(groups)
    below = (np.cumsum(groups.negatives) - groups.negatives / 2) / no
    above = 1 - (np.cumsum(groups.positives) - groups.positives / 2) / yes
    of_positives = float(np.dot(groups.positives, (below - area) ** 2)) / (yes - 1)
    of_negatives = float(np.dot(groups.negatives, (above - area) ** 2)) / (no - 1)
    return math.sqrt(max(0.0, of_positives / yes + of_negatives / no))


def average_precision(groups: Groups) -> float:
    """The mean precision at the positives, from the highest score down; NaN without positives.

    A group of ties is one step, of the precision at its end; the rows of any other come in random order. With F
    positives among the T rows above a group, p among its own m rows and v their variance, a step is expected to add
    `(p (F + p) + v) / (T + m)`, for a positive is certain of itself; and m rows in random order
    `Σ (p (F + 1) / m + b (k - 1)) / (T + k)`, k from 1 to m, where `b = (p² - p + v) / (m (m - 1))` is the chance that
    two of them are positives.

    >>> round(average_precision(Groups.of(np.array([0.1, 0.4, 0.8]), np.array([1.0, 0.0, 1.0]))), 4)
    0.8333
    """
    from scipy.special import digamma

    p, v = groups.positives[::-1], groups.variance[::-1]
    m = p + groups.negatives[::-1]
    held = (m > 0) & (p > 0)
    if not held.any():
        return math.nan
    above, seen = (np.cumsum(p) - p)[held], (np.cumsum(m) - m)[held]
    p, v, m, single = p[held], v[held], m[held], groups.single[::-1][held]
    steps = (p * (above + p) + v) / (seen + m)
    first = p * (above + 1) / m
    both = (p**2 - p + v) / (m * np.maximum(1.0, m - 1)) * (m > 1)
    # Σ 1 / (T + k), and k - 1 = (T + k) - (T + 1).
    harmonic = digamma(seen + m + 1) - digamma(seen + 1)
    mixed = (first - both * (seen + 1)) * harmonic + both * m
    return min(1.0, float(np.where(single, steps, mixed).sum() / groups.positives.sum()))
