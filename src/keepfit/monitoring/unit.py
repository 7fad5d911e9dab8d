"""A change of unit: every value of a number multiplied by the same factor."""

import math
from collections.abc import Sequence

import numpy as np

from keepfit.monitoring.finding import Check, Fault, Finding, Verdict
from keepfit.stats.numeric_cells import Floats
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


def check_unit(
    name: str, window: NumericProfile, total: NumericProfile, blocks: Sequence[NumericProfile]
) -> Finding | None:
    """Alarm when the deciles are those of the reference times one factor, and the factor is far from 1.

    None when the reference itself takes too few values to have a unit. Insufficient data when the window does.

    The factor is the median ratio of the nine deciles. It must be at least 1.5 (or at most its inverse); the
    deciles' own ratios must agree with it, within 12 % on the average and 35 % at most: a change of unit keeps the
    shape of a distribution, which a shift of behaviour hardly ever does, so the deciles may not lie further apart, or
    closer together, than noise makes them; and on the scale of logarithms it must lie
    twice as far out as that of any of the reference's own blocks.
    """
    expected, found = _deciles(total), _deciles(window)
    if math.isnan(_common_factor(expected, expected, n=total.n)[0]):
        return None
    factor, alike = _common_factor(expected, found, n=window.n)
    natural = _natural(expected, blocks) if alike and _far(factor, LEAST_FACTOR) else 0.0
    least = max(LEAST_FACTOR, math.exp(2 * natural))
    alarm = alike and _far(factor, least)
    return Finding(
        check=Check.UNIT,
        subject=name,
        statistic="factor",
        value=factor,
        expected=1.0,
        threshold=least,
        n=window.n,
        verdict=_verdict(factor, alarm=alarm),
        says=_says(name, factor, alarm=alarm, window=window, total=total),
        fault=Fault(column=name, kind="all") if alarm else None,
    )


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


def _deciles(profile: NumericProfile) -> Floats:
    return np.array([profile.quantile(float(one)) for one in _DECILES])


def _common_factor(expected: Floats, found: Floats, *, n: int) -> tuple[float, bool]:
    """The median ratio of the deciles, and whether all of them agree with it; NaN when too few can be compared."""
    comparable = expected * found > 0
    old, new = expected[comparable], found[comparable]
    if old.size < LEAST_DECILES or np.unique(old).size < LEAST_VALUES:
        return math.nan, False
    steps = np.log(new / old)
    middle = float(np.median(steps))
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


def _natural(expected: Floats, blocks: Sequence[NumericProfile]) -> float:
    """The largest factor of any block against the whole reference, as a logarithm."""
    factors = [_common_factor(expected, _deciles(block), n=block.n)[0] for block in blocks]
    return max((abs(math.log(factor)) for factor in factors if not math.isnan(factor)), default=0.0)
