"""A change of unit: every value of a number multiplied by the same factor."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from statistics import fmean, median
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from keepfit.monitoring.finding import Check, Fault, Finding, Verdict
from keepfit.monitoring.norm_column import NormColumn, once
from keepfit.monitoring.number_norms import number_norms
from keepfit.stats.numeric_cells import Floats
from keepfit.stats.profile import NumericProfile
from keepfit.stats.profile_quantiles import extremes, quantiles

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
_MEDIAN = _DECILES.index(0.5)


def check_units(windows: Sequence[NumericProfile], columns: Sequence[NormColumn]) -> list[Finding | None]:
    """Alarm when the deciles of a number are those of the reference times one factor, and the factor is far from 1.

    None when the reference itself takes too few values to have a unit. Insufficient data when the window does.

    The factor is the median ratio of the nine deciles. It must be at least 1.5 (or at most its inverse); the
    deciles' own ratios must agree with it, within 12 % on the average and 35 % at most: a change of unit keeps the
    shape of a distribution, which a shift of behaviour hardly ever does, so the deciles may not lie further apart, or
    closer together, than noise makes them; and on the scale of logarithms it must lie
    twice as far out as that of any of the reference's own blocks.

    Args:
        windows: some columns of the window.
        columns: the same of the reference.
    """
    if not columns:
        return []
    norms = number_norms(tuple(columns))
    low, high = extremes(windows)
    deciles = quantiles(norms.padded([one.counts for one in windows]), norms.ends, low, high, _DECILES)
    near = _near(_places(tuple(columns)), deciles)
    return [
        None if scale is None else _finding(window, column, scale, found, factor)
        for window, column, found, factor in zip(
            windows, columns, deciles.tolist(), near.tolist(), strict=True
        )
        for scale in [_scale(column)]
    ]


class _Places(NamedTuple):
    """Deciles of some columns of the reference.

    Attributes:
        signs: of each, shape (k, 9); NaN where a column has no unit.
        logarithms: of their magnitudes, likewise; NaN where one is 0.
        different: whether all nine of a column differ, shape (k,).
    """

    signs: Floats
    logarithms: Floats
    different: NDArray[np.bool_]


@lru_cache(maxsize=32)
def _places(columns: tuple[NormColumn, ...]) -> _Places:
    none = [math.nan] * len(_DECILES)
    deciles = np.array([none if scale is None else scale.deciles for scale in map(_scale, columns)])
    steps = np.diff(deciles, axis=1)
    different = np.count_nonzero(steps > 0, axis=1) == steps.shape[1]
    return _Places(np.sign(deciles), _logarithms(deciles), different)


def _logarithms(deciles: Floats) -> Floats:
    magnitudes = np.abs(deciles)
    found: Floats = np.log(magnitudes, out=np.full(deciles.shape, np.nan), where=magnitudes > 0)
    return found


def _near(places: _Places, deciles: Floats) -> Floats:
    """The median ratio of deciles to those of the reference, shape (k,); NaN where it is far from 1, or takes a closer look.

    Most columns are in the unit that they were in: what `_common_factor` finds of these is found for all at once.

    Args:
        places: of the reference.
        deciles: of the window, shape (k, 9).
    """
    steps = np.where(np.sign(deciles) == places.signs, _logarithms(deciles) - places.logarithms, np.nan)
    told = np.count_nonzero(~np.isnan(steps), axis=1)
    ordered, rows, last = np.sort(steps, axis=1), np.arange(len(steps)), len(_DECILES) - 1
    middle = (ordered[rows, np.maximum(told - 1, 0) // 2] + ordered[rows, np.minimum(told // 2, last)]) / 2
    enough = np.where(places.different, told >= LEAST_DECILES, told == len(_DECILES))
    near = enough & (np.abs(middle) < math.log(LEAST_FACTOR))
    found: Floats = np.exp(middle, out=np.full(len(steps), np.nan), where=near)
    return found


def _finding(
    window: NumericProfile, column: NormColumn, scale: "_Scale", deciles: Sequence[float], near: float
) -> Finding:
    """The finding of one column.

    Args:
        window, column: see `check_units`.
        scale: of the column.
        deciles: of the window.
        near: the factor where it is near to 1; NaN where it has to be worked out.
    """
    n, name = window.n, column.name
    factor, alike = (near, False) if not math.isnan(near) else _common_factor(scale.deciles, deciles, n=n)
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
        says=_says(name, factor, alarm=alarm, n=n, medians=(deciles[_MEDIAN], scale.deciles[_MEDIAN])),
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


def _says(name: str, factor: float, *, alarm: bool, n: int, medians: tuple[float, float]) -> str:
    if alarm:
        return (
            f"{name} is about {factor:.3g} times what it was over its whole range, in {n:,} rows: "
            f"its median is {medians[0]:.3g}, was {medians[1]:.3g}: another unit?"
        )
    if math.isnan(factor):
        return f"{name} takes too few values in {n:,} rows to tell its unit"
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
