"""Has the world moved? Each column's distribution against the reference, through three floors at once."""

import math
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from keepfit.clock import Window
from keepfit.evaluation.wording import chance, percent
from keepfit.monitoring.finding import Check, Finding, Verdict
from keepfit.monitoring.measured import Measured
from keepfit.monitoring.norm_column import Column, NormColumn, once, value_counts
from keepfit.monitoring.number_norms import NumberNorms, number_norms, padded
from keepfit.monitoring.phase import phase_name
from keepfit.monitoring.policy import Monitor
from keepfit.monitoring.variation import Norm, norm_of
from keepfit.stats.distances import shares
from keepfit.stats.numeric_cells import Floats
from keepfit.stats.numeric_profile import Counts
from keepfit.stats.profile import CategoricalProfile, NumericProfile
from keepfit.stats.profile_quantiles import extremes, quantiles
from keepfit.stats.two_sample import chi_square, kolmogorov_smirnov, mann_whitney, total_variation_noise

#: Groups of categories that are tested beside the hundreds of single ones, which dilute each other.
GROUPS: Final = 20
#: What chance makes more often than this is said to be chance.
_CHANCE: Final = 0.01


def drift_tests(
    check: Check,
    window: Mapping[str, Column],
    norms: Mapping[str, NormColumn],
    monitor: Monitor,
    *,
    at: Window | None,
) -> list[Measured]:
    """One test a column, on the values that are there; nulls have a test of their own.

    A column has drifted when three floors are passed at once:

    1. chance, rows of one window being more alike than rows of several as far as the reference's own windows show: for
       numbers the smallest of three p-values, each by the law of its statistic and times three: Kolmogorov and Smirnov's (the largest gap), Mann and Whitney's (a shift), and a chi-square over deciles (any other change of
       shape); for categories the smaller of two chi-squares, over the 200 most frequent values and over 20 groups of
       them, times two;
    2. natural variation: further than windows of the reference lie from each other (see `keepfit.monitoring.variation`),
       with the sampling noise of this window on top;
    3. size: at least the share `monitor.drift` of the rows must have moved. Of numbers that is the largest gap between the
       cumulative distributions; of categories the largest change of one share, or of all together beyond noise.

    Args:
        check: what the findings are called.
        window: the columns of the window.
        norms: the same columns of the reference.
        monitor: the policy.
        at: the window; None when it is no single one.
    """
    level = monitor.false_alarms / max(1, len(window))
    sides = [
        _Sides(window=one, column=norms[name], norm=norm_of(norms[name], at=at, level=level))
        for name, one in window.items()
        if one.n >= monitor.min_rows and norms[name].total_n
    ]
    found = _numbers(check, sides, monitor, level) | _categories(check, sides, monitor)
    return [
        found.get(name) or Measured(finding=_insufficient(check, name, one, monitor))
        for name, one in window.items()
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sides:
    """A column of the window, and what it is held against."""

    window: Column
    column: NormColumn
    norm: Norm


def _numbers(check: Check, sides: Sequence[_Sides], monitor: Monitor, level: float) -> dict[str, Measured]:
    """The tests of the numbers, all at once."""
    pairs = [(one, one.window) for one in sides if isinstance(one.window, NumericProfile)]
    if not pairs:
        return {}
    norms = number_norms(tuple(one.column for one, _ in pairs))
    expected, found = norms.counts, norms.padded([window.counts for _, window in pairs])
    coarse = norms.coarse
    if any(one.norm.phase is not None for one, _ in pairs):
        expected = norms.padded([one.norm.counts for one, _ in pairs])
        coarse = norms.coarsened(expected)
    n, m = found.sum(axis=1), expected.sum(axis=1)
    design = np.array([one.norm.design(window.n) for one, window in pairs])
    gap = kolmogorov_smirnov(expected, found, design)
    shift = mann_whitney(expected, found, design)
    shape = chi_square(coarse, norms.coarsened(found), design)
    p = np.minimum(1.0, 3 * np.minimum(np.minimum(gap.p, shift.p), shape.p))
    # The gap that chance alone exceeds at `level`, by the first term of Kolmogorov's law.
    noise = np.sqrt(-math.log(level / 2) / 2 * design * (1 / n + 1 / m))
    natural = np.array([one.norm.natural for one, _ in pairs])
    reach = np.where(natural > 0, np.minimum(1.0, np.hypot(natural, noise)), 0.0)
    threshold = np.maximum(monitor.drift, reach)
    medians = _medians(norms, found, [window for _, window in pairs], told=gap.statistic > threshold)
    measures = _measures(gap.statistic, p, threshold, n, m)
    return {
        one.column.name: _measured(check, one, measured, statistic="ks", detail=partial(_middle, median, one))
        for (one, _), measured, median in zip(pairs, measures, medians.tolist(), strict=True)
    }


def _medians(
    norms: NumberNorms, counts: Counts, windows: Sequence[NumericProfile], *, told: NDArray[np.bool_]
) -> Floats:
    """The median of each number; NaN where nobody is told of it.

    Args:
        norms: of the numbers.
        counts: rows in the cells of each, shape (k, cells).
        windows: their profiles.
        told: whether a sentence will name it, shape (k,).
    """
    if not told.any():
        return np.full(len(windows), math.nan)
    low, high = extremes(windows)
    return quantiles(counts, norms.ends, low, high, [0.5])[:, 0]


def _categories(check: Check, sides: Sequence[_Sides], monitor: Monitor) -> dict[str, Measured]:
    """The tests of the categories, all at once. Of many values only those that are listed are compared."""
    pairs = [(one, one.window) for one in sides if isinstance(one.window, CategoricalProfile)]
    if not pairs:
        return {}
    counts = [value_counts(window) for _, window in pairs]
    width = max(one.size for one in counts)
    expected, found = padded([one.norm.counts for one, _ in pairs], width), padded(counts, width)
    n, m = found.sum(axis=1), expected.sum(axis=1)
    design = np.array([one.norm.design(int(rows)) for (one, _), rows in zip(pairs, n, strict=True)])
    fine = chi_square(expected, found, design)
    grouped = [_grouped(one.column, new) for (one, _), new in zip(pairs, counts, strict=True)]
    usual = [_usual_groups(one) for one, _ in pairs]
    coarse = chi_square(padded(usual, GROUPS + 1), padded(grouped, GROUPS + 1), design)
    was, now = shares(expected), shares(found)
    gap = np.abs(now - was)
    mean, deviation = total_variation_noise(expected, n.astype(np.float64), m.astype(np.float64))
    value = np.maximum(gap.max(axis=1), gap.sum(axis=1) / 2 - mean)
    natural = np.array([one.norm.natural for one, _ in pairs])
    reach = np.where(natural > 0, np.minimum(1.0, np.hypot(natural, 2 * deviation)), 0.0)
    p = np.minimum(1.0, 2 * np.minimum(fine.p, coarse.p))
    measures = _measures(value, p, np.maximum(monitor.drift, reach), n, m)
    return {
        one.column.name: _measured(
            check,
            one,
            measured,
            statistic="total variation",
            detail=partial(_most_moved, window, was[i], now[i]),
        )
        for i, ((one, window), measured) in enumerate(zip(pairs, measures, strict=True))
    }


def _grouped(column: NormColumn, counts: Counts) -> Counts:
    """Rows in groups of categories."""
    found: Counts = np.bincount(_groups(column), weights=counts, minlength=GROUPS).astype(np.int64)
    return found


def _usual_groups(sides: _Sides) -> Counts:
    """The rows of the reference in groups of categories."""
    column, norm = sides.column, sides.norm
    return _grouped_reference(column) if norm.phase is None else _grouped(column, norm.counts)


@once
def _grouped_reference(column: NormColumn) -> Counts:
    return _grouped(column, column.counts)


@once
def _groups(column: NormColumn) -> Counts:
    """The group of each category, by a digest of its name.

    Groups by frequency would not do: what is frequent in the reference is what chance favoured there.
    """
    values = column.total.cells.values if isinstance(column.total, CategoricalProfile) else ()
    groups = [zlib.crc32(str(value).encode()) % GROUPS for value in values]
    return np.array(groups + [GROUPS] * (column.counts.size - len(groups)), np.int64)


class _Measures(NamedTuple):
    """What was measured of a column: how far it moved, p, how far it may, and the rows on both sides."""

    value: float
    p: float
    threshold: float
    n: int
    reference_n: int


def _measures(value: Floats, p: Floats, threshold: Floats, n: Counts, m: Counts) -> list[_Measures]:
    """Of each column, as plain numbers."""
    rows = zip(*(one.tolist() for one in (value, p, threshold, n, m)), strict=True)
    return [_Measures(*one) for one in rows]


def _measured(
    check: Check, sides: _Sides, measures: _Measures, *, statistic: str, detail: Callable[[], str]
) -> Measured:
    name, norm = sides.column.name, sides.norm
    value, p, threshold, n, reference_n = measures
    beyond, rows = value > threshold, f"{n:,} rows against {reference_n:,} of the reference"
    moved_by = f"{percent(value)} of its rows moved ({chance(p)}), in {rows}"
    finding = Finding(
        check=check,
        subject=name,
        statistic=statistic,
        value=value,
        expected=norm.natural,
        threshold=threshold,
        n=n,
        verdict=Verdict.OK,
        says=f"{name} is where it was: {moved_by}, {_calm(p)}; a change from {percent(threshold)}",
        p=p,
    )
    # Most columns are where they were, and the rest of the sentence costs more than the tests.
    says = f"{name} moved: {moved_by}; {detail()}; {_usual(norm)}" if beyond else ""
    return Measured(finding=finding, beyond=beyond, says=says)


def _usual(norm: Norm) -> str:
    """How far windows of the reference move."""
    if norm.natural:
        return f"windows of the reference{phase_name(norm.phase)} move by up to {percent(norm.natural)}"
    if norm.blocks < 3:
        return "how far windows of the reference move is not known"
    return "windows of the reference do not move beyond chance"


def _calm(p: float) -> str:
    """Why it is no change."""
    return (
        "as chance would have it" if p >= _CHANCE else "too few to matter, or as windows of the reference do"
    )


def _middle(median: float, sides: _Sides) -> str:
    """What moved most, in words."""
    column, norm = sides.column, sides.norm
    was = _median(column) if norm.phase is None else _median_of(column, norm.counts)
    return f"median {median:.3g}, was {was:.3g}"


@once
def _median(column: NormColumn) -> float:
    return _median_of(column, column.counts)


def _median_of(column: NormColumn, counts: Counts) -> float:
    """The median of a part of the reference."""
    total = column.total
    return replace(total, counts=counts).quantile(0.5) if isinstance(total, NumericProfile) else math.nan


def _most_moved(window: CategoricalProfile, was: Floats, now: Floats) -> str:
    cell, values = int(np.argmax(np.abs(now - was))), window.cells.values
    name = repr(values[cell]) if cell < len(values) else "values never seen before"
    return f"{name}: {percent(float(now[cell]))}, was {percent(float(was[cell]))}"


def _insufficient(check: Check, name: str, window: Column, monitor: Monitor) -> Finding:
    n = window.n
    return Finding(
        check=check,
        subject=name,
        statistic="ks" if isinstance(window, NumericProfile) else "total variation",
        value=math.nan,
        expected=math.nan,
        threshold=monitor.drift,
        n=n,
        verdict=Verdict.INSUFFICIENT_DATA,
        says=f"{name}: {n:,} values tell no drift; {monitor.min_rows:,} are needed, and a reference",
    )
