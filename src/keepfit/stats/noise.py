"""What chance alone does: null distributions by resampling, and the exact test of a share that rose."""

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Final

import numpy as np

from keepfit.stats.distances import psi, shares
from keepfit.stats.numeric_cells import Floats
from keepfit.stats.numeric_profile import Counts

#: From (reference counts, window counts), both of shape (draws, cells), to one number a draw.
Statistic = Callable[[Counts, Counts], Floats]

_BUCKETS_AN_OCTAVE: Final = 8


def null_distribution(
    reference: Counts, n_window: int, *, seed: int, draws: int = 999, statistic: Statistic = psi
) -> Floats:
    """What the statistic is when nothing changed, sorted ascending, shape (draws,).

    The parametric bootstrap (Efron and Tibshirani 1993, chapter 16): both sides are drawn anew from the shares of the
    reference, multinomially, at the numbers of rows that they had. `n_window` is rounded down to an eighth of an
    octave, by at most 8 %, so that days of about the same traffic share one distribution; fewer rows scatter more, so
    the rounding never makes an alarm. The same arguments give the same numbers.

    Args:
        reference: rows of the reference in each cell, shape (cells,).
        n_window: rows of the window.
        seed: of the random numbers.
        draws: how many.
        statistic: of two arrays of counts, both of shape (draws, cells).
    """
    return _null(reference.astype(np.int64).tobytes(), bucket(n_window), seed, draws, statistic)


@lru_cache(maxsize=2048)
def _null(reference: bytes, n_window: int, seed: int, draws: int, statistic: Statistic) -> Floats:
    counts = np.frombuffer(reference, np.int64)
    chances = shares(counts)
    rng = np.random.default_rng(seed)
    both = [rng.multinomial(int(n), chances, size=draws) for n in (counts.sum(), n_window)]
    found = np.sort(statistic(both[0], both[1]))
    found.flags.writeable = False
    return found


def bucket(n: int) -> int:
    """`n` rounded down to a grid of eight steps an octave.

    >>> bucket(300), bucket(279), bucket(5)
    (279, 279, 5)
    """
    if n < 1:
        return 0
    step = math.floor(math.log2(n) * _BUCKETS_AN_OCTAVE)
    # A whole number that the grid was floored to lies a little below its own step.
    return _grid(step + 1) if _grid(step + 1) <= n else _grid(step)


def _grid(step: int) -> int:
    return math.floor(math.pow(2, step / _BUCKETS_AN_OCTAVE))


def p_value(observed: float, null: Floats) -> float:
    """The chance of at least `observed` when nothing changed: (1 + draws that reach it) / (1 + draws).

    Counting the observation among the draws makes the test exact (Davison and Hinkley 1997, section 4.2). `null` is
    sorted ascending.

    >>> p_value(3.0, np.array([0.0, 1.0, 2.0]))
    0.25
    """
    reached = null.size - int(np.searchsorted(null, observed, side="left"))
    return (1 + reached) / (1 + null.size)


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
