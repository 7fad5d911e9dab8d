"""A change of unit: every value of a number multiplied by the same factor."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, median

from keepfit.monitoring.finding import Check, Fault, Finding, Verdict
from keepfit.monitoring.norm_column import NormColumn, once
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

#: The logarithm of a factor that a float can hold.
_LARGEST = 700.0

_DECILES = tuple(tenth / 10 for tenth in range(1, 10))


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
    factor, alike = _common_factor(scale.deciles, window.quantiles(_DECILES), n=n)
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
    """What a column of the reference says of its unit: its profile, and its nine deciles."""

    total: NumericProfile
    deciles: list[float]


@once
def _scale(column: NormColumn) -> _Scale | None:
    """None when the column takes too few values to have a unit."""
    total = column.total
    if not isinstance(total, NumericProfile):
        return None
    deciles = total.quantiles(_DECILES)
    if sum(one != 0 for one in deciles) < LEAST_DECILES or _different(deciles) < LEAST_VALUES:
        return None
    return _Scale(total=total, deciles=deciles)


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


def _different(deciles: Sequence[float]) -> int:
    """How many different values there are among some that ascend."""
    return 1 + sum(one != other for one, other in pairwise(deciles))


def _common_factor(expected: Sequence[float], found: Sequence[float], *, n: int) -> tuple[float, bool]:
    """The median ratio of the deciles, and whether all of them agree with it; NaN when too few can be compared."""
    # By their signs: the product of two small numbers is 0.
    pairs = [(old, new) for old, new in zip(expected, found, strict=True) if old > 0 < new or old < 0 > new]
    if len(pairs) < LEAST_DECILES or _different([old for old, _ in pairs]) < LEAST_VALUES:
        return math.nan, False
    places = [math.log(abs(old)) for old, _ in pairs]
    steps = [math.log(abs(new)) - place for (_, new), place in zip(pairs, places, strict=True)]
    middle = max(-_LARGEST, min(median(steps), _LARGEST))
    if not _far(math.exp(middle), LEAST_FACTOR):
        return math.exp(middle), False
    off = [abs(step - middle) for step in steps]
    centre = fmean(places)
    wider = sum((place - centre) * step for place, step in zip(places, steps, strict=True)) / sum(
        (place - centre) ** 2 for place in places
    )
    alike = (
        fmean(off) <= math.log(MEAN_SPREAD)
        and max(off) <= math.log(LARGEST_SPREAD)
        and abs(wider) <= SPREAD_CHANGE + SPREAD_NOISE / math.sqrt(n)
    )
    return math.exp(middle), alike


def _far(factor: float, least: float) -> bool:
    return abs(math.log(factor)) >= math.log(least)


@once
def _natural(column: NormColumn) -> float:
    """The largest factor of any block against the whole reference, as a logarithm."""
    scale = _scale(column)
    if scale is None:
        return 0.0
    factors = [
        _common_factor(scale.deciles, scale.total.quantiles_of(block, _DECILES), n=int(block.sum()))[0]
        for block in column.blocks
        if block.any()
    ]
    return max((abs(math.log(factor)) for factor in factors if not math.isnan(factor)), default=0.0)
