"""Do pairs of numbers still go together as they did? Correlations against the reference, by Fisher's z."""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import special

from keepfit.evaluation.wording import chance
from keepfit.monitoring.finding import Check, Finding, Verdict
from keepfit.monitoring.measured import Measured
from keepfit.monitoring.norm_column import Norms
from keepfit.stats.intervals import normal_quantile
from keepfit.stats.numeric_cells import Floats
from keepfit.stats.numeric_profile import Counts
from keepfit.stats.profile import Profile

#: The least change of a correlation that counts, whatever its significance.
LEAST_CHANGE: Final = 0.05
#: Pairs that are told one by one; the others are counted.
MOST_PAIRS: Final = 20
#: Spreads of the reference's windows that a natural change stays within.
SPREADS: Final = 4.0

#: atanh is infinite at 1: pairs that are copies of each other, give or take rounding, are held a little apart.
_LARGEST: Final = 1 - 1e-6


def correlation_tests(norms: Norms, window: Profile) -> list[Measured]:
    """One test a pair of numbers: those that may alarm, then all others together.

    z = atanh r is normal with variance 1 / (n - 3) (Fisher 1921, Metron 1, 3-32), so that the two sides' difference
    is too. The correlations are those of `keepfit.stats.moments`, whose values are clipped where the reference
    thins out: no outlier makes or breaks one. A change counts from 0.05 on, and when it lies further out than the
    reference's own windows do.
    """
    if norms.moments is None or norms.correlations is None or window.moments is None:
        return []
    names = window.moments.names
    rows, columns = np.triu_indices(len(names), 1)
    was, now = norms.correlations[rows, columns], window.moments.correlations()[rows, columns]
    n, m = (one.pairs_n()[rows, columns] for one in (window.moments, norms.moments))
    told = (n > 3) & (m > 3) & np.isfinite(was) & np.isfinite(now)
    if not told.any():
        return []
    change = np.where(told, now - was, 0.0)
    p = _p_values(was, now, n, m, told)
    order = np.lexsort((-np.abs(change), p))
    large = [int(i) for i in order[:MOST_PAIRS] if abs(change[i]) >= LEAST_CHANGE]
    natural = _natural(norms.block_correlations, was[large], (rows[large], columns[large]))
    tests = [
        _pair((names[rows[i]], names[columns[i]]), was[i], now[i], p[i], int(n[i]), limit)
        for i, limit in zip(large, natural, strict=True)
    ]
    return [*tests, _others(change, p, n, int(told.sum()), len(large))]


def _p_values(was: Floats, now: Floats, n: Counts, m: Counts, told: NDArray[np.bool_]) -> Floats:
    z = np.arctanh(np.clip(now, -_LARGEST, _LARGEST)) - np.arctanh(np.clip(was, -_LARGEST, _LARGEST))
    spread = np.sqrt(1 / np.maximum(n - 3, 1) + 1 / np.maximum(m - 3, 1))
    found = np.ones(z.shape)
    found[told] = 2 * special.ndtr(-np.abs(z[told] / spread[told]))
    return found


def _natural(
    blocks: Sequence[tuple[Floats, Counts]], was: Floats, pairs: tuple[Counts, Counts]
) -> list[float]:
    """How far the correlation of each pair lies from the whole in windows of the reference, beyond what chance makes."""
    if len(blocks) < 3 or not len(pairs[0]):
        return [0.0] * len(pairs[0])
    now = np.stack([correlations[pairs] for correlations, _ in blocks])
    n = np.stack([np.maximum(counts[pairs], 1) for _, counts in blocks])
    noise = (1 - was**2) ** 2 / n
    squares = np.nan_to_num((now - was) ** 2)
    spread = np.sqrt(np.maximum(0.0, (squares - noise).mean(axis=0)))
    largest = np.sqrt(np.maximum(0.0, (squares - 4 * noise).max(axis=0)))
    found: list[float] = np.maximum(largest, SPREADS * spread).tolist()
    return found


def _pair(names: tuple[str, str], was: float, now: float, p: float, n: int, natural: float) -> Measured:
    one, other = names
    noise = SPREADS * (1 - was**2) / math.sqrt(max(1, n)) if natural else 0.0
    threshold = max(LEAST_CHANGE, math.hypot(natural, noise))
    beyond = abs(now - was) > threshold
    low, high = _interval(now, n)
    numbers = f"correlation {now:.2f} (95 % interval {low:.2f} to {high:.2f}) in {n:,} rows, was {was:.2f} ({chance(p)})"
    calm = f"as before, as far as {n:,} rows tell" if beyond else "as before"
    finding = Finding(
        check=Check.CORRELATION,
        subject=f"{one} ~ {other}",
        statistic="correlation",
        value=float(now),
        expected=float(was),
        threshold=threshold,
        n=n,
        verdict=Verdict.OK,
        says=f"{one} and {other} go together {calm}: {numbers}",
        p=float(p),
    )
    says = f"{one} and {other} go together differently: {numbers}"
    return Measured(finding=finding, beyond=beyond, says=says)


def _interval(r: float, n: int) -> tuple[float, float]:
    """Of a correlation, by Fisher's z."""
    z, reach = math.atanh(max(-_LARGEST, min(_LARGEST, r))), normal_quantile(0.975) / math.sqrt(max(1, n - 3))
    return math.tanh(z - reach), math.tanh(z + reach)


def _others(change: Floats, p: Floats, n: Counts, pairs: int, apart: int) -> Measured:
    rest = pairs - apart
    finding = Finding(
        check=Check.CORRELATION,
        subject="all other pairs" if apart else "all pairs",
        statistic="largest change of a correlation",
        value=float(np.abs(change).max()) if not apart else LEAST_CHANGE,
        expected=0.0,
        threshold=LEAST_CHANGE,
        n=int(n.max()),
        verdict=Verdict.OK,
        says=f"{rest:,} {'pair goes' if rest == 1 else 'pairs go'} together as before",
        p=float(p.min()) if not apart else 1.0,
    )
    return Measured(finding=finding, more=max(0, rest - 1))
