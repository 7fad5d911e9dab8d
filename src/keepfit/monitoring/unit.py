"""A change of unit: every value of a number multiplied by the same factor."""

import math
from dataclasses import dataclass

import numpy as np

from keepfit.monitoring.finding import Check, Fault, Finding, Verdict
from keepfit.monitoring.norm_column import NormColumn, once
from keepfit.stats.numeric_cells import Floats
from keepfit.stats.numeric_profile import Counts
from keepfit.stats.profile import NumericProfile

#: A smaller factor is what markets, seasons and habits do.
LEAST_FACTOR = 1.5
#: How far a decile may lie from the common factor, on the average and at most, as factors.
MEAN_SPREAD = 1.12
LARGEST_SPREAD = 1.35
#: How far the spread of the logarithms may differ, relatively: this, and this over the root of the rows.
SPREAD_CHANGE, SPREAD_NOISE = 0.04, 1.2
#: Deciles that must be comparable, and different values among them: fewer say nothing of a shape.
LEAST_DECILES = 7
LEAST_VALUES = 5

_DECILES = np.arange(1, 10) / 10


def check_unit(window: NumericProfile, column: NormColumn) -> Finding | None:
    """Alarm when the deciles are those of the reference times one factor, and the factor is far from 1.

    None when the reference itself takes too few values to have a unit. Insufficient data when the window does.

    The factor is the median ratio of the nine deciles. It must be at least 1.5 (or at most its inverse); the
    deciles' own ratios must agree with it, within 12 % on the average and 35 % at most: a change of unit keeps the
    shape of a distribution, which a shift of behaviour hardly ever does, so the deciles may not lie further apart, or
    closer together, than noise makes them; and on the scale of logarithms it must lie
    twice as far out as that of any of the reference's own blocks.
    """
    scale, name = _scale(column), column.name
    if scale is None:
        return None
    n = window.n
    found = _deciles(window.counts, scale.edges, window.minimum, window.maximum)
    factor, alike = _common_factor(scale.deciles, found, n=n)
    natural = _natural(column) if alike and _far(factor, LEAST_FACTOR) else 0.0
    least = max(LEAST_FACTOR, math.exp(2 * natural))
    alarm = alike and _far(factor, least)
    return Finding(
        check=Check.UNIT,
        subject=name,
        statistic="factor",
        value=factor,
        expected=1.0,
        threshold=least,
        n=n,
        verdict=_verdict(factor, alarm=alarm),
        says=_says(name, factor, alarm=alarm, window=window, total=scale.total),
        fault=Fault(column=name, kind="all") if alarm else None,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Scale:
    """What a column of the reference says of its unit: its profile, the edges of its cells, and its nine deciles."""

    total: NumericProfile
    edges: Floats
    deciles: Floats


@once
def _scale(column: NormColumn) -> _Scale | None:
    """None when the column takes too few values to have a unit."""
    total = column.total
    if not isinstance(total, NumericProfile):
        return None
    edges = np.array(total.cells.edges)
    deciles = _deciles(total.counts, edges, total.minimum, total.maximum)
    if np.count_nonzero(deciles) < LEAST_DECILES or np.count_nonzero(np.diff(deciles)) < LEAST_VALUES - 1:
        return None
    return _Scale(total=total, edges=edges, deciles=deciles)


def _verdict(factor: float, *, alarm: bool) -> Verdict:
    if math.isnan(factor):
        return Verdict.INSUFFICIENT_DATA
    return Verdict.ALARM if alarm else Verdict.OK


def _says(name: str, factor: float, *, alarm: bool, window: NumericProfile, total: NumericProfile) -> str:
    if alarm:
        return (
            f"{name} is about {factor:.3g} times what it was over its whole range, in {window.n:,} rows: "
            f"its median is {window.quantile(0.5):.3g}, was {total.quantile(0.5):.3g}: another unit?"
        )
    if math.isnan(factor):
        return f"{name} takes too few values in {window.n:,} rows to tell its unit"
    return f"{name} is in the unit of the reference: its deciles are about {factor:.3g} times what they were"


def _deciles(counts: Counts, edges: Floats, low: float | None, high: float | None) -> Floats:
    """The nine deciles, linear within a cell; NaN without values.

    Args:
        counts: in each cell.
        edges: of the cells.
        low: the smallest value, where the lowest cell begins.
        high: the largest, where the highest ends.
    """
    if low is None or high is None:
        return np.full(_DECILES.size, np.nan)
    until = counts.cumsum()
    ranks = _DECILES * float(until[-1])
    cell = np.minimum(until.searchsorted(ranks, side="right"), counts.size - 1)
    inside = np.maximum(counts[cell], 1)
    part = (ranks - (until[cell] - counts[cell])) / inside
    begins, ends = _ends(cell, edges, low, high)
    # Of a value with a cell to itself it is that value, and not one a rounding away.
    found: Floats = np.where(ends > np.nextafter(begins, np.inf), begins + part * (ends - begins), begins)
    return found


def _ends(cell: Counts, edges: Floats, low: float, high: float) -> tuple[Floats, Floats]:
    """Where these cells begin and end, the outermost at the values' own range."""
    if not edges.size:
        return np.full(cell.size, low), np.full(cell.size, high)
    begins = np.where(cell > 0, edges.take(cell - 1, mode="clip"), low)
    ends = np.where(cell < edges.size, edges.take(cell, mode="clip"), high)
    return begins.clip(low, high), ends.clip(low, high)


def _common_factor(expected: Floats, found: Floats, *, n: int) -> tuple[float, bool]:
    """The median ratio of the deciles, and whether all of them agree with it; NaN when too few can be compared."""
    comparable = expected * found > 0
    old, new = expected[comparable], found[comparable]
    if old.size < LEAST_DECILES or np.count_nonzero(np.diff(old)) < LEAST_VALUES - 1:
        return math.nan, False
    steps = np.log(new / old)
    ordered = np.sort(steps)
    middle = float(ordered[old.size // 2] + ordered[(old.size - 1) // 2]) / 2
    if not _far(math.exp(middle), LEAST_FACTOR):
        return math.exp(middle), False
    off = np.abs(steps - middle)
    place = np.log(np.abs(old)) - np.log(np.abs(old)).mean()
    wider = float(np.dot(place, steps) / np.dot(place, place))
    alike = (
        off.mean() <= math.log(MEAN_SPREAD)
        and off.max() <= math.log(LARGEST_SPREAD)
        and abs(wider) <= SPREAD_CHANGE + SPREAD_NOISE / math.sqrt(n)
    )
    return math.exp(middle), bool(alike)


def _far(factor: float, least: float) -> bool:
    return abs(math.log(factor)) >= math.log(least)


@once
def _natural(column: NormColumn) -> float:
    """The largest factor of any block against the whole reference, as a logarithm."""
    scale = _scale(column)
    if scale is None:
        return 0.0
    low, high = scale.total.minimum, scale.total.maximum
    blocks = [block for block in column.blocks if block.any()]
    deciles = [_deciles(one, scale.edges, low, high) for one in blocks]
    factors = [
        _common_factor(scale.deciles, found, n=int(one.sum()))[0]
        for one, found in zip(blocks, deciles, strict=True)
    ]
    return max((abs(math.log(factor)) for factor in factors if not math.isnan(factor)), default=0.0)
