"""How far scores are from the shares that they promise."""

import math

import numpy as np
from numpy.typing import NDArray

from keepfit.evaluation.measure import Measure, unknown
from keepfit.stats.intervals import normal_quantile


def expected_calibration_error(
    positives: NDArray[np.int64],
    rows: NDArray[np.int64],
    scores: NDArray[np.float64],
    confidence: float = 0.95,
) -> Measure:
    """The mean distance between a bin's mean score and its share of positives: `Σ |S(b) - Y(b)| / n`.

    Naeini, Cooper and Hauskrecht 2015 (AAAI 29, 2901-2907). Chance alone makes it larger than 0, for a perfectly
    calibrated model too. By the triangle inequality it is off by at most `Σ |noise(b)| / n`, a sum of folded normal
    variables with mean `Σ s(b) sqrt(2 / pi)` and variance `Σ s(b)² (1 - 2 / pi)`: the interval reaches that far at the
    confidence asked for, and so holds the true value at least as often.

    Args:
        positives: rows with label 1 in each bin, shape (bins,).
        rows: all rows of each bin.
        scores: the sum of their scores.
        confidence: of the interval.

    >>> found = expected_calibration_error(np.array([10, 60]), np.array([100, 100]), np.array([20.0, 70.0]))
    >>> round(found.value, 3)
    0.1
    """
    n = int(rows.sum())
    if not n:
        return unknown(0, 0.0, 1.0)
    value = float(np.abs(scores - positives).sum()) / n
    held = rows > 0
    share = (positives[held] + 1) / (rows[held] + 2)
    noise = np.sqrt(rows[held] * share * (1 - share)) / n
    reach = math.sqrt(2 / math.pi) * float(noise.sum())
    reach += normal_quantile(confidence) * math.sqrt((1 - 2 / math.pi) * float(np.dot(noise, noise)))
    return Measure(value=value, low=max(0.0, value - reach), high=min(1.0, value + reach), n=n)
