"""Many tests at once, without many false alarms."""

from collections.abc import Sequence

import numpy as np


def benjamini_hochberg(p_values: Sequence[float], rate: float) -> list[bool]:
    """Which hypotheses to reject so that at most `rate` of the rejected ones are expected to be true.

    With p(1) <= … <= p(m) sorted, reject the k smallest, k the largest with p(k) <= rate · k / m
    (Benjamini and Hochberg 1995, JRSS B 57, 289-300). When every hypothesis is true, the chance of rejecting
    any is at most `rate`. NaN is never rejected, and counts as a test.

    >>> benjamini_hochberg([0.01, 0.04, 0.03, 0.9], 0.05)
    [True, False, False, False]
    """
    found = np.asarray(p_values, np.float64)
    order = np.argsort(found, kind="stable")
    passed = np.flatnonzero(found[order] <= rate * np.arange(1, found.size + 1) / max(1, found.size))
    rejected = np.zeros(found.size, np.bool_)
    rejected[order[: passed[-1] + 1 if passed.size else 0]] = True
    return rejected.tolist()
