"""Many tests at once, without many false alarms."""

from collections.abc import Sequence


def benjamini_hochberg(p_values: Sequence[float], rate: float) -> list[bool]:
    """Which hypotheses to reject so that at most `rate` of the rejected ones are expected to be true.

    With p(1) <= … <= p(m) sorted, reject the k smallest, k the largest with p(k) <= rate · k / m
    (Benjamini and Hochberg 1995, JRSS B 57, 289-300). When every hypothesis is true, the chance of rejecting
    any is at most `rate`. NaN is never rejected, and counts as a test.

    >>> benjamini_hochberg([0.01, 0.04, 0.03, 0.9], 0.05)
    [True, False, False, False]
    """
    order = sorted(range(len(p_values)), key=lambda i: (p_values[i] != p_values[i], p_values[i]))
    passed = [k for k, i in enumerate(order, start=1) if p_values[i] <= rate * k / len(p_values)]
    rejected = set(order[: max(passed, default=0)])
    return [i in rejected for i in range(len(p_values))]
