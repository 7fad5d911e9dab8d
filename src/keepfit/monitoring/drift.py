"""Has the world moved? Each column's distribution against the reference, through three floors at once."""

import math
import zlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from keepfit.clock import Window
from keepfit.evaluation.wording import chance, percent
from keepfit.monitoring.finding import Check, Finding, Verdict
from keepfit.monitoring.measured import Measured
from keepfit.monitoring.norm_column import Column, NormColumn, value_counts
from keepfit.monitoring.phase import phase_name
from keepfit.monitoring.policy import Monitor
from keepfit.monitoring.variation import Norm, norm_of
from keepfit.stats.distances import shares
from keepfit.stats.numeric_cells import Floats
from keepfit.stats.numeric_profile import Counts
from keepfit.stats.profile import CategoricalProfile, NumericProfile
from keepfit.stats.two_sample import (
    chi_square,
    kolmogorov_smirnov,
    mann_whitney,
    total_variation_noise,
)

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
    return [_test(check, one, norms[name], monitor, at=at, level=level) for name, one in window.items()]


def _test(
    check: Check, window: Column, column: NormColumn, monitor: Monitor, *, at: Window | None, level: float
) -> Measured:
    n = window.n
    if n < monitor.min_rows or not column.total_n:
        return Measured(finding=_insufficient(check, column.name, window, n, monitor))
    norm = norm_of(column, at=at, level=level)
    if isinstance(window, NumericProfile):
        return _number(check, column, window, n, norm, monitor, level)
    return _category(check, column.name, window, n, norm, monitor)


def _number(
    check: Check,
    column: NormColumn,
    window: NumericProfile,
    n: int,
    norm: Norm,
    monitor: Monitor,
    level: float,
) -> Measured:
    found, design = window.counts, norm.design(n)
    gap = kolmogorov_smirnov(norm.counts, found, design)
    shift = mann_whitney(norm.counts, found, design)
    starts = np.array(window.cells.coarse)
    shape = chi_square(np.add.reduceat(norm.counts, starts), np.add.reduceat(found, starts), design)
    p = min(1.0, 3 * min(gap.p, shift.p, shape.p))
    # The gap that chance alone exceeds at `level`, by the first term of Kolmogorov's law.
    noise = math.sqrt(-math.log(level / 2) / 2 * design * (1 / n + 1 / int(norm.counts.sum())))
    threshold = max(monitor.drift, min(1.0, math.hypot(norm.natural, noise)) if norm.natural else 0.0)
    return _measured(
        check,
        column.name,
        n,
        norm,
        statistic="ks",
        value=gap.statistic,
        p=p,
        threshold=threshold,
        detail=_middle(window, column.total, norm),
    )


def _category(
    check: Check, name: str, window: CategoricalProfile, n: int, norm: Norm, monitor: Monitor
) -> Measured:
    found, expected = value_counts(window), norm.counts
    # Of many values only those that are listed are compared.
    n = int(found.sum())
    design = norm.design(n)
    fine = chi_square(expected, found, design)
    coarse = chi_square(_grouped(window, expected), _grouped(window, found), design)
    gap = np.abs(shares(found) - shares(expected))
    rows = np.array([float(n)]), np.array([float(expected.sum())])
    mean, deviation = (float(one[0]) for one in total_variation_noise(expected, *rows))
    value = max(float(gap.max()), float(gap.sum() / 2) - mean)
    natural = min(1.0, math.hypot(norm.natural, 2 * deviation)) if norm.natural else 0.0
    return _measured(
        check,
        name,
        n,
        norm,
        statistic="total variation",
        value=value,
        p=min(1.0, 2 * min(fine.p, coarse.p)),
        threshold=max(monitor.drift, natural),
        detail=_most_moved(window, gap, shares(expected), shares(found)),
    )


def _grouped(window: CategoricalProfile, counts: Counts) -> Counts:
    """Rows in groups of categories, by a digest of their names.

    Groups by frequency would not do: what is frequent in the reference is what chance favoured there.
    """
    groups = [zlib.crc32(str(value).encode()) % GROUPS for value in window.cells.values]
    groups += [GROUPS] * (counts.size - len(groups))
    found: Counts = np.bincount(groups, weights=counts, minlength=GROUPS).astype(np.int64)
    return found


def _measured(
    check: Check,
    name: str,
    n: int,
    norm: Norm,
    *,
    statistic: str,
    value: float,
    p: float,
    threshold: float,
    detail: str,
) -> Measured:
    rows = f"{n:,} rows against {int(norm.counts.sum()):,} of the reference"
    moved_by = f"{percent(value)} of its rows moved ({chance(p)}), in {rows}"
    usual = (
        f"windows of the reference{phase_name(norm.phase)} move by up to {percent(norm.natural)}"
        if norm.natural
        else "how far windows of the reference move is not known"
        if norm.blocks < 3
        else "windows of the reference do not move beyond chance"
    )
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
    return Measured(
        finding=finding,
        beyond=value > threshold,
        says=f"{name} moved: {moved_by}; {detail}; {usual}",
    )


def _calm(p: float) -> str:
    """Why it is no change."""
    return (
        "as chance would have it" if p >= _CHANCE else "too few to matter, or as windows of the reference do"
    )


def _middle(window: NumericProfile, total: Column, norm: Norm) -> str:
    """What moved most, in words."""
    if not isinstance(total, NumericProfile):
        return ""
    was = replace(total, counts=norm.counts)
    return f"median {window.quantile(0.5):.3g}, was {was.quantile(0.5):.3g}"


def _most_moved(window: CategoricalProfile, gap: Floats, was: Floats, now: Floats) -> str:
    cell = int(np.argmax(gap))
    names = [*(repr(value) for value in window.cells.values), "values never seen before"]
    return f"{names[cell]}: {percent(float(now[cell]))}, was {percent(float(was[cell]))}"


def _insufficient(check: Check, name: str, window: Column, n: int, monitor: Monitor) -> Finding:
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
