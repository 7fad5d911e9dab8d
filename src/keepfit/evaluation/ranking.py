"""How well scores rank positives above negatives, from counts in ascending cells; rows of one cell count as ties."""

import math

import numpy as np
from numpy.typing import NDArray

from keepfit.evaluation.measure import Measure, logit_of, unknown
from keepfit.stats.intervals import wilson

Counts = NDArray[np.int64]


def roc_auc(positives: Counts, negatives: Counts, confidence: float = 0.95) -> Measure:
    """The chance that a positive scores above a negative, ties counting one half.

    With a share `b(k)` of the negatives below cell k and half of its own: `AUC = Σ pos(k) b(k) / Σ pos`. The error is
    DeLong's, from the spread of `b` over positives and of its counterpart over negatives (DeLong, DeLong and
    Clarke-Pearson 1988, Biometrics 44, 837-845); the interval is taken in log-odds (Qin and Hotilovac 2008, Statistical
    Methods in Medical Research 17, 207-221). Where nothing overlaps, that error is 0: then it is Wilson's interval of as
    many trials as there are rows of the rarer class, none of which failed.

    Args:
        positives: rows with label 1 in each cell, shape (cells,), by ascending score.
        negatives: with label 0, likewise.
        confidence: of the interval.

    >>> round(roc_auc(np.array([1, 2, 7]), np.array([8, 1, 1])).value, 3)
    0.875
    """
    yes, no = int(positives.sum()), int(negatives.sum())
    if not yes or not no:
        return unknown(yes + no, 0.0, 1.0)
    below = (np.cumsum(negatives) - negatives / 2) / no
    above = 1 - (np.cumsum(positives) - positives / 2) / yes
    value = min(1.0, float(positives @ below) / yes)
    if value in (0.0, 1.0):
        low, high = wilson(round(value * min(yes, no)), min(yes, no), confidence)
        return Measure(value=value, low=low, high=high, n=yes + no)
    error = math.sqrt(_spread(positives, below, yes) / yes + _spread(negatives, above, no) / no)
    return logit_of(value, error, yes + no, confidence)


def _spread(counts: Counts, places: NDArray[np.float64], n: int) -> float:
    """The variance of the places of n rows; at most 1/4 is known of a single one."""
    if n < 2:
        return 0.25
    mean = float(counts @ places) / n
    return max(0.0, float(counts @ (places - mean) ** 2) / (n - 1))


def average_precision(
    positives: Counts, negatives: Counts, tied: NDArray[np.bool_], confidence: float = 0.95
) -> Measure:
    """The mean precision at the positives, from the highest score down: `Σ (R(k) - R(k+1)) P(k)`.

    A cell that holds one score alone counts as one step, as ties do. In any other the rows are taken to come in random
    order: before the j-th of its p positives lie j / (p + 1) of its negatives. The interval is the logit interval of
    Boyd, Eng and Page (2013, ECML PKDD, LNCS 8190, 451-466), of error `1 / sqrt(pos AP (1 - AP))` in log-odds.

    Args:
        positives: rows with label 1 in each cell, shape (cells,), by ascending score.
        negatives: with label 0, likewise.
        tied: whether the cell holds one score alone.
        confidence: of the interval.

    >>> one_score = np.array([True, True, True])
    >>> round(average_precision(np.array([0, 1, 1]), np.array([2, 1, 0]), one_score).value, 3)
    0.833
    """
    yes, no = int(positives.sum()), int(negatives.sum())
    if not yes:
        return unknown(yes + no, 0.0, 1.0)
    cells = np.flatnonzero(positives)[::-1]
    found, false = yes - np.cumsum(positives), no - np.cumsum(negatives)
    steps = (
        _precisions(int(positives[i]), int(negatives[i]), int(found[i]), int(false[i]), tied=bool(tied[i]))
        for i in cells
    )
    value = min(1.0, sum(steps) / yes)
    if value >= 1.0:
        low, high = wilson(yes, yes, confidence)
        return Measure(value=1.0, low=low, high=high, n=yes + no)
    return logit_of(value, math.sqrt(value * (1 - value) / yes), yes + no, confidence)


def _precisions(positives: int, negatives: int, found: int, false: int, *, tied: bool) -> float:
    """The sum of the precisions at the positives of a cell, `found` positives and `false` negatives above it."""
    if tied:
        return positives * (found + positives) / (found + positives + false + negatives)
    rank = np.arange(1, positives + 1)
    passed = false + negatives * rank / (positives + 1)
    return float(((found + rank) / (found + rank + passed)).sum())
