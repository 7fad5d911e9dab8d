"""A share that rose: the exact chance of so many rows of a kind when nothing changed."""

import math


def rise_p_value(hits: int, n: int, reference_hits: int, reference_n: int) -> float:
    """The chance of at least `hits` of `n` rows when the window has the share of the reference.

    One-sided, by Fisher's exact test (1935): given the hits on both sides together, those of the window follow the
    hypergeometric law, whatever the share, and however few there are.

    >>> rise_p_value(0, 300, 10, 1000)
    1.0
    >>> rise_p_value(30, 300, 10, 1000) < 1e-9
    True
    """
    together, rows = hits + reference_hits, n + reference_n
    most = min(together, n)
    if hits * rows <= together * n:
        return 1.0
    term = math.exp(
        _log_choose(n, hits) + _log_choose(reference_n, together - hits) - _log_choose(rows, together)
    )
    total = 0.0
    for k in range(hits, most + 1):
        total += term
        # Beyond the mean the terms only shrink: what is left does not count any more.
        if term <= total * 1e-12:
            break
        term *= (together - k) * (n - k) / ((k + 1) * (reference_n - together + k + 1))
    return min(1.0, total)


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
